//! Where the log of a long-running command goes: standard error.

use crate::settings::Environment;

/// The journal stamps the time itself.
pub(super) fn start(level: tracing::Level, environment: &Environment) {
    let log = tracing_subscriber::fmt().with_writer(std::io::stderr).with_max_level(level).with_target(false);
    match environment.has_journal() {
        true => log.without_time().init(),
        false => log.init(),
    }
}
