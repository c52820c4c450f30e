//! What a Cognito client is told when it does not get what it asked for (reference §1.9): names and texts are AWS's.

use std::borrow::Cow;
use std::time::Duration;

use axum::http::StatusCode;

use crate::cloud::Unfit;
use crate::cloud::caller;
use crate::cloud::delivery::Undelivered;
use crate::cloud::factors;
use crate::cloud::source_limit::{self, TooMany, in_words};
use crate::cloud::store;
use crate::cloud::tokens::Refusal;
use crate::protocol::{code, srp};

#[derive(Debug, thiserror::Error)]
pub(in crate::cloud) enum Fault {
    #[error("Incorrect username or password.")]
    WrongPassword,
    /// For how long yet.
    #[error("Password attempts exceeded. Try again in {}.", in_words(*.0))]
    LockedOut(Duration),
    #[error("User is disabled.")]
    Disabled,
    #[error("Invalid session for the user.")]
    InvalidSession,
    #[error("Invalid session for the user, session is expired.")]
    SessionExpired,
    #[error("TIMESTAMP is {} s from the service's clock; at most 300 s are allowed.", .0.as_secs())]
    ClockOff(Duration),
    #[error(transparent)]
    AccessToken(#[from] Refusal),
    #[error("Invalid Refresh Token")]
    RefreshTokenUnknown,
    #[error("Refresh Token has expired")]
    RefreshTokenExpired,
    #[error("Refresh Token has been revoked")]
    RefreshTokenRevoked,
    #[error("Unsupported token type")]
    NotARefreshToken,
    #[error("Invalid code received for user")]
    WrongCode,
    /// Of a code that was mailed or texted to confirm something.
    #[error("Invalid verification code provided, please try again.")]
    WrongConfirmation,
    #[error("User is not confirmed.")]
    NotConfirmed,
    #[error("An account with the given email already exists.")]
    AddressTaken,
    #[error("A client attempted to write unauthorized attribute")]
    NotWritable,
    #[error("Invalid code provided, please request a code again.")]
    ExpiredCode,
    #[error("Your software token has already been used once. Wait for the next code.")]
    ReusedCode,
    /// For how long yet.
    #[error("Attempt limit exceeded, please try after some time. Try again in {}.", in_words(*.0))]
    TooManyTries(Duration),
    #[error("Software Token MFA has not been enabled by the user")]
    NoSoftwareToken,
    #[error("MFA method not found")]
    NoSuchFactor,
    #[error("Password did not conform with policy: {0}")]
    PasswordPolicy(Unfit),
    #[error(transparent)]
    TooManyRequests(#[from] TooMany),
    #[error("Missing required parameter {0}")]
    Missing(&'static str),
    #[error("1 validation error detected: Value at '{0}' failed to satisfy constraint: {1}")]
    Constraint(&'static str, &'static str),
    #[error("{0}")]
    Parameter(Cow<'static, str>),
    #[error("The request body is not JSON of the operation's types.")]
    Serialization(#[source] serde_json::Error),
    #[error("The request body is larger than the operation allows.")]
    TooLong,
    #[error("There is no such operation here.")]
    UnknownOperation,
    #[error("User pool client {0} does not exist.")]
    UnknownClient(String),
    #[error(transparent)]
    NotDelivered(#[from] Undelivered),
    #[error(transparent)]
    Factors(#[from] factors::Error),
    #[error("Something went wrong in the service.")]
    Store(#[from] store::Error),
    #[error("Something went wrong in the service.")]
    Service(#[source] crate::cloud::Error),
}

impl Fault {
    pub(in crate::cloud) fn kind(&self) -> &'static str {
        match self {
            Self::WrongPassword
            | Self::LockedOut(_)
            | Self::Disabled
            | Self::InvalidSession
            | Self::SessionExpired
            | Self::ClockOff(_)
            | Self::AccessToken(_)
            | Self::RefreshTokenUnknown
            | Self::RefreshTokenExpired
            | Self::NotWritable
            | Self::RefreshTokenRevoked => "NotAuthorizedException",
            Self::NotARefreshToken => "UnsupportedTokenTypeException",
            Self::WrongCode | Self::WrongConfirmation | Self::ReusedCode => "CodeMismatchException",
            Self::NotConfirmed => "UserNotConfirmedException",
            Self::AddressTaken => "AliasExistsException",
            Self::ExpiredCode => "ExpiredCodeException",
            Self::TooManyTries(_) => "LimitExceededException",
            Self::TooManyRequests(_) => "TooManyRequestsException",
            Self::NoSoftwareToken => "SoftwareTokenMFANotFoundException",
            Self::NoSuchFactor => "MFAMethodNotFoundException",
            Self::PasswordPolicy(_) => "InvalidPasswordException",
            Self::Missing(_) | Self::Constraint(..) | Self::Parameter(_) | Self::TooLong => "InvalidParameterException",
            Self::Serialization(_) => "SerializationException",
            Self::UnknownOperation => "UnknownOperationException",
            Self::UnknownClient(_) => "ResourceNotFoundException",
            Self::NotDelivered(undelivered) => undelivered_kind(undelivered),
            Self::Factors(error) => kind_of(error),
            Self::Store(_) | Self::Service(_) => "InternalErrorException",
        }
    }

    /// After so long the same request may be right.
    pub(in crate::cloud) fn wait(&self) -> Option<Duration> {
        if let Self::LockedOut(wait)
        | Self::TooManyTries(wait)
        | Self::TooManyRequests(TooMany(wait))
        | Self::Factors(factors::Error::TooManyTexts(wait) | factors::Error::TooManyTries(wait)) = self
        {
            Some(*wait)
        } else {
            None
        }
    }

    /// It may have been a guess at a password, code, session or token.
    pub(super) fn may_be_a_guess(&self) -> bool {
        matches!(
            self.kind(),
            "NotAuthorizedException"
                | "CodeMismatchException"
                | "ExpiredCodeException"
                | "EnableSoftwareTokenMFAException"
                | "LimitExceededException"
        ) && !matches!(self, Self::ClockOff(_))
    }

    /// Not the client's.
    pub(in crate::cloud) fn is_ours(&self) -> bool {
        matches!(
            self,
            Self::Store(_)
                | Self::Service(_)
                | Self::NotDelivered(Undelivered::Store(_))
                | Self::Factors(
                    factors::Error::Store(_)
                        | factors::Error::Service(_)
                        | factors::Error::NotDelivered(Undelivered::Store(_))
                )
        )
    }

    pub(super) fn status(&self) -> StatusCode {
        if self.is_ours() { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::BAD_REQUEST }
    }
}

fn kind_of(error: &factors::Error) -> &'static str {
    match error {
        factors::Error::NotFresh(_) => "NotAuthorizedException",
        factors::Error::NoAuthenticator
        | factors::Error::NoPhone
        | factors::Error::NothingOn
        | factors::Error::AtProvider(_) => "InvalidParameterException",
        factors::Error::NoEnrolment => "SoftwareTokenMFANotFoundException",
        factors::Error::WrongCode => "EnableSoftwareTokenMFAException",
        factors::Error::TooManyTexts(_) | factors::Error::TooManyTries(_) => "LimitExceededException",
        factors::Error::NotDelivered(undelivered) => undelivered_kind(undelivered),
        factors::Error::Store(_) | factors::Error::Service(_) => "InternalErrorException",
    }
}

fn undelivered_kind(undelivered: &Undelivered) -> &'static str {
    match undelivered {
        Undelivered::Channel(_) => "CodeDeliveryFailureException",
        Undelivered::Store(_) => "InternalErrorException",
    }
}

impl From<caller::Error> for Fault {
    fn from(error: caller::Error) -> Self {
        match error {
            caller::Error::Token(refusal) => Self::AccessToken(refusal),
            caller::Error::Store(error) => Self::Store(error),
            caller::Error::Signature(_)
            | caller::Error::UnknownKey(_)
            | caller::Error::KeyDisabled(_)
            | caller::Error::KeyExpired(..)
            | caller::Error::Repeated => Self::AccessToken(Refusal::Invalid),
            caller::Error::AccountDisabled => Self::Disabled,
        }
    }
}

impl From<source_limit::Error> for Fault {
    fn from(error: source_limit::Error) -> Self {
        match error {
            source_limit::Error::TooMany(too_many) => Self::TooManyRequests(too_many),
            source_limit::Error::Store(error) => Self::Store(error),
        }
    }
}

impl From<crate::cloud::Error> for Fault {
    fn from(error: crate::cloud::Error) -> Self {
        if let crate::cloud::Error::Password(unfit) = error {
            Self::PasswordPolicy(unfit)
        } else {
            Self::Service(error)
        }
    }
}

impl From<srp::Error> for Fault {
    fn from(error: srp::Error) -> Self {
        match error {
            srp::Error::WrongProof => Self::WrongPassword,
            srp::Error::ZeroPublicValue
            | srp::Error::ZeroScrambler
            | srp::Error::NotHex(_)
            | srp::Error::NotBase64(_) => Self::Parameter(format!("SRP exchange: {error}").into()),
        }
    }
}

impl From<code::NotACode> for Fault {
    fn from(not_a_code: code::NotACode) -> Self {
        Self::Parameter(not_a_code.to_string().into())
    }
}
