//! How the machine is: what the kernel and the firmware tell, and what of it is a reason to worry.

use std::path::Path;
use std::time::Duration;

/// What is known; a machine that is no Pi knows less.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Health {
    pub uptime: Option<Duration>,
    pub load: Option<Load>,
    pub memory: Option<Amount>,
    /// Of the disk that Latchkey's state is on.
    pub disk: Option<Amount>,
    /// Of the processor.
    pub celsius: Option<i32>,
    pub power: Option<Power>,
}

/// How many programs wanted to run at once, on average.
#[derive(Clone, Debug, PartialEq)]
pub struct Load {
    pub one_minute: f32,
    pub five_minutes: f32,
    pub fifteen_minutes: f32,
}

/// In bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amount {
    pub free: u64,
    pub total: u64,
}

/// What the firmware says of voltage and heat: now, and at some time since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Power {
    pub too_low: bool,
    pub was_too_low: bool,
    pub slowed_down: bool,
    pub was_slowed_down: bool,
}

/// What somebody should do something about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worry {
    UnderVoltage,
    UnderVoltageBefore,
    /// The processor slows itself down.
    TooHot,
    Hot,
    DiskFull,
    DiskLow,
    MemoryLow,
}

/// Where a Pi begins to slow itself down, and where that is near.
const TOO_HOT: i32 = 80;
const HOT: i32 = 75;
const MEBI: u64 = 1024 * 1024;

impl Health {
    /// The worst first.
    pub fn worries(&self) -> Vec<Worry> {
        let power = self.power.unwrap_or_default();
        let celsius = self.celsius.unwrap_or_default();
        let below = |amount: Option<Amount>, least: u64, share: u64| {
            amount.is_some_and(|Amount { free, total }| free < least.min(total / share))
        };
        let disk_full = below(self.disk, 20 * MEBI, 50);
        let too_hot = celsius >= TOO_HOT || (power.slowed_down && !power.too_low);
        [
            (Worry::UnderVoltage, power.too_low),
            (Worry::TooHot, too_hot),
            (Worry::DiskFull, disk_full),
            (Worry::DiskLow, !disk_full && below(self.disk, 500 * MEBI, 10)),
            (Worry::MemoryLow, below(self.memory, 64 * MEBI, 10)),
            (Worry::UnderVoltageBefore, power.was_too_low && !power.too_low),
            (Worry::Hot, celsius >= HOT && !too_hot),
        ]
        .into_iter()
        .filter_map(|(worry, is_so)| is_so.then_some(worry))
        .collect()
    }
}

/// The first number of /proc/uptime.
pub(super) fn uptime(text: &str) -> Option<Duration> {
    let seconds: f64 = text.split_whitespace().next()?.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// /proc/loadavg
pub(super) fn load(text: &str) -> Option<Load> {
    let mut numbers = text.split_whitespace().map(str::parse);
    let mut next = || numbers.next()?.ok().filter(|number: &f32| number.is_finite());
    Some(Load { one_minute: next()?, five_minutes: next()?, fifteen_minutes: next()? })
}

/// /proc/meminfo
pub(super) fn memory(text: &str) -> Option<Amount> {
    let kibibytes = |name: &str| -> Option<u64> {
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        value.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
    };
    Some(Amount { free: kibibytes("MemAvailable")?, total: kibibytes("MemTotal")? })
}

/// What is free for programs that are not root.
pub(super) fn disk(folder: &Path) -> Option<Amount> {
    let disk = nix::sys::statvfs::statvfs(folder).ok()?;
    // The C types differ between processors; this one holds all of them.
    let block = u128::from(disk.fragment_size());
    let bytes = |blocks: u128| blocks.checked_mul(block).and_then(|bytes| u64::try_from(bytes).ok());
    Some(Amount { free: bytes(disk.blocks_available().into())?, total: bytes(disk.blocks().into())? })
}

/// A thermal zone's thousandths.
pub(super) fn celsius(text: &str) -> Option<i32> {
    text.trim().parse::<i32>().ok().map(|thousandths| thousandths / 1000)
}

/// The firmware's flags: bits 0 to 3 are now, bits 16 to 19 since the start.
pub(super) fn throttled(text: &str) -> Option<Power> {
    let digits = text.trim();
    let flags = u32::from_str_radix(digits.strip_prefix("0x").unwrap_or(digits), 16).ok()?;
    Some(Power {
        too_low: flags & 1 != 0,
        was_too_low: flags & 1 << 16 != 0,
        slowed_down: flags & 0b1110 != 0,
        was_slowed_down: flags & 0b1110 << 16 != 0,
    })
}

/// The kernel's voltage sensor (rpi_volt), which knows only whether the voltage is too low now.
pub(super) fn under_voltage(alarm: &str) -> Option<Power> {
    match alarm.trim() {
        "0" => Some(Power::default()),
        "1" => Some(Power { too_low: true, was_too_low: true, ..Power::default() }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_writes_is_read() {
        assert_eq!(uptime("350735.47 234388.90\n"), Some(Duration::from_millis(350_735_470)));
        let average = load("0.20 0.18 0.12 1/80 11206\n").unwrap();
        assert_eq!((average.one_minute, average.fifteen_minutes), (0.2, 0.12));
        let text = "MemTotal:         437000 kB\nMemFree:           20000 kB\nMemAvailable:     210000 kB\n";
        assert_eq!(memory(text), Some(Amount { free: 210_000 * 1024, total: 437_000 * 1024 }));
        assert_eq!((celsius("48312\n"), celsius("-3000\n")), (Some(48), Some(-3)));
    }

    #[test]
    fn what_it_does_not_write_is_not_known() {
        for text in ["", "\n", "nan", "-1 -1 -1", "x y z", "MemTotal: 1 kB", "99999999999999999999999"] {
            assert_eq!((uptime(text), memory(text), celsius(text)), (None, None, None), "{text}");
        }
        assert_eq!((load("0.1 0.2"), load("inf 0 0"), throttled("x"), under_voltage("")), (None, None, None, None));
    }

    #[test]
    fn the_firmwares_flags_tell_now_from_before() {
        assert_eq!(throttled("0\n"), Some(Power::default()));
        let was = Power { was_too_low: true, was_slowed_down: true, ..Power::default() };
        assert_eq!(throttled("0x50000"), Some(was));
        assert_eq!(throttled("50005\n"), Some(Power { too_low: true, slowed_down: true, ..was }));
    }

    #[test]
    fn a_healthy_machine_has_no_worries() {
        let big = Amount { free: 20 * 1024 * MEBI, total: 29 * 1024 * MEBI };
        let memory = Some(Amount { free: 200 * MEBI, total: 427 * MEBI });
        let health = Health { celsius: Some(55), disk: Some(big), memory, power: throttled("0"), ..Health::default() };
        assert_eq!(health.worries(), []);
    }

    #[test]
    fn every_trouble_is_a_worry_the_worst_first() {
        let of = |free, total| Some(Amount { free: free * MEBI, total: total * MEBI });
        let all = Health { power: throttled("1"), celsius: Some(85), disk: of(1, 29_000), ..Health::default() };
        assert_eq!(all.worries(), [Worry::UnderVoltage, Worry::TooHot, Worry::DiskFull]);
        let less = Health { celsius: Some(76), disk: of(300, 29_000), memory: of(30, 400), ..Health::default() };
        assert_eq!(less.worries(), [Worry::DiskLow, Worry::MemoryLow, Worry::Hot]);
        let before = Health { power: throttled("10000"), ..Health::default() };
        assert_eq!(before.worries(), [Worry::UnderVoltageBefore]);
    }

    #[test]
    fn a_small_disk_is_not_low_for_being_small() {
        let disk = Some(Amount { free: 200 * MEBI, total: 1000 * MEBI });
        assert_eq!(Health { disk, ..Health::default() }.worries(), []);
    }
}
