//! Unlocking the panel without the account service.

use std::time::{Duration, SystemTime};

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::Time;
use crate::base::Secret;
use crate::device::Synchronised;
use crate::panel::place::Turn;
use crate::panel::play::Wanted;
use crate::panel::screens::page::{self, Frame, see_other};
use crate::panel::screens::sign_in::Why;
use crate::panel::screens::{Error, Form, Outcome, Problem, Visitor, step, words};
use crate::panel::{Panel, claim};
use crate::protocol::code::Code;

/// Counted beside the accounts, so that many sources together do not guess; no e-mail address is called so.
const GUESSED_AT: &str = "offline unlock";

/// What was typed.
#[derive(Debug)]
pub(in crate::panel) struct Key {
    pub(super) passphrase: Secret<String>,
    pub(super) code: Code,
    /// The code after it, when the device does not know the time.
    pub(super) next: Option<Code>,
}

#[derive(Template)]
#[template(path = "unlock.html", config = "assets/askama.toml")]
struct UnlockPage<'a> {
    frame: Frame,
    problem: Option<Problem>,
    device: &'a str,
    /// How long the service has been away.
    away: Option<String>,
    is_set_up: bool,
    /// What the device believes the time is, when nobody has set it since the start.
    believed: Option<String>,
}

pub(super) async fn page(State(panel): State<Panel>, Extension(visitor): Extension<Visitor>) -> Response {
    if visitor.session.is_some() {
        return see_other("./");
    }
    if !panel.is_owned() {
        return see_other("claim");
    }
    panel.unlock_page(None)
}

pub(super) async fn answer(State(panel): State<Panel>, Extension(visitor): Extension<Visitor>, form: Form) -> Response {
    let played = match read(&form) {
        Ok(key) => panel.play_once(&visitor, form.mark, Wanted::Unlock(key)).await,
        Err(problem) => Err(problem),
    };
    match played {
        Ok(outcome) => step::lead_on(&panel, &visitor, outcome),
        Err(problem) => panel.unlock_page(Some(problem)),
    }
}

fn read(form: &Form) -> Result<Key, Problem> {
    let passphrase = form.secret("passphrase");
    if passphrase.expose().trim().is_empty() {
        return Err(Error::Missing("Type the passphrase of this device.").problem().at("passphrase"));
    }
    let code =
        |field: &'static str| form.text(field).parse::<Code>().map_err(|error| Error::from(error).problem().at(field));
    if form.text("code").is_empty() {
        return Err(Error::Missing("Type the six digits of the code.").problem().at("code"));
    }
    let next = if form.text("next").is_empty() { None } else { Some(code("next")?) };
    Ok(Key { passphrase, code: code("code")?, next })
}

impl Panel {
    /// A move like those of a sign-in: counted against whoever guesses, and played once.
    pub(in crate::panel) async fn unlock(
        &self,
        turn: &mut Turn,
        visitor: &Visitor,
        key: Key,
    ) -> Result<Outcome, Problem> {
        if !self.is_owned() {
            return Ok(Outcome::Elsewhere(claim::Why::Lapsed.link().to_owned()));
        }
        let (now, source) = (self.monotonic(), &visitor.source);
        let guess =
            self.0.limits.admit(source.address, Some(GUESSED_AT), now).map_err(|wait| Error::Wait(wait).problem())?;
        if self.0.account.status().away.is_none() {
            self.0.account.confirm().await;
        }
        let status = self.0.account.status();
        let Some(owner) = status.owner.filter(|_| status.away.is_some()) else {
            self.0.limits.take_back(&guess);
            return Ok(Outcome::Elsewhere(Why::ServiceAnswers.link().to_owned()));
        };
        self.0.offline.sweep(Some(&owner.id));
        if !self.0.offline.opens(&owner.id, key, self.time()).await {
            tracing::info!("an offline unlock was refused");
            return Err(self.wrong_key());
        }
        self.0.limits.forgive(&guess);
        turn.leave();
        Ok(self.open_session(visitor, None, None, turn.wish.take()))
    }

    /// The same whatever was wrong, so that neither half can be guessed alone.
    fn wrong_key(&self) -> Problem {
        let sentence = match self.time() {
            Time::Known(_) => {
                "Passphrase or code is not right, or the code was used before. Wait for the next code and try again."
            }
            Time::Believed(_) => {
                "Passphrase or code is not right. This device may not know the time: type two codes that follow each other."
            }
        };
        Problem::new(StatusCode::UNAUTHORIZED, sentence).at("passphrase")
    }

    /// By the service's clock where it was heard since the start, else by the device's own.
    pub(super) fn time(&self) -> Time {
        let times = self.times(&self.0.account.status());
        let seconds = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        match (times.service, self.0.device.synchronised()) {
            (Some(service), _) => Time::Known(seconds(service)),
            (None, Synchronised::Yes) => Time::Known(seconds(times.wall)),
            (None, Synchronised::No | Synchronised::Unknown) => Time::Believed(seconds(times.wall)),
        }
    }

    fn unlock_page(&self, problem: Option<Problem>) -> Response {
        let status = self.0.account.status();
        self.0.offline.sweep(status.owner.as_ref().map(|owner| owner.id.as_str()));
        let believed = match self.time() {
            Time::Known(_) => None,
            Time::Believed(seconds) => {
                words::calendar(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).and_then(words::date)
            }
        };
        let page = UnlockPage {
            frame: Frame::new(problem.as_ref()),
            problem: problem.clone(),
            device: &self.0.device_name,
            away: status.away.map(words::duration),
            is_set_up: self.0.offline.is_set_up(),
            believed,
        };
        page::show(&page, problem.as_ref())
    }
}
