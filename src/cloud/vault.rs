//! The server key, a file beside the database and never in it: seals what rests there, and marks (keyed hash) what only has
//! to be recognised again. A stolen database is worth nothing without it.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use data_encoding::BASE64URL_NOPAD;
use hmac::Mac as _;

use super::error::Error;
use crate::base::mac::hmac_sha256;
use crate::base::{Entropy, Secret};
use crate::protocol::sealed::{self, SealingKey};

const FILE: &str = "server.key";

pub(crate) struct Vault {
    sealing: SealingKey,
    marking: Secret<[u8; 32]>,
    entropy: Entropy,
}

impl Vault {
    /// Reads the key file of a state folder that nobody else is opening. A missing one is made, unless a database is there that
    /// it must have sealed.
    pub(super) fn open(folder: &Path, database_exists: bool, entropy: &Entropy) -> Result<Self, Error> {
        let path = file_in(folder);
        match fs::read(&path) {
            Ok(bytes) => Self::from_file(&path, bytes, entropy),
            Err(error) if error.kind() == ErrorKind::NotFound && database_exists => Err(Error::ServerKeyMissing(path)),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                make(folder, &path, entropy).map_err(|error| Error::StateFolder(folder.to_owned(), error))?;
                let bytes = fs::read(&path).map_err(|error| Error::ServerKey(path.clone(), error))?;
                Self::from_file(&path, bytes, entropy)
            }
            Err(error) => Err(Error::ServerKey(path, error)),
        }
    }

    fn from_file(path: &Path, bytes: Vec<u8>, entropy: &Entropy) -> Result<Self, Error> {
        let bytes = Secret::new(bytes);
        let key = <[u8; 32]>::try_from(bytes.expose().as_slice())
            .map_err(|_wrong_length| Error::ServerKeyDamaged(path.to_owned()))?;
        let key = Secret::new(key);
        Ok(Self {
            sealing: Secret::new(keyed_hash(&key, "sealing", b"")),
            marking: Secret::new(keyed_hash(&key, "marking", b"")),
            entropy: entropy.clone(),
        })
    }

    /// `kind` says what is inside and whose it is, so that one row cannot stand in for another.
    pub(crate) fn seal(&self, kind: &str, content: &[u8]) -> Vec<u8> {
        sealed::seal(&self.sealing, kind, 0, self.entropy.bytes(), content)
    }

    pub(crate) fn unseal(&self, kind: &str, bytes: &[u8]) -> Result<Secret<Vec<u8>>, sealed::Error> {
        sealed::open(&self.sealing, kind, bytes).map(|opened| opened.content)
    }

    /// Text that stands for a random secret (session, token, recovery code) in the database.
    pub(crate) fn mark(&self, kind: &str, content: &[u8]) -> String {
        BASE64URL_NOPAD.encode(&self.derive(kind, content))
    }

    /// Bytes that nobody without the server key can foresee, the same for the same content.
    pub(crate) fn derive(&self, kind: &str, content: &[u8]) -> [u8; 32] {
        keyed_hash(&self.marking, kind, content)
    }
}

/// Where the key lies in a state folder.
pub(super) fn file_in(folder: &Path) -> PathBuf {
    folder.join(FILE)
}

fn keyed_hash(key: &Secret<[u8; 32]>, kind: &str, content: &[u8]) -> [u8; 32] {
    hmac_sha256(key.expose(), &[kind.as_bytes(), &[0], content]).finalize().into_bytes().into()
}

/// Whole or not at all: a file under another name first.
fn make(folder: &Path, path: &Path, entropy: &Entropy) -> std::io::Result<()> {
    let draft = folder.join(format!(".{FILE}"));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(entropy.secret::<32>().expose())?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_key_is_made_once_and_only_its_owner_can_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let first = Vault::open(folder.path(), false, &Entropy::repeatable(1)).unwrap();
        let second = Vault::open(folder.path(), true, &Entropy::repeatable(2)).unwrap();
        assert_eq!(first.mark("session", b"abc"), second.mark("session", b"abc"));
        assert_ne!(first.mark("session", b"abc"), first.mark("token", b"abc"));
        let mode = fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_missing_key_beside_a_database_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let result = Vault::open(folder.path(), true, &Entropy::repeatable(1));
        assert!(matches!(result, Err(Error::ServerKeyMissing(_))));
        assert!(!folder.path().join(FILE).exists());
    }

    #[test]
    fn a_short_key_is_reported_as_damaged() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), b"short").unwrap();
        let result = Vault::open(folder.path(), true, &Entropy::repeatable(1));
        assert!(matches!(result, Err(Error::ServerKeyDamaged(_))));
    }
}
