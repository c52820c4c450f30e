//! Is this machine's clock right? Codes of authenticator apps and signatures are checked against it.

use std::path::Path;
use std::time::{Duration, SystemTime};

use super::{Finding, fine, warning, wrong};
use crate::base::Clock;

const NAME: &str = "clock";
/// Nobody can run this program earlier: 1 January 2026.
const NOT_BEFORE: Duration = Duration::from_secs(1_767_225_600);
/// systemd-timesyncd and chrony's wait-sync leave this file.
const SYNCHRONISED: [&str; 2] = ["/run/systemd/timesync/synchronized", "/run/chrony/chronyd.pid"];

pub(super) fn check(clock: &Clock) -> Finding {
    if clock.wall() < SystemTime::UNIX_EPOCH + NOT_BEFORE {
        return wrong(NAME, "it is years behind; set it, or no code and no signature will be right.");
    }
    if SYNCHRONISED.iter().any(|file| Path::new(file).exists()) {
        fine(NAME, "it is kept right by the network.")
    } else {
        warning(NAME, "nothing was found that keeps it right; codes of authenticator apps need it right to 30 seconds.")
    }
}
