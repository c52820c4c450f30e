//! What can go wrong at the panel, and the one translation of it into a status and a sentence. There is no wildcard arm: a
//! new failure cannot ship without an answer.

use std::time::Duration;

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use super::{page, words};
use crate::{account, keystore, protocol};

/// Every refusal of the panel.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("There is no such page.")]
    NoSuchPage,
    #[error("This page cannot be used that way.")]
    WrongMethod,
    #[error("The request does not say which host it is for.")]
    NoHost,
    #[error(
        "This panel does not answer to the name '{0}'. If that name is yours, add it to 'names' in the [panel] section of Latchkey's settings; otherwise open the panel by its address."
    )]
    UnknownName(String),
    /// Where the service is.
    #[error("This service does not answer to that name. It is at {0}.")]
    OtherHost(String),
    #[error("That form was not sent by this panel itself, so it was not used. Open the panel directly and try again.")]
    ForeignForm,
    #[error("Something in the form could not be read. Go back, reload the page and try again.")]
    BadForm,
    #[error("That is more text than the form can take.")]
    TooLarge,
    #[error("{0}")]
    Missing(&'static str),
    #[error("That claim code is not right. It is shown on the device's own screen, and by 'sudo latchkey claim'.")]
    WrongClaim,
    #[error("Too many tries. Wait {} and try again; the device's own console is never locked.", words::duration(*.0))]
    Wait(Duration),
    #[error("Latchkey is stopping. Try again in a moment.")]
    Stopping,
    #[error(
        "The device does not know yet what time it is, so it cannot tell whether this session still counts. Sign out of this panel and in again, or wait until the account service was reached."
    )]
    TimeUnknown,
    #[error("The service has a problem of its own. Try again in a few minutes.")]
    Trouble,
    #[error(transparent)]
    Code(#[from] protocol::code::NotACode),
    #[error(transparent)]
    RecoveryCode(#[from] protocol::recovery_code::NotARecoveryCode),
    #[error(transparent)]
    Key(#[from] protocol::access_key::Error),
    #[error(transparent)]
    Credentials(#[from] protocol::credentials_file::Error),
    #[error(transparent)]
    Account(#[from] account::Error),
}

/// What the person is told.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) sentence: String,
    /// Id of the field to be mended, when it is one.
    pub(crate) field: Option<&'static str>,
    retry_after: Option<Duration>,
    /// Where it is mended, when that is another page: address, and what the link says.
    pub(crate) remedy: Option<(&'static str, &'static str)>,
}

/// A problem on top of a page.
#[derive(Template)]
#[template(path = "problem.html", config = "assets/askama.toml")]
pub(crate) struct Summary<'a> {
    problem: &'a Problem,
}

impl Error {
    pub(crate) fn problem(&self) -> Problem {
        let retry_after =
            if let Self::Wait(wait) | Self::Account(account::Error::TooManyTries { wait: Some(wait) }) = self {
                Some(*wait)
            } else {
                None
            };
        Problem { status: self.status(), sentence: self.to_string(), field: None, retry_after, remedy: None }
    }

    /// What was typed was a secret, and not the right one.
    pub(crate) fn is_wrong_guess(&self) -> bool {
        self.status() == StatusCode::UNAUTHORIZED
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::NoSuchPage => StatusCode::NOT_FOUND,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::NoHost
            | Self::BadForm
            | Self::Missing(_)
            | Self::Code(_)
            | Self::RecoveryCode(_)
            | Self::Key(_)
            | Self::Credentials(_) => StatusCode::BAD_REQUEST,
            Self::UnknownName(_) | Self::OtherHost(_) => StatusCode::MISDIRECTED_REQUEST,
            Self::ForeignForm => StatusCode::FORBIDDEN,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::WrongClaim => StatusCode::UNAUTHORIZED,
            Self::Wait(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Stopping => StatusCode::SERVICE_UNAVAILABLE,
            Self::Trouble => StatusCode::INTERNAL_SERVER_ERROR,
            Self::TimeUnknown => StatusCode::CONFLICT,
            Self::Account(error) => account_status(error),
        }
    }
}

fn account_status(error: &account::Error) -> StatusCode {
    use account::Error as A;
    match error {
        A::WrongPassword
        | A::WrongCode
        | A::CodeUsed
        | A::CodeExpired
        | A::WrongMailedCode
        | A::WrongRecoveryCode
        | A::KeyRefused(_) => StatusCode::UNAUTHORIZED,
        A::NotConfirmed
        | A::PasswordResetRequired
        | A::AccountDisabled
        | A::NotFresh
        | A::OwnedByAnother
        | A::KeyOfAnotherAccount => StatusCode::FORBIDDEN,
        A::PasswordPolicy(_) | A::NotSignable(_) | A::Unusable(_) => StatusCode::BAD_REQUEST,
        A::TooManyTries { .. } => StatusCode::TOO_MANY_REQUESTS,
        A::SignInExpired | A::ReturnLate(_) => StatusCode::GONE,
        A::SignedOut | A::KeyRevoked | A::OutOfTurn | A::InTheWay(_) => StatusCode::CONFLICT,
        A::UnsupportedChallenge(_) | A::NotOffered => StatusCode::NOT_IMPLEMENTED,
        A::CodeNotDelivered | A::Unreachable(_) | A::NotTheService | A::ServiceFault(_) | A::Refused(_) => {
            StatusCode::BAD_GATEWAY
        }
        A::ClockWrong { .. } => StatusCode::SERVICE_UNAVAILABLE,
        A::Misconfigured(_) => StatusCode::INTERNAL_SERVER_ERROR,
        A::Keystore(keystore::Error::DiskFull(_)) => StatusCode::INSUFFICIENT_STORAGE,
        A::Keystore(
            keystore::Error::NotWritable(..)
            | keystore::Error::NotReadable(..)
            | keystore::Error::TooOpen(_)
            | keystore::Error::BadSealingKey(_)
            | keystore::Error::NoSealingKey(_)
            | keystore::Error::Newer(_),
        ) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl Problem {
    pub(crate) fn new(status: StatusCode, sentence: impl Into<String>) -> Self {
        Self { status, sentence: sentence.into(), field: None, retry_after: None, remedy: None }
    }

    /// The same may be right after so long.
    pub(crate) fn after(self, wait: Option<Duration>) -> Self {
        Self { retry_after: wait, ..self }
    }

    /// The field that holds the mistake, when a mistake in a field is what it was.
    pub(crate) fn at(mut self, field: &'static str) -> Self {
        if self.field.is_none() && matches!(self.status, StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED) {
            self.field = Some(field);
        }
        self
    }

    /// Another page, and what the link to it says.
    pub(crate) fn mended_at(self, address: &'static str, name: &'static str) -> Self {
        Self { remedy: Some((address, name)), ..self }
    }

    pub(crate) fn is_at(&self, field: &str) -> bool {
        self.field == Some(field)
    }

    pub(crate) fn summary(&self) -> Summary<'_> {
        Summary { problem: self }
    }

    pub(crate) fn retry_after(&self) -> Option<u64> {
        self.retry_after.map(|wait| wait.as_secs().max(1))
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        error.problem()
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        page::error(&self.problem(), "")
    }
}
