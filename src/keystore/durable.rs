//! Files that are never half-written, never open to others for a moment, and belong to whom the folder belongs.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown, fchown};
use std::path::{Path, PathBuf};

use nix::libc::O_NOFOLLOW;
use nix::unistd::geteuid;

/// Held until it is dropped.
pub(super) struct Lock(#[expect(dead_code, reason = "the open file is what holds the lock")] File);

/// What a file's mode and owner are to be.
pub(super) struct Access {
    mode: u32,
    owner: Option<(u32, u32)>,
}

impl Access {
    /// 0600; what root makes belongs to the owner of the folder, since others must be able to use it.
    pub(super) fn private_in(folder: &Path) -> io::Result<Self> {
        Ok(Self { mode: 0o600, owner: owner_for_new(folder)? })
    }

    /// As a file has it now.
    pub(super) fn of(existing: &fs::Metadata) -> Self {
        Self { mode: existing.mode() & 0o7777, owner: Some((existing.uid(), existing.gid())) }
    }

    fn apply(&self, file: &File) -> io::Result<()> {
        let made = file.metadata()?;
        if let Some((user, group)) = self.owner
            && (made.uid(), made.gid()) != (user, group)
        {
            fchown(file, Some(user), Some(group))?;
        }
        file.set_permissions(Permissions::from_mode(self.mode))
    }
}

/// Makes the folder, 0700, and what is missing above it.
pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Makes one folder, 0700, in a folder that exists; root gives it to the owner of that.
pub(super) fn make_folder_in(above: &Path, folder: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(folder)?;
    match owner_for_new(above)? {
        Some((user, group)) => chown(folder, Some(user), Some(group)),
        None => Ok(()),
    }
}

/// Waits until no other process holds the lock file.
pub(super) fn lock(path: &Path) -> io::Result<Lock> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(O_NOFOLLOW)
        .open(path)?;
    Access::private_in(folder_of(path))?.apply(&file)?;
    file.lock()?;
    Ok(Lock(file))
}

/// Puts new content in the place of old: whoever looks finds the one or the other, whole. Needs the lock.
pub(super) fn replace(path: &Path, content: &[u8], access: &Access) -> io::Result<()> {
    through_temporary(path, content, access, |temporary| fs::rename(temporary, path))
}

/// Makes a file that is not there yet; one that is there stays, as an error. Needs the lock.
pub(super) fn create(path: &Path, content: &[u8], access: &Access) -> io::Result<()> {
    through_temporary(path, content, access, |temporary| {
        fs::hard_link(temporary, path)?;
        fs::remove_file(temporary)
    })
}

/// Removes a file, which may be gone already.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(cause),
        _ => sync_folder_of(path),
    }
}

/// Makes renames and removals in the folder of `path` outlive a power cut.
pub(super) fn sync_folder_of(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

fn through_temporary(
    path: &Path,
    content: &[u8],
    access: &Access,
    put_in_place: impl FnOnce(&Path) -> io::Result<()>,
) -> io::Result<()> {
    let temporary = temporary_for(path);
    remove(&temporary)?;
    let done = write_new(&temporary, content, access).and_then(|()| put_in_place(&temporary));
    if done.is_err() {
        // What failed is told; a temporary file that stays is removed by the next write.
        let _ = fs::remove_file(&temporary);
    }
    done.and_then(|()| sync_folder_of(path))
}

/// The lock makes one name enough, and what a power cut leaves is found again.
fn temporary_for(path: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".new");
    path.with_file_name(name)
}

fn write_new(path: &Path, content: &[u8], access: &Access) -> io::Result<()> {
    let mut file = open_new(path)?;
    access.apply(&file)?;
    file.write_all(content)?;
    file.sync_all()
}

fn open_new(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

fn owner_for_new(folder: &Path) -> io::Result<Option<(u32, u32)>> {
    if !geteuid().is_root() {
        return Ok(None);
    }
    let folder = fs::metadata(folder)?;
    Ok(Some((folder.uid(), folder.gid())))
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_content() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("file");
        fs::write(&path, "old").unwrap();
        // What stands in the way of the temporary file, also for root.
        fs::create_dir(temporary_for(&path)).unwrap();
        assert!(replace(&path, b"new", &Access::private_in(home.path()).unwrap()).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"old");
    }

    #[test]
    fn a_temporary_file_does_not_outlive_a_failure() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("file");
        fs::create_dir(&path).unwrap();
        assert!(replace(&path, b"new", &Access::private_in(home.path()).unwrap()).is_err());
        assert!(!temporary_for(&path).exists());
    }

    #[test]
    fn a_file_is_private_before_it_has_content() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("file");
        let access = Access { mode: 0o644, owner: None };
        through_temporary(&path, b"new", &access, |temporary| {
            assert_eq!(fs::metadata(temporary)?.mode() & 0o777, 0o644, "what the existing file had");
            fs::rename(temporary, &path)
        })
        .unwrap();
        let made = open_new(&home.path().join("other")).unwrap();
        assert_eq!(made.metadata().unwrap().mode() & 0o777, 0o600);
    }

    #[test]
    fn what_root_makes_belongs_to_the_owner_of_the_folder() {
        if !geteuid().is_root() {
            return;
        }
        let home = tempfile::tempdir().unwrap();
        chown(home.path(), Some(12345), Some(12346)).unwrap();
        let path = home.path().join("file");
        replace(&path, b"x", &Access::private_in(home.path()).unwrap()).unwrap();
        let _lock = lock(&home.path().join(".lock")).unwrap();
        make_folder_in(home.path(), &home.path().join("folder")).unwrap();
        for entry in fs::read_dir(home.path()).unwrap() {
            let made = entry.unwrap().metadata().unwrap();
            assert_eq!((made.uid(), made.gid()), (12345, 12346));
        }
    }

    #[test]
    fn a_lock_file_that_is_a_link_is_refused() {
        let home = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/dev/null", home.path().join(".lock")).unwrap();
        assert!(lock(&home.path().join(".lock")).is_err());
    }
}
