//! The Pi itself: identity, health, clock state, the daemon's unit.

pub mod provisioning;

/// What the machine is called on its network; `None` where the kernel does not tell.
pub fn host_name() -> Option<String> {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_owned())
}
