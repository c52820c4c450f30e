//! Ids that the service makes.

use data_encoding::HEXLOWER;

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
    let mut text = HEXLOWER.encode(&bytes);
    for place in [20, 16, 12, 8] {
        text.insert(place, '-');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_has_the_version_and_variant_of_random_ones() {
        assert_eq!(uuid([0xff; 16]), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(uuid([0; 16]), "00000000-0000-4000-8000-000000000000");
    }
}
