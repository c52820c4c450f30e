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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Option<String> {
        text.parse::<Code>().ok().map(|code| code.expose().to_owned())
    }

    #[test]
    fn a_code_is_forgiven_its_blanks_and_dashes() {
        for typed in ["123456", "123 456", " 123456\n", "123\u{a0}456", "123-456", "1 2 3 \u{2013} 4 5 6"] {
            assert_eq!(read(typed).as_deref(), Some("123456"), "{typed:?}");
        }
    }

    #[test]
    fn zeros_in_front_are_kept() {
        assert_eq!(read("000101").as_deref(), Some("000101"));
    }

    #[test]
    fn what_is_not_six_ascii_digits_is_no_code() {
        for typed in ["", "101", "12345", "0000101", "12as56", "+12345", "12.456", "١٢٣٤٥٦", "１２３４５６"]
        {
            assert_eq!(read(typed), None, "{typed:?}");
        }
    }

    #[test]
    fn a_code_does_not_print_itself() {
        assert_eq!(format!("{:?}", "123456".parse::<Code>().unwrap()), "Code(Secret)");
    }

    proptest! {
        #[test]
        fn no_text_makes_reading_a_code_panic(text: String) {
            prop_assert!(read(&text).is_none_or(|code| code.len() == 6));
        }
    }
}
