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
