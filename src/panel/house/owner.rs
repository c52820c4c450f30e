//! Who is signed in to the account by way of this panel, how long ago they proved it, and the way to a new proof.

use std::time::Duration;

use http::StatusCode;

use crate::account::{self, Account};
use crate::panel::Panel;
use crate::panel::drawer::Drawer;
use crate::panel::screens::{Error, Outcome, Problem, Visitor, words};

/// A browser whose owner is signed in to the account, not only to the device.
pub(in crate::panel) struct Owner {
    pub(in crate::panel) account: Account,
    pub(in crate::panel) user: account::Session,
    pub(in crate::panel) drawer: Drawer,
    pub(in crate::panel) now: Duration,
}

impl Owner {
    pub(super) fn is_fresh(&self) -> bool {
        self.drawer.is_fresh(self.now)
    }

    /// The person signs in again, and comes back to `page`.
    pub(in crate::panel) fn prove_first(&self, page: &str) -> Outcome {
        prove_first(&self.drawer, page)
    }

    /// Where an act that the service refused leads: to a new proof where that helps, else back with the reason.
    pub(in crate::panel) fn refused(&self, error: account::Error, page: &str) -> Result<Outcome, Problem> {
        if wants_new_proof(&error) { Ok(self.prove_first(page)) } else { Err(Error::from(error).problem()) }
    }

    /// Why `page` cannot be shown; when the sign-in is over, with the way to a new one.
    pub(in crate::panel) fn troubled(&self, error: account::Error, page: &str) -> Problem {
        if wants_new_proof(&error) { sign_in_again(&self.drawer, page) } else { Error::from(error).problem() }
    }
}

impl Panel {
    /// The owner with the user's tokens; or the way to a sign-in that ends at `page`.
    pub(in crate::panel) fn owner(&self, visitor: &Visitor, page: &str) -> Result<Owner, Problem> {
        let drawer = self.drawer_of(visitor)?;
        let Some(user) = drawer.user() else {
            return Err(self.away().unwrap_or_else(|| sign_in_again(&drawer, page)));
        };
        Ok(Owner { account: self.0.account.clone(), user, drawer, now: self.monotonic() })
    }

    /// Is the sign-in of this browser too long ago for what `page` does? Then a new one leads back there.
    pub(in crate::panel) fn needs_proof(&self, visitor: &Visitor, page: &str) -> Result<bool, Problem> {
        let drawer = self.drawer_of(visitor)?;
        let is_stale = !drawer.is_fresh(self.monotonic());
        if is_stale {
            drawer.come_back_to(page);
        }
        Ok(is_stale)
    }

    /// Nobody can sign in to the account just now.
    fn away(&self) -> Option<Problem> {
        let away = words::duration(self.0.account.status().away?);
        let sentence = format!(
            "The account service has not been reached for {away}. The account can be seen and changed when it is back; the device goes on working."
        );
        Some(Problem::new(StatusCode::BAD_GATEWAY, sentence).mended_at("device", "Look at this Pi"))
    }

    pub(in crate::panel) fn drawer_of(&self, visitor: &Visitor) -> Result<Drawer, Problem> {
        let drawer = visitor.session.and_then(|session| self.0.sessions.drawer(session.hash));
        drawer.ok_or_else(|| Problem::new(StatusCode::UNAUTHORIZED, "Your session has ended. Sign in again."))
    }
}

fn wants_new_proof(error: &account::Error) -> bool {
    matches!(error, account::Error::NotFresh | account::Error::SignInExpired)
}

pub(in crate::panel) fn prove_first(drawer: &Drawer, page: &str) -> Outcome {
    drawer.come_back_to(page);
    Outcome::Elsewhere("sign-in".to_owned())
}

fn sign_in_again(drawer: &Drawer, page: &str) -> Problem {
    drawer.come_back_to(page);
    let sentence = "This browser is signed in to the device, but not to the account any more. Sign in again to see and change the account; the device goes on working.";
    Problem::new(StatusCode::CONFLICT, sentence).mended_at("sign-in", "Sign in again")
}
