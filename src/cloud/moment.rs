//! A point in time as the store keeps it: Unix milliseconds.

use std::time::{Duration, SystemTime};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, sqlx::Type)]
#[sqlx(transparent)]
pub(crate) struct Moment(i64);

impl Moment {
    /// Before everything that is kept.
    pub(crate) const FIRST: Self = Self(0);
    /// After everything that is kept.
    pub(crate) const LAST: Self = Self(i64::MAX);

    pub(crate) fn of(time: SystemTime) -> Self {
        let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    pub(crate) fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    pub(crate) fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    pub(crate) fn unix_seconds(self) -> u64 {
        u64::try_from(self.0 / 1000).unwrap_or(0)
    }

    pub(crate) fn unix_milliseconds(self) -> u64 {
        u64::try_from(self.0).unwrap_or(0)
    }

    pub(crate) fn system_time(self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(self.0).unwrap_or(0))
    }

    /// How long until `later`; zero when it has passed.
    pub(crate) fn until(self, later: Self) -> Duration {
        Duration::from_millis(u64::try_from(later.0.saturating_sub(self.0)).unwrap_or(0))
    }

    /// From a date and time with its zone (RFC 3339), or a date alone, which begins in UTC.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let whole = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
        let time = OffsetDateTime::parse(&whole, &Rfc3339).ok()?;
        i64::try_from(time.unix_timestamp_nanos() / 1_000_000).ok().map(Self)
    }

    /// `2024-01-02T03:04:05.678Z`.
    pub(crate) fn iso(self) -> String {
        OffsetDateTime::from(self.system_time()).format(&Rfc3339).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_kept_to_the_millisecond() {
        let moment = Moment::of(SystemTime::UNIX_EPOCH + Duration::from_millis(1_704_164_645_678));
        assert_eq!(moment.iso(), "2024-01-02T03:04:05.678Z");
        assert_eq!(Moment::parse("2024-01-02T04:04:05.678+01:00"), Some(moment));
        assert_eq!(moment.unix_seconds(), 1_704_164_645);
        assert_eq!(moment.until(moment.plus(Duration::from_secs(3))), Duration::from_secs(3));
        assert_eq!(moment.until(moment.minus(Duration::from_secs(3))), Duration::ZERO);
    }

    #[test]
    fn a_date_alone_is_its_beginning_and_what_is_no_date_is_nothing() {
        assert_eq!(Moment::parse(" 2024-01-02 "), Moment::parse("2024-01-02T00:00:00Z"));
        for bad in ["", "yesterday", "2024-13-01", "2024-01-02T03:04:05", "é234567890"] {
            assert_eq!(Moment::parse(bad), None, "{bad}");
        }
    }
}
