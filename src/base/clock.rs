//! The only place that reads the time. Everything else receives it as a value.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// Latchkey was built later than this (18 November 2026): a clock that shows less is wrong.
pub static BUILT: LazyLock<SystemTime> = LazyLock::new(|| SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000));

/// Wall and monotonic time; made once in the composition root, or set by hand in tests.
#[derive(Clone)]
pub struct Clock(Source);

#[derive(Clone)]
enum Source {
    System { started: Instant },
    Hand(Hand),
}

/// A clock that a test moves.
#[derive(Clone)]
pub struct Hand(Arc<Mutex<(SystemTime, Duration)>>);

impl Clock {
    /// The machine's own clock.
    #[expect(clippy::disallowed_methods, reason = "this is the one reader of time")]
    pub fn system() -> Self {
        Self(Source::System { started: Instant::now() })
    }

    /// A clock that stands still until its hand is moved.
    pub fn by_hand(start: SystemTime) -> (Self, Hand) {
        let hand = Hand(Arc::new(Mutex::new((start, Duration::ZERO))));
        (Self(Source::Hand(hand.clone())), hand)
    }

    /// What the machine believes the time of day is. It may be wrong, and it may jump.
    #[expect(clippy::disallowed_methods, reason = "this is the one reader of time")]
    pub fn wall(&self) -> SystemTime {
        match &self.0 {
            Source::System { .. } => SystemTime::now(),
            Source::Hand(hand) => hand.read().0,
        }
    }

    /// Time since an arbitrary start; never jumps. Sessions and throttles age by this.
    pub fn monotonic(&self) -> Duration {
        match &self.0 {
            Source::System { started } => started.elapsed(),
            Source::Hand(hand) => hand.read().1,
        }
    }
}

impl Hand {
    /// Lets time pass: both clocks move.
    pub fn pass(&self, duration: Duration) {
        let mut time = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        time.0 += duration;
        time.1 += duration;
    }

    /// Sets the wall clock, as NTP or a person would: the monotonic clock does not move.
    pub fn set_wall(&self, wall: SystemTime) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0 = wall;
    }

    fn read(&self) -> (SystemTime, Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn setting_the_wall_clock_leaves_the_monotonic_one_alone() {
        let (clock, hand) = Clock::by_hand(SystemTime::UNIX_EPOCH);
        hand.pass(Duration::from_secs(5));
        hand.set_wall(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000));
        assert_eq!(clock.monotonic(), Duration::from_secs(5));
        assert_eq!(clock.wall(), SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000));
    }
}
