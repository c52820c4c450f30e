//! What is kept on disk, sealed: two generations, atomic, a damaged newest one falls back to the older and says so.
//! The folder holds, for every kind, `<kind>.1` and `<kind>.2`, written in turn; what could not be read is set aside as
//! `<kind>.corrupt-<number>` and never deleted.

pub mod credentials;
#[cfg(test)]
mod disks;
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
    #[error(
        "{0} cannot be opened without the key it was sealed with; put that back, or move the file away to begin anew. Nothing was changed."
    )]
    NoSealingKey(PathBuf),
    #[error("{0} was written by a newer Latchkey; install that version again. Nothing was changed.")]
    Newer(PathBuf),
}

impl Keystore {
    /// Makes the folder when it is missing. Works on a read-only file system as long as nothing must be written.
    pub fn open(folder: &Path, sealing: &SealingSource, entropy: Entropy) -> Result<Self, Error> {
        durable::make_folder(folder).map_err(|cause| Error::writing(folder, cause))?;
        let sealing = SealingKeyFile::new(folder, sealing);
        if sealing.read()?.is_none()
            && let Some(sealed) = generations::any_in(folder)
            && sealing.read()?.is_none()
        {
            return Err(Error::NoSealingKey(sealed));
        }
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
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const KIND: &str = "access-key";

    #[test]
    fn what_is_saved_is_loaded() {
        let home = tempfile::tempdir().unwrap();
        let keystore = keystore_in(home.path());
        assert!(matches!(keystore.load(KIND).unwrap(), Loaded::Absent));
        for content in ["one", "two", "three", ""] {
            keystore.save(KIND, content.as_bytes()).unwrap();
            assert_eq!(whole(&keystore_in(home.path())), content);
        }
        assert!(matches!(keystore.load("sessions").unwrap(), Loaded::Absent));
    }

    #[test]
    fn what_is_removed_is_absent() {
        let home = tempfile::tempdir().unwrap();
        let keystore = keystore_in(home.path());
        keystore.remove(KIND).unwrap();
        keystore.save(KIND, b"one").unwrap();
        keystore.save(KIND, b"two").unwrap();
        keystore.remove(KIND).unwrap();
        assert!(matches!(keystore.load(KIND).unwrap(), Loaded::Absent));
        assert_eq!(names(&keystore), [".lock", "sealing.key"]);
    }

    #[test]
    fn without_the_key_it_was_sealed_with_nothing_is_opened_made_or_set_aside() {
        let home = tempfile::tempdir().unwrap();
        let keystore = keystore_in(home.path());
        keystore.save(KIND, b"one").unwrap();
        let elsewhere = home.path().join("elsewhere.key");
        fs::rename(keystore.folder.join("sealing.key"), &elsewhere).unwrap();
        let before = names(&keystore);
        let refused = Keystore::open(&keystore.folder, &SealingSource::OwnFile, Entropy::kernel()).unwrap_err();
        assert!(matches!(&refused, Error::NoSealingKey(path) if path.ends_with("access-key.1")), "{refused:?}");
        assert_eq!(names(&keystore), before);
        fs::rename(&elsewhere, keystore.folder.join("sealing.key")).unwrap();
        assert_eq!(whole(&keystore), "one");
    }

    #[test]
    fn nothing_readable_is_on_the_disk() {
        let home = tempfile::tempdir().unwrap();
        let keystore = keystore_in(home.path());
        keystore.save(KIND, b"the secret").unwrap();
        let file = fs::read(keystore.folder.join("access-key.1")).unwrap();
        assert!(!file.windows(6).any(|window| window == b"secret"));
    }

    #[test]
    fn a_damaged_newest_generation_falls_back_and_is_set_aside() {
        for damage in [b"".as_slice(), b"latch", &[0; 64], b"{\"half\": "] {
            let home = tempfile::tempdir().unwrap();
            let keystore = keystore_in(home.path());
            keystore.save(KIND, b"one").unwrap();
            keystore.save(KIND, b"two").unwrap();
            fs::write(keystore.folder.join("access-key.2"), damage).unwrap();
            let Loaded::Older { content, set_aside } = keystore.load(KIND).unwrap() else { panic!("{damage:?}") };
            assert_eq!(content.expose(), b"one");
            assert_eq!(fs::read(&set_aside).unwrap(), damage);
            assert_eq!(set_aside, keystore.folder.join("access-key.corrupt-1"));
            assert_eq!(whole(&keystore), "one", "it is reported once");
            keystore.save(KIND, b"three").unwrap();
            assert_eq!(whole(&keystore), "three");
        }
    }

    #[test]
    fn when_every_generation_is_damaged_all_is_set_aside_and_nothing_deleted() {
        let home = tempfile::tempdir().unwrap();
        let keystore = keystore_in(home.path());
        keystore.save(KIND, b"one").unwrap();
        keystore.save(KIND, b"two").unwrap();
        fs::write(keystore.folder.join("access-key.corrupt-1"), "from an earlier time").unwrap();
        fs::write(keystore.folder.join("access-key.1"), "damaged 1").unwrap();
        fs::write(keystore.folder.join("access-key.2"), "damaged 2").unwrap();
        let Loaded::Lost { set_aside } = keystore.load(KIND).unwrap() else { panic!() };
        let kept: Vec<String> = set_aside.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
        assert_eq!(kept, ["damaged 1", "damaged 2"]);
        assert_eq!(fs::read(keystore.folder.join("access-key.corrupt-1")).unwrap(), b"from an earlier time");
        assert!(matches!(keystore.load(KIND).unwrap(), Loaded::Absent));
    }

    #[test]
    fn saving_never_replaces_a_good_generation_because_of_a_damaged_one() {
        let home = tempfile::tempdir().unwrap();
        let keystore = keystore_in(home.path());
        keystore.save(KIND, b"one").unwrap();
        keystore.save(KIND, b"two").unwrap();
        fs::write(keystore.folder.join("access-key.2"), "").unwrap();
        keystore.save(KIND, b"three").unwrap();
        assert_eq!(fs::read(keystore.folder.join("access-key.corrupt-1")).unwrap(), b"");
        fs::write(keystore.folder.join("access-key.2"), "").unwrap();
        let Loaded::Older { content, .. } = keystore.load(KIND).unwrap() else { panic!() };
        assert_eq!(content.expose(), b"one");
    }

    #[test]
    fn what_a_power_cut_leaves_behind_is_ignored() {
        let home = tempfile::tempdir().unwrap();
        let keystore = keystore_in(home.path());
        keystore.save(KIND, b"one").unwrap();
        for number in [1, 2] {
            fs::write(keystore.folder.join(format!(".access-key.{number}.new")), "half a fi").unwrap();
        }
        assert_eq!(whole(&keystore), "one");
        keystore.save(KIND, b"two").unwrap();
        keystore.save(KIND, b"three").unwrap();
        assert_eq!(whole(&keystore), "three");
        assert_eq!(names(&keystore), [".lock", "access-key.1", "access-key.2", "sealing.key"]);
    }

    #[test]
    fn a_newer_version_is_neither_read_nor_written_over() {
        let home = tempfile::tempdir().unwrap();
        let keystore = keystore_in(home.path());
        keystore.save(KIND, b"one").unwrap();
        let path = keystore.folder.join("access-key.1");
        let mut newer = fs::read(&path).unwrap();
        newer[9] = 2;
        fs::write(&path, &newer).unwrap();
        assert!(matches!(keystore.load(KIND), Err(Error::Newer(named)) if named == path));
        assert!(matches!(keystore.save(KIND, b"two"), Err(Error::Newer(_))));
        assert!(matches!(keystore.remove(KIND), Err(Error::Newer(_))));
        assert_eq!(fs::read(&path).unwrap(), newer);
    }

    #[test]
    fn two_processes_at_once_lose_nothing() {
        let home = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for writer in 0..8 {
                let folder = home.path();
                scope.spawn(move || {
                    let keystore = keystore_in(folder);
                    keystore.save(&format!("kind-{writer}"), b"its own").unwrap();
                    keystore.save(KIND, format!("{writer}").as_bytes()).unwrap();
                });
            }
        });
        let keystore = keystore_in(home.path());
        assert_eq!(whole(&keystore).len(), 1);
        for writer in 0..8 {
            assert!(matches!(keystore.load(&format!("kind-{writer}")).unwrap(), Loaded::Whole(_)));
        }
        assert_eq!(keystore.find(KIND).unwrap().next_number(), 9, "eight writes were counted");
    }

    #[test]
    fn folder_and_files_are_open_to_nobody_else() {
        let home = tempfile::tempdir().unwrap();
        let keystore = keystore_in(home.path());
        keystore.save(KIND, b"one").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        assert_eq!(mode(&keystore.folder), 0o700);
        for name in names(&keystore) {
            assert_eq!(mode(&keystore.folder.join(&name)), 0o600, "{name}");
        }
    }

    fn keystore_in(home: &Path) -> Keystore {
        Keystore::open(&home.join("state"), &SealingSource::OwnFile, Entropy::kernel()).unwrap()
    }

    fn whole(keystore: &Keystore) -> String {
        let Loaded::Whole(content) = keystore.load(KIND).unwrap() else { panic!("it is not whole") };
        String::from_utf8(content.expose().clone()).unwrap()
    }

    fn names(keystore: &Keystore) -> Vec<String> {
        let files = fs::read_dir(&keystore.folder).unwrap();
        let mut names: Vec<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}
