//! A one-time code as a person types it: six ASCII digits, forgiving blanks and dashes (TOTP-10, TOTP-11).

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
        todo!("{text}")
    }
}

impl Code {
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}
