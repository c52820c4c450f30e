//! The index of releases: a small JSON document, and its Ed25519 signature (RFC 8032) beside it, base64. Only the holder of
//! the key can announce a release; whoever serves the file cannot.

use base64ct::{Base64, Encoding};
use ring::signature::{ED25519, UnparsedPublicKey};
use serde::Deserialize;

/// What the index says of the newest release.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Release {
    /// `1.2.3`
    pub version: String,
    /// Where people read what is new, and get it.
    pub url: String,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    #[error("The index of releases is not signed by the key in the settings; its news are not believed.")]
    Signature,
    #[error("The index of releases cannot be read.")]
    Unreadable,
}

impl Release {
    /// `signature` is the text of the file beside the index; `key` is whose announcements count.
    pub fn read(index: &[u8], signature: &[u8], key: &[u8; 32]) -> Result<Self, Error> {
        let signature = std::str::from_utf8(signature).map_err(|_not_base64| Error::Signature)?;
        let signature = Base64::decode_vec(signature.trim()).map_err(|_not_base64| Error::Signature)?;
        UnparsedPublicKey::new(&ED25519, key).verify(index, &signature).map_err(|_wrong| Error::Signature)?;
        let release: Self = serde_json::from_slice(index).map_err(|_malformed| Error::Unreadable)?;
        numbers(&release.version).map(|_| release).ok_or(Error::Unreadable)
    }

    /// Newer than the version that is asked about? Unreadable versions are not older than anything.
    pub fn is_newer_than(&self, version: &str) -> bool {
        numbers(version).is_some_and(|present| numbers(&self.version).is_some_and(|released| released > present))
    }
}

/// `1.2.3`, and nothing else.
fn numbers(version: &str) -> Option<[u32; 3]> {
    let numbers: Option<Vec<u32>> = version.split('.').map(|number| number.parse().ok()).collect();
    numbers?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    // Made with: openssl genpkey -algorithm ed25519; openssl pkeyutl -sign -rawin
    const KEY: &str = "PDIyFV+GlpyJ3144Qg9Vny21LyEL+z3GNEvVnIhZVis=";
    const INDEX: &[u8] = include_bytes!("../../tests/vectors/release/index.json");
    const SIGNATURE: &[u8] = include_bytes!("../../tests/vectors/release/index.json.sig");

    fn read(index: &[u8]) -> Result<Release, Error> {
        Release::read(index, SIGNATURE, &Base64::decode_vec(KEY).unwrap().try_into().unwrap())
    }

    #[test]
    fn a_signed_index_announces_a_release() {
        let release = read(INDEX).unwrap();
        assert_eq!(release.version, "1.2.10");
        assert!(release.is_newer_than("1.2.9") && release.is_newer_than("0.9.11"));
        assert!(
            !release.is_newer_than("1.2.10") && !release.is_newer_than("2.0.0") && !release.is_newer_than("nightly")
        );
    }

    #[test]
    fn a_changed_index_and_another_key_are_not_believed() {
        let changed = String::from_utf8(INDEX.to_vec()).unwrap().replace("1.2.10", "6.6.6");
        assert_eq!(read(changed.as_bytes()), Err(Error::Signature));
        assert_eq!(Release::read(INDEX, SIGNATURE, &[7; 32]), Err(Error::Signature));
        assert_eq!(Release::read(INDEX, b"", &[7; 32]), Err(Error::Signature));
    }
}
