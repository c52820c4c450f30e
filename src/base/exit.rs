//! Exit codes of the product's programs. A promise to scripts: never renumbered, and the same in every program.

use std::io::{self, ErrorKind};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Failed = 1,
    Usage = 2,
    WrongAnswer = 3,
    SignedOut = 4,
    Unreachable = 5,
    NoAnswer = 6,
    Refused = 7,
    Permission = 8,
    Clock = 9,
    State = 10,
    Wait = 11,
    InUse = 69,
}

impl Exit {
    /// Of a file that could not be read or written.
    pub fn of_io(error: &io::Error) -> Self {
        if error.kind() == ErrorKind::PermissionDenied {
            Self::Permission
        } else if [ErrorKind::StorageFull, ErrorKind::ReadOnlyFilesystem].contains(&error.kind()) {
            Self::State
        } else {
            Self::Failed
        }
    }
}

/// Those of one program with what they mean there, for its `--help`.
pub fn listed(table: &[(Exit, &str)]) -> String {
    let rows = table.iter().map(|&(exit, meaning)| format!("\n  {:>2}  {meaning}", exit as u8));
    format!("Exit codes:\n   0  done{}", rows.collect::<String>())
}
