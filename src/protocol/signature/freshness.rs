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
