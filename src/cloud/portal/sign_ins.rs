//! The password, and every sign-in that stands; the way out.

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use http::{StatusCode, header};
use serde_json::{Value, json};

use super::Portal;
use super::door::troubled;
use super::owner::Owner;
use super::people::problem;
use crate::cloud::cognito::{self, Fault};
use crate::cloud::site::Site;
use crate::cloud::store::{EventKind, StandingSignIn};
use crate::panel::screens::cookie::Cookie;
use crate::panel::screens::page::see_other;
use crate::panel::screens::room::Done;
use crate::panel::screens::rooms::{ListedSignIn, SecurityChange};
use crate::panel::screens::sign_in::Why;
use crate::panel::screens::{During, Outcome, Problem, Visitor, programs, words};

/// Ends the session of this browser, and the sign-in that it stands on.
pub(super) async fn sign_out(State(portal): State<Portal>, Extension(visitor): Extension<Visitor>) -> Response {
    if let Some(session) = &visitor.session {
        portal.end_session(&session.hash.0).await;
    }
    let mut response = see_other(Why::SignedOut.link());
    if let Some(cookie) = Cookie::Session.clear(&visitor.source) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

impl Portal {
    pub(super) async fn sign_ins_of(&self, visitor: &Visitor) -> Result<Vec<ListedSignIn>, Problem> {
        let owner = self.owner(visitor).await?;
        let standing = self.0.site.cloud.store.standing_sign_ins(owner.id(), self.now()).await.map_err(troubled)?;
        Ok(standing.into_iter().map(|standing| listed(standing, &owner)).collect())
    }

    pub(super) async fn change_security(
        &self,
        site: &Site,
        owner: &Owner,
        act: SecurityChange,
    ) -> Result<Outcome, Problem> {
        let (store, now) = (&site.cloud.store, self.now());
        match act {
            SecurityChange::ChangePassword { present, new } => {
                let request = json!({
                    "AccessToken": owner.access_token(site)?,
                    "PreviousPassword": present.expose(), "ProposedPassword": new.expose(),
                });
                let changed = cognito::ask::<Value>(site, "ChangePassword", &request).await;
                changed.map_err(|fault| not_changed(&fault))?;
                Ok(Outcome::Ask(Done::PasswordChanged.at("security")))
            }
            SecurityChange::EndSignIn(id) => {
                let standing = store.standing_sign_ins(owner.id(), now).await.map_err(troubled)?;
                if !standing.iter().any(|standing| standing.id == id) {
                    return Ok(Outcome::Ask(Done::SignInWasOver.at("security")));
                }
                store.revoke_family(&id, now).await.map_err(troubled)?;
                let noted = store.note_event(owner.id(), EventKind::SignedOut, &site.visitor, "another sign-in", now);
                noted.await.map_err(troubled)?;
                Ok(Outcome::Ask(Done::SignInEnded.at("security")))
            }
            SecurityChange::SignOutEverywhere => {
                store.revoke_families(owner.id(), now).await.map_err(troubled)?;
                let noted = store.note_event(owner.id(), EventKind::SignedOut, &site.visitor, "everywhere", now);
                noted.await.map_err(troubled)?;
                Ok(Outcome::Elsewhere(Why::SignedOutEverywhere.link().to_owned()))
            }
        }
    }
}

fn listed(standing: StandingSignIn, owner: &Owner) -> ListedSignIn {
    ListedSignIn {
        is_this: standing.id == owner.session.family,
        program: programs::in_words(&standing.program),
        address: standing.address,
        began: words::service_date(&standing.began.iso()),
        seen: standing.seen.map(|seen| words::service_date(&seen.iso())),
        id: standing.id,
    }
}

fn not_changed(fault: &Fault) -> Problem {
    if fault.kind() == "NotAuthorizedException" && fault.wait().is_none() {
        let sentence = "The present password is not right. Check it and try again.";
        return Problem::new(StatusCode::UNAUTHORIZED, sentence).at("present");
    }
    problem(fault, During::NewPassword).at("password")
}
