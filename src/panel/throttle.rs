//! Free tries, then growing waits, by monotonic time.

use std::collections::BTreeMap;
use std::time::Duration;

/// A quiet time after which earlier tries are forgotten.
const FORGET: Duration = Duration::from_secs(15 * 60);
/// So many are remembered; a flood drops the one that was quiet longest.
const REMEMBERED: usize = 4096;
const FIRST_WAIT: Duration = Duration::from_secs(5);

/// Counts tries per `Who`.
#[derive(Debug)]
pub(super) struct Throttle<Who> {
    free: u32,
    longest: Duration,
    tries: BTreeMap<Who, Tries>,
}

#[derive(Debug)]
struct Tries {
    count: u32,
    latest: Duration,
    blocked_until: Duration,
}

impl<Who: Ord + Clone> Throttle<Who> {
    /// After `free` tries the wait doubles from [`FIRST_WAIT`] up to `longest`.
    pub(super) fn new(free: u32, longest: Duration) -> Self {
        Self { free, longest, tries: BTreeMap::new() }
    }

    /// How long until the next try is let through; `None`: now.
    pub(super) fn wait(&self, who: &Who, now: Duration) -> Option<Duration> {
        let blocked_until = self.tries.get(who)?.blocked_until;
        (blocked_until > now).then(|| blocked_until.saturating_sub(now))
    }

    pub(super) fn count(&mut self, who: Who, now: Duration) {
        self.make_room(now);
        let (free, longest) = (self.free, self.longest);
        let tries = self.tries.entry(who).or_insert(Tries { count: 0, latest: now, blocked_until: now });
        tries.count = tries.count.saturating_add(1);
        tries.latest = now;
        if let Some(beyond) = tries.count.checked_sub(free) {
            let doubled = FIRST_WAIT.saturating_mul(1u32.checked_shl(beyond.min(16)).unwrap_or(u32::MAX));
            tries.blocked_until = now.saturating_add(doubled.min(longest));
        }
    }

    /// The latest try does not count.
    pub(super) fn take_back(&mut self, who: &Who) {
        if let Some(tries) = self.tries.get_mut(who) {
            tries.count = tries.count.saturating_sub(1);
            tries.blocked_until = tries.latest;
        }
    }

    pub(super) fn forgive(&mut self, who: &Who) {
        self.tries.remove(who);
    }

    fn make_room(&mut self, now: Duration) {
        self.tries.retain(|_, tries| now.saturating_sub(tries.latest) < FORGET);
        if self.tries.len() >= REMEMBERED
            && let Some(quietest) = self.tries.iter().min_by_key(|(_, tries)| tries.latest).map(|(who, _)| who.clone())
        {
            self.tries.remove(&quietest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Duration = Duration::from_secs(1000);

    fn throttle_after(tries: u32) -> Throttle<&'static str> {
        let mut throttle = Throttle::new(5, Duration::from_secs(300));
        for _ in 0..tries {
            throttle.count("ann", START);
        }
        throttle
    }

    #[test]
    fn the_first_tries_cost_nothing() {
        assert_eq!(throttle_after(4).wait(&"ann", START), None);
    }

    #[test]
    fn waits_double_up_to_the_longest() {
        let wait = |tries| throttle_after(tries).wait(&"ann", START).map(|wait| wait.as_secs());
        assert_eq!([wait(5), wait(6), wait(7)], [Some(5), Some(10), Some(20)]);
        assert_eq!([wait(12), wait(1000)], [Some(300), Some(300)]);
    }

    #[test]
    fn a_wait_ends_and_is_only_for_the_one_who_guessed() {
        let throttle = throttle_after(5);
        assert_eq!(throttle.wait(&"ann", START + Duration::from_secs(5)), None);
        assert_eq!(throttle.wait(&"bob", START), None);
    }

    #[test]
    fn a_try_that_was_no_guess_is_taken_back() {
        let mut throttle = throttle_after(5);
        throttle.take_back(&"ann");
        assert_eq!(throttle.wait(&"ann", START), None);
        throttle.count("ann", START);
        assert_eq!(throttle.wait(&"ann", START), Some(FIRST_WAIT));
    }

    #[test]
    fn quiet_time_forgets_and_a_flood_keeps_memory_bounded() {
        let mut throttle = Throttle::new(1, Duration::from_secs(300));
        for guesser in 0..REMEMBERED + 10 {
            throttle.count(guesser, START);
        }
        assert_eq!(throttle.tries.len(), REMEMBERED);
        throttle.count(0, START + FORGET);
        assert_eq!(throttle.tries.len(), 1);
    }
}
