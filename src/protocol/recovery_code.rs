//! Recovery codes, forgiving when typed (REC-04, REC-05): the long one of reference §2.4 in UUID text form (8-4-4-4-12), and
//! the short ones that stand beside it, sixteen letters and digits of Crockford's base32 (80 bits) in groups of four.

use base32::Alphabet;

use super::typed;
use crate::base::Secret;

/// A recovery code in its normal form: 36 characters in lower case, or 19 in upper case; dashes in place.
#[derive(Clone, Debug)]
pub struct RecoveryCode(Secret<String>);

/// All recovery codes of an account, as they are shown once.
#[derive(Clone, Debug)]
pub struct RecoveryCodes {
    /// The one that remote.it's clients know of.
    pub long: RecoveryCode,
    pub short: Vec<RecoveryCode>,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "A recovery code has 16 letters and digits in four groups, or 32 in five groups; type a whole code that you saved."
)]
pub struct NotARecoveryCode;

/// Short codes of an account.
pub const SHORT_CODES: usize = 10;
const LONG: usize = 32;
const SHORT: usize = 16;
/// No I, L, O or U.
const LETTERS: &str = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

impl RecoveryCode {
    /// The long form.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        let digits = Secret::new(base16ct::lower::encode_string(&bytes));
        Self(Secret::new(grouped(digits.expose(), &[8, 12, 16, 20])))
    }

    /// The short form.
    pub fn short(bytes: [u8; 10]) -> Self {
        let letters = Secret::new(base32::encode(Alphabet::Crockford, &bytes));
        Self(Secret::new(grouped(letters.expose(), &[4, 8, 12])))
    }

    /// Blanks, any dashes, outer dots, case and look-alikes (O for 0, I and L for 1) forgiven.
    pub fn parse(text: &str) -> Result<Self, NotARecoveryCode> {
        let mut typed = String::with_capacity(text.len());
        typed.extend(typed::meaningful(text).map(|letter| meant(letter.to_ascii_uppercase())));
        let typed = Secret::new(typed);
        let letters = typed.expose().trim_matches('.');
        match letters.len() {
            LONG if letters.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                let digits = Secret::new(letters.to_ascii_lowercase());
                Ok(Self(Secret::new(grouped(digits.expose(), &[8, 12, 16, 20]))))
            }
            SHORT if letters.chars().all(|letter| LETTERS.contains(letter)) => {
                Ok(Self(Secret::new(grouped(letters, &[4, 8, 12]))))
            }
            _ => Err(NotARecoveryCode),
        }
    }

    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

fn meant(letter: char) -> char {
    match letter {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    }
}

/// With a dash before each of those places.
fn grouped(letters: &str, places: &[usize]) -> String {
    let mut text = String::with_capacity(letters.len() + places.len());
    for (place, letter) in letters.chars().enumerate() {
        if places.contains(&place) {
            text.push('-');
        }
        text.push(letter);
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CODE: &str = "00a1b2c3-d4e5-4f60-8718-293a4b5c6d7e";
    const SHORT_CODE: &str = "00A1-B2C3-MNPQ-XYZ7";

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
            "OOa1b2c3-d4e5-4f6o-87l8-293a4b5c6d7e",
        ] {
            assert_eq!(read(typed).as_deref(), Some(CODE), "{typed:?}");
        }
        for typed in [
            SHORT_CODE,
            "00A1-B2C3-MNPQ-XYZ7.",
            " 00a1 b2c3 mnpq xyz7 ",
            "00a1–b2c3–mnpq–xyz7",
            "ooAl-b2c3-mnpq-xyz7",
            "O0aIb2c3mnpqxyz7",
        ] {
            assert_eq!(read(typed).as_deref(), Some(SHORT_CODE), "{typed:?}");
        }
    }

    #[test]
    fn zeros_in_front_are_kept() {
        assert_eq!(RecoveryCode::from_bytes([0; 16]).expose(), "00000000-0000-0000-0000-000000000000");
        assert_eq!(RecoveryCode::short([0; 10]).expose(), "0000-0000-0000-0000");
        assert_eq!(read(CODE).as_deref(), Some(CODE));
    }

    #[test]
    fn a_part_of_a_code_or_another_text_is_refused() {
        for typed in [
            "",
            ".",
            "00a1b2c3",
            &CODE[..35],
            &format!("{CODE}0"),
            &CODE.replace('7', "g"),
            "é".repeat(16).as_str(),
            &SHORT_CODE[..18],
            &format!("{SHORT_CODE}0"),
            &SHORT_CODE.replace('X', "U"),
            "éééééééé",
        ] {
            assert_eq!(read(typed), None, "{typed:?}");
        }
    }

    proptest! {
        #[test]
        fn every_code_reads_as_itself_in_capitals_too(long: [u8; 16], short: [u8; 10]) {
            for code in [RecoveryCode::from_bytes(long), RecoveryCode::short(short)] {
                prop_assert_eq!(read(&code.expose().to_uppercase()), Some(code.expose().to_owned()));
                prop_assert_eq!(read(&code.expose().to_lowercase()), Some(code.expose().to_owned()));
            }
        }

        #[test]
        fn no_text_makes_reading_a_code_panic(text in ".*|[0-9a-f. -]{30,40}|[0-9A-Zoil. -]{14,22}") {
            prop_assert!(read(&text).is_none_or(|code| code.len() == 36 || code.len() == 19));
        }
    }
}
