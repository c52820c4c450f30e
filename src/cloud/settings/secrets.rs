//! Secrets stand in files of their own; what a mistake says never repeats them.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use zeroize::Zeroize as _;

use crate::base::Secret;

/// More is no password.
const LONGEST: u64 = 8192;

/// The first line, without its end.
pub(super) fn first_line(path: &Path) -> Result<Secret<String>, String> {
    let shown = path.display();
    let unreadable =
        |error: &std::io::Error| format!("{shown} cannot be read ({error}); check the path and its permissions.");
    let file = fs::File::open(path).map_err(|error| unreadable(&error))?;
    let mode = file.metadata().map_err(|error| unreadable(&error))?.permissions().mode();
    if mode & 0o004 != 0 && file.metadata().is_ok_and(|found| found.is_file()) {
        return Err(format!("every user of this machine can read {shown}; mend it with 'chmod 640 {shown}'."));
    }
    let mut text = String::new();
    let read = file.take(LONGEST).read_to_string(&mut text);
    let line = text.lines().next().unwrap_or_default().to_owned();
    text.zeroize();
    read.map_err(|error| unreadable(&error))?;
    if line.is_empty() {
        Err(format!("{shown} is empty; its first line must hold the secret."))
    } else {
        Ok(Secret::new(line))
    }
}

/// `database-url` for `database.url_file`: what systemd's credential is called.
pub(super) fn credential(key: &str) -> String {
    let name = key.trim_end_matches("_file").trim_start_matches("identity_providers.");
    name.replace(['.', '_'], "-").to_lowercase()
}
