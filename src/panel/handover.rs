//! Taking a sign-in under way to another device: begun on the phone, finished on the laptop.
//!
//! The device that wants to go on shows a short code, and the browser that has the sign-in is told that code by its person. So the
//! one who has something to lose is the one who acts, on the page that has it; that is the confirmation. Nothing secret stands in a
//! link or a picture: the picture holds the panel's address and no more. The code opens nothing to whoever reads or guesses it,
//! since only a browser whose password was right can give something away with it. And what is given away still asks for the second
//! factor. A link with a one-time token would be one step less, and would be a secret in histories, logs and photographs.

use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::claim_code;
use super::screens::Visitor;
use super::screens::token::TokenHash;
use crate::base::Entropy;

const LENGTH: usize = 6;
/// As long as a service remembers a sign-in.
const LASTS: Duration = Duration::from_secs(180);
/// More than wait at once at one device; and from one source.
const AT_MOST: usize = 32;
const AT_MOST_FROM_ONE: usize = 4;

/// Browsers that wait for a sign-in from elsewhere.
#[derive(Default)]
pub(super) struct Handovers(Mutex<Vec<Waiting>>);

struct Waiting {
    code: String,
    visitor: TokenHash,
    source: IpAddr,
    until: Duration,
}

/// What a waiting browser shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) code: String,
    pub(super) left: Duration,
}

impl Handovers {
    /// The code of this browser: the same until its time is over. `None`: too many wait.
    pub(super) fn wait(&self, visitor: &Visitor, entropy: &Entropy, now: Duration) -> Option<Shown> {
        let mut waiting = self.lock();
        waiting.retain(|waiting| now < waiting.until);
        if let Some(mine) = waiting.iter().find(|waiting| waiting.visitor == visitor.hash) {
            return Some(Shown { code: grouped(&mine.code), left: mine.until.saturating_sub(now) });
        }
        let source = visitor.source.address;
        let from_there = waiting.iter().filter(|waiting| waiting.source == source).count();
        if waiting.len() >= AT_MOST || from_there >= AT_MOST_FROM_ONE {
            return None;
        }
        let code = claim_code::letters(entropy, LENGTH);
        let shown = Shown { code: grouped(&code), left: LASTS };
        waiting.push(Waiting { code, visitor: visitor.hash, source, until: now.saturating_add(LASTS) });
        Some(shown)
    }

    /// The browser that shows this code, to `giver`, who is another one. It counts once.
    pub(super) fn take(&self, typed: &str, giver: TokenHash, now: Duration) -> Option<TokenHash> {
        let typed = claim_code::meant(typed);
        let mut waiting = self.lock();
        waiting.retain(|waiting| now < waiting.until);
        let found = waiting.iter().position(|waiting| waiting.code == typed && waiting.visitor != giver)?;
        Some(waiting.swap_remove(found).visitor)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Waiting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn grouped(code: &str) -> String {
    code.split_at_checked(LENGTH / 2).map_or_else(|| code.to_owned(), |(first, second)| format!("{first}-{second}"))
}

#[cfg(test)]
mod tests {
    use super::super::screens::host::Authority;
    use super::super::screens::source::Source;
    use super::*;

    const NOW: Duration = Duration::from_secs(1000);
    const GIVER: TokenHash = TokenHash([0; 32]);

    #[test]
    fn a_code_names_the_browser_that_shows_it_once() {
        let (handovers, entropy) = (Handovers::default(), Entropy::repeatable(1));
        let shown = handovers.wait(&visitor(1, "192.168.1.7"), &entropy, NOW).unwrap();
        assert_eq!(handovers.wait(&visitor(1, "192.168.1.7"), &entropy, NOW), Some(shown.clone()), "a reload");
        assert_eq!(handovers.take("AAA-AAA", GIVER, NOW), None);
        assert_eq!(handovers.take(&shown.code, TokenHash([1; 32]), NOW), None, "not to itself");
        assert_eq!(handovers.take(&shown.code.to_lowercase(), GIVER, NOW), Some(TokenHash([1; 32])));
        assert_eq!(handovers.take(&shown.code, GIVER, NOW), None);
    }

    #[test]
    fn a_code_is_void_after_three_minutes() {
        let (handovers, entropy) = (Handovers::default(), Entropy::repeatable(1));
        let shown = handovers.wait(&visitor(1, "192.168.1.7"), &entropy, NOW).unwrap();
        assert_eq!(handovers.take(&shown.code, GIVER, NOW + LASTS), None);
        let next = handovers.wait(&visitor(1, "192.168.1.7"), &entropy, NOW + LASTS).unwrap();
        assert_ne!(next.code, shown.code);
    }

    #[test]
    fn one_source_does_not_take_every_place() {
        let (handovers, entropy) = (Handovers::default(), Entropy::repeatable(1));
        let wait = |number, source: &str| handovers.wait(&visitor(number, source), &entropy, NOW).is_some();
        assert!((1..=4).all(|number| wait(number, "192.168.1.66")));
        assert!(!wait(5, "192.168.1.66"));
        assert!(wait(6, "192.168.1.7"));
        for number in 7..34 {
            assert!(wait(number, &format!("192.168.2.{number}")), "{number}");
        }
        assert!(!wait(99, "192.168.1.99"));
    }

    fn visitor(number: u8, address: &str) -> Visitor {
        let authority = Authority::parse("pi:29999").unwrap();
        let source = Source { address: address.parse().unwrap(), https: true, plain_is_safe: false, authority };
        Visitor { hash: TokenHash([number; 32]), source, session: None, program: String::new(), form_salt: [0; 32] }
    }
}
