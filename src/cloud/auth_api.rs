//! The auth API under `/v1` (reference §2.3). `developerKey` is accepted and ignored, as every build sends the same.

use axum::Json;
use axum::extract::Request;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::json;

use super::caller;
use super::site::Site;
use super::store;
use crate::base::report;

#[derive(Deserialize)]
pub(super) struct Username {
    #[serde(rename = "username")]
    _username: String,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error(transparent)]
    Caller(#[from] caller::Error),
    #[error("Send JSON such as {{\"username\": \"ann@example.test\"}}.")]
    BadRequest(#[from] JsonRejection),
    #[error("Two-factor authentication cannot be changed here yet.")]
    NotYet,
}

/// No account of this service belongs to a SAML organisation.
pub(super) async fn check_saml(request: Result<Json<Username>, JsonRejection>) -> Result<Response, Error> {
    let Json(Username { .. }) = request?;
    Ok(Json(json!({ "isSaml": false })).into_response())
}

pub(super) async fn mfa_preference(site: Site, request: Request) -> Result<Response, Error> {
    let (head, _body) = request.into_parts();
    let account = caller::identify_by_token(&site, &head).await?;
    let factors = site.cloud.store.factors(&account.id).await.map_err(caller::Error::from)?;
    // remote.it knows one factor at a time; of two, the authenticator stands first.
    let pref = factors.first().map_or("NO_MFA", |kind| kind.name());
    Ok(Json(json!({ "MfaPref": pref })).into_response())
}

pub(super) async fn set_mfa_preference() -> Error {
    Error::NotYet
}

/// Ends every sign-in of the account. It is a GET because remote.it's clients send one; the token in the header, which no
/// foreign page can add, is what protects it.
pub(super) async fn global_sign_out(site: Site, request: Request) -> Result<Response, Error> {
    let (head, _body) = request.into_parts();
    let account = caller::identify_by_token(&site, &head).await?;
    site.cloud.store.revoke_families(&account.id, site.cloud.now()).await.map_err(caller::Error::from)?;
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
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::NotYet => StatusCode::NOT_IMPLEMENTED,
        }
    }
}

impl axum::response::IntoResponse for Error {
    fn into_response(self) -> Response {
        (self.status(), Json(json!({ "message": self.to_string() }))).into_response()
    }
}
