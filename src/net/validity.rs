//! From when until when a certificate is valid (X.509, DER): the one thing that is read of our own certificates.

use std::time::{Duration, SystemTime};

use time::{Date, Month, PrimitiveDateTime, Time};

const INTEGER: u8 = 0x02;
const SEQUENCE: u8 = 0x30;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// `[0]`, around the version.
const VERSION: u8 = 0xa0;

/// `None`: this is no certificate.
pub(super) fn of(certificate: &[u8]) -> Option<(SystemTime, SystemTime)> {
    let (certificate, _) = take(certificate, &[SEQUENCE])?;
    let (mut rest, _) = take(certificate, &[SEQUENCE])?;
    if let Some((_, after)) = take(rest, &[VERSION]) {
        rest = after;
    }
    for tag in [INTEGER, SEQUENCE, SEQUENCE] {
        rest = take(rest, &[tag])?.1;
    }
    let (validity, _) = take(rest, &[SEQUENCE])?;
    let (begins, rest) = take(validity, &[UTC_TIME, GENERALIZED_TIME])?;
    let (ends, _) = take(rest, &[UTC_TIME, GENERALIZED_TIME])?;
    Some((moment(begins)?, moment(ends)?))
}

/// The content of the next value, if it has one of the tags, and what follows it.
fn take<'a>(input: &'a [u8], tags: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let [tag, short, rest @ ..] = input else { return None };
    if !tags.contains(tag) {
        return None;
    }
    let (length, rest) = match short & 0x7f {
        length if short & 0x80 == 0 => (usize::from(length), rest),
        bytes @ 1..=4 => {
            let (length, rest) = rest.split_at_checked(usize::from(bytes))?;
            (length.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

/// `YYMMDDhhmmssZ`, or with four digits of the year.
fn moment(text: &[u8]) -> Option<SystemTime> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let (year, rest) = text.split_at_checked(text.len().checked_sub(10)?)?;
    let number = |place: usize| rest.get(place..place + 2)?.parse::<u8>().ok();
    let year = match (year.len(), year.parse::<i32>().ok()?) {
        (2, year @ 0..50) => 2000 + year,
        (2, year) => 1900 + year,
        (_, year) => year,
    };
    let date = Date::from_calendar_date(year, Month::try_from(number(0)?).ok()?, number(2)?).ok()?;
    let time = Time::from_hms(number(4)?, number(6)?, number(8)?).ok()?;
    let seconds = PrimitiveDateTime::new(date, time).assume_utc().unix_timestamp();
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unix(text: &[u8]) -> u64 {
        moment(text).unwrap().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
    }

    #[test]
    fn both_ways_of_writing_a_time_are_read() {
        assert_eq!(unix(b"240102030405Z"), 1_704_164_645);
        assert_eq!(unix(b"20240102030405Z"), 1_704_164_645);
        assert_eq!(unix(b"991231235959Z"), 946_684_799);
        for wrong in [&b"240102030405"[..], b"241302030405Z", b"Z", b"2401020304", b"\xff40102030405Z"] {
            assert!(moment(wrong).is_none(), "{wrong:?}");
        }
    }

    #[test]
    fn what_is_cut_short_is_no_certificate() {
        for wrong in [&b""[..], &[SEQUENCE], &[SEQUENCE, 0x84, 0xff, 0xff, 0xff, 0xff], &[SEQUENCE, 3, SEQUENCE, 1]] {
            assert!(of(wrong).is_none(), "{wrong:?}");
        }
    }
}
