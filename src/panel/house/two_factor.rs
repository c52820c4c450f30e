//! TwoFactor, as their owner sees and changes them.

use super::owner::Owner;
use crate::account;
use crate::panel::Panel;
use crate::panel::screens::rooms::{FactorChange, TwoFactor};
use crate::panel::screens::{Error, Outcome, Problem, Visitor};

impl Panel {
    pub(super) async fn two_factor_of(&self, visitor: &Visitor) -> Result<TwoFactor, Problem> {
        let _owner = self.owner(visitor, "two_factor")?;
        Err(Error::from(account::Error::NotOffered).problem())
    }

    pub(super) async fn change_factors(&self, _owner: &Owner, _act: FactorChange) -> Result<Outcome, Problem> {
        Err(Error::from(account::Error::NotOffered).problem())
    }
}
