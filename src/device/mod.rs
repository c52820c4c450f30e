//! The Pi itself: who it is, how it is, whether it knows the time, and the daemon's unit. What the system says is read here and
//! handed on as text: the parsers never touch a file.

mod announced;
mod clock_state;
mod health;
mod identity;
mod program;
mod unit;

pub use clock_state::Synchronised;
pub use health::{Amount, Health, Load, Power, Worry};
pub use identity::Identity;
pub use unit::{Active, Error, Loaded, UnitState};

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::base::UnitName;

/// The machine that Latchkey runs on. Cheap to clone; every question looks anew.
#[derive(Clone, Debug)]
pub struct Device {
    places: Arc<Places>,
    restarting: Arc<tokio::sync::Mutex<()>>,
}

/// Where the machine is looked at.
#[derive(Clone, Debug)]
pub struct Places {
    /// Of the file systems that the kernel and systemd fill.
    pub root: PathBuf,
    /// The folder whose disk must not run full.
    pub state_dir: PathBuf,
    pub systemctl: PathBuf,
    pub journalctl: PathBuf,
    pub busctl: PathBuf,
    /// The daemon that uses the access key, when the settings name one.
    pub unit: Option<UnitName>,
}

impl Places {
    /// Of the machine itself.
    pub fn of_this_machine(state_dir: PathBuf, unit: Option<UnitName>) -> Self {
        let program = |name| Path::new("/usr/bin").join(name);
        Self {
            root: "/".into(),
            state_dir,
            systemctl: program("systemctl"),
            journalctl: program("journalctl"),
            busctl: program("busctl"),
            unit,
        }
    }
}

impl Device {
    pub fn new(places: Places) -> Self {
        Self { places: Arc::new(places), restarting: Arc::default() }
    }

    pub fn identity(&self) -> Identity {
        let serial = self.text("proc/device-tree/serial-number");
        Identity {
            host_name: self.text("proc/sys/kernel/hostname").and_then(|text| identity::line(&text)),
            model: self.text("proc/device-tree/model").and_then(|text| identity::line(&text)),
            serial_end: serial.and_then(|text| identity::serial_end(&text)),
            system: self.text("etc/os-release").and_then(|text| identity::pretty_name(&text)),
            kernel: self.text("proc/sys/kernel/osrelease").and_then(|text| identity::line(&text)),
        }
    }

    pub fn health(&self) -> Health {
        let volts = || self.find("sys/class/hwmon", "name", "rpi_volt", "in0_lcrit_alarm");
        let power = self
            .text("sys/devices/platform/soc/soc:firmware/get_throttled")
            .and_then(|text| health::throttled(&text))
            .or_else(|| health::under_voltage(&volts()?));
        Health {
            uptime: self.text("proc/uptime").and_then(|text| health::uptime(&text)),
            load: self.text("proc/loadavg").and_then(|text| health::load(&text)),
            memory: self.text("proc/meminfo").and_then(|text| health::memory(&text)),
            disk: health::disk(&self.places.state_dir),
            celsius: self.temperature(),
            power,
        }
    }

    /// By which name the network knows the machine: another than its own where that was taken already. `None` where nobody announces
    /// it, or does not tell.
    pub async fn announced_name(&self) -> Option<String> {
        announced::name(&self.places.busctl).await
    }

    /// Is the machine's own clock kept right by the network?
    pub fn synchronised(&self) -> Synchronised {
        let folder = self.places.root.join("run/systemd/timesync");
        Synchronised::of(folder.is_dir(), folder.join("synchronized").exists())
    }

    pub fn state_dir(&self) -> &Path {
        &self.places.state_dir
    }

    /// The daemon's unit, if the settings name one.
    pub fn unit(&self) -> Option<&UnitName> {
        self.places.unit.as_ref()
    }

    /// How the daemon's unit stands.
    pub async fn unit_state(&self, unit: &UnitName) -> Result<UnitState, Error> {
        let uptime = self.text("proc/uptime").and_then(|text| health::uptime(&text));
        unit::state(&self.places.systemctl, unit, uptime).await
    }

    /// Starts it anew. A second order while one is under way waits for that one, and is content with it.
    pub async fn restart(&self, unit: &UnitName) -> Result<(), Error> {
        let Ok(_alone) = self.restarting.try_lock() else {
            let _until_done = self.restarting.lock().await;
            return Ok(());
        };
        unit::restart(&self.places.systemctl, unit).await
    }

    /// The last lines that the unit wrote, oldest first.
    pub async fn log(&self, unit: &UnitName) -> Result<Vec<String>, Error> {
        unit::log(&self.places.journalctl, unit).await
    }

    fn temperature(&self) -> Option<i32> {
        let zones = "sys/class/thermal";
        self.find(zones, "type", "cpu-thermal", "temp")
            .or_else(|| self.text("sys/class/thermal/thermal_zone0/temp"))
            .and_then(|text| health::celsius(&text))
    }

    /// `wanted` of the first folder below `folder` whose file `key` says `value`.
    fn find(&self, folder: &str, key: &str, value: &str, wanted: &str) -> Option<String> {
        let mut folders: Vec<PathBuf> =
            fs::read_dir(self.places.root.join(folder)).ok()?.flatten().map(|entry| entry.path()).collect();
        folders.sort();
        let right = |folder: &&PathBuf| fs::read_to_string(folder.join(key)).is_ok_and(|text| text.trim() == value);
        fs::read_to_string(folders.iter().find(right)?.join(wanted)).ok()
    }

    /// What the system says there; `None` where it does not.
    fn text(&self, path: &str) -> Option<String> {
        fs::read(self.places.root.join(path)).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }
}

pub mod provisioning;

/// What the machine is called on its network; `None` where the kernel does not tell.
pub fn host_name() -> Option<String> {
    std::fs::read_to_string("/proc/sys/kernel/hostname").ok().and_then(|text| identity::line(&text))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_pi_tells_who_and_how_it_is() {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in [
            ("proc/device-tree/model", "Raspberry Pi Zero 2 W Rev 1.0\0"),
            ("proc/device-tree/serial-number", "00000000deadbeef\0"),
            ("proc/sys/kernel/hostname", "kitchen\n"),
            ("proc/sys/kernel/osrelease", "6.12.47+rpt-rpi-v8\n"),
            ("proc/uptime", "93784.12 180000.00\n"),
            ("proc/loadavg", "0.20 0.18 0.12 1/80 11206\n"),
            ("proc/meminfo", "MemTotal: 437000 kB\nMemAvailable: 210000 kB\n"),
            ("etc/os-release", "PRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\n"),
            ("sys/class/thermal/thermal_zone0/type", "gpu-thermal\n"),
            ("sys/class/thermal/thermal_zone0/temp", "90000\n"),
            ("sys/class/thermal/thermal_zone1/type", "cpu-thermal\n"),
            ("sys/class/thermal/thermal_zone1/temp", "51540\n"),
            ("sys/class/hwmon/hwmon1/name", "rpi_volt\n"),
            ("sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1\n"),
            ("run/systemd/timesync/synchronized", ""),
        ] {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let pi = device(root.path());
        let identity = pi.identity();
        assert_eq!(identity.model.as_deref(), Some("Raspberry Pi Zero 2 W Rev 1.0"));
        assert_eq!((identity.host_name.as_deref(), identity.serial_end.as_deref()), (Some("kitchen"), Some("beef")));
        let health = pi.health();
        assert_eq!((health.celsius, health.uptime), (Some(51), Some(Duration::from_millis(93_784_120))));
        assert_eq!(health.worries(), [Worry::UnderVoltage]);
        assert!(health.disk.is_some());
        assert_eq!(pi.synchronised(), Synchronised::Yes);
    }

    #[test]
    fn a_machine_that_tells_nothing_is_no_worry() {
        let root = tempfile::tempdir().unwrap();
        let machine = device(root.path());
        assert_eq!(machine.identity(), Identity::default());
        let health = Health { disk: None, ..machine.health() };
        assert_eq!(health, Health::default());
        assert_eq!((health.worries(), machine.synchronised()), (Vec::new(), Synchronised::Unknown));
    }

    fn device(root: &Path) -> Device {
        Device::new(Places {
            root: root.to_owned(),
            state_dir: root.to_owned(),
            systemctl: root.join("systemctl"),
            journalctl: root.join("journalctl"),
            busctl: root.join("busctl"),
            unit: None,
        })
    }
}
