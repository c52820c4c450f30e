//! IMF-fixdate (RFC 9110 §5.6.7) and the accepted variants of the field (`UTC` for `GMT`; reference §4.1).

use std::time::SystemTime;

/// `Tue, 02 Jan 2024 03:04:05 GMT`: English, two-digit day, whatever the locale (SIG-14).
pub fn format(time: SystemTime) -> String {
    todo!("{time:?}")
}

/// Reads IMF-fixdate with `GMT` or `UTC`; anything else is `None`.
pub fn parse(text: &str) -> Option<SystemTime> {
    todo!("{text}")
}
