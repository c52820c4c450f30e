//! The times that a signature vouches for, held against the verifier's clock.

use std::time::{SystemTime, UNIX_EPOCH};

use super::{CLOCK_WINDOW, Refusal};
use crate::protocol::http_date;

/// What is known about when a request was signed.
pub(super) struct Times<'a> {
    /// Unix seconds.
    pub(super) created: Option<i64>,
    /// Unix seconds.
    pub(super) expires: Option<i64>,
    /// The covered `Date` header.
    pub(super) date: Option<&'a str>,
}

impl Times<'_> {
    /// Every time that is there must be near `now`, and one of `created` and `date` must be there.
    pub(super) fn check(&self, now: SystemTime) -> Result<(), Refusal> {
        let now = unix_seconds(now);
        let date = match self.date {
            Some(date) => Some(http_date::parse(date).map(unix_seconds).ok_or(Refusal::NoDate)?),
            None => None,
        };
        if self.created.is_none() && date.is_none() {
            return Err(Refusal::NoDate);
        }
        let window = CLOCK_WINDOW.as_secs();
        for signed in [self.created, date].into_iter().flatten() {
            let off = signed.saturating_sub(now);
            if off.unsigned_abs() > window {
                return Err(Refusal::ClockOff { off, window });
            }
        }
        if self.expires.is_some_and(|expires| expires < now) {
            return Err(Refusal::Expired);
        }
        Ok(())
    }
}

/// Whole seconds since 1970, negative before it.
pub(super) fn unix_seconds(time: SystemTime) -> i64 {
    let seconds = |duration: std::time::Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => seconds(after),
        Err(before) => -seconds(before.duration()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Tue, 02 Jan 2024 03:04:05 GMT
    const NOW: i64 = 1_704_164_645;

    #[test]
    fn five_minutes_either_way_are_allowed() {
        for off in [-300, -1, 0, 299, 300] {
            assert_eq!(times(Some(NOW + off), None, None).check(now()), Ok(()), "{off}");
        }
        for off in [-301, 301, -NOW, i64::MAX - NOW, i64::MIN] {
            let created = NOW.saturating_add(off);
            let refusal = times(Some(created), None, None).check(now());
            assert_eq!(refusal, Err(Refusal::ClockOff { off: created.saturating_sub(NOW), window: 300 }));
        }
    }

    #[test]
    fn the_date_may_say_gmt_or_utc_but_no_local_time() {
        let checked = |date| times(None, None, Some(date)).check(now());
        assert_eq!(checked("Tue, 02 Jan 2024 03:04:05 GMT"), Ok(()));
        assert_eq!(checked("Tue, 02 Jan 2024 03:04:05 UTC"), Ok(()));
        assert_eq!(checked("Tue, 02 Jan 2024 03:09:06 GMT"), Err(Refusal::ClockOff { off: 301, window: 300 }));
        for unreadable in
            ["Tue, 02 Jan 2024 04:04:05 CET", "Sal, 02 Oca 2024 03:04:05 GMT", "Tue, 2 Jan 2024 03:04:05 GMT", ""]
        {
            assert_eq!(checked(unreadable), Err(Refusal::NoDate), "{unreadable}");
        }
    }

    #[test]
    fn every_time_that_is_there_counts() {
        let date = Some("Tue, 02 Jan 2024 03:04:05 GMT");
        assert_eq!(times(None, None, None).check(now()), Err(Refusal::NoDate));
        assert_eq!(times(None, Some(NOW), None).check(now()), Err(Refusal::NoDate));
        assert_eq!(times(Some(NOW), Some(NOW), date).check(now()), Ok(()));
        assert_eq!(times(Some(NOW), Some(NOW - 1), date).check(now()), Err(Refusal::Expired));
        assert_eq!(times(Some(NOW), None, Some("today")).check(now()), Err(Refusal::NoDate));
        let refusal = times(Some(NOW - 301), None, date).check(now());
        assert_eq!(refusal, Err(Refusal::ClockOff { off: -301, window: 300 }));
    }

    #[test]
    fn a_machine_without_a_clock_is_before_its_time_and_says_so() {
        let refusal = times(Some(NOW), None, None).check(UNIX_EPOCH - Duration::from_secs(10));
        assert_eq!(refusal, Err(Refusal::ClockOff { off: NOW + 10, window: 300 }));
    }

    fn times(created: Option<i64>, expires: Option<i64>, date: Option<&str>) -> Times<'_> {
        Times { created, expires, date }
    }

    fn now() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(NOW.unsigned_abs())
    }
}
