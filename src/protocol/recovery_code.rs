//! The recovery code of reference §2.4: UUID text form (8-4-4-4-12), forgiving when typed (REC-04, REC-05).

use data_encoding::HEXLOWER;

use super::typed;
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
        Self(Secret::new(grouped(Secret::new(HEXLOWER.encode(&bytes)).expose())))
    }

    /// Blanks, any dashes, outer dots and case forgiven.
    pub fn parse(text: &str) -> Result<Self, NotARecoveryCode> {
        let mut typed = String::with_capacity(text.len());
        typed.extend(typed::meaningful(text));
        let typed = Secret::new(typed);
        let digits = typed.expose().trim_matches('.');
        if digits.len() != 32 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(NotARecoveryCode);
        }
        Ok(Self(Secret::new(grouped(digits))))
    }

    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// 32 digits as 8-4-4-4-12, lower case.
fn grouped(digits: &str) -> String {
    let mut text = String::with_capacity(36);
    for (place, digit) in digits.chars().enumerate() {
        if matches!(place, 8 | 12 | 16 | 20) {
            text.push('-');
        }
        text.push(digit.to_ascii_lowercase());
    }
    text
}
