//! The recovery code of reference §2.4: UUID text form (8-4-4-4-12), forgiving when typed (REC-04, REC-05).

use crate::base::Secret;

/// A recovery code in its normal form: 36 characters, lower case, dashes in place.
#[derive(Clone, Debug)]
pub struct RecoveryCode(Secret<String>);

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "A recovery code has 32 letters and digits (0 to 9, a to f) in five groups; type the whole code that you saved."
)]
pub struct NotARecoveryCode;

impl RecoveryCode {
    /// From 16 random bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        todo!("{bytes:?}")
    }
    /// Blanks, any dashes, outer dots and case forgiven.
    pub fn parse(text: &str) -> Result<Self, NotARecoveryCode> {
        todo!("{text}")
    }
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}
