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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CODE: &str = "00a1b2c3-d4e5-4f60-8718-293a4b5c6d7e";

    fn read(text: &str) -> Option<String> {
        RecoveryCode::parse(text).ok().map(|code| code.expose().to_owned())
    }

    #[test]
    fn a_code_copied_out_of_a_sentence_is_read() {
        for typed in [
            CODE,
            "00A1B2C3-D4E5-4F60-8718-293A4B5C6D7E.",
            " 00a1b2c3 d4e5 4f60 8718 293a4b5c6d7e ",
            "00a1b2c3–d4e5–4f60–8718–293a4b5c6d7e",
            "00a1b2c3d4e54f608718293a4b5c6d7e",
        ] {
            assert_eq!(read(typed).as_deref(), Some(CODE), "{typed:?}");
        }
    }

    #[test]
    fn zeros_in_front_are_kept() {
        assert_eq!(RecoveryCode::from_bytes([0; 16]).expose(), "00000000-0000-0000-0000-000000000000");
        assert_eq!(read(CODE).as_deref(), Some(CODE));
    }

    #[test]
    fn a_part_of_a_code_or_another_text_is_refused() {
        for typed in
            ["", ".", "00a1b2c3", &CODE[..35], &format!("{CODE}0"), &CODE.replace('7', "g"), "é".repeat(16).as_str()]
        {
            assert_eq!(read(typed), None, "{typed:?}");
        }
    }

    proptest! {
        #[test]
        fn every_code_reads_as_itself_in_capitals_too(bytes: [u8; 16]) {
            let code = RecoveryCode::from_bytes(bytes);
            prop_assert_eq!(read(&code.expose().to_uppercase()), Some(code.expose().to_owned()));
        }

        #[test]
        fn no_text_makes_reading_a_code_panic(text in ".*|[0-9a-f. -]{30,40}") {
            prop_assert!(read(&text).is_none_or(|code| code.len() == 36));
        }
    }
}
