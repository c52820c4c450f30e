//! The auth API under `/v1` (reference §2.3). `developerKey` is accepted and ignored, as every build sends the same.
//!
//! Beyond remote.it's: mfaPref also names the factors that are on, since when, and those that can be chosen, the recommended one first, and
//! hands out short recovery codes beside the long one; recoveryCodes counts and makes them.

use std::time::Duration;

use axum::Json;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::extract::rejection::JsonRejection;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::caller;
use super::delivery::Undelivered;
use super::factors::{self, Preference};
use super::openid;
use super::site::Site;
use super::store::{self, FactorKind};
use crate::base::report;
use crate::protocol::recovery_code::{RecoveryCode, RecoveryCodes};

/// No body of ours is longer.
const LONGEST: usize = 4096;

#[derive(Deserialize)]
pub(super) struct Username {
    #[serde(rename = "username")]
    _username: String,
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(rename = "MfaPref")]
    preference: String,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error(transparent)]
    Caller(#[from] caller::Error),
    #[error("Send JSON such as {{\"username\": \"ann@example.test\"}}.")]
    BadRequest(#[from] JsonRejection),
    #[error("Send JSON with MfaPref, one of NO_MFA, SOFTWARE_TOKEN_MFA and SMS_MFA.")]
    NoPreference,
    #[error(transparent)]
    Factors(#[from] factors::Error),
}

/// No account of this service belongs to a SAML organisation.
pub(super) async fn check_saml(request: Result<Json<Username>, JsonRejection>) -> Result<Response, Error> {
    let Json(Username { .. }) = request?;
    Ok(Json(json!({ "isSaml": false })).into_response())
}

pub(super) async fn mfa_preference(site: Site, request: Request) -> Result<Response, Error> {
    let (head, _body) = request.into_parts();
    let account = caller::identify_by_token(&site, &head).await?;
    let factors = site.cloud.store.factors_on(&account.id).await.map_err(caller::Error::from)?;
    let on: Vec<&str> = factors.iter().map(|factor| factor.kind.name()).collect();
    let since: Map<String, Value> =
        factors.iter().map(|factor| (factor.kind.name().to_owned(), factor.since.iso().into())).collect();
    let provider = openid::only_provider(&site, &account).await.map_err(caller::Error::from)?;
    Ok(Json(json!({
        "MfaPref": Preference::of(&factors).name(),
        "on": on,
        "since": since,
        "choices": FactorKind::ALL.map(FactorKind::name),
        "message": provider.as_deref().map(openid::factors_are_theirs),
        "provider": provider,
    }))
    .into_response())
}

/// Recovery codes come with the factor that is turned on, here and never again.
pub(super) async fn set_mfa_preference(site: Site, request: Request) -> Result<Response, Error> {
    let (head, body) = request.into_parts();
    let who = caller::signed_in(&site, &head).await?;
    let body = to_bytes(body, LONGEST).await.map_err(|_too_long| Error::NoPreference)?;
    let wanted: Wanted = serde_json::from_slice(&body).map_err(|_unreadable| Error::NoPreference)?;
    let preference = Preference::named(&wanted.preference).ok_or(Error::NoPreference)?;
    let codes = factors::prefer(&site, &who, preference).await?;
    let mut answer = codes.map_or_else(Map::new, |codes| shown(&codes));
    answer.insert("MfaPref".to_owned(), preference.name().into());
    Ok(Json(answer).into_response())
}

/// How many recovery codes are left; the codes themselves were shown when they were made.
pub(super) async fn recovery_codes(site: Site, request: Request) -> Result<Response, Error> {
    let (head, _body) = request.into_parts();
    let account = caller::identify_by_token(&site, &head).await?;
    let left = factors::left(&site, &account).await?;
    Ok(Json(json!({
        "recoveryCodesLeft": left.short,
        "backupCodeLeft": left.long,
        "made": left.made.map(|made| made.iso()),
    }))
    .into_response())
}

/// New ones in place of the old.
pub(super) async fn make_recovery_codes(site: Site, request: Request) -> Result<Response, Error> {
    let (head, _body) = request.into_parts();
    let who = caller::signed_in(&site, &head).await?;
    Ok(Json(shown(&factors::make(&site, &who).await?)).into_response())
}

fn shown(codes: &RecoveryCodes) -> Map<String, Value> {
    let short: Vec<&str> = codes.short.iter().map(RecoveryCode::expose).collect();
    [("backupCode".to_owned(), codes.long.expose().into()), ("recoveryCodes".to_owned(), short.into())]
        .into_iter()
        .collect()
}

/// Ends every sign-in of the account. It is a GET because remote.it's clients send one; the token in the header, which no
/// foreign page can add, is what protects it.
pub(super) async fn global_sign_out(site: Site, request: Request) -> Result<Response, Error> {
    let (head, _body) = request.into_parts();
    let account = caller::identify_by_token(&site, &head).await?;
    site.sign_out_everywhere(&account.id).await.map_err(caller::Error::from)?;
    Ok(Json(json!({})).into_response())
}

impl Error {
    fn status(&self) -> StatusCode {
        match self {
            Self::Caller(caller::Error::Store(error)) => {
                tracing::warn!(error = report::chain(error as &store::Error), "auth API failed");
                StatusCode::INTERNAL_SERVER_ERROR
            }
            Self::Caller(_) => StatusCode::UNAUTHORIZED,
            Self::BadRequest(_) | Self::NoPreference => StatusCode::BAD_REQUEST,
            Self::Factors(error) => status_of(error),
        }
    }

    /// After so long the same request may be right.
    fn wait(&self) -> Option<Duration> {
        match self {
            Self::Factors(factors::Error::TooManyTexts(wait) | factors::Error::TooManyTries(wait)) => Some(*wait),
            Self::Factors(_) | Self::Caller(_) | Self::BadRequest(_) | Self::NoPreference => None,
        }
    }
}

fn status_of(error: &factors::Error) -> StatusCode {
    match error {
        factors::Error::NotFresh(_) => StatusCode::FORBIDDEN,
        factors::Error::AtProvider(_) => StatusCode::CONFLICT,
        factors::Error::NoAuthenticator
        | factors::Error::NoPhone
        | factors::Error::NoEnrolment
        | factors::Error::WrongCode
        | factors::Error::NothingOn => StatusCode::BAD_REQUEST,
        factors::Error::TooManyTexts(_) | factors::Error::TooManyTries(_) => StatusCode::TOO_MANY_REQUESTS,
        factors::Error::NotDelivered(Undelivered::Channel(_)) => StatusCode::BAD_GATEWAY,
        factors::Error::NotDelivered(Undelivered::Store(_)) | factors::Error::Store(_) | factors::Error::Service(_) => {
            tracing::warn!(error = report::chain(error), "auth API failed");
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}

impl axum::response::IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = (self.status(), Json(json!({ "message": self.to_string() }))).into_response();
        if let Some(wait) = self.wait() {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait.as_secs_f64().ceil() as u64));
        }
        response
    }
}
