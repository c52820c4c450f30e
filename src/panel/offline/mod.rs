//! The way in while the account service is away: a passphrase and an authenticator that the owner set up for this one device. It
//! opens the panel to the same owner, never the account: no user tokens come of it. It is good only while the service cannot be
//! asked, so that it is no way around what the account asks for.
//!
//! | URL | what it is | open to all |
//! |---|---|---|
//! | `/unlock` | passphrase and code instead of a sign-in | yes |
//! | `/offline-unlock` | setting this up, and removing it | |
//!
//! A code counts once: its step is remembered, on disk too. A Pi has no battery clock, and an outage of the network is often one of
//! the power too: after it the Pi may believe that it is still hours or weeks ago. Then two codes that follow each other are taken
//! instead, from any time since: nobody guesses both.

mod page;
mod passphrase;
mod set_up;

pub(super) use page::Key;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use serde::{Deserialize, Serialize};

use super::Panel;
use crate::base::{Entropy, Secret, report};
use crate::keystore::{self, Keystore, Loaded};
use crate::protocol::code::Code;
use crate::protocol::totp::{Step, TotpSecret};

const KIND: &str = "offline-unlock";
/// A set-up that nobody finishes is forgotten.
const ENROLMENT_LASTS: Duration = Duration::from_secs(30 * 60);
/// How far behind a clock that nobody set may be: 60 days of steps.
const LOST_STEPS: u64 = 60 * 24 * 60 * 2;

pub(super) fn routes() -> Router<Panel> {
    Router::new()
        .route("/unlock", get(page::page).post(page::answer))
        .route("/offline-unlock", get(set_up::page).post(set_up::answer))
}

/// The offline unlock of this device.
pub(super) struct OfflineUnlock {
    keystore: Keystore,
    entropy: Entropy,
    kept: Mutex<Option<Kept>>,
    enrolment: Mutex<Option<Enrolment>>,
    /// One key derivation at a time: each takes 8 MiB.
    deriving: tokio::sync::Mutex<()>,
}

#[derive(Clone)]
struct Kept {
    /// Whose: it does not outlive an ownership.
    owner: String,
    hash: Secret<String>,
    secret: TotpSecret,
    last: Option<Step>,
}

/// An authenticator's secret that waits for its first code.
struct Enrolment {
    owner: String,
    secret: TotpSecret,
    since: Duration,
}

#[derive(Serialize, Deserialize)]
struct OnDisk {
    owner: String,
    hash: String,
    secret: String,
    last: Option<u64>,
}

/// What time it is, in seconds since 1970, as far as it is known.
#[derive(Clone, Copy, Debug)]
enum Time {
    Known(u64),
    /// By a clock that nobody has set since the start.
    Believed(u64),
}

/// Why the set-up was not finished.
enum Unfinished {
    WrongCode,
    /// The picture is another one by now.
    TooLate,
    NotKept(keystore::Error),
}

impl OfflineUnlock {
    /// What cannot be read is none: then it is set up anew.
    pub(super) fn load(keystore: Keystore, entropy: Entropy) -> Self {
        let kept = match keystore.load(KIND) {
            Ok(Loaded::Whole(content) | Loaded::Older { content, .. }) => Kept::read(&content),
            Ok(Loaded::Absent | Loaded::Lost { .. }) => None,
            Err(error) => {
                tracing::warn!(error = report::chain(&error), "the offline unlock cannot be read");
                None
            }
        };
        Self {
            keystore,
            entropy,
            kept: Mutex::new(kept),
            enrolment: Mutex::default(),
            deriving: tokio::sync::Mutex::default(),
        }
    }

    /// Drops what is not the present owner's.
    pub(super) fn sweep(&self, owner: Option<&str>) {
        let mut kept = self.kept();
        if kept.as_ref().is_some_and(|kept| Some(kept.owner.as_str()) != owner) {
            self.remove(&mut kept);
        }
        let mut enrolment = self.enrolment();
        if enrolment.as_ref().is_some_and(|enrolment| Some(enrolment.owner.as_str()) != owner) {
            *enrolment = None;
        }
    }

    pub(super) fn is_set_up(&self) -> bool {
        self.kept().is_some()
    }

    fn turn_off(&self) {
        self.remove(&mut self.kept());
    }

    /// The secret that is being set up; the same for a reload and a second tab.
    fn enrol(&self, owner: &str, now: Duration) -> TotpSecret {
        let mut enrolment = self.enrolment();
        let fresh =
            |enrolment: &&Enrolment| enrolment.owner == owner && now.saturating_sub(enrolment.since) < ENROLMENT_LASTS;
        if let Some(enrolment) = enrolment.as_ref().filter(fresh) {
            return enrolment.secret.clone();
        }
        let secret = TotpSecret::from_bytes(self.entropy.bytes::<20>().to_vec());
        *enrolment = Some(Enrolment { owner: owner.to_owned(), secret: secret.clone(), since: now });
        secret
    }

    /// The authenticator shows the right code: from now on this passphrase and it are a way in.
    async fn finish(&self, owner: &str, passphrase: Secret<String>, code: &Code, time: Time) -> Result<(), Unfinished> {
        let enrolment = self
            .enrolment()
            .as_ref()
            .filter(|enrolment| enrolment.owner == owner)
            .map(|enrolment| enrolment.secret.clone());
        let secret = enrolment.ok_or(Unfinished::TooLate)?;
        let last = secret.check(code, time.seconds(), None).map_err(|_| Unfinished::WrongCode)?;
        let salt = self.entropy.bytes();
        let hash = self.derive(move || passphrase::hash(&passphrase, &salt)).await.ok_or(Unfinished::TooLate)?;
        let kept = Kept { owner: owner.to_owned(), hash, secret, last: Some(last) };
        self.keystore.save(KIND, kept.write().expose()).map_err(Unfinished::NotKept)?;
        *self.kept() = Some(kept);
        *self.enrolment() = None;
        Ok(())
    }

    /// Are these the passphrase and the code of this owner? A right code is used up by that.
    async fn opens(&self, owner: &str, key: Key, time: Time) -> bool {
        let Some(kept) = self.kept().clone().filter(|kept| kept.owner == owner) else { return false };
        let (hash, secret, last) = (kept.hash, kept.secret, kept.last);
        let Key { passphrase, code, next } = key;
        let work = move || {
            let fits = passphrase::fits(&passphrase, &hash);
            let step = step_of(&secret, &code, next.as_ref(), time, last);
            step.filter(|_| fits)
        };
        let Some(step) = self.derive(work).await else { return false };
        let mut present = self.kept();
        // Somebody may have used the same code, or turned it off, while this was computed.
        let Some(kept) = present.as_mut().filter(|kept| kept.owner == owner && Some(step) > kept.last) else {
            return false;
        };
        kept.last = Some(step);
        if let Err(error) = self.keystore.save(KIND, kept.write().expose()) {
            tracing::warn!(error = report::chain(&error), "the used code is remembered only until the next restart");
        }
        true
    }

    /// Where it does not hold up others, and alone.
    async fn derive<T: Send + 'static>(&self, work: impl FnOnce() -> Option<T> + Send + 'static) -> Option<T> {
        let _alone = self.deriving.lock().await;
        tokio::task::spawn_blocking(work).await.ok().flatten()
    }

    fn remove(&self, kept: &mut Option<Kept>) {
        if kept.take().is_some()
            && let Err(error) = self.keystore.remove(KIND)
        {
            tracing::warn!(error = report::chain(&error), "the offline unlock of a former owner stays on disk");
        }
    }

    fn kept(&self) -> MutexGuard<'_, Option<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enrolment(&self) -> MutexGuard<'_, Option<Enrolment>> {
        self.enrolment.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The step that the code (or the later of two codes) is of.
fn step_of(secret: &TotpSecret, code: &Code, next: Option<&Code>, time: Time, last: Option<Step>) -> Option<Step> {
    match (secret.check(code, time.seconds(), last), time, next) {
        (Ok(step), _, _) => Some(step),
        (Err(_), Time::Believed(seconds), Some(next)) => secret.check_two(code, next, seconds, LOST_STEPS, last),
        (Err(_), Time::Known(_) | Time::Believed(_), _) => None,
    }
}

impl Time {
    fn seconds(self) -> u64 {
        match self {
            Self::Known(seconds) | Self::Believed(seconds) => seconds,
        }
    }
}

impl Kept {
    fn write(&self) -> Secret<Vec<u8>> {
        let on_disk = OnDisk {
            owner: self.owner.clone(),
            hash: self.hash.expose().clone(),
            secret: self.secret.text().expose().clone(),
            last: self.last.map(|step| step.0),
        };
        Secret::new(serde_json::to_vec(&on_disk).unwrap_or_default())
    }

    fn read(content: &Secret<Vec<u8>>) -> Option<Self> {
        let OnDisk { owner, hash, secret, last } = serde_json::from_slice(content.expose()).ok()?;
        let secret = TotpSecret::parse(Secret::new(secret).expose()).ok()?;
        Some(Self { owner, hash: Secret::new(hash), secret, last: last.map(Step) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_800_000_000;

    #[test]
    fn a_clock_that_nobody_set_is_made_up_for_by_two_codes_in_a_row() {
        let secret = TotpSecret::from_bytes(vec![7; 20]);
        let code = |seconds: u64| secret.code_at(seconds).expose().parse::<Code>().unwrap();
        let (first, second) = (code(NOW), code(NOW + 30));
        let behind = NOW - 10 * 24 * 3600;
        let of = |time, next| step_of(&secret, &first, next, time, None);
        assert_eq!(of(Time::Known(NOW), None), Some(Step(NOW / 30)));
        assert_eq!(of(Time::Believed(behind), None), None);
        assert_eq!(of(Time::Believed(behind), Some(&second)), Some(Step(NOW / 30 + 1)));
        assert_eq!(of(Time::Believed(behind), Some(&first)), None, "the same code twice");
        assert_eq!(of(Time::Known(behind), Some(&second)), None, "the time is known, and it is another");
        let used = Some(Step(NOW / 30 + 1));
        assert_eq!(step_of(&secret, &first, Some(&second), Time::Believed(behind), used), None, "used before");
    }
}
