//! TIMESTAMP: when the proof was made, in a form of Cognito's own.

use std::time::SystemTime;

use time::PrimitiveDateTime;
use time::format_description::StaticFormatDescription;
use time::macros::format_description;

use crate::protocol::utc;

/// `Tue Jan 2 03:04:05 UTC 2024`: no zero before the day (COG-05).
pub fn timestamp(now: SystemTime) -> String {
    let date = utc::calendar(now);
    let (hour, minute, second) = date.as_hms();
    format!(
        "{:.3} {:.3} {} {hour:02}:{minute:02}:{second:02} UTC {:04}",
        date.weekday(),
        date.month(),
        date.day(),
        date.year()
    )
}

/// Reads what [`timestamp`] writes (a two-digit day with leading zero is refused).
pub fn parse_timestamp(text: &str) -> Option<SystemTime> {
    let time = utc::system_time(PrimitiveDateTime::parse(text, TIMESTAMP).ok()?)?;
    // The reader above is lenient, for instance about the weekday.
    (timestamp(time) == text).then_some(time)
}

const TIMESTAMP: StaticFormatDescription = format_description!(
    "[weekday repr:short] [month repr:short] [day padding:none] [hour]:[minute]:[second] UTC [year]"
);

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_timestamp_has_no_zero_before_the_day() {
        for (unix, text) in [
            (1_704_164_645, "Tue Jan 2 03:04:05 UTC 2024"),
            (1_707_091_389, "Mon Feb 5 00:03:09 UTC 2024"),
            (1_733_097_599, "Sun Dec 1 23:59:59 UTC 2024"),
            (1_709_164_800, "Thu Feb 29 00:00:00 UTC 2024"),
        ] {
            assert_eq!(timestamp(at(unix)), text);
            assert_eq!(parse_timestamp(text), Some(at(unix)));
        }
    }

    #[test]
    fn a_timestamp_in_another_form_is_refused() {
        for text in [
            "",
            "Tue Jan 02 03:04:05 UTC 2024",
            "Tue Jan  2 03:04:05 UTC 2024",
            "Tue Jan 2 3:04:05 UTC 2024",
            "Tue Jan 2 03:04:05 GMT 2024",
            "Wed Jan 2 03:04:05 UTC 2024",
            "Di Jan 2 03:04:05 UTC 2024",
            "Tue Jan 2 03:04:05 UTC 2024 ",
            "Tue Feb 30 03:04:05 UTC 2024",
        ] {
            assert_eq!(parse_timestamp(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_written_timestamp_reads_as_itself(seconds in 0_u64..253_402_300_800) {
            prop_assert_eq!(parse_timestamp(&timestamp(at(seconds))), Some(at(seconds)));
        }

        #[test]
        fn no_text_makes_reading_a_timestamp_panic(text in ".*|[A-Z][a-z]{2} [A-Z][a-z]{2} [0-9]{1,2} [0-9:]{8} UTC [0-9]{4}") {
            let _ = parse_timestamp(&text);
        }
    }

    fn at(unix: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(unix)
    }
}
