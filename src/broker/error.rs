//! What goes wrong at the door, as status and sentence. The table of statuses is in the folder's front page.

use axum::Json;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use crate::account;
use crate::base::report::chain;

#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("This user may not use Latchkey. Add it to the group 'latchkey' and start the program again.")]
    NotAllowed,
    #[error("Only root and the agent's own user may do this.")]
    NotAdministrator,
    #[error("There is no such URL. The broker has /v1/status, /v1/credentials, /v1/sign, /v1/graphql and /v1/reload.")]
    NoSuchUrl,
    #[error("This URL does not take that method: status and credentials take GET, the others POST.")]
    WrongMethod,
    #[error("The request is too large, or broke off.")]
    Body(#[from] BytesRejection),
    #[error("The query cannot be read: format is json, ini or env; profile is a name.")]
    Query(#[from] QueryRejection),
    #[error("The body is not the expected JSON: {0}.")]
    Json(serde_json::Error),
    #[error("body_sha256 must be a SHA-256 digest, in hexadecimal or base64.")]
    Digest,
    #[error(transparent)]
    Credentials(#[from] crate::protocol::credentials_file::Error),
    #[error(transparent)]
    Account(#[from] account::Error),
}

impl Error {
    fn status(&self) -> StatusCode {
        match self {
            Self::NotAllowed | Self::NotAdministrator => StatusCode::FORBIDDEN,
            Self::NoSuchUrl => StatusCode::NOT_FOUND,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::Body(rejection) => rejection.status(),
            Self::Query(_) | Self::Json(_) | Self::Digest | Self::Credentials(_) => StatusCode::BAD_REQUEST,
            Self::Account(error) => status_of(error),
        }
    }
}

fn status_of(error: &account::Error) -> StatusCode {
    use account::Error as E;
    match error {
        E::NotSignable(_) => StatusCode::BAD_REQUEST,
        E::SignedOut => StatusCode::CONFLICT,
        E::KeyRevoked | E::KeyRefused(_) => StatusCode::GONE,
        E::TooManyTries { .. } => StatusCode::TOO_MANY_REQUESTS,
        E::NotTheService | E::ServiceFault(_) | E::Refused(_) => StatusCode::BAD_GATEWAY,
        E::Unreachable(_) | E::ClockWrong { .. } => StatusCode::SERVICE_UNAVAILABLE,
        E::Keystore(_) | E::Misconfigured(_) => StatusCode::INTERNAL_SERVER_ERROR,
        // Only a sign-in meets these, and nobody signs in through this door.
        E::WrongPassword
        | E::WrongCode
        | E::CodeUsed
        | E::CodeExpired
        | E::SignInExpired
        | E::ReturnLate(_)
        | E::WrongMailedCode
        | E::WrongRecoveryCode
        | E::NotConfirmed
        | E::PasswordResetRequired
        | E::AccountDisabled
        | E::PasswordPolicy(_)
        | E::UnsupportedChallenge(_)
        | E::CodeNotDelivered
        | E::OwnedByAnother
        | E::KeyOfAnotherAccount
        | E::Unusable(_)
        | E::InTheWay(_)
        | E::NotFresh
        | E::NotOffered
        | E::OutOfTurn => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status = self.status();
        if status.is_server_error() {
            tracing::warn!(status = status.as_u16(), error = chain(&self), "the broker could not help a program");
        }
        (status, Json(serde_json::json!({ "error": self.to_string() }))).into_response()
    }
}
