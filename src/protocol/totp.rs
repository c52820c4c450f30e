//! RFC 6238 codes, always SHA-1, 6 digits, 30 s (TOTP-04): through totp-rs. Judged by RFC 4226 and RFC 6238 vectors.

use data_encoding::BASE32_NOPAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use totp_rs::{Builder, Totp};

use super::code::Code;
use super::typed;
use crate::base::Secret;

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
    #[error("A character of the authenticator secret is missing or extra; copy the whole secret again.")]
    Length,
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
        let mut base32 = String::with_capacity(text.len());
        for character in typed::meaningful(text.trim_end().trim_end_matches('=')) {
            match character.to_ascii_uppercase() {
                letter @ ('A'..='Z' | '2'..='7') => base32.push(letter),
                _ => return Err(Error::Character(character)),
            }
        }
        let base32 = Secret::new(base32);
        if matches!(base32.expose().len() % 8, 1 | 3 | 6) {
            return Err(Error::Length);
        }
        let bytes = totp_rs::Secret::try_from_base32(base32.expose()).map_err(|_| Error::Length)?;
        if bytes.as_bytes().len() < 10 { Err(Error::TooShort) } else { Ok(Self::from_bytes(bytes.as_bytes().to_vec())) }
    }

    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(Secret::new(bytes))
    }

    pub fn bytes(&self) -> &[u8] {
        self.0.expose()
    }

    /// Unpadded upper-case base32.
    pub fn text(&self) -> Secret<String> {
        Secret::new(BASE32_NOPAD.encode(self.bytes()))
    }

    /// The code an app shows at `unix` seconds.
    pub fn code_at(&self, unix: u64) -> Secret<String> {
        Secret::new(self.authenticator().generate(unix).to_string())
    }

    /// Accepts step-1, step, step+1 (TOTP-09), never a step <= `last`; constant-time.
    pub fn check(&self, code: &Code, unix: u64, last: Option<Step>) -> Result<Step, Refusal> {
        let now = unix / PERIOD;
        let steps = [now.saturating_sub(1), now, now.saturating_add(1)];
        // Every step is computed and compared, so that the time taken does not tell which one was right.
        let right = steps.map(|step| self.code_at(step.saturating_mul(PERIOD)).matches(code.expose().as_bytes()));
        let accepted = || steps.into_iter().zip(right).filter(|(_, right)| *right).map(|(step, _)| Step(step));
        match accepted().find(|step| Some(*step) > last) {
            Some(step) => Ok(step),
            None if accepted().next().is_some() => Err(Refusal::Reused),
            None => Err(Refusal::Wrong),
        }
    }

    /// `otpauth://totp/Issuer:account?secret=…&issuer=…` (TOTP-12, TOTP-13: RFC 3986 escapes, no colon inside).
    pub fn otpauth_uri(&self, issuer: &str, account: &str) -> Secret<String> {
        let issuer = label_part(issuer);
        let account = label_part(account);
        let secret = self.text();
        Secret::new(format!("otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}", secret.expose()))
    }

    /// Ten-byte secrets exist in the field, hence without the length check of `build`.
    fn authenticator(&self) -> Totp {
        Builder::new().with_secret(self.bytes()).with_digits(6).with_step_duration(PERIOD).build_noncompliant()
    }
}

/// Seconds per step.
const PERIOD: u64 = 30;

fn label_part(text: &str) -> String {
    let without_colons: String = text.chars().filter(|&character| character != ':').collect();
    utf8_percent_encode(without_colons.trim(), RESERVED).to_string()
}

/// Everything that RFC 3986 does not call unreserved.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
