//! Where a pending sign-in stands, and the page that asks its question. Every question has one address; a visitor who
//! comes to another one (back button, second tab, old bookmark) is led to the right one.

use std::time::Duration;

use axum::Extension;
use axum::response::Response;
use http::{Uri, header};

use super::code::Way;
use super::cookie::Cookie;
use super::error::Problem;
use super::form::Form;
use super::gate::Visitor;
use super::house::{Door, Move, Outcome, Reception};
use super::page::see_other;
use super::{Desk, authenticator, code, factor, new_password, recovery, sign_in};
use crate::account::{Ask, Channel};

/// A look at a pending sign-in.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) ask: Ask,
    pub(crate) email: String,
    pub(crate) time: TimeLeft,
    pub(crate) can_recover: bool,
    /// Another code can be asked for without the password.
    pub(crate) can_send_again: bool,
    /// It can go on in another browser.
    pub(crate) can_move: bool,
    /// What else the code may come by.
    pub(crate) others: Vec<Channel>,
}

/// How long the person has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TimeLeft {
    /// To answer; `None` where nobody knows.
    pub(crate) left: Option<Duration>,
    /// The code that was sent counts no more, although the sign-in goes on.
    pub(crate) code_is_over: bool,
}

impl TimeLeft {
    /// Of a sign-in, and of a code whose own time may be shorter.
    pub(crate) fn of(sign_in: Option<Duration>, code: Option<Duration>) -> Self {
        match code {
            // A countdown from nothing would ask for the page again at once.
            Some(code) if code.as_secs() == 0 => Self { left: sign_in, code_is_over: true },
            Some(code) => Self { left: Some(sign_in.map_or(code, |left| left.min(code))), code_is_over: false },
            None => Self { left: sign_in, code_is_over: false },
        }
    }

    /// Seconds, for a page that counts them down.
    pub(crate) fn seconds(self) -> Option<u64> {
        self.left.filter(|_| !self.code_is_over).map(|left| left.as_secs())
    }
}

/// The address of each question.
pub(crate) fn path(ask: &Ask) -> &'static str {
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
pub(crate) async fn page(desk: Desk, Extension(visitor): Extension<Visitor>, address: Uri) -> Response {
    match desk.step(&visitor).await {
        Ok(step) if address.path().trim_start_matches('/') == path(&step.ask) => step.show(&Form::default(), None),
        Ok(step) => see_other(path(&step.ask)),
        Err(elsewhere) => see_other(&elsewhere),
    }
}

/// Plays a move (or refuses what could not be read as one) and leads on.
pub(crate) async fn advance(
    desk: &dyn Reception,
    visitor: &Visitor,
    form: &Form,
    wanted: Result<Move, Problem>,
) -> Response {
    let wanted = match wanted {
        Ok(wanted) => wanted,
        Err(problem) => {
            let step = desk.step(visitor).await;
            return step.map_or_else(|elsewhere| see_other(&elsewhere), |step| step.show(form, Some(problem)));
        }
    };
    match desk.play(visitor, form.mark, wanted).await {
        Ok(outcome) => lead_on(desk, visitor, outcome),
        Err(problem) => match desk.step(visitor).await {
            Ok(step) => step.show(form, Some(problem)),
            Err(_) => sign_in::again(desk, visitor, problem).await,
        },
    }
}

pub(crate) fn lead_on(door: &(impl Door + ?Sized), visitor: &Visitor, outcome: Outcome) -> Response {
    match outcome {
        Outcome::Ask(path) | Outcome::Elsewhere(path) => see_other(&path),
        Outcome::SignedIn(token, path) => {
            let mut response = see_other(&path);
            if let Some(cookie) = Cookie::Session.set(&visitor.source, &token, door.session_lasts()) {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            response
        }
    }
}

impl Step {
    /// The page of the present question, with what went wrong with the last answer. `MakeRoomForKey` is asked by a device, which
    /// shows that page itself.
    pub(crate) fn show(self, form: &Form, problem: Option<Problem>) -> Response {
        match &self.ask {
            Ask::AuthenticatorCode => code::page(&self, Way::App, problem),
            Ask::SmsCode { sent_to } => code::page(&self, Way::TextMessage { sent_to }, problem),
            Ask::EmailCode { sent_to } => code::page(&self, Way::Mail { sent_to }, problem),
            Ask::ChooseFactor(channels) => factor::page(channels, problem),
            Ask::NewPassword { required_attributes } => new_password::page(&self, required_attributes, form, problem),
            Ask::EnrolAuthenticator { secret, uri } => authenticator::page(&self, secret, uri, problem),
            Ask::MailedCode => recovery::mailed_code_page(&self, problem),
            Ask::RecoveryCode => recovery::recovery_code_page(&self, problem),
            Ask::MakeRoomForKey(_) => see_other(path(&self.ask)),
        }
    }
}
