//! Where each visitor stands: signed-in visitors have a session, all others have a place here. It is kept by the panel and
//! tied to the visitor's cookie, so that a reload or a second tab goes on where the sign-in stood.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::device_tokens::DeviceToken;
use super::screens::form::Mark;
use super::screens::token::TokenHash;
use super::screens::{Outcome, Problem};
use crate::account::Attempt;

/// A claim code counts this long.
const CLAIMED_FOR: Duration = Duration::from_secs(15 * 60);
/// A form that comes again this soon after it led on is the same press of the button (WEB-12).
const SAME_PRESS: Duration = Duration::from_secs(3);
const ABANDONED: Duration = Duration::from_secs(30 * 60);
const AT_MOST: usize = 256;

/// Everybody's places.
#[derive(Default)]
pub(super) struct Places(Mutex<BTreeMap<TokenHash, Arc<Place>>>);

/// One visitor's place. Whoever plays a move holds `turn` meanwhile: only the same visitor waits.
pub(super) struct Place {
    pub(super) turn: tokio::sync::Mutex<Turn>,
    /// Moves played so far; whoever came before the latest one ended was waiting for it.
    played: AtomicU64,
    touched: Mutex<Duration>,
}

/// What is known of the visitor.
#[derive(Default)]
pub(super) struct Turn {
    /// As typed last; kept for the next try.
    pub(super) email: String,
    pub(super) attempt: Option<Attempt>,
    /// An authenticator app was set up on the way; its recovery codes are still to be shown.
    pub(super) enrolled: bool,
    /// A program wants it when the sign-in is done; in memory only.
    pub(super) wanted_token: Option<DeviceToken>,
    /// The page that was asked for when the session had ended.
    pub(super) wish: Option<String>,
    claimed_until: Option<Duration>,
    latest: Option<Played>,
}

struct Played {
    mark: Mark,
    number: u64,
    at: Duration,
    result: Result<Outcome, Problem>,
}

impl Places {
    /// The visitor's place, made now if there is none.
    pub(super) fn of(&self, visitor: TokenHash, now: Duration) -> Arc<Place> {
        let mut places = self.lock();
        places.retain(|_, place| now.saturating_sub(*place.touched()) < ABANDONED);
        if places.len() >= AT_MOST
            && !places.contains_key(&visitor)
            && let Some(stalest) = places.iter().min_by_key(|(_, place)| *place.touched()).map(|(hash, _)| *hash)
        {
            places.remove(&stalest);
        }
        let place = places.entry(visitor).or_insert_with(|| Arc::new(Place::new(now)));
        *place.touched() = now;
        Arc::clone(place)
    }

    /// A visitor who was here before the agent was started anew.
    pub(super) fn restore(&self, visitor: TokenHash, turn: Turn, now: Duration) {
        let place = Place { turn: tokio::sync::Mutex::new(turn), ..Place::new(now) };
        self.lock().insert(visitor, Arc::new(place));
    }

    pub(super) fn find(&self, visitor: TokenHash) -> Option<Arc<Place>> {
        self.lock().get(&visitor).map(Arc::clone)
    }

    /// Nobody's claim and nobody's half sign-in outlives an ownership.
    pub(super) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<TokenHash, Arc<Place>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    fn new(now: Duration) -> Self {
        Self { turn: tokio::sync::Mutex::default(), played: AtomicU64::new(0), touched: Mutex::new(now) }
    }

    /// Taken before waiting for the turn.
    pub(super) fn played(&self) -> u64 {
        self.played.load(Ordering::Relaxed)
    }

    /// Ends a move: the next ones with the same mark may get this result.
    pub(super) fn ended(&self, turn: &mut Turn, mark: Mark, result: Result<Outcome, Problem>, now: Duration) {
        let number = self.played.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        turn.latest = Some(Played { mark, number, at: now, result });
    }

    fn touched(&self) -> MutexGuard<'_, Duration> {
        self.touched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    /// As it was before the agent was started anew.
    pub(super) fn resumed(email: String, attempt: Attempt, claimed_until: Duration) -> Self {
        Self { email, attempt: Some(attempt), claimed_until: Some(claimed_until), ..Self::default() }
    }

    /// The same form sent twice: what the first one led to. Somebody who waited for it gets any result; somebody who comes
    /// later gets only what led on, since a failure may be tried again.
    pub(super) fn replay(&self, mark: Mark, played_before: u64, now: Duration) -> Option<Result<Outcome, Problem>> {
        let latest = self.latest.as_ref().filter(|latest| latest.mark == mark)?;
        let waited = latest.number > played_before;
        let led_on = matches!(latest.result, Ok(Outcome::Ask(_) | Outcome::SignedIn(..)));
        let same_press = led_on && now.saturating_sub(latest.at) < SAME_PRESS;
        (waited || same_press).then(|| latest.result.clone())
    }

    /// The sign-in under way, for another browser; the claim counts in both.
    pub(super) fn give(&mut self) -> Option<Self> {
        let attempt = self.attempt.take()?;
        self.latest = None;
        let (email, claimed_until) = (self.email.clone(), self.claimed_until);
        let enrolled = std::mem::take(&mut self.enrolled);
        let wish = self.wish.take();
        Some(Self { email, attempt: Some(attempt), enrolled, wish, claimed_until, ..Self::default() })
    }

    /// Signed in: nothing of the way there is needed any more.
    pub(super) fn leave(&mut self) {
        self.email.clear();
        self.attempt = None;
        self.enrolled = false;
        self.claimed_until = None;
    }

    pub(super) fn claim(&mut self, now: Duration) {
        self.claimed_until = Some(now.saturating_add(CLAIMED_FOR));
    }

    /// How long the claim counts yet.
    pub(super) fn claimed_for(&self, now: Duration) -> Duration {
        self.claimed_until.unwrap_or_default().saturating_sub(now)
    }

    pub(super) fn has_claimed(&self, now: Duration) -> bool {
        self.claimed_until.is_some_and(|until| now < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1000);

    #[test]
    fn a_place_is_found_again_until_it_is_abandoned() {
        let places = Places::default();
        let place = places.of(TokenHash([1; 32]), NOW);
        assert!(Arc::ptr_eq(&place, &places.of(TokenHash([1; 32]), NOW + Duration::from_secs(60))));
        let _other = places.of(TokenHash([2; 32]), NOW + ABANDONED + Duration::from_secs(60));
        assert!(places.find(TokenHash([1; 32])).is_none());
    }

    #[test]
    fn a_flood_of_visitors_drops_the_stalest_place_only() {
        let places = Places::default();
        for number in 0..=AT_MOST {
            let mut hash = [0; 32];
            hash[..8].copy_from_slice(&number.to_le_bytes());
            let _place = places.of(TokenHash(hash), NOW + Duration::from_millis(number as u64));
        }
        assert_eq!(places.lock().len(), AT_MOST);
        assert!(places.find(TokenHash([0; 32])).is_none());
    }

    #[test]
    fn a_claim_counts_for_a_quarter_of_an_hour() {
        let mut turn = Turn::default();
        assert!(!turn.has_claimed(NOW));
        turn.claim(NOW);
        assert!(turn.has_claimed(NOW + Duration::from_secs(899)));
        assert!(!turn.has_claimed(NOW + Duration::from_secs(900)));
    }
}
