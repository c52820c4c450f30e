//! Browsers that are away at Google: each is known by the state that it must bring back, of which only the hash is looked up.
//! A state counts once, for 10 minutes, and for the browser that left with it. Several tabs may be away at once.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::screens::token::TokenHash;
use crate::account::Away;
use crate::base::Secret;

const LASTS: Duration = Duration::from_secs(10 * 60);
const AT_MOST: usize = 128;
/// Tabs of one browser.
const AT_MOST_EACH: usize = 5;

/// Everybody who is away.
#[derive(Debug, Default)]
pub(super) struct Returns(Mutex<BTreeMap<StateHash, Traveller>>);

/// What a state is found by, so that looking it up takes the same time whatever was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct StateHash(pub(super) [u8; 32]);

#[derive(Debug)]
struct Traveller {
    away: Away,
    visitor: TokenHash,
    /// The visitor had shown the claim code of a device without owner.
    claimed: bool,
    until: Duration,
    brought: Option<Brought>,
}

/// What the provider sent along.
#[derive(Clone, Debug)]
pub(super) enum Brought {
    Code(Secret<String>),
    /// No code, and why.
    Refused(String),
}

/// How it stands with a state that a browser shows.
#[derive(Debug)]
pub(super) enum Standing {
    /// Unknown, used, or too old.
    Nothing,
    /// Somebody else's, who may have claimed the device.
    OfAnotherBrowser,
    Refused(String),
    /// Its own, with a code.
    Back,
}

impl StateHash {
    pub(super) fn of(state: &str) -> Self {
        Self(Sha256::digest(state.as_bytes()).into())
    }
}

impl Returns {
    pub(super) fn leave(&self, away: Away, visitor: TokenHash, claimed: bool, now: Duration) {
        let mut travellers = self.fresh(now);
        let own = |traveller: &Traveller| traveller.visitor == visitor;
        if travellers.values().filter(|traveller| own(traveller)).count() >= AT_MOST_EACH {
            drop_oldest(&mut travellers, own);
        } else if travellers.len() >= AT_MOST {
            drop_oldest(&mut travellers, |_any| true);
        }
        let state = StateHash::of(away.state().expose());
        let traveller = Traveller { away, visitor, claimed, until: now.saturating_add(LASTS), brought: None };
        travellers.insert(state, traveller);
    }

    /// A browser is back, whichever it is; only what the first one brings counts. `false`: nobody left with that state.
    pub(super) fn arrive(&self, state: StateHash, brought: Brought, now: Duration) -> bool {
        let mut travellers = self.fresh(now);
        let Some(traveller) = travellers.get_mut(&state).filter(|traveller| traveller.brought.is_none()) else {
            return false;
        };
        traveller.brought = Some(brought);
        true
    }

    pub(super) fn standing(&self, state: StateHash, visitor: TokenHash, now: Duration) -> Standing {
        match self.fresh(now).get(&state) {
            None | Some(Traveller { brought: None, .. }) => Standing::Nothing,
            Some(traveller) if traveller.visitor != visitor => Standing::OfAnotherBrowser,
            Some(Traveller { brought: Some(Brought::Code(_)), .. }) => Standing::Back,
            Some(Traveller { brought: Some(Brought::Refused(why)), .. }) => Standing::Refused(why.clone()),
        }
    }

    /// For the sign-in, once.
    pub(super) fn take(&self, state: StateHash, visitor: TokenHash, now: Duration) -> Option<(Away, Secret<String>)> {
        let mut travellers = self.fresh(now);
        travellers.get(&state).filter(|traveller| traveller.visitor == visitor)?;
        match travellers.remove(&state)? {
            Traveller { away, brought: Some(Brought::Code(code)), .. } => Some((away, code)),
            Traveller { brought: Some(Brought::Refused(_)) | None, .. } => None,
        }
    }

    /// Another browser goes on in place of the one that left: had that one claimed the device?
    pub(super) fn hand_over(&self, state: StateHash, now: Duration) -> bool {
        self.fresh(now).remove(&state).is_some_and(|traveller| traveller.claimed && traveller.brought.is_some())
    }

    pub(super) fn clear(&self) {
        self.lock().clear();
    }

    fn fresh(&self, now: Duration) -> MutexGuard<'_, BTreeMap<StateHash, Traveller>> {
        let mut travellers = self.lock();
        travellers.retain(|_, traveller| now < traveller.until);
        travellers
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<StateHash, Traveller>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn drop_oldest(travellers: &mut BTreeMap<StateHash, Traveller>, counts: impl Fn(&Traveller) -> bool) {
    let counting = travellers.iter().filter(|(_, traveller)| counts(traveller));
    if let Some(oldest) = counting.min_by_key(|(_, traveller)| traveller.until).map(|(state, _)| *state) {
        travellers.remove(&oldest);
    }
}
