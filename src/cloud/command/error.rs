//! What a command says when it fails, and with which exit code. The codes are a promise to scripts.

use std::io::{self, ErrorKind};
use std::path::PathBuf;

use crate::base::{Exit, exit, report};
use crate::cloud;
use crate::cloud::store;
use crate::net::{listen, tls};
use crate::protocol::totp;
use crate::settings;

const TABLE: [(Exit, &str); 8] = [
    (Exit::Failed, "something else failed, or a check did"),
    (Exit::Usage, "the command line or the settings are not right"),
    (Exit::WrongAnswer, "there is no such account, or what was given (password, backup) is not right"),
    (Exit::Unreachable, "the database cannot be reached"),
    (Exit::Refused, "refused: something would be lost, or was not confirmed"),
    (Exit::Permission, "permission is missing"),
    (Exit::State, "the server key or the database is damaged or another's, or cannot be written (disk full)"),
    (Exit::InUse, "an address is in use, or cannot be bound"),
];

/// The table, for `--help`.
pub(super) fn exit_codes() -> String {
    exit::listed(&TABLE)
}

#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error(transparent)]
    Settings(#[from] settings::Error),
    #[error(transparent)]
    Cloud(#[from] cloud::Error),
    #[error(transparent)]
    Listen(#[from] listen::Error),
    #[error(transparent)]
    Tls(#[from] tls::Error),
    #[error(transparent)]
    Totp(#[from] totp::Error),
    #[error("The file {0} cannot be read.")]
    File(PathBuf, #[source] io::Error),
    #[error("Line {0} is not an account; write {{\"email\": \"…\", \"password\": \"…\"}}.")]
    Line(usize, #[source] serde_json::Error),
    #[error("Nothing was done, since it was not confirmed; type the address again, or give --yes.")]
    NotConfirmed,
    #[error("{0} of the checks failed; see above.")]
    ChecksFailed(usize),
    #[error("No password came on standard input; type it, or give --password-file.")]
    NoPassword,
    #[error("The terminal or pipe broke.")]
    Terminal(#[from] io::Error),
}

impl Error {
    /// One line: what to do, and in brackets the cause that the system gave.
    pub(super) fn sentence(&self) -> String {
        report::with_root_cause(self)
    }

    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Settings(_) | Self::Tls(_) => Exit::Usage,
            Self::Cloud(error) => of_cloud(error),
            Self::Listen(_) => Exit::InUse,
            Self::File(_, cause) => Exit::of_io(cause),
            Self::Totp(_) | Self::Line(..) => Exit::WrongAnswer,
            Self::NotConfirmed => Exit::Refused,
            Self::ChecksFailed(_) | Self::NoPassword | Self::Terminal(_) => Exit::Failed,
        }
    }
}

fn of_cloud(error: &cloud::Error) -> Exit {
    use cloud::Error as E;
    match error {
        E::StateFolder(_, cause) | E::ServerKey(_, cause) if cause.kind() != ErrorKind::PermissionDenied => Exit::State,
        E::StateFolder(..) | E::ServerKey(..) => Exit::Permission,
        E::ServerKeyDamaged(_) | E::ServerKeyMissing(_) | E::SigningKey => Exit::State,
        E::OtherPool { .. } | E::Client(_) | E::IdentityProvider(..) => Exit::Usage,
        E::Email(_) | E::Password(_) | E::Phone(_) | E::EmailTaken(_) | E::NoSuchAccount(_) => Exit::WrongAnswer,
        E::Store(store::Error::Statement(_)) => Exit::Unreachable,
        E::Store(store::Error::Migration(_) | store::Error::Unreadable(_)) => Exit::State,
        E::Backup(error) => of_backup(error),
        E::Interrupted | E::Argon2id | E::Output(_) => Exit::Failed,
    }
}

fn of_backup(error: &store::BackupError) -> Exit {
    use store::BackupError as E;
    match error {
        E::File(cause) => Exit::of_io(cause),
        E::Statement(_) => Exit::Unreachable,
        E::Damaged(_) | E::CutShort | E::Newer => Exit::WrongAnswer,
        E::OtherKey => Exit::State,
        E::NotEmpty(_) => Exit::Refused,
    }
}
