//! What time it is by the account service. A Pi has no battery clock (DESIGN rule 4): the service's `Date` is learned, and
//! carried on by the monotonic clock, so that a jump of the device's own clock does not matter.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// Seconds from the epoch to 2020. Nothing that Latchkey talks to existed before; an earlier time is a clock that was
/// never set.
const EARLIEST: i64 = 1_577_836_800;

/// Answers that differ by more than this contradict each other.
const AGREEMENT: Duration = Duration::from_secs(300);

#[derive(Debug, Default)]
pub(super) struct ServiceTime(Mutex<Learned>);

#[derive(Debug, Default)]
struct Learned {
    believed: Option<Mark>,
    /// Contradicts what is believed; a second answer that agrees with it makes it believed.
    doubtful: Option<Mark>,
}

/// A service time and the monotonic time when it was read.
#[derive(Clone, Copy, Debug)]
struct Mark {
    service: SystemTime,
    monotonic: Duration,
}

impl ServiceTime {
    /// Takes in the `Date` of an answer. One answer alone does not make the time jump.
    pub(super) fn learn(&self, service: SystemTime, monotonic: Duration) {
        if seconds_too_early(service) > 0 {
            return;
        }
        let mark = Mark { service, monotonic };
        let mut learned = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let contradicts = |other: Option<Mark>| other.is_some_and(|other| !other.agrees_with(mark));
        if contradicts(learned.believed) && (learned.doubtful.is_none() || contradicts(learned.doubtful)) {
            learned.doubtful = Some(mark);
        } else {
            *learned = Learned { believed: Some(mark), doubtful: None };
        }
    }

    /// The service refused our time and said its own: that counts at once.
    pub(super) fn correct(&self, service: SystemTime, monotonic: Duration) {
        if seconds_too_early(service) == 0 {
            let believed = Some(Mark { service, monotonic });
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Learned { believed, doubtful: None };
        }
    }

    /// `None` before the first answer.
    pub(super) fn at(&self, monotonic: Duration) -> Option<SystemTime> {
        let learned = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        learned.believed.map(|mark| mark.at(monotonic))
    }
}

impl Mark {
    fn at(self, monotonic: Duration) -> SystemTime {
        self.service + monotonic.saturating_sub(self.monotonic)
    }

    fn agrees_with(self, later: Self) -> bool {
        seconds_ahead(later.service, self.at(later.monotonic)).unsigned_abs() <= AGREEMENT.as_secs()
    }
}

/// Seconds that `clock` lacks until a time that can be true; 0 for one that can.
pub(super) fn seconds_too_early(clock: SystemTime) -> i64 {
    (EARLIEST - seconds_ahead(clock, SystemTime::UNIX_EPOCH)).max(0)
}

/// How far `device` is ahead of `service`; negative when it is behind.
pub(super) fn seconds_ahead(device: SystemTime, service: SystemTime) -> i64 {
    let seconds = |span: Duration| i64::try_from(span.as_secs()).unwrap_or(i64::MAX);
    match device.duration_since(service) {
        Ok(ahead) => seconds(ahead),
        Err(behind) => -seconds(behind.duration()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn time(hours: u32) -> SystemTime {
        SystemTime::UNIX_EPOCH + HOUR * 500_000 + HOUR * hours
    }

    #[test]
    fn the_service_time_runs_on_by_itself() {
        let known = ServiceTime::default();
        assert_eq!(known.at(HOUR), None);
        known.learn(time(50), HOUR);
        assert_eq!(known.at(HOUR * 3), Some(time(52)));
    }

    #[test]
    fn one_answer_alone_does_not_make_the_time_jump_and_two_do() {
        let known = ServiceTime::default();
        known.learn(time(50), HOUR);
        known.learn(time(900), HOUR);
        assert_eq!(known.at(HOUR), Some(time(50)));
        known.learn(time(901), HOUR * 2);
        assert_eq!(known.at(HOUR * 2), Some(time(901)));
    }

    #[test]
    fn two_answers_that_agree_with_nothing_change_nothing() {
        let known = ServiceTime::default();
        known.learn(time(50), HOUR);
        known.learn(time(900), HOUR);
        known.learn(time(300), HOUR);
        assert_eq!(known.at(HOUR), Some(time(50)));
    }

    #[test]
    fn a_refusal_of_our_time_counts_at_once() {
        let known = ServiceTime::default();
        known.learn(time(50), HOUR);
        known.correct(time(900), HOUR);
        assert_eq!(known.at(HOUR), Some(time(900)));
    }

    #[test]
    fn a_service_in_1970_teaches_nothing() {
        let known = ServiceTime::default();
        known.learn(SystemTime::UNIX_EPOCH, HOUR);
        known.correct(SystemTime::UNIX_EPOCH, HOUR);
        assert_eq!(known.at(HOUR), None);
    }

    #[test]
    fn a_device_is_ahead_or_behind_by_whole_seconds() {
        assert_eq!(seconds_ahead(time(2), time(1)), 3600);
        assert_eq!(seconds_ahead(time(1), time(2)), -3600);
    }
}
