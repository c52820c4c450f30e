//! How often somebody may guess: a few tries are free, then each one costs a growing wait, told with its end. Counted by
//! source and by account; the console (the `latchkey` command) never passes through here, so it is never locked.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::throttle::Throttle;

/// The panel's three counters.
#[derive(Debug)]
pub(super) struct Limits(Mutex<Counters>);

#[derive(Debug)]
struct Counters {
    claims: Throttle<IpAddr>,
    sources: Throttle<IpAddr>,
    accounts: Throttle<String>,
}

/// One guess that was let through; what became of it is told to [`Limits`].
#[derive(Debug)]
#[must_use]
pub(super) struct Guess {
    source: IpAddr,
    account: Option<String>,
}

impl Limits {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Counters {
            claims: Throttle::new(5, Duration::from_secs(300)),
            sources: Throttle::new(5, Duration::from_secs(300)),
            // Somebody else on the network must not be able to keep the owner out for long.
            accounts: Throttle::new(20, Duration::from_secs(60)),
        }))
    }

    /// Counts a sign-in try before it is made (many at once are many tries), or says how long to wait.
    /// Somebody on the machine itself is not kept out by what others do to the account.
    pub(super) fn admit(&self, source: IpAddr, account: Option<&str>, now: Duration) -> Result<Guess, Duration> {
        let mut counters = self.counters();
        let guess = Guess {
            source: neighbourhood(source),
            account: account.filter(|_| !source.is_loopback()).map(str::to_lowercase),
        };
        let by_source = counters.sources.wait(&guess.source, now);
        let by_account = guess.account.as_ref().and_then(|account| counters.accounts.wait(account, now));
        if let Some(wait) = by_source.max(by_account) {
            return Err(wait);
        }
        counters.sources.count(guess.source, now);
        if let Some(account) = &guess.account {
            counters.accounts.count(account.clone(), now);
        }
        Ok(guess)
    }

    /// It was no wrong guess: it does not count.
    pub(super) fn take_back(&self, guess: &Guess) {
        let mut counters = self.counters();
        counters.sources.take_back(&guess.source);
        if let Some(account) = &guess.account {
            counters.accounts.take_back(account);
        }
    }

    /// The person proved to be who they say: earlier mistakes do not count either.
    pub(super) fn forgive(&self, guess: &Guess) {
        let mut counters = self.counters();
        counters.sources.forgive(&guess.source);
        if let Some(account) = &guess.account {
            counters.accounts.forgive(account);
        }
    }

    /// Counts one try at the claim code, or says how long to wait.
    pub(super) fn admit_claim(&self, source: IpAddr, now: Duration) -> Result<(), Duration> {
        let source = neighbourhood(source);
        let mut counters = self.counters();
        match counters.claims.wait(&source, now) {
            Some(wait) => Err(wait),
            None => {
                counters.claims.count(source, now);
                Ok(())
            }
        }
    }

    fn counters(&self) -> MutexGuard<'_, Counters> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whoever has one IPv6 address has the whole /64 to choose from.
pub(super) fn neighbourhood(source: IpAddr) -> IpAddr {
    match source {
        IpAddr::V4(_) => source,
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1000);

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn guess_often(limits: &Limits, source: &str, account: &str, times: usize) {
        for _ in 0..times {
            let _counted = limits.admit(address(source), Some(account), NOW);
        }
    }

    #[test]
    fn a_guesser_waits_and_others_do_not() {
        let limits = Limits::new();
        guess_often(&limits, "192.168.1.66", "ann@example.test", 5);
        assert!(limits.admit(address("192.168.1.66"), Some("bob@example.test"), NOW).is_err());
        assert!(limits.admit(address("192.168.1.67"), Some("ann@example.test"), NOW).is_ok());
    }

    #[test]
    fn a_neighbouring_ipv6_address_is_the_same_guesser() {
        let limits = Limits::new();
        guess_often(&limits, "fd00::1", "ann@example.test", 5);
        assert!(limits.admit(address("fd00::2"), None, NOW).is_err());
        assert!(limits.admit(address("fd00:0:0:1::2"), None, NOW).is_ok());
    }

    #[test]
    fn many_sources_together_are_held_back_from_one_account_but_not_its_owner_at_the_machine() {
        let limits = Limits::new();
        for source in 0..20 {
            guess_often(&limits, &format!("192.168.1.{source}"), "Ann@example.test", 1);
        }
        assert!(limits.admit(address("192.168.1.99"), Some("ann@example.test"), NOW).is_err());
        assert!(limits.admit(address("127.0.0.1"), Some("ann@example.test"), NOW).is_ok());
    }

    #[test]
    fn being_right_wipes_the_slate() {
        let limits = Limits::new();
        guess_often(&limits, "192.168.1.66", "ann@example.test", 4);
        let right = limits.admit(address("192.168.1.66"), Some("ann@example.test"), NOW).unwrap();
        limits.forgive(&right);
        guess_often(&limits, "192.168.1.66", "ann@example.test", 4);
        assert!(limits.admit(address("192.168.1.66"), Some("ann@example.test"), NOW).is_ok());
    }
}
