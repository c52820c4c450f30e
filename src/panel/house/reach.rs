//! Ways to an account: signing up, and a password that was forgotten.

use crate::account;
use crate::panel::Panel;
use crate::panel::place::Turn;
use crate::panel::screens::rooms::Reach;
use crate::panel::screens::{Error, Outcome, Problem, Visitor};

impl Panel {
    pub(super) async fn reach_account(
        &self,
        _turn: &mut Turn,
        _visitor: &Visitor,
        _act: Reach,
    ) -> Result<Outcome, Problem> {
        Err(Error::from(account::Error::NotOffered).problem())
    }
}
