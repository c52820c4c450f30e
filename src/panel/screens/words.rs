//! Durations and dates as people read them.

use std::time::{Duration, SystemTime};

use time::UtcDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

/// "45 seconds", "2 minutes", "3 hours": rounded up, so that waiting that long is enough.
pub(crate) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs() + u64::from(duration.subsec_nanos() > 0);
    let (count, unit) = match seconds {
        0..=90 => (seconds, "second"),
        91..=5400 => (seconds.div_ceil(60), "minute"),
        5401..=172_800 => (seconds.div_ceil(3600), "hour"),
        _ => (seconds.div_ceil(86_400), "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// "just now", "3 hours ago"
pub(crate) fn ago(passed: Duration) -> String {
    if passed < Duration::from_secs(60) { "just now".to_owned() } else { format!("{} ago", duration(passed)) }
}

/// A moment as a date; empty beyond any calendar.
pub(crate) fn date_of(time: SystemTime) -> String {
    calendar(time).and_then(date).unwrap_or_default()
}

/// `None` beyond any calendar.
pub(crate) fn calendar(time: SystemTime) -> Option<UtcDateTime> {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
    UtcDateTime::from_unix_timestamp(i64::try_from(seconds).ok()?).ok()
}

/// "15 January 2027, 08:00 UTC"
pub(crate) fn date(date: UtcDateTime) -> Option<String> {
    date.format(format_description!("[day padding:none] [month repr:long] [year], [hour]:[minute] UTC")).ok()
}

/// Is the service's ISO 8601 over?
pub(crate) fn is_past(text: &str, now: SystemTime) -> bool {
    UtcDateTime::parse(text, &Rfc3339).ok().zip(calendar(now)).is_some_and(|(end, now)| end <= now)
}

/// The service's ISO 8601 as a date in words; as it came when it is something else.
pub(crate) fn service_date(text: &str) -> String {
    UtcDateTime::parse(text, &Rfc3339).ok().and_then(date).unwrap_or_else(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_rounded_up_to_a_unit_that_fits() {
        let words = |seconds| duration(Duration::from_secs(seconds));
        assert_eq!([words(1), words(45), words(91), words(7200)], ["1 second", "45 seconds", "2 minutes", "2 hours"]);
        assert_eq!(duration(Duration::from_millis(4001)), "5 seconds");
        assert_eq!(words(3 * 86_400), "3 days");
    }

    #[test]
    fn dates_of_the_service_become_words_and_others_stay() {
        assert_eq!(service_date("2027-01-15T08:00:00.123Z"), "15 January 2027, 08:00 UTC");
        assert_eq!(service_date("yesterday"), "yesterday");
    }

    #[test]
    fn a_time_beyond_the_calendar_is_none() {
        assert_eq!(calendar(SystemTime::UNIX_EPOCH + Duration::from_secs(i64::MAX as u64)), None);
    }
}
