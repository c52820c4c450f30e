//! What is kept on disk, sealed: two generations, atomic, a damaged newest one falls back to the older and says so.
//! The folder holds, for every kind, `<kind>.1` and `<kind>.2`, written in turn; what could not be read is set aside as
//! `<kind>.corrupt-<number>` and never deleted.

pub mod credentials;
mod durable;
mod generations;
mod sealing_key;

use std::io;
use std::path::{Path, PathBuf};

use crate::base::{Entropy, Secret};
use crate::protocol::sealed;

use generations::Generations;
use sealing_key::SealingKeyFile;

/// Cheap to clone. A folder (0700) of sealed files (0600) and the key that opens them.
#[derive(Clone, Debug)]
pub struct Keystore {
    folder: PathBuf,
    sealing: SealingKeyFile,
    entropy: Entropy,
}

/// Where the 32-byte sealing key comes from.
#[derive(Clone, Debug)]
pub enum SealingSource {
    /// `sealing.key` in the keystore's own folder, 0600, made with the first write.
    OwnFile,
    /// A file given by somebody else, e.g. a systemd credential: read, never written.
    Given(PathBuf),
}

/// What [`Keystore::load`] found.
#[derive(Debug)]
pub enum Loaded {
    /// Never written, or removed.
    Absent,
    Whole(Secret<Vec<u8>>),
    /// The newest generation was damaged and set aside; this is the one before.
    Older {
        content: Secret<Vec<u8>>,
        set_aside: PathBuf,
    },
    /// No generation is readable; all were set aside, none deleted.
    Lost {
        set_aside: Vec<PathBuf>,
    },
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("The disk is full; free some space. What was kept before is still there.")]
    DiskFull(#[source] io::Error),
    #[error("{0} cannot be written; check its owner and that the file system is not read-only.")]
    NotWritable(PathBuf, #[source] io::Error),
    #[error("{0} cannot be read; check its owner and permissions.")]
    NotReadable(PathBuf, #[source] io::Error),
    #[error("{0} is open to other users; run 'chmod go= {0}'.")]
    TooOpen(PathBuf),
    #[error("{0} is not a 32-byte sealing key.")]
    BadSealingKey(PathBuf),
    #[error("{0} was written by a newer Latchkey; install that version again. Nothing was changed.")]
    Newer(PathBuf),
}

impl Keystore {
    /// Makes the folder when it is missing. Works on a read-only file system as long as nothing must be written.
    pub fn open(folder: &Path, sealing: &SealingSource, entropy: Entropy) -> Result<Self, Error> {
        durable::make_folder(folder).map_err(|cause| Error::writing(folder, cause))?;
        let sealing = SealingKeyFile::new(folder, sealing);
        sealing.read()?;
        Ok(Self { folder: folder.to_owned(), sealing, entropy })
    }

    /// `kind` is a short file-safe word, e.g. `access-key`.
    pub fn load(&self, kind: &str) -> Result<Loaded, Error> {
        let found = self.find(kind)?;
        if found.damaged().next().is_none() {
            return Ok(found.newest().map_or(Loaded::Absent, Loaded::Whole));
        }
        // A read-only file system gives no lock and lets nothing be set aside: it is read all the same.
        let _lock = self.lock().ok();
        let found = self.find(kind)?;
        let set_aside: Vec<PathBuf> =
            found.damaged().map(|path| generations::set_aside(path).unwrap_or_else(|_| path.to_owned())).collect();
        Ok(match (found.newest(), set_aside.first()) {
            (Some(content), None) => Loaded::Whole(content),
            (Some(content), Some(first)) => Loaded::Older { content, set_aside: first.clone() },
            (None, Some(_)) => Loaded::Lost { set_aside },
            (None, None) => Loaded::Absent,
        })
    }

    /// Temp file, fsync, rename, fsync of the folder; the previous generation stays.
    pub fn save(&self, kind: &str, content: &[u8]) -> Result<(), Error> {
        let _lock = self.lock()?;
        let key = self.sealing.read_or_make(&self.entropy)?;
        let found = self.find(kind)?;
        for path in found.damaged() {
            generations::set_aside(path).map_err(|cause| Error::writing(path, cause))?;
        }
        let file = sealed::seal(&key, kind, found.next_number(), self.entropy.bytes(), content);
        let access = durable::Access::private_in(&self.folder).map_err(|cause| Error::writing(&self.folder, cause))?;
        durable::replace(found.oldest(), &file, &access).map_err(|cause| Error::writing(&self.folder, cause))
    }

    /// Removes every generation (and what was set aside of it stays).
    pub fn remove(&self, kind: &str) -> Result<(), Error> {
        if self.find(kind)?.is_empty() {
            return Ok(());
        }
        let _lock = self.lock()?;
        self.find(kind)?.remove().map_err(|cause| Error::writing(&self.folder, cause))
    }

    fn find(&self, kind: &str) -> Result<Generations, Error> {
        Generations::find(&self.folder, kind, self.sealing.read()?.as_ref())
    }

    /// Between processes: the agent and the command line, which may run as root.
    fn lock(&self) -> Result<durable::Lock, Error> {
        durable::lock(&self.folder.join(".lock")).map_err(|cause| Error::writing(&self.folder, cause))
    }
}

impl Error {
    fn writing(path: &Path, cause: io::Error) -> Self {
        if matches!(cause.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
            Self::DiskFull(cause)
        } else {
            Self::NotWritable(path.to_owned(), cause)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_saved_is_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let keystore = keystore_in(folder.path());
        assert!(matches!(keystore.load("access-key").unwrap(), Loaded::Absent));
        keystore.save("access-key", b"one").unwrap();
        assert_eq!(whole(&keystore), b"one");
        keystore.save("access-key", b"two").unwrap();
        keystore.save("access-key", b"three").unwrap();
        assert_eq!(whole(&keystore_in(folder.path())), b"three");
    }

    #[test]
    fn what_is_removed_is_absent() {
        let folder = tempfile::tempdir().unwrap();
        let keystore = keystore_in(folder.path());
        keystore.remove("access-key").unwrap();
        keystore.save("access-key", b"one").unwrap();
        keystore.save("access-key", b"two").unwrap();
        keystore.remove("access-key").unwrap();
        assert!(matches!(keystore.load("access-key").unwrap(), Loaded::Absent));
    }

    fn keystore_in(folder: &Path) -> Keystore {
        Keystore::open(&folder.join("state"), &SealingSource::OwnFile, Entropy::kernel()).unwrap()
    }

    fn whole(keystore: &Keystore) -> Vec<u8> {
        match keystore.load("access-key").unwrap() {
            Loaded::Whole(content) => content.expose().clone(),
            other => panic!("{other:?}"),
        }
    }
}
