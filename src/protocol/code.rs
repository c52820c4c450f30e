//! A one-time code as a person types it: six ASCII digits, forgiving blanks and dashes (TOTP-10, TOTP-11).

use super::typed;
use crate::base::Secret;

/// Six digits.
#[derive(Clone, Debug)]
pub struct Code(Secret<String>);

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("The code is six digits; type it as your authenticator app or the text message shows it.")]
pub struct NotACode;

impl std::str::FromStr for Code {
    type Err = NotACode;
    /// Strips ASCII and Unicode white space and dashes; exactly six ASCII digits must remain.
    fn from_str(text: &str) -> Result<Self, NotACode> {
        let mut digits = String::with_capacity(DIGITS);
        for character in typed::meaningful(text) {
            if digits.len() == DIGITS || !character.is_ascii_digit() {
                return Err(NotACode);
            }
            digits.push(character);
        }
        if digits.len() == DIGITS { Ok(Self(Secret::new(digits))) } else { Err(NotACode) }
    }
}

impl Code {
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

const DIGITS: usize = 6;
