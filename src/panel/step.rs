//! Where a pending sign-in stands, and the page that asks its question. Every question has one address; a visitor who
//! comes to another one (back button, second tab, old bookmark) is led to the right one.

use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use http::{Uri, header};

use super::code::Way;
use super::cookie::Cookie;
use super::error::Problem;
use super::form::Form;
use super::gate::Visitor;
use super::page::see_other;
use super::play::{Move, Outcome};
use super::sign_in::Why;
use super::{Panel, authenticator, claim, code, factor, make_room, new_password, recovery, sign_in};
use crate::account::Ask;

/// A look at a pending sign-in.
pub(super) struct Step {
    pub(super) ask: Ask,
    pub(super) email: String,
    pub(super) left: Option<Duration>,
    pub(super) can_recover: bool,
}

/// The address of each question.
pub(super) fn path(ask: &Ask) -> &'static str {
    match ask {
        Ask::AuthenticatorCode | Ask::SmsCode { .. } | Ask::EmailCode { .. } => "code",
        Ask::ChooseFactor(_) => "factor",
        Ask::NewPassword { .. } => "new-password",
        Ask::EnrolAuthenticator { .. } => "authenticator",
        Ask::MailedCode => "mailed-code",
        Ask::RecoveryCode => "recovery-code",
        Ask::MakeRoomForKey(_) => "make-room",
    }
}

/// Any question's page, by GET.
pub(super) async fn page(State(panel): State<Panel>, Extension(visitor): Extension<Visitor>, address: Uri) -> Response {
    match panel.step_of(&visitor).await {
        Ok(step) if address.path().trim_start_matches('/') == path(&step.ask) => step.show(&Form::default(), None),
        Ok(step) => see_other(path(&step.ask)),
        Err(elsewhere) => see_other(elsewhere),
    }
}

impl Panel {
    /// Plays a move (or refuses what could not be read as one) and leads on.
    pub(super) async fn advance(&self, visitor: &Visitor, form: &Form, wanted: Result<Move, Problem>) -> Response {
        let wanted = match wanted {
            Ok(wanted) => wanted,
            Err(problem) => {
                return self.step_of(visitor).await.map_or_else(see_other, |step| step.show(form, Some(problem)));
            }
        };
        match self.play(visitor, form.mark, wanted).await {
            Ok(outcome) => self.lead_on(visitor, outcome),
            Err(problem) => match self.step_of(visitor).await {
                Ok(step) => step.show(form, Some(problem)),
                Err(_) => sign_in::again(self, visitor, problem).await,
            },
        }
    }

    pub(super) fn lead_on(&self, visitor: &Visitor, outcome: Outcome) -> Response {
        match outcome {
            Outcome::Ask(path) => see_other(path),
            Outcome::ClaimFirst => see_other(claim::Why::Lapsed.link()),
            Outcome::Expired => see_other(Why::Expired.link()),
            Outcome::NothingPending => see_other(Why::NothingPending.link()),
            Outcome::SignedIn(token) => {
                let mut response = see_other("./");
                if let Some(cookie) = Cookie::Session.set(&visitor.source, &token) {
                    response.headers_mut().append(header::SET_COOKIE, cookie);
                }
                response
            }
        }
    }

    /// The visitor's pending sign-in, or the address to go to instead.
    pub(super) async fn step_of(&self, visitor: &Visitor) -> Result<Step, &'static str> {
        let nothing = if visitor.session.is_some() { "./" } else { Why::NothingPending.link() };
        let place = self.0.places.find(visitor.hash).ok_or(nothing)?;
        let mut turn = place.turn.lock().await;
        let attempt = turn.attempt.as_ref().ok_or(nothing)?;
        let left = attempt.expires_in(self.monotonic());
        if left == Some(Duration::ZERO) {
            turn.attempt = None;
            return Err(Why::Expired.link());
        }
        Ok(Step { ask: attempt.ask(), email: attempt.email().to_owned(), left, can_recover: attempt.can_recover() })
    }
}

impl Step {
    /// The page of the present question, with what went wrong with the last answer.
    fn show(self, form: &Form, problem: Option<Problem>) -> Response {
        match &self.ask {
            Ask::AuthenticatorCode => code::page(&self, Way::App, problem),
            Ask::SmsCode { sent_to } => code::page(&self, Way::TextMessage { sent_to }, problem),
            Ask::EmailCode { sent_to } => code::page(&self, Way::Mail { sent_to }, problem),
            Ask::ChooseFactor(channels) => factor::page(channels, problem),
            Ask::NewPassword { required_attributes } => new_password::page(&self, required_attributes, form, problem),
            Ask::EnrolAuthenticator { secret, uri } => authenticator::page(&self, secret, uri, problem),
            Ask::MailedCode => recovery::mailed_code_page(&self, problem),
            Ask::RecoveryCode => recovery::recovery_code_page(&self, problem),
            Ask::MakeRoomForKey(keys) => make_room::page(keys, form, problem),
        }
    }
}
