//! Calendar time in UTC, from and to [`SystemTime`]; what every textual date here is made of.

use std::time::{Duration, SystemTime};

use time::{PrimitiveDateTime, UtcDateTime};

/// The last second of the year 9999.
const LAST_SECOND: i64 = 253_402_300_799;

/// A clock before 1970 or after 9999 is wrong anyway and counts as that limit, so that no clock can cause a panic.
pub(super) fn calendar(time: SystemTime) -> UtcDateTime {
    let since_epoch = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let seconds = i64::try_from(since_epoch.as_secs()).unwrap_or(LAST_SECOND).min(LAST_SECOND);
    UtcDateTime::from_unix_timestamp(seconds).unwrap_or(UtcDateTime::UNIX_EPOCH)
}

/// `None` before 1970.
pub(super) fn system_time(date: PrimitiveDateTime) -> Option<SystemTime> {
    let seconds = u64::try_from(date.as_utc().unix_timestamp()).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_outside_of_all_calendars_does_not_panic() {
        let ancient = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(calendar(ancient), UtcDateTime::UNIX_EPOCH);
        let distant = SystemTime::UNIX_EPOCH + Duration::from_secs(i64::MAX as u64);
        assert_eq!(calendar(distant).unix_timestamp(), LAST_SECOND);
    }
}
