//! Ids that the service makes.

use data_encoding::HEXLOWER;

use super::moment::Moment;
use crate::base::Entropy;

/// Names an account for ever: a UUID, also USER_ID_FOR_SRP and the `sub` of its tokens.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(transparent)]
pub(crate) struct AccountId(String);

impl AccountId {
    pub(crate) fn new(entropy: &Entropy) -> Self {
        Self(uuid(entropy.bytes()))
    }

    /// An id in the form of a real one, the same for the same bytes.
    pub(crate) fn stand_in(bytes: [u8; 16]) -> Self {
        Self(uuid(bytes))
    }

    /// A text in the form of an id, whether or not it is one's.
    pub(crate) fn shaped(text: &str) -> Option<Self> {
        let bytes = HEXLOWER.decode(text.replace('-', "").as_bytes()).ok()?;
        let id = uuid(bytes.try_into().ok()?);
        (id == text).then_some(Self(id))
    }

    pub(crate) fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A version 4 UUID made of random bytes.
pub(crate) fn uuid(mut bytes: [u8; 16]) -> String {
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    hyphened(bytes)
}

/// A version 7 UUID: it sorts by time, and within a millisecond by `place`.
pub(crate) fn uuid_in_order(now: Moment, place: u16, mut bytes: [u8; 16]) -> String {
    let [_, _, time @ ..] = now.unix_milliseconds().to_be_bytes();
    bytes[..6].copy_from_slice(&time);
    bytes[6..8].copy_from_slice(&(0x7000 | (place & 0x0fff)).to_be_bytes());
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    hyphened(bytes)
}

fn hyphened(bytes: [u8; 16]) -> String {
    let mut text = HEXLOWER.encode(&bytes);
    for place in [20, 16, 12, 8] {
        text.insert(place, '-');
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn ids_in_order_sort_by_time_and_then_by_place() {
        let now = Moment::of(SystemTime::UNIX_EPOCH + Duration::from_millis(1_704_164_645_678));
        assert_eq!(uuid_in_order(now, 1, [0xff; 16]), "018cc820-db2e-7001-bfff-ffffffffffff");
        let next = now.plus(Duration::from_millis(1));
        let ids = [(now, 1, 9), (now, 2, 1), (now, 4095, 0), (next, 0, 0)]
            .map(|(at, n, byte)| uuid_in_order(at, n, [byte; 16]));
        assert!(ids.is_sorted());
    }

    #[test]
    fn a_uuid_has_the_version_and_variant_of_random_ones() {
        assert_eq!(uuid([0xff; 16]), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(uuid([0; 16]), "00000000-0000-4000-8000-000000000000");
    }
}
