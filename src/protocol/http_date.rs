//! IMF-fixdate (RFC 9110 §5.6.7) and the accepted variants of the field (`UTC` for `GMT`; reference §4.1).

use std::time::SystemTime;

use super::utc;

/// `Tue, 02 Jan 2024 03:04:05 GMT`: English, two-digit day, whatever the locale (SIG-14).
pub fn format(time: SystemTime) -> String {
    let date = utc::calendar(time);
    let (hour, minute, second) = date.as_hms();
    format!(
        "{:.3}, {:02} {:.3} {:04} {hour:02}:{minute:02}:{second:02} GMT",
        date.weekday(),
        date.day(),
        date.month(),
        date.year()
    )
}

/// Reads IMF-fixdate with `GMT` or `UTC`; anything else is `None`.
pub fn parse(text: &str) -> Option<SystemTime> {
    let instant = text.strip_suffix(" GMT").or_else(|| text.strip_suffix(" UTC"))?;
    let time = httpdate::parse_http_date(&format!("{instant} GMT")).ok()?;
    // The reader above knows older forms too; what is not written exactly as we write it is not an IMF-fixdate.
    format(time).starts_with(instant).then_some(time)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn unix(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn a_date_is_written_in_english_with_a_two_digit_day() {
        assert_eq!(format(unix(1_388_957_500)), "Sun, 05 Jan 2014 21:31:40 GMT");
        assert_eq!(format(unix(1_704_164_645)), "Tue, 02 Jan 2024 03:04:05 GMT");
        assert_eq!(format(unix(784_111_777)), "Sun, 06 Nov 1994 08:49:37 GMT");
    }

    #[test]
    fn gmt_and_utc_are_both_read() {
        for zone in ["GMT", "UTC"] {
            assert_eq!(parse(&format!("Tue, 02 Jan 2024 03:04:05 {zone}")), Some(unix(1_704_164_645)), "{zone}");
        }
    }

    #[test]
    fn what_is_not_an_imf_fixdate_is_refused() {
        let wrong = [
            "",
            "GMT",
            "Tue, 02 Jan 2024 03:04:05",
            "Tue, 02 Jan 2024 03:04:05 CET",
            "Tue, 02 Jan 2024 03:04:05  GMT",
            "Tue, 2 Jan 2024 03:04:05 GMT",
            "Wed, 02 Jan 2024 03:04:05 GMT",
            "tue, 02 jan 2024 03:04:05 GMT",
            "Di, 02 Jan 2024 03:04:05 GMT",
            "Tue, 30 Feb 2024 03:04:05 GMT",
            "Tue, 02 Jan 2024 24:04:05 GMT",
            "Tue, 02 Jan +2024 03:04:05 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ];
        for text in wrong {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_written_date_reads_as_itself(seconds in 0_u64..253_402_300_800) {
            prop_assert_eq!(parse(&format(unix(seconds))), Some(unix(seconds)));
        }

        #[test]
        fn no_text_makes_reading_a_date_panic(text in ".*|[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT") {
            let _ = parse(&text);
        }
    }
}
