//! What a command says when it fails, and with which exit code. The codes are a promise to scripts: `latchkey --help` lists them.

use std::io::{self, ErrorKind};
use std::path::PathBuf;

use super::agent;
use crate::base::{Exit, exit, report};
use crate::{account, app, keystore, net, protocol, settings};

const TABLE: [(Exit, &str); 12] = [
    (Exit::Failed, "something else failed"),
    (Exit::Usage, "the command line or the settings are not right"),
    (Exit::WrongAnswer, "password, code or access key is not right"),
    (Exit::SignedOut, "nobody is signed in"),
    (Exit::Unreachable, "the account service cannot be reached, or has a problem"),
    (Exit::NoAnswer, "an answer was needed that standard input did not give"),
    (Exit::Refused, "refused: the key is revoked, the account disabled, or the device another's"),
    (Exit::Permission, "permission is missing"),
    (Exit::Clock, "this device's clock is wrong"),
    (Exit::State, "what is kept here is damaged or cannot be written (disk full)"),
    (Exit::Wait, "too many tries; wait"),
    (Exit::InUse, "an address or socket is in use by another program"),
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
    App(#[from] app::Error),
    #[error(transparent)]
    Account(#[from] account::Error),
    #[error(transparent)]
    Keystore(#[from] keystore::Error),
    #[error(transparent)]
    Agent(#[from] agent::Error),
    #[error("{0} is missing on standard input; give one answer per line, or run this in a terminal.")]
    NoAnswer(String),
    #[error("The answer is longer than 4096 bytes or is not UTF-8 text.")]
    UnreadableAnswer,
    #[error(transparent)]
    Code(#[from] protocol::code::NotACode),
    #[error(transparent)]
    RecoveryCode(#[from] protocol::recovery_code::NotARecoveryCode),
    #[error(transparent)]
    AccessKey(#[from] protocol::access_key::Error),
    #[error("{0}")]
    NotAChoice(String),
    #[error("{}: {cause}", .path.display())]
    CredentialsFile { path: PathBuf, cause: protocol::credentials_file::Error },
    #[error(transparent)]
    Credentials(#[from] keystore::credentials::Error),
    #[error("{0} cannot be read.")]
    Unreadable(PathBuf, #[source] io::Error),
    #[error("{0}")]
    Usage(String),
    #[error("{0}")]
    Claim(String),
    #[error("The terminal cannot be used.")]
    Terminal(#[source] io::Error),
    #[error("The output cannot be written.")]
    Output(#[source] io::Error),
    #[error("The service answered with an error: {0}")]
    GraphQl(String),
    #[error("{0}")]
    Index(String),
    #[error("{0}")]
    Demo(String),
}

impl Error {
    #[cfg(feature = "cloud")]
    pub(super) fn demo(what: &str, failure: &(dyn std::error::Error + 'static)) -> Self {
        Self::Demo(format!("{what}: {}", report::chain(failure)))
    }

    /// One line: what to do, and in brackets the cause that the system gave.
    pub(super) fn sentence(&self) -> String {
        let mut sentence = report::with_root_cause(self);
        if self.exit() == Exit::Permission && !nix::unistd::geteuid().is_root() {
            sentence.push_str(" Or use sudo.");
        }
        sentence
    }

    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Settings(_) | Self::Usage(_) => Exit::Usage,
            Self::App(error) => of_app(error),
            Self::Account(error) => of_account(error),
            Self::Keystore(error) => of_keystore(error),
            Self::Agent(error) => of_agent(error),
            Self::Credentials(error) => of_credentials(error),
            Self::NoAnswer(_) => Exit::NoAnswer,
            Self::Code(_) | Self::RecoveryCode(_) | Self::AccessKey(_) | Self::NotAChoice(_) => Exit::WrongAnswer,
            Self::UnreadableAnswer | Self::CredentialsFile { .. } => Exit::WrongAnswer,
            Self::Unreadable(_, cause) if cause.kind() == ErrorKind::PermissionDenied => Exit::Permission,
            Self::Unreadable(..) | Self::Claim(_) | Self::Terminal(_) | Self::Output(_) => Exit::Failed,
            Self::GraphQl(_) | Self::Index(_) | Self::Demo(_) => Exit::Failed,
        }
    }
}

fn of_app(error: &app::Error) -> Exit {
    match error {
        app::Error::Account(error) => of_account(error),
        app::Error::Keystore(error) => of_keystore(error),
        app::Error::Client(_) => Exit::Usage,
        app::Error::Identity(_) => Exit::State,
        app::Error::Listen(net::listen::Error::InUse(..) | net::listen::Error::Live(_)) => Exit::InUse,
        app::Error::Listen(net::listen::Error::Bind(_, cause)) | app::Error::Folder(_, cause) => Exit::of_io(cause),
    }
}

fn of_account(error: &account::Error) -> Exit {
    use account::Error as E;
    match error {
        E::WrongPassword | E::WrongCode | E::CodeUsed | E::CodeExpired => Exit::WrongAnswer,
        E::WrongMailedCode | E::WrongRecoveryCode => Exit::WrongAnswer,
        E::PasswordPolicy(_) | E::KeyOfAnotherAccount | E::KeyRefused(_) | E::Unusable(_) => Exit::WrongAnswer,
        E::SignInExpired | E::ReturnLate(_) | E::UnsupportedChallenge(_) | E::OutOfTurn => Exit::Failed,
        E::TooManyTries { .. } => Exit::Wait,
        E::NotConfirmed | E::PasswordResetRequired | E::AccountDisabled | E::OwnedByAnother | E::KeyRevoked => {
            Exit::Refused
        }
        E::Refused(_) | E::InTheWay(_) | E::NotFresh | E::NotOffered => Exit::Refused,
        E::SignedOut => Exit::SignedOut,
        E::ClockWrong { .. } => Exit::Clock,
        E::Unreachable(_) | E::NotTheService | E::ServiceFault(_) | E::CodeNotDelivered => Exit::Unreachable,
        E::Misconfigured(_) | E::NotSignable(_) => Exit::Usage,
        E::Keystore(error) => of_keystore(error),
    }
}

fn of_keystore(error: &keystore::Error) -> Exit {
    use keystore::Error as E;
    match error {
        E::NotWritable(_, cause) | E::NotReadable(_, cause) if cause.kind() == ErrorKind::PermissionDenied => {
            Exit::Permission
        }
        E::NotWritable(..) | E::NotReadable(..) | E::DiskFull(_) | E::Newer(_) => Exit::State,
        E::BadSealingKey(_) | E::NoSealingKey(_) => Exit::State,
        E::TooOpen(_) => Exit::Permission,
    }
}

fn of_credentials(error: &keystore::credentials::Error) -> Exit {
    match error {
        keystore::credentials::Error::NoFolder(_) => Exit::Failed,
        keystore::credentials::Error::Content(..) => Exit::WrongAnswer,
        keystore::credentials::Error::Disk(error) => of_keystore(error),
    }
}

/// The statuses of the broker's front page.
fn of_agent(error: &agent::Error) -> Exit {
    match error {
        agent::Error::NotAllowed(_) => Exit::Permission,
        agent::Error::Broken(_) => Exit::Failed,
        agent::Error::Refused { status, .. } => match status.as_u16() {
            400 | 413 => Exit::Usage,
            403 => Exit::Permission,
            409 => Exit::SignedOut,
            410 => Exit::Refused,
            429 => Exit::Wait,
            500 => Exit::State,
            502 | 503 => Exit::Unreachable,
            _ => Exit::Failed,
        },
    }
}
