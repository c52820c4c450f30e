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
