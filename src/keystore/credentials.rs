//! A person's credentials file on disk: one profile is written or removed, everything else stays (DESIGN rule 6).

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::{fs, io};

use super::durable::{self, Access};
use crate::base::Secret;
use crate::protocol::access_key::AccessKey;
use crate::protocol::credentials_file::{self, CredentialsFile};

/// Who can read the file, whose mode is left as its owner chose it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Privacy {
    OwnerOnly,
    /// The person should be told to run `chmod go=`.
    OpenToOthers,
}

/// Why a person's file was not read or written; it is as it was.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("The folder {0} does not exist; make it first, or give another path.")]
    NoFolder(PathBuf),
    #[error("{0}: {1}")]
    Content(PathBuf, credentials_file::Error),
    #[error(transparent)]
    Disk(#[from] super::Error),
}

/// What the file holds; a file that is not there holds nothing.
pub fn read(path: &Path) -> Result<CredentialsFile, Error> {
    match fs::read(path).map(Secret::new) {
        Ok(bytes) => CredentialsFile::parse(bytes.expose()).map_err(|cause| Error::Content(path.to_owned(), cause)),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(CredentialsFile::default()),
        Err(cause) => Err(super::Error::NotReadable(path.to_owned(), cause).into()),
    }
}

/// Sets the two keys of one profile. The file's folder is made, 0700, when only that is missing.
pub fn write_profile(path: &Path, profile: &str, key: &AccessKey, comment: Option<&str>) -> Result<Privacy, Error> {
    make_folder_for(path)?;
    edit(path, |file| file.set(profile, key, comment).map_err(|cause| Error::Content(path.to_owned(), cause)))
}

/// Takes the two keys of one profile away; where there is no file, there is nothing to do.
pub fn remove_profile(path: &Path, profile: &str) -> Result<Privacy, Error> {
    if !path.exists() {
        return Ok(Privacy::OwnerOnly);
    }
    edit(path, |file| {
        file.remove(profile);
        Ok(())
    })
}

fn edit(path: &Path, change: impl FnOnce(&mut CredentialsFile) -> Result<(), Error>) -> Result<Privacy, Error> {
    let writing = |cause| super::Error::writing(path, cause);
    let target = behind_link(path);
    let folder = target.parent().ok_or_else(|| Error::NoFolder(path.to_owned()))?;
    let _lock = durable::lock(&lock_for(&target)).map_err(writing)?;
    let mut file = read(&target)?;
    let before = file.to_bytes();
    change(&mut file)?;
    let existing = fs::metadata(&target).ok();
    if !before.matches(file.to_bytes().expose()) {
        let access = existing.as_ref().map_or_else(|| Access::private_in(folder), |file| Ok(Access::of(file)));
        let access = access.map_err(writing)?;
        durable::replace(&target, file.to_bytes().expose(), &access).map_err(writing)?;
    }
    let is_open = existing.is_some_and(|file| file.mode() & 0o077 != 0);
    Ok(if is_open { Privacy::OpenToOthers } else { Privacy::OwnerOnly })
}

/// A link is kept, and what it points to is edited.
fn behind_link(path: &Path) -> PathBuf {
    let pointed_to = || Some(path.parent()?.join(fs::read_link(path).ok()?));
    fs::canonicalize(path).ok().or_else(pointed_to).unwrap_or_else(|| path.to_owned())
}

fn lock_for(target: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(".lock");
    target.with_file_name(name)
}

/// Without a home (`HOME` empty or not there) nothing is made under `/` or wherever the program happens to run.
fn make_folder_for(path: &Path) -> Result<(), Error> {
    let no_folder = || Error::NoFolder(path.to_owned());
    let folder = path.parent().ok_or_else(no_folder)?;
    if folder.is_dir() {
        return Ok(());
    }
    let above = folder.parent().ok_or_else(no_folder)?;
    if !above.is_absolute() || above == Path::new("/") || !above.is_dir() {
        return Err(Error::NoFolder(above.to_owned()));
    }
    match durable::make_folder_in(above, folder) {
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => Ok(made.map_err(|cause| super::Error::writing(folder, cause))?),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, chown, symlink};

    use super::*;

    #[test]
    fn a_new_file_and_its_folder_are_private() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join(".remoteit/credentials");
        assert_eq!(write_profile(&path, "DEFAULT", &key("K1"), None).unwrap(), Privacy::OwnerOnly);
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
        assert_eq!(read(&path).unwrap().key("default").unwrap().id.as_str(), "K1");
    }

    #[test]
    fn twenty_writers_at_once_lose_no_profile() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join(".remoteit/credentials");
        std::thread::scope(|scope| {
            for writer in 0..20 {
                let path = &path;
                scope.spawn(move || {
                    write_profile(path, &format!("p{writer}"), &key(&format!("K{writer}")), None).unwrap()
                });
            }
        });
        let file = read(&path).unwrap();
        for writer in 0..20 {
            assert_eq!(file.key(&format!("p{writer}")).unwrap().id.as_str(), format!("K{writer}"));
        }
    }

    #[test]
    fn mode_and_owner_of_a_persons_file_are_kept() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("credentials");
        let is_root = nix::unistd::geteuid().is_root();
        for (wanted, privacy) in
            [(0o600, Privacy::OwnerOnly), (0o400, Privacy::OwnerOnly), (0o644, Privacy::OpenToOthers)]
        {
            fs::write(&path, "[a]\n").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(wanted)).unwrap();
            if is_root {
                chown(&path, Some(12345), Some(12346)).unwrap();
            }
            assert_eq!(write_profile(&path, "a", &key("K1"), None).unwrap(), privacy);
            assert_eq!(mode(&path), wanted);
            let owner = fs::metadata(&path).unwrap();
            assert!(!is_root || (owner.uid(), owner.gid()) == (12345, 12346));
            fs::remove_file(&path).unwrap();
        }
    }

    #[test]
    fn a_link_stays_and_its_target_is_edited() {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join("secrets")).unwrap();
        let path = home.path().join("credentials");
        symlink("secrets/cred", &path).unwrap();
        for id in ["K1", "K2"] {
            write_profile(&path, "DEFAULT", &key(id), None).unwrap();
            assert_eq!(fs::read_link(&path).unwrap(), Path::new("secrets/cred"));
            assert_eq!(read(&home.path().join("secrets/cred")).unwrap().key("DEFAULT").unwrap().id.as_str(), id);
        }
    }

    #[test]
    fn without_a_home_nothing_is_made() {
        let home = tempfile::tempdir().unwrap();
        for path in ["/nonexistent/.remoteit/credentials", "/.remoteit/credentials", ".remoteit/credentials", "/", ""] {
            let refusal = write_profile(Path::new(path), "DEFAULT", &key("K1"), None).unwrap_err();
            assert!(matches!(refusal, Error::NoFolder(_)), "{path}: {refusal}");
        }
        let refusal = write_profile(&home.path().join("no/.remoteit/credentials"), "a", &key("K1"), None).unwrap_err();
        assert_eq!(
            refusal.to_string(),
            format!(
                "The folder {} does not exist; make it first, or give another path.",
                home.path().join("no").display()
            )
        );
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_left_as_it_is() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("credentials");
        for content in [b"\xff\xfe[\0d\0e\0".as_slice(), &[0; 512]] {
            fs::write(&path, content).unwrap();
            let refusal = write_profile(&path, "DEFAULT", &key("K1"), None).unwrap_err();
            assert!(matches!(refusal, Error::Content(..)), "{refusal}");
            assert!(remove_profile(&path, "DEFAULT").is_err());
            assert_eq!(fs::read(&path).unwrap(), content);
        }
    }

    #[test]
    fn a_key_that_is_there_already_is_not_written_again() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("credentials");
        write_profile(&path, "DEFAULT", &key("K1"), None).unwrap();
        let before = fs::metadata(&path).unwrap().ino();
        write_profile(&path, "DEFAULT", &key("K1"), None).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().ino(), before);
    }

    #[test]
    fn a_removed_profile_leaves_the_others() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("credentials");
        remove_profile(&path, "one").unwrap();
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0, "no file is made for it");
        write_profile(&path, "one", &key("K1"), None).unwrap();
        write_profile(&path, "two", &key("K2"), None).unwrap();
        remove_profile(&path, "one").unwrap();
        assert_eq!(read(&path).unwrap().profiles(), ["two"]);
    }

    fn key(id: &str) -> AccessKey {
        AccessKey::parse(id, "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e").unwrap()
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o7777
    }
}
