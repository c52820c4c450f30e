//! The passphrase of the offline unlock, kept as an Argon2id hash. 8 MiB, three times over: about a second on a Pi Zero, and no
//! more memory than the agent may use for a moment.

use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};

use crate::base::Secret;

const SHORTEST: usize = 12;
const LONGEST: usize = 256;
/// Of different characters; "aaaaaaaaaaaa" is no secret.
const VARIETY: usize = 5;

/// Why it cannot be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unfit {
    #[error("The passphrase needs at least 12 characters; four unrelated words are good.")]
    Short,
    #[error("The passphrase can have at most 256 characters.")]
    Long,
    #[error("That passphrase would be guessed soon. Take four unrelated words.")]
    Simple,
}

/// `known`: what anybody would try first.
pub(super) fn check(passphrase: &Secret<String>, known: &[&str]) -> Result<(), Unfit> {
    let text = passphrase.expose().trim();
    let mut letters: Vec<char> = text.chars().collect();
    let length = letters.len();
    letters.sort_unstable();
    letters.dedup();
    let simple = |known: &&str| !known.is_empty() && text.eq_ignore_ascii_case(known);
    match length {
        ..SHORTEST => Err(Unfit::Short),
        length if length > LONGEST => Err(Unfit::Long),
        _ if letters.len() < VARIETY || known.iter().any(simple) => Err(Unfit::Simple),
        _ => Ok(()),
    }
}

/// In PHC form; computes for long. `None` only if the parameters were not right.
pub(super) fn hash(passphrase: &Secret<String>, salt: &[u8; 16]) -> Option<Secret<String>> {
    let hash = argon2id()?.hash_password_with_salt(passphrase.expose().trim().as_bytes(), salt).ok()?;
    Some(Secret::new(hash.to_string()))
}

/// Is it the right one? Computes as long when it is not.
pub(super) fn fits(passphrase: &Secret<String>, hash: &Secret<String>) -> bool {
    let typed = passphrase.expose().trim().as_bytes();
    argon2id().is_some_and(|argon2id| argon2id.verify_password(typed, hash.expose().as_str()).is_ok())
}

fn argon2id() -> Option<Argon2<'static>> {
    Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8 * 1024, 3, 1, None).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_passphrase_fits_its_hash_and_outer_blanks_do_not_matter() {
        let hash = hash(&Secret::from("four unrelated words here"), &[7; 16]).unwrap();
        assert!(hash.expose().starts_with("$argon2id$v=19$m=8192,t=3,p=1$"), "{}", hash.expose());
        assert!(fits(&Secret::from(" four unrelated words here\n"), &hash));
        assert!(!fits(&Secret::from("Four unrelated words here"), &hash));
        assert!(!fits(&Secret::from(""), &hash));
    }

    #[test]
    fn what_would_be_guessed_soon_is_refused() {
        let of = |text: &str| check(&Secret::from(text), &["ann@example.test", ""]);
        assert_eq!(of("correct horse battery"), Ok(()));
        assert_eq!(of("über Öl und Käse"), Ok(()));
        for (text, why) in [
            ("", Unfit::Short),
            ("eleven char ", Unfit::Short),
            ("aaaaaaaaaaaaaaaa", Unfit::Simple),
            ("Ann@Example.test", Unfit::Simple),
            (&"abcdefgh".repeat(40), Unfit::Long),
        ] {
            assert_eq!(of(text), Err(why), "{text}");
        }
    }
}
