//! Tests of the keystore on disks that are full or read-only: small ones of their own, which only root can mount.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::{Error, Keystore, Loaded, SealingSource, credentials};
use crate::base::Entropy;
use crate::protocol::access_key::AccessKey;

const KIND: &str = "access-key";

#[test]
fn a_full_disk_keeps_what_was_there() {
    let Some(disk) = Disk::mount() else { return };
    let keystore = disk.keystore().unwrap();
    let path = disk.path().join("credentials");
    keystore.save(KIND, b"one").unwrap();
    credentials::write_profile(&path, "DEFAULT", &key("K1"), None).unwrap();
    disk.fill();
    let refusal = keystore.save(KIND, b"two").unwrap_err();
    assert!(matches!(refusal, Error::DiskFull(_)), "{refusal}");
    let refusal = credentials::write_profile(&path, "DEFAULT", &key("K2"), None).unwrap_err();
    assert!(matches!(refusal, credentials::Error::Disk(Error::DiskFull(_))), "{refusal}");
    assert_eq!(content(&disk.keystore().unwrap()), b"one");
    assert_eq!(credentials::read(&path).unwrap().key("DEFAULT").unwrap().id.as_str(), "K1");
    disk.free();
    keystore.save(KIND, b"two").unwrap();
    assert_eq!(content(&keystore), b"two");
}

#[test]
fn a_disk_that_was_full_from_the_start_lets_the_agent_start() {
    let Some(disk) = Disk::mount() else { return };
    fs::create_dir(disk.path().join("state")).unwrap();
    disk.fill();
    let keystore = disk.keystore().unwrap();
    assert!(matches!(keystore.load(KIND).unwrap(), Loaded::Absent));
    assert!(matches!(keystore.save(KIND, b"one"), Err(Error::DiskFull(_))));
}

#[test]
fn a_read_only_disk_is_read_and_says_that_it_cannot_be_written() {
    let Some(disk) = Disk::mount() else { return };
    let keystore = disk.keystore().unwrap();
    keystore.save(KIND, b"one").unwrap();
    keystore.save("damaged", b"one").unwrap();
    keystore.save("damaged", b"two").unwrap();
    fs::write(disk.path().join("state/damaged.2"), "").unwrap();
    disk.make_read_only();
    let keystore = disk.keystore().unwrap();
    assert_eq!(content(&keystore), b"one");
    assert!(matches!(keystore.save(KIND, b"two"), Err(Error::NotWritable(..))));
    assert!(matches!(keystore.remove(KIND), Err(Error::NotWritable(..))));
    keystore.remove("never-written").unwrap();
    let Loaded::Older { content, set_aside } = keystore.load("damaged").unwrap() else { panic!() };
    assert_eq!(content.expose(), b"one");
    assert_eq!(set_aside, disk.path().join("state/damaged.2"), "it cannot be moved");
}

/// 256 KiB of memory.
struct Disk(TempDir);

impl Disk {
    /// `None`, said aloud, where mounting is not allowed; with `CI=true` that is a failure.
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=256k", "tmpfs"]).arg(folder.path()).output();
        if mount.as_ref().is_ok_and(|mount| mount.status.success()) {
            return Some(Self(folder));
        }
        #[expect(clippy::disallowed_methods, reason = "no setting of the product: who runs the tests")]
        let is_ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
        assert!(!is_ci, "a small disk cannot be mounted: {mount:?}");
        eprintln!("skipped: a small disk cannot be mounted here (this needs root)");
        None
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn keystore(&self) -> Result<Keystore, Error> {
        Keystore::open(&self.path().join("state"), &SealingSource::OwnFile, Entropy::kernel())
    }

    fn fill(&self) {
        let ballast = fs::write(self.path().join("ballast"), vec![7; 1 << 20]);
        assert_eq!(ballast.unwrap_err().kind(), std::io::ErrorKind::StorageFull);
    }

    fn free(&self) {
        fs::remove_file(self.path().join("ballast")).unwrap();
    }

    fn make_read_only(&self) {
        assert!(Command::new("mount").args(["-o", "remount,ro"]).arg(self.path()).status().unwrap().success());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.path()).status();
    }
}

fn content(keystore: &Keystore) -> Vec<u8> {
    let Loaded::Whole(content) = keystore.load(KIND).unwrap() else { panic!("it is not whole") };
    content.expose().clone()
}

fn key(id: &str) -> AccessKey {
    AccessKey::parse(id, "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e").unwrap()
}
