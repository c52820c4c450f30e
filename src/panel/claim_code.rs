//! The claim code: what only somebody at the device can see, and must be typed before the first sign-in.

use std::sync::{Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};

use crate::base::{Entropy, Secret, report};
use crate::keystore::{self, Keystore, Loaded};

const KIND: &str = "claim";
/// No two of these look alike on a console or a printed label: no 0 O Q, 1 I L, 2 Z, 5 S, 8 B.
const ALPHABET: &[u8; 24] = b"ACDEFGHJKMNPRTUVWXY34679";
const LENGTH: usize = 8;
const GROUP: usize = 4;
/// Remembers, as a digest, which code of an installer's was used already.
const USED: &str = "claim-given";

/// Eight characters (or what an installer chose), shown in groups.
#[derive(Clone, Debug)]
pub(super) struct ClaimCode(Secret<String>);

impl ClaimCode {
    fn make(entropy: &Entropy) -> Self {
        Self(Secret::new(letters(entropy, LENGTH)))
    }

    fn shown(&self) -> String {
        let groups: Vec<_> = self.0.expose().as_bytes().chunks(GROUP).map(String::from_utf8_lossy).collect();
        groups.join("-")
    }

    fn is(&self, typed: &str) -> bool {
        self.0.matches(Secret::new(meant(typed)).expose().as_bytes())
    }
}

/// Random letters that cannot be confused.
pub(super) fn letters(entropy: &Entropy, length: usize) -> String {
    let mut text = String::with_capacity(length);
    while text.len() < length {
        let [byte] = entropy.bytes::<1>();
        // 240 is the largest multiple of 24 in a byte: above it, some characters would come more often.
        if byte < 240 {
            let letter = ALPHABET.get(usize::from(byte) % ALPHABET.len()).copied().unwrap_or(b'A');
            text.push(char::from(letter));
        }
    }
    text
}

/// Case, blanks and dashes are forgiven.
pub(super) fn meant(typed: &str) -> String {
    typed.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase()).collect()
}

/// The code as long as the device has no owner: made when first needed, kept for the console, gone once owned.
pub(super) struct Claim {
    keystore: Keystore,
    entropy: Entropy,
    code: Mutex<Option<ClaimCode>>,
}

impl Claim {
    pub(super) fn load(keystore: Keystore, entropy: Entropy) -> Result<Self, keystore::Error> {
        let code = Mutex::new(load(&keystore)?);
        Ok(Self { keystore, entropy, code })
    }

    /// A code that an installer left on the machine stands in for a made one, until the device has been claimed: then it is used
    /// up, also after a release, since everybody who sees the card can read it.
    pub(super) fn take(&self, given: &Secret<String>, owned: bool) {
        let digest = Sha256::digest(given.expose().as_bytes());
        let used = match self.keystore.load(USED) {
            Ok(Loaded::Whole(used) | Loaded::Older { content: used, .. }) => used.matches(&digest),
            Ok(Loaded::Absent | Loaded::Lost { .. }) | Err(_) => false,
        };
        if used || owned {
            return;
        }
        let code = given.expose().as_bytes();
        let kept = self.keystore.save(KIND, code).and_then(|()| self.keystore.save(USED, &digest));
        if let Err(error) = kept {
            tracing::warn!(error = report::chain(&error), "the installer's claim code is not kept");
        }
        *self.lock() = Some(ClaimCode(given.clone()));
    }

    /// Called with what is known about the owner now; ownership can change under a running panel.
    pub(super) fn code(&self, owned: bool) -> Option<String> {
        let mut code = self.lock();
        if owned {
            self.retire(&mut code);
            return None;
        }
        Some(code.get_or_insert_with(|| self.renew()).shown())
    }

    pub(super) fn accepts(&self, typed: &str) -> bool {
        self.lock().get_or_insert_with(|| self.renew()).is(typed)
    }

    /// Still shown by the running panel when it cannot be kept.
    fn renew(&self) -> ClaimCode {
        let code = ClaimCode::make(&self.entropy);
        if let Err(error) = self.keystore.save(KIND, code.0.expose().as_bytes()) {
            tracing::warn!(error = report::chain(&error), "the claim code is not kept");
        }
        code
    }

    fn retire(&self, code: &mut Option<ClaimCode>) {
        if code.take().is_some()
            && let Err(error) = self.keystore.remove(KIND)
        {
            tracing::warn!(error = report::chain(&error), "the used claim code stays on disk");
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<ClaimCode>> {
        self.code.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The code as it is kept, ready to be shown.
pub(super) fn kept(keystore: &Keystore) -> Result<Option<String>, keystore::Error> {
    Ok(load(keystore)?.map(|code| code.shown()))
}

fn load(keystore: &Keystore) -> Result<Option<ClaimCode>, keystore::Error> {
    let content = match keystore.load(KIND)? {
        Loaded::Whole(content) | Loaded::Older { content, .. } => content,
        Loaded::Absent | Loaded::Lost { .. } => return Ok(None),
    };
    let text = String::from_utf8(content.expose().clone()).ok();
    Ok(text.filter(|text| text.len() >= LENGTH).map(|text| ClaimCode(Secret::new(text))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keystore::SealingSource;

    #[test]
    fn a_code_is_eight_characters_that_cannot_be_confused() {
        for seed in 0..50 {
            let shown = ClaimCode::make(&Entropy::repeatable(seed)).shown();
            assert_eq!(shown.len(), 9);
            assert!(shown.bytes().all(|byte| byte == b'-' || ALPHABET.contains(&byte)), "{shown}");
        }
    }

    #[test]
    fn case_dashes_and_blanks_are_forgiven() {
        let code = ClaimCode(Secret::from("ACDE3467"));
        for typed in ["ACDE-3467", "acde3467", " ac de\u{a0}34–67 "] {
            assert!(code.is(typed), "{typed}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let code = ClaimCode(Secret::from("ACDE3467"));
        for typed in ["", "ACDE346", "ACDE34677", "ACDE3469"] {
            assert!(!code.is(typed), "{typed}");
        }
    }

    #[test]
    fn an_installers_code_counts_once_and_survives_a_restart_until_then() {
        let folder = tempfile::tempdir().unwrap();
        let keystore = Keystore::open(folder.path(), &SealingSource::OwnFile, Entropy::kernel()).unwrap();
        let started = || Claim::load(keystore.clone(), Entropy::kernel()).unwrap();
        let given = Secret::from("MYOWNCODE1");
        let claim = started();
        claim.take(&given, false);
        assert_eq!(claim.code(false).as_deref(), Some("MYOW-NCOD-E1"));
        let claim = started();
        claim.take(&given, false);
        assert!(claim.accepts("my own code 1"));
        assert_eq!(claim.code(true), None);

        let released = started();
        released.take(&given, false);
        assert!(!released.accepts("MYOWNCODE1"));
        released.take(&Secret::from("ANOTHER0CODE"), false);
        assert!(released.accepts("another0code"));
    }
}
