//! RFC 6238 codes, always SHA-1, 6 digits, 30 s (TOTP-04): through totp-rs. Judged by RFC 4226 and RFC 6238 vectors.

use base32::Alphabet;
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
        Secret::new(base32::encode(Alphabet::Rfc4648 { padding: false }, self.bytes()))
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

    /// For a device that does not know the time: two codes that follow each other, from `unix` seconds on for so many steps, both
    /// later than `last`. The step of the second.
    pub fn check_two(&self, first: &Code, second: &Code, unix: u64, steps: u64, last: Option<Step>) -> Option<Step> {
        let authenticator = self.authenticator();
        let shows = |step: u64, code: &Code| {
            let shown = Secret::new(authenticator.generate(step.saturating_mul(PERIOD)).to_string());
            shown.matches(code.expose().as_bytes())
        };
        let earliest = (unix / PERIOD).saturating_sub(1).max(last.map_or(0, |last| last.0.saturating_add(1)));
        let mut candidates = earliest..earliest.saturating_add(steps);
        let found = candidates.find(|&step| shows(step, first) && shows(step.saturating_add(1), second))?;
        Some(Step(found.saturating_add(1)))
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

#[cfg(test)]
mod tests {
    use percent_encoding::percent_decode_str;
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    const RFC: &[u8] = b"12345678901234567890";

    #[derive(Deserialize)]
    struct Vectors {
        cases: Vec<Vector>,
    }

    #[derive(Deserialize)]
    struct Vector {
        source: String,
        secret: String,
        unix: u64,
        code: String,
    }

    #[test]
    fn every_published_code_is_shown_at_its_time() {
        let text = include_str!("../../tests/vectors/totp.json");
        for Vector { source, secret, unix, code } in serde_json::from_str::<Vectors>(text).unwrap().cases {
            let padding = "=".repeat((8 - secret.len() % 8) % 8);
            for text in [secret.clone(), format!("{secret}{padding}")] {
                assert_eq!(TotpSecret::parse(&text).unwrap().code_at(unix).expose(), &code, "{source}");
            }
        }
    }

    #[test]
    fn a_secret_typed_by_hand_is_read() {
        for typed in ["aeba gbaf aydq qcik", "AEBA-GBAF-AYDQ-QCIK", "\taebagbafaydqqcik\n"] {
            let secret = TotpSecret::parse(typed).unwrap();
            assert_eq!((secret.text().expose().as_str(), secret.bytes().len()), ("AEBAGBAFAYDQQCIK", 10), "{typed:?}");
        }
    }

    #[test]
    fn bits_that_fill_up_the_last_character_do_not_matter() {
        for length in [20, 21, 26] {
            let text = &"ABCDEFGHIJKLMNOPQRSTUVWXYZ"[..length];
            assert_eq!(TotpSecret::parse(text).unwrap().bytes().len(), length * 5 / 8, "{length}");
        }
    }

    #[test]
    fn the_wrong_character_of_a_secret_is_named() {
        for (typed, wrong) in [("AEBA1BAF", '1'), ("AEBA0BAFAYDQQCIK", '0'), ("ae=bagbafaydqqcik", '='), ("aebä", 'ä')]
        {
            assert_eq!(TotpSecret::parse(typed).unwrap_err(), Error::Character(wrong), "{typed}");
        }
    }

    #[test]
    fn a_secret_that_is_cut_off_is_refused() {
        for (typed, error) in
            [("", Error::TooShort), ("AEBAGBAF", Error::TooShort), ("AEBAGBAFAYDQQCIKA", Error::Length)]
        {
            assert_eq!(TotpSecret::parse(typed).unwrap_err(), error, "{typed}");
        }
    }

    #[test]
    fn one_step_before_and_one_after_are_accepted() {
        let secret = TotpSecret::from_bytes(RFC.to_vec());
        let now = 1_700_004_720;
        let this = now / PERIOD;
        let answers = [this - 2, this - 1, this, this + 1, this + 2]
            .map(|step| secret.check(&code(&secret, step * PERIOD), now, None));
        let accepted = [this - 1, this, this + 1].map(|step| Ok(Step(step)));
        assert_eq!(answers[1..4], accepted);
        assert_eq!([&answers[0], &answers[4]], [&Err(Refusal::Wrong), &Err(Refusal::Wrong)]);
    }

    #[test]
    fn a_code_is_accepted_once() {
        let secret = TotpSecret::from_bytes(RFC.to_vec());
        let first = secret.check(&"000101".parse().unwrap(), 1_700_004_720, None).unwrap();
        assert_eq!(secret.check(&"000101".parse().unwrap(), 1_700_004_720, Some(first)), Err(Refusal::Reused));
        let earlier = code(&secret, 1_700_004_690);
        assert_eq!(secret.check(&earlier, 1_700_004_720, Some(first)), Err(Refusal::Reused));
        let next = code(&secret, 1_700_004_750);
        assert_eq!(secret.check(&next, 1_700_004_750, Some(first)), Ok(Step(first.0 + 1)));
    }

    #[test]
    fn clocks_at_the_ends_of_time_are_answered() {
        let secret = TotpSecret::from_bytes(RFC.to_vec());
        assert_eq!(secret.check(&code(&secret, 0), 0, None), Ok(Step(0)));
        assert_eq!(secret.check(&"000000".parse().unwrap(), u64::MAX, None), Err(Refusal::Wrong));
    }

    #[test]
    fn blanks_and_a_plus_survive_in_the_uri() {
        let secret = TotpSecret::from_bytes(RFC.to_vec());
        assert_eq!(
            secret.otpauth_uri("Home Lab", "ann+pi@example.test").expose(),
            "otpauth://totp/Home%20Lab:ann%2Bpi%40example.test?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Home%20Lab"
        );
    }

    #[test]
    fn a_colon_in_a_name_does_not_split_the_label() {
        let uri = TotpSecret::from_bytes(RFC.to_vec()).otpauth_uri("Büro: Pi", "a:b@example.test");
        let label = uri.expose().strip_prefix("otpauth://totp/").unwrap().split('?').next().unwrap();
        assert_eq!(percent_decode_str(label).decode_utf8().unwrap(), "Büro Pi:ab@example.test");
        assert!(uri.expose().ends_with("&issuer=B%C3%BCro%20Pi"), "{}", uri.expose());
    }

    #[test]
    fn the_uri_leaves_algorithm_digits_and_period_at_what_every_app_knows() {
        let uri = TotpSecret::from_bytes(RFC.to_vec()).otpauth_uri("Latchkey", "ann");
        for parameter in ["algorithm", "digits", "period"] {
            assert!(!uri.expose().contains(parameter), "{parameter}");
        }
    }

    proptest! {
        #[test]
        fn every_secret_reads_as_itself(bytes in prop::collection::vec(any::<u8>(), 10..64)) {
            let secret = TotpSecret::from_bytes(bytes);
            let again = TotpSecret::parse(secret.text().expose()).unwrap();
            prop_assert_eq!(again.bytes(), secret.bytes());
        }

        #[test]
        fn no_text_makes_reading_a_secret_panic(text in ".*|[A-Za-z2-7 =-]{0,60}") {
            let _ = TotpSecret::parse(&text);
        }
    }

    fn code(secret: &TotpSecret, unix: u64) -> Code {
        secret.code_at(unix).expose().parse().unwrap()
    }
}
