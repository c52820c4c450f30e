//! The machine below the agent: its files, its systemd, what is written on its card.

#![expect(clippy::unwrap_used, reason = "a story that cannot go on fails")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use latchkey::base::UnitName;
use latchkey::device::{Device, Places};
use latchkey::keystore::Loaded;

use crate::world::World;

/// Stands in for systemd's programs.
const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/system/program");
/// Of the daemon.
pub(crate) const UNIT: &str = "remoteit.service";

/// The machine whose files lie below `home`.
pub(crate) fn device(home: &Path) -> Device {
    let root = home.join("machine");
    fs::create_dir_all(&root).unwrap();
    Device::new(Places {
        systemctl: root.join("systemctl"),
        journalctl: root.join("journalctl"),
        busctl: root.join("busctl"),
        state_dir: root.clone(),
        root,
        unit: Some(UnitName::parse(UNIT).unwrap()),
    })
}

impl World {
    /// What the kernel, the firmware or systemd writes there.
    pub(crate) fn machine_says(&self, path: &str, text: &str) {
        let path = self.machine().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// What `systemctl` or `journalctl` does when it is run from now on.
    pub(crate) fn program_does(&self, name: &str, script: &str) {
        let link = self.machine().join(name);
        let _there_already = symlink(PROGRAM, &link);
        fs::write(link.with_extension("script"), script).unwrap();
    }

    /// What the programs left behind.
    pub(crate) fn machine_has(&self, path: &str) -> String {
        fs::read_to_string(self.machine().join(path)).unwrap_or_default()
    }

    /// Everything that the agent wrote: names and contents.
    pub(crate) fn written(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let files = fs::read_dir(self.home().join("agent")).unwrap();
        let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
        files.sort();
        files.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
    }

    /// The card of the Pi goes bad under every file of this kind.
    pub(crate) fn damage_state(&self, kind: &str) {
        let mut damaged = 0;
        for file in fs::read_dir(self.home().join("agent")).unwrap() {
            let path = file.unwrap().path();
            if path.file_name().unwrap().to_string_lossy().starts_with(kind) {
                fs::write(&path, b"\0\0\0\0").unwrap();
                damaged += 1;
            }
        }
        assert!(damaged > 0, "nothing is kept as {kind}");
    }

    /// What is kept sealed under that name, opened.
    pub(crate) fn kept(&self, kind: &str) -> Option<String> {
        match self.keystore.load(kind).unwrap() {
            Loaded::Absent => None,
            Loaded::Whole(content) => Some(String::from_utf8(content.expose().clone()).unwrap()),
            damaged @ (Loaded::Older { .. } | Loaded::Lost { .. }) => unreachable!("{kind}: {damaged:?}"),
        }
    }

    pub(crate) fn machine(&self) -> PathBuf {
        self.home().join("machine")
    }
}
