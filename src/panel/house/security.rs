//! The password, and every browser that is signed in at this panel.

use http::StatusCode;

use super::owner::Owner;
use crate::account::Error as Refusal;
use crate::base::{Secret, report};
use crate::panel::Panel;
use crate::panel::screens::room::Done;
use crate::panel::screens::rooms::{ListedSignIn, SecurityChange};
use crate::panel::screens::sign_in::Why;
use crate::panel::screens::{Outcome, Problem, Visitor};

const PAGE: &str = "security";

impl Panel {
    /// The browsers at this panel; what else is signed in to the account only the service knows.
    pub(super) fn sign_ins_of(&self, visitor: &Visitor) -> Result<Vec<ListedSignIn>, Problem> {
        let drawer = self.drawer_of(visitor)?;
        if drawer.user().is_none() {
            drawer.come_back_to(PAGE);
        }
        Ok(self.panel_sessions(visitor))
    }

    /// Browsers can be signed out of the device also while the account cannot be asked.
    pub(super) async fn change_security(&self, visitor: &Visitor, act: SecurityChange) -> Result<Outcome, Problem> {
        match act {
            SecurityChange::ChangePassword { present, new } => {
                change_password(&self.owner(visitor, PAGE)?, &present, &new).await
            }
            SecurityChange::EndSignIn(id) => {
                let done = if self.end_panel_session(&id) { Done::SignInEnded } else { Done::SignInWasOver };
                Ok(Outcome::Ask(done.at(PAGE)))
            }
            SecurityChange::SignOutEverywhere => Ok(self.sign_out_everywhere(visitor).await),
        }
    }

    /// Leaving must always be possible: what cannot be ended now is told, and the rest is ended.
    async fn sign_out_everywhere(&self, visitor: &Visitor) -> Outcome {
        let why = if self.end_the_accounts_sign_ins(visitor).await {
            Why::SignedOutEverywhere
        } else {
            Why::SignedOutHereOnly
        };
        for session in self.panel_sessions(visitor) {
            self.end_panel_session(&session.id);
        }
        Outcome::Elsewhere(why.link().to_owned())
    }

    /// `false`: they stand, since this browser has no sign-in to the account (any more), or the service did not do it.
    async fn end_the_accounts_sign_ins(&self, visitor: &Visitor) -> bool {
        let Some(user) = self.drawer_of(visitor).ok().and_then(|drawer| drawer.user()) else { return false };
        let ended = self.0.account.sign_out_everywhere(&user).await;
        if let Err(error) = &ended {
            tracing::warn!(error = report::chain(error), "the account's other sign-ins could not be ended");
        }
        ended.is_ok()
    }
}

async fn change_password(owner: &Owner, present: &Secret<String>, new: &Secret<String>) -> Result<Outcome, Problem> {
    match owner.account.change_password(&owner.user, present, new).await {
        Ok(()) => Ok(Outcome::Ask(Done::PasswordChanged.at(PAGE))),
        Err(Refusal::WrongPassword) => {
            let sentence = "The present password is not right. Check it and try again.";
            Err(Problem::new(StatusCode::UNAUTHORIZED, sentence).at("present"))
        }
        Err(Refusal::PasswordPolicy(said) | Refusal::Unusable(said)) => {
            Err(Problem::new(StatusCode::BAD_REQUEST, said).at("password"))
        }
        Err(error) => owner.refused(error, PAGE),
    }
}
