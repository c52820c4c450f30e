//! Secrets on their way to their owner, until they are said to be saved.

use crate::panel::Panel;
use crate::panel::screens::room::Done;
use crate::panel::screens::rooms::{Occupant, Shown};
use crate::panel::screens::{Outcome, Problem, Visitor};

impl Panel {
    pub(super) fn occupant_of(&self, visitor: &Visitor) -> Result<Occupant, Problem> {
        let owner = self.0.account.status().owner;
        Ok(Occupant { email: owner.map(|owner| owner.email).unwrap_or_default(), unsaved: self.unsaved(visitor)? })
    }

    /// The page of what is not saved yet.
    pub(super) fn unsaved(&self, visitor: &Visitor) -> Result<Option<&'static str>, Problem> {
        Ok(self.drawer_of(visitor)?.shown(self.monotonic()).map(|shown| match shown {
            Shown::Codes { .. } => "recovery-codes",
            Shown::Key { .. } => "new-key",
        }))
    }

    pub(super) fn saved(&self, visitor: &Visitor) -> Result<Outcome, Problem> {
        let drawer = self.drawer_of(visitor)?;
        let shown = drawer.shown(self.monotonic());
        drawer.hide();
        Ok(Outcome::Ask(match shown {
            Some(Shown::Codes { .. }) => Done::CodesSaved.at("two-factor"),
            Some(Shown::Key { .. }) => Done::KeySaved.at("keys"),
            None => "./".to_owned(),
        }))
    }
}
