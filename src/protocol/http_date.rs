//! IMF-fixdate (RFC 9110 §5.6.7) and the accepted variants of the field (`UTC` for `GMT`; reference §4.1).

use std::time::SystemTime;

use time::PrimitiveDateTime;
use time::format_description::StaticFormatDescription;
use time::macros::format_description;

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
    let time = utc::system_time(PrimitiveDateTime::parse(instant, WITHOUT_ZONE).ok()?)?;
    // The reader above is lenient; what is not written exactly as we write it is not an IMF-fixdate.
    format(time).starts_with(instant).then_some(time)
}

const WITHOUT_ZONE: StaticFormatDescription =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second]");
