//! Where the log goes: standard error, whatever the command prints.

use crate::settings::{Environment, LogLevel};

/// The journal stamps the time itself.
pub(super) fn start(level: LogLevel, environment: &Environment) {
    let log = tracing_subscriber::fmt().with_writer(std::io::stderr).with_max_level(level.level());
    // There is one already when a test runs a command.
    let _started = if environment.has_journal() { log.without_time().try_init() } else { log.try_init() };
}
