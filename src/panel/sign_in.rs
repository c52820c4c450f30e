//! Signing in with e-mail and password: one form, so that password managers fill both.

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use http::Uri;

use super::error::{Error, Problem};
use super::form::Form;
use super::gate::Visitor;
use super::page::{self, Frame, see_other};
use super::play::Move;
use super::{Panel, claim};
use crate::account::KeyState;

/// Why a visitor finds this page instead of where they were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    Expired,
    SendAgain,
    NothingPending,
    SessionEnded,
    SignedOut,
}

impl Why {
    const ALL: [Self; 5] = [Self::Expired, Self::SendAgain, Self::NothingPending, Self::SessionEnded, Self::SignedOut];

    fn of(address: &Uri) -> Option<Self> {
        let query = address.query()?;
        Self::ALL.into_iter().find(|why| why.link().ends_with(&format!("?{query}")))
    }

    pub(super) fn link(self) -> &'static str {
        match self {
            Self::Expired => "sign-in?why=expired",
            Self::SendAgain => "sign-in?why=send-again",
            Self::NothingPending => "sign-in?why=nothing-pending",
            Self::SessionEnded => "sign-in?why=session-ended",
            Self::SignedOut => "sign-in?why=signed-out",
        }
    }

    fn sentence(self) -> &'static str {
        match self {
            Self::Expired => {
                "The sign-in took longer than the service waits (3 minutes from the password). Type the password again; a new code is asked for then."
            }
            Self::SendAgain => {
                "The service sends a text message only right after the password. Type the password again, and a new code is on its way."
            }
            Self::NothingPending => {
                "There is no sign-in under way in this browser: it was finished, or Latchkey was restarted, or the browser keeps no cookies. Start again here."
            }
            Self::SessionEnded => "Your session at this panel has ended. Sign in again.",
            Self::SignedOut => "You are signed out of this panel. The device itself keeps its access key.",
        }
    }
}

#[derive(Template)]
#[template(path = "sign_in.html", config = "assets/askama.toml")]
struct SignInPage<'a> {
    frame: Frame,
    problem: Option<Problem>,
    notice: Option<&'static str>,
    device: &'a str,
    service: &'a str,
    email: &'a str,
}

pub(super) async fn page(State(panel): State<Panel>, Extension(visitor): Extension<Visitor>, address: Uri) -> Response {
    if visitor.session.is_some() && !panel.needs_sign_in() {
        return see_other("./");
    }
    let (claimed, email) = panel.progress_of(&visitor).await;
    if !panel.is_owned() && !claimed {
        return see_other("claim");
    }
    let notice = Why::of(&address).map(Why::sentence);
    panel.sign_in_page(&email, notice, None)
}

pub(super) async fn begin(State(panel): State<Panel>, Extension(visitor): Extension<Visitor>, form: Form) -> Response {
    let (email, password) = (form.text("email"), form.secret("password"));
    let problem = if email.is_empty() {
        Error::Missing("Type the e-mail address of your account.").problem().at("email")
    } else if password.expose().is_empty() {
        Error::Missing("Type the password of your account.").problem().at("password")
    } else {
        let wanted = Move::Begin { email: email.to_owned(), password };
        match panel.play(&visitor, form.mark, wanted).await {
            Ok(outcome) => return panel.lead_on(&visitor, outcome),
            Err(problem) => problem.at("password"),
        }
    };
    panel.sign_in_page(email, None, Some(problem))
}

/// This page again, after a mistake that ended the sign-in.
pub(super) async fn again(panel: &Panel, visitor: &Visitor, problem: Problem) -> Response {
    let (claimed, email) = panel.progress_of(visitor).await;
    if !panel.is_owned() && !claimed {
        return see_other(claim::Why::Lapsed.link());
    }
    panel.sign_in_page(&email, None, Some(problem))
}

impl Panel {
    fn sign_in_page(&self, email: &str, notice: Option<&'static str>, problem: Option<Problem>) -> Response {
        let status = self.0.account.status();
        let page = SignInPage {
            frame: Frame::new(problem.as_ref()),
            problem: problem.clone(),
            notice,
            device: &self.0.device_name,
            service: status.service.split_once("://").map_or(&status.service, |(_scheme, name)| name),
            email,
        };
        page::show(&page, problem.as_ref())
    }

    /// Has the visitor shown the claim code, and which e-mail did they type last?
    pub(super) async fn progress_of(&self, visitor: &Visitor) -> (bool, String) {
        let Some(place) = self.0.places.find(visitor.hash) else { return (false, String::new()) };
        let turn = place.turn.lock().await;
        (turn.has_claimed(self.monotonic()), turn.email.clone())
    }

    /// Signing in again helps although somebody is signed in.
    fn needs_sign_in(&self) -> bool {
        matches!(self.0.account.status().state, KeyState::Revoked { .. } | KeyState::Absent)
    }
}
