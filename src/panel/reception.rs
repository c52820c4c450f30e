//! The panel as a house of the account screens: its gate and its sign-ins.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRef;
use http::HeaderMap;

use super::play::Wanted;
use super::screens::form::Mark;
use super::screens::host::Name;
use super::screens::sign_in::{Offers, Premises, Welcome, Why};
use super::screens::source::Source;
use super::screens::step::{Step, TimeLeft};
use super::screens::token::{Token, TokenHash};
use super::screens::{self, Door, Error, Later, Move, Outcome, Problem, Reception, SignedIn, Visitor, gate};
use super::{Panel, google, live, session};
use crate::account::{self, KeyState};
use crate::base::Entropy;
use crate::net::Peer;

/// Open beside the pages of a sign-in.
const OPEN: [&str; 8] =
    ["/claim", "/access-key", "/make-room", "/google", google::CALLBACK, "/google-return", "/continue", "/unlock"];
/// Open to all, whatever they speak.
const IN_PUBLIC: [&str; 2] = ["/ca", gate::ROOT_CERTIFICATE];

impl Door for Panel {
    fn source(&self, peer: Peer, headers: &HeaderMap) -> Option<Source> {
        Source::of(peer, headers, &self.0.trusted_proxies)
    }

    fn check_name(&self, name: &Name) -> Result<(), Error> {
        if self.0.names.include(name) {
            return Ok(());
        }
        self.0.refused.note(name, self.monotonic());
        Err(Error::UnknownName(name.to_string()))
    }

    fn entropy(&self) -> &Entropy {
        &self.0.entropy
    }

    fn form_salt(&self) -> [u8; 32] {
        self.0.form_salt
    }

    fn is_open(&self, path: &str) -> bool {
        [&gate::OPEN[..], &OPEN, &IN_PUBLIC, &screens::OPEN_AT_HOME].iter().any(|open| open.contains(&path))
    }

    fn is_open_to_plain_http(&self, path: &str) -> bool {
        IN_PUBLIC.contains(&path)
    }

    fn is_return(&self, path: &str) -> bool {
        path == google::CALLBACK
    }

    fn session<'a>(&'a self, token: Option<&'a Token>) -> Later<'a, Result<Option<SignedIn>, Error>> {
        Box::pin(std::future::ready(Ok(self.session_of(token))))
    }

    fn is_glance(&self, path: &str) -> bool {
        path == live::PATH
    }

    fn glance<'a>(&'a self, token: Option<&'a Token>) -> Later<'a, Result<Option<SignedIn>, Error>> {
        Box::pin(std::future::ready(Ok(token.and_then(|token| self.glance_at(token.hash())))))
    }

    fn come_back_to(&self, visitor: TokenHash, page: String) -> Later<'_, ()> {
        self.note_wish(visitor, page);
        Box::pin(std::future::ready(()))
    }

    fn way_in(&self, had_a_session: bool) -> &'static str {
        match self.is_owned() {
            false => "claim",
            true if had_a_session => Why::SessionEnded.link(),
            true => "sign-in",
        }
    }

    fn session_lasts(&self) -> Duration {
        session::LONGEST
    }
}

impl FromRef<Panel> for Arc<dyn Reception> {
    fn from_ref(panel: &Panel) -> Self {
        Arc::new(panel.clone())
    }
}

impl Reception for Panel {
    fn play<'a>(&'a self, visitor: &'a Visitor, mark: Mark, wanted: Move) -> Later<'a, Result<Outcome, Problem>> {
        Box::pin(self.play_once(visitor, mark, Wanted::Move(wanted)))
    }

    fn step<'a>(&'a self, visitor: &'a Visitor) -> Later<'a, Result<Step, String>> {
        Box::pin(async move { self.step_of(visitor).await.map_err(str::to_owned) })
    }

    fn welcome<'a>(&'a self, visitor: &'a Visitor) -> Later<'a, Result<Welcome, String>> {
        Box::pin(async move { self.welcome_of(visitor).await.map_err(str::to_owned) })
    }

    fn reason(&self, why: Why) -> &'static str {
        match why {
            Why::Expired => {
                "The sign-in took longer than the service waits (3 minutes from the password). Type the password again; a new code is asked for then."
            }
            Why::SendAgain => {
                "The service sends a text message only right after the password. Type the password again, and a new code is on its way."
            }
            Why::NothingPending => {
                "There is no sign-in under way in this browser: it was finished, or Latchkey was restarted, or the browser keeps no cookies. Start again here."
            }
            Why::SessionEnded => "Your session at this panel has ended. Sign in again.",
            Why::SignedOut => "You are signed out of this panel. The device itself keeps its access key.",
            Why::SignedOutEverywhere => {
                "You are signed out everywhere: here, and wherever else your account was signed in. Access keys keep working."
            }
            Why::SignedOutHereOnly => {
                "Every browser is signed out of this panel. Your other sign-ins to the account still stand: sign in again while the service can be reached, then use “Sign out everywhere” on the page Security."
            }
            Why::Confirmed => "Your account is ready. Sign in.",
            Why::PasswordReset => "Your new password is set. Sign in with it.",
            Why::Moved => "Your sign-in goes on at the other device.",
            Why::ServiceAnswers => "The account service can be reached. Sign in with your account.",
        }
    }
}

impl Panel {
    /// Somebody who is signing in already is not disturbed.
    fn note_wish(&self, visitor: TokenHash, page: String) {
        let place = self.is_owned().then(|| self.0.places.of(visitor, self.monotonic()));
        if let Some(Ok(mut turn)) = place.as_ref().map(|place| place.turn.try_lock()) {
            turn.wish = Some(page);
        }
    }

    /// Has the visitor shown the claim code, and which e-mail did they type last?
    pub(super) async fn progress_of(&self, visitor: &Visitor) -> (bool, String) {
        let Some(place) = self.0.places.find(visitor.key()) else { return (false, String::new()) };
        let turn = place.turn.lock().await;
        (turn.has_claimed(self.monotonic()), turn.email.clone())
    }

    async fn step_of(&self, visitor: &Visitor) -> Result<Step, &'static str> {
        let nothing = if visitor.session.is_some() { "./" } else { Why::NothingPending.link() };
        let place = self.0.places.find(visitor.key()).ok_or(nothing)?;
        let mut turn = place.turn.lock().await;
        let attempt = turn.attempt.as_ref().ok_or(nothing)?;
        let left = attempt.expires_in(self.monotonic());
        if left == Some(Duration::ZERO) {
            turn.attempt = None;
            return Err(Why::Expired.link());
        }
        let (ask, email, can_recover) = (attempt.ask(), attempt.email().to_owned(), attempt.can_recover());
        let (can_send_again, others) = (attempt.can_send_again(), attempt.others());
        let time = TimeLeft::of(left, attempt.code_expires_in(self.monotonic()));
        Ok(Step { ask, email, time, can_recover, can_send_again, can_move: true, others })
    }

    async fn welcome_of(&self, visitor: &Visitor) -> Result<Welcome, &'static str> {
        let drawer = visitor.session.and_then(|session| self.0.sessions.drawer(session.hash));
        let to_prove = drawer.is_some_and(|drawer| drawer.wants_sign_in());
        if visitor.session.is_some() && !to_prove && !self.needs_sign_in() {
            return Err("./");
        }
        let (claimed, typed) = self.progress_of(visitor).await;
        if !self.is_owned() && !claimed {
            return Err("claim");
        }
        let offers = Offers { sign_up: !self.is_owned(), providers: self.providers().await, ..Offers::default() };
        // After the question, whose answer may be that nobody answers.
        let account::Status { owner, service, away, .. } = self.0.account.status();
        let known = owner.filter(|_| to_prove && typed.is_empty());
        let email = known.map_or(typed, |owner| owner.email);
        let service = service.split_once("://").map_or(service.as_str(), |(_scheme, name)| name).to_owned();
        let at = match to_prove && !self.needs_sign_in() {
            true => Premises::Proof { offers: Offers { at_device: true, ..offers } },
            false => Premises::Device { name: self.0.device_name.clone(), offers },
        };
        let can_unlock = visitor.session.is_none() && away.is_some() && self.0.offline.is_set_up();
        Ok(Welcome { email, service, can_unlock, at })
    }

    /// Signing in again helps although somebody is signed in.
    fn needs_sign_in(&self) -> bool {
        matches!(self.0.account.status().state, KeyState::Revoked { .. } | KeyState::Absent)
    }
}
