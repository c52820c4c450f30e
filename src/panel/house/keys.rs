//! Keys, as their owner sees and changes them.

use super::owner::Owner;
use crate::account;
use crate::panel::Panel;
use crate::panel::screens::rooms::{KeyChange, Keys};
use crate::panel::screens::{Error, Outcome, Problem, Visitor};

impl Panel {
    pub(super) async fn keys_of(&self, visitor: &Visitor) -> Result<Keys, Problem> {
        let _owner = self.owner(visitor, "keys")?;
        Err(Error::from(account::Error::NotOffered).problem())
    }

    pub(super) async fn change_keys(&self, _owner: &Owner, _act: KeyChange) -> Result<Outcome, Problem> {
        Err(Error::from(account::Error::NotOffered).problem())
    }
}
