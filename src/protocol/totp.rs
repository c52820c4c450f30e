//! RFC 6238 codes, always SHA-1, 6 digits, 30 s (TOTP-04): through totp-rs. Judged by RFC 4226 and RFC 6238 vectors.

use crate::base::Secret;
use crate::protocol::code::Code;

/// An authenticator's shared secret.
#[derive(Clone, Debug)]
pub struct TotpSecret(Secret<Vec<u8>>);

/// A time step that was accepted; the next accepted one must be greater (TOTP-06).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step(pub u64);

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("'{0}' cannot stand in an authenticator secret; it has the letters A to Z and the digits 2 to 7.")]
    Character(char),
    #[error("The authenticator secret is too short; it needs at least 10 bytes (16 characters).")]
    TooShort,
}

/// Why a code was refused.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    Wrong,
    /// Right, but its step (or a later one) was used before.
    Reused,
}

impl TotpSecret {
    /// Base32, padded or not, blanks, dashes and case forgiven (TOTP-01, TOTP-02).
    pub fn parse(text: &str) -> Result<Self, Error> {
        todo!("{text}")
    }
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(Secret::new(bytes))
    }
    pub fn bytes(&self) -> &[u8] {
        self.0.expose()
    }
    /// Unpadded upper-case base32.
    pub fn text(&self) -> Secret<String> {
        todo!()
    }
    /// The code an app shows at `unix` seconds.
    pub fn code_at(&self, unix: u64) -> Secret<String> {
        todo!("{unix}")
    }
    /// Accepts step-1, step, step+1 (TOTP-09), never a step <= `last`; constant-time.
    pub fn check(&self, code: &Code, unix: u64, last: Option<Step>) -> Result<Step, Refusal> {
        todo!("{code:?} {unix} {last:?}")
    }
    /// `otpauth://totp/Issuer:account?secret=…&issuer=…` (TOTP-12, TOTP-13: RFC 3986 escapes, no colon inside).
    pub fn otpauth_uri(&self, issuer: &str, account: &str) -> Secret<String> {
        todo!("{issuer} {account}")
    }
}
