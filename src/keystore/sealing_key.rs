//! The file with the key that opens the sealed files.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::durable::{self, Access};
use super::{Error, SealingSource};
use crate::base::{Entropy, Secret};
use crate::protocol::sealed::SealingKey;

#[derive(Clone, Debug)]
pub(super) struct SealingKeyFile {
    path: PathBuf,
    is_given: bool,
}

impl SealingKeyFile {
    pub(super) fn new(folder: &Path, source: &SealingSource) -> Self {
        match source {
            SealingSource::OwnFile => Self { path: folder.join("sealing.key"), is_given: false },
            SealingSource::Given(path) => Self { path: path.clone(), is_given: true },
        }
    }

    /// `None` while our own file was not made yet.
    pub(super) fn read(&self) -> Result<Option<SealingKey>, Error> {
        let not_readable = |cause| Error::NotReadable(self.path.clone(), cause);
        let file = match File::open(&self.path) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound && !self.is_given => return Ok(None),
            file => file.map_err(not_readable)?,
        };
        self.check_privacy(&file.metadata().map_err(not_readable)?)?;
        let mut bytes = Zeroizing::new(Vec::new());
        file.take(33).read_to_end(&mut bytes).map_err(not_readable)?;
        let key = bytes.as_slice().try_into().map_err(|_| Error::BadSealingKey(self.path.clone()))?;
        Ok(Some(Secret::new(key)))
    }

    /// Needs the keystore's lock.
    pub(super) fn read_or_make(&self, entropy: &Entropy) -> Result<SealingKey, Error> {
        if let Some(key) = self.read()? {
            return Ok(key);
        }
        let key: SealingKey = entropy.secret();
        let folder = self.path.parent().unwrap_or(&self.path);
        Access::private_in(folder)
            .and_then(|access| durable::create(&self.path, key.expose(), &access))
            .map_err(|cause| Error::writing(&self.path, cause))?;
        Ok(key)
    }

    /// systemd lets the service's user read a credential by an access list, which shows as group permissions of a file
    /// that belongs to root's group: nobody but root is let in by that.
    fn check_privacy(&self, file: &std::fs::Metadata) -> Result<(), Error> {
        let forbidden = if self.is_given && file.gid() == 0 { 0o007 } else { 0o077 };
        if file.mode() & forbidden == 0 { Ok(()) } else { Err(Error::TooOpen(self.path.clone())) }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, chown};

    use super::*;

    #[test]
    fn our_own_key_is_made_once() {
        let home = tempfile::tempdir().unwrap();
        let file = SealingKeyFile::new(home.path(), &SealingSource::OwnFile);
        assert!(file.read().unwrap().is_none());
        let made = file.read_or_make(&Entropy::repeatable(1)).unwrap();
        let read = file.read_or_make(&Entropy::repeatable(2)).unwrap();
        assert!(read.matches(made.expose()));
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1, "no temporary file is left");
    }

    #[test]
    fn a_key_that_is_there_is_never_replaced() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("sealing.key");
        fs::write(&path, [7; 32]).unwrap();
        let access = Access::private_in(home.path()).unwrap();
        let refusal = durable::create(&path, &[8; 32], &access).unwrap_err();
        assert_eq!(refusal.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), [7; 32]);
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let home = tempfile::tempdir().unwrap();
        for mode in [0o640, 0o604, 0o620, 0o644] {
            let file = given(home.path(), &[7; 32], mode);
            let own = SealingKeyFile { is_given: false, ..file.clone() };
            assert!(matches!(own.read(), Err(Error::TooOpen(_))), "{mode:o}");
        }
        let refusal = given(home.path(), &[7; 32], 0o604).read().unwrap_err();
        assert!(matches!(refusal, Error::TooOpen(_)));
        assert!(refusal.to_string().contains("run 'chmod go= "), "{refusal}");
    }

    #[test]
    fn a_systemd_credential_is_taken_as_systemd_makes_it() {
        let home = tempfile::tempdir().unwrap();
        for mode in [0o400, 0o440] {
            let file = given(home.path(), &[7; 32], mode);
            if nix::unistd::geteuid().is_root() || mode == 0o400 {
                assert!(file.read().unwrap().unwrap().matches(&[7; 32]), "{mode:o}");
            }
        }
        if nix::unistd::geteuid().is_root() {
            let file = given(home.path(), &[7; 32], 0o440);
            chown(&file.path, None, Some(12345)).unwrap();
            assert!(matches!(file.read(), Err(Error::TooOpen(_))), "another group than root's");
        }
    }

    #[test]
    fn a_given_key_must_be_there_and_have_32_bytes() {
        let home = tempfile::tempdir().unwrap();
        let missing = SealingKeyFile::new(home.path(), &SealingSource::Given(home.path().join("missing")));
        assert!(matches!(missing.read(), Err(Error::NotReadable(..))));
        for length in [0, 31, 33, 64] {
            let file = given(home.path(), &vec![7; length], 0o600);
            assert!(matches!(file.read(), Err(Error::BadSealingKey(_))), "{length}");
        }
    }

    fn given(home: &Path, content: &[u8], mode: u32) -> SealingKeyFile {
        let path = home.join("given");
        let _ = fs::remove_file(&path);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        SealingKeyFile::new(home, &SealingSource::Given(path))
    }
}
