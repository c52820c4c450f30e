//! What happened to the account, in words.

use axum::response::Response;

use crate::account;
use crate::panel::Panel;
use crate::panel::screens::rooms::{Activity, ActivityWish};
use crate::panel::screens::{Error, Problem, Visitor};

impl Panel {
    pub(super) async fn activity_of(&self, visitor: &Visitor, _wish: ActivityWish) -> Result<Activity, Problem> {
        let _owner = self.owner(visitor, "activity")?;
        Err(Error::from(account::Error::NotOffered).problem())
    }

    pub(super) async fn activity_table_of(&self, visitor: &Visitor, _wish: ActivityWish) -> Result<Response, Problem> {
        let _owner = self.owner(visitor, "activity")?;
        Err(Error::from(account::Error::NotOffered).problem())
    }
}
