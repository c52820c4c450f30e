//! The password, and every sign-in that stands.

use super::owner::Owner;
use crate::account;
use crate::panel::Panel;
use crate::panel::screens::rooms::{ListedSignIn, SecurityChange};
use crate::panel::screens::{Error, Outcome, Problem, Visitor};

impl Panel {
    pub(super) async fn sign_ins_of(&self, visitor: &Visitor) -> Result<Vec<ListedSignIn>, Problem> {
        let _owner = self.owner(visitor, "security")?;
        Err(Error::from(account::Error::NotOffered).problem())
    }

    pub(super) async fn change_security(
        &self,
        _visitor: &Visitor,
        _owner: &Owner,
        _act: SecurityChange,
    ) -> Result<Outcome, Problem> {
        Err(Error::from(account::Error::NotOffered).problem())
    }
}
