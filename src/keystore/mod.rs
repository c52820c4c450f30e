//! What is kept on disk, sealed: two generations, atomic, a damaged newest one falls back to the older and says so.

use std::path::{Path, PathBuf};

use crate::base::{Entropy, Secret};

/// Cheap to clone. A folder (0700) of sealed files (0600) and the key that opens them.
#[derive(Clone, Debug)]
pub struct Keystore {}

/// Where the 32-byte sealing key comes from.
#[derive(Clone, Debug)]
pub enum SealingSource {
    /// `sealing.key` in the keystore's own folder, 0600, made on first use.
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
    DiskFull(#[source] std::io::Error),
    #[error("The state folder {0} cannot be written; check its owner and that the file system is not read-only.")]
    NotWritable(PathBuf, #[source] std::io::Error),
    #[error("{0} cannot be read; check its owner and permissions.")]
    NotReadable(PathBuf, #[source] std::io::Error),
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
        todo!("{folder:?} {sealing:?} {entropy:?}")
    }
    /// `kind` is a short file-safe word, e.g. `access-key`.
    pub fn load(&self, kind: &str) -> Result<Loaded, Error> {
        todo!("{kind}")
    }
    /// Temp file, fsync, rename, fsync of the folder; the previous generation stays.
    pub fn save(&self, kind: &str, content: &[u8]) -> Result<(), Error> {
        todo!("{kind} {content:?}")
    }
    /// Removes every generation (and what was set aside of it stays).
    pub fn remove(&self, kind: &str) -> Result<(), Error> {
        todo!("{kind}")
    }
}
