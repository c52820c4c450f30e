//! Single values: from the text that was written to what it means, or a sentence that says how to write it.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use super::LogLevel;

/// A path.
pub fn absolute(text: &str) -> Result<PathBuf, String> {
    let path = Path::new(text);
    path.is_absolute()
        .then(|| path.to_owned())
        .ok_or_else(|| format!("'{text}' must be an absolute path, beginning with '/'."))
}

/// How much is logged.
pub fn log_level(text: &str) -> Result<LogLevel, String> {
    match text {
        "error" => Ok(LogLevel::Error),
        "warn" => Ok(LogLevel::Warn),
        "info" => Ok(LogLevel::Info),
        "debug" => Ok(LogLevel::Debug),
        _ => Err(format!("'{text}' is not a log level; choose error, warn, info or debug.")),
    }
}

/// The address of a proxy.
pub fn proxy(text: &str) -> Result<IpAddr, String> {
    text.trim().parse().map_err(|_| format!("'{text}' is not an IP address; write it like \"192.168.1.2\"."))
}

/// A name or literal address of this machine itself, as it stands in a URL.
pub fn is_loopback(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    address.map_or(host.eq_ignore_ascii_case("localhost"), |address| address.is_loopback())
}
