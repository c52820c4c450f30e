//! Profile, as their owner sees and changes them.

use super::owner::Owner;
use crate::account;
use crate::panel::Panel;
use crate::panel::screens::rooms::{Profile, ProfileChange};
use crate::panel::screens::{Error, Outcome, Problem, Visitor};

impl Panel {
    pub(super) async fn profile_of(&self, visitor: &Visitor) -> Result<Profile, Problem> {
        let _owner = self.owner(visitor, "profile")?;
        Err(Error::from(account::Error::NotOffered).problem())
    }

    pub(super) async fn change_profile(&self, _owner: &Owner, _act: ProfileChange) -> Result<Outcome, Problem> {
        Err(Error::from(account::Error::NotOffered).problem())
    }
}
