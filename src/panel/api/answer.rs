//! What programs send and get: JSON both ways. A refusal is `{ "error": { "code", "message" } }`, whatever refuses.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::panel::screens::{Error, Problem};

/// Why a program does not get what it asked for.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
    retry_after: Option<u64>,
}

pub(super) type Answer<T> = Result<Sent<T>, Refusal>;

/// Goes out as JSON.
pub(super) struct Sent<T>(pub(super) T);

/// Comes in as JSON, with no member that is not known.
pub(super) struct Received<T>(pub(super) T);

impl Refusal {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), retry_after: None }
    }

    pub(super) async fn no_such_thing() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "There is nothing here. /api/v1/openapi.json says what there is.")
    }

    pub(super) async fn wrong_method() -> Self {
        let message = "That method is not for this address. /api/v1/openapi.json says which is.";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message)
    }
}

/// One word per status, for what the screens refuse too.
fn code(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "bad_request",
        401 => "wrong_credentials",
        403 => "forbidden",
        404 => "not_found",
        409 => "conflict",
        410 => "expired",
        413 => "too_large",
        421 => "wrong_host",
        429 => "too_many_tries",
        501 => "not_supported",
        502 => "service_failed",
        503 => "not_now",
        507 => "disk_full",
        _ => "internal",
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        let retry_after = problem.retry_after();
        Self { status: problem.status, code: code(problem.status), message: problem.sentence, retry_after }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        error.problem().into()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let content = json!({ "error": { "code": self.code, "message": self.message } });
        let mut response = (self.status, axum::Json(content)).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.code == "no_token" || self.code == "wrong_token" {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl<T: Serialize> IntoResponse for Sent<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Received<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/json") {
            let message = "Send the body as JSON, with the header 'Content-Type: application/json'.";
            return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", message));
        }
        let body = Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "That is more than a body may hold (16 KiB).")
            }
            _broken_off => Refusal::from(Error::BadForm),
        })?;
        serde_json::from_slice(&body).map(Self).map_err(|error| unreadable(&error))
    }
}

/// Names the member, never what stands in it: it may be a secret.
fn unreadable(error: &serde_json::Error) -> Refusal {
    let told = error.to_string();
    let member = || told.split('`').nth(1).unwrap_or_default();
    let message = if told.starts_with("unknown field") {
        format!("The member '{}' is not known here.", member())
    } else if told.starts_with("missing field") {
        format!("The member '{}' is missing.", member())
    } else {
        "The body is not the JSON that /api/v1/openapi.json asks for here.".to_owned()
    };
    Refusal::new(StatusCode::BAD_REQUEST, "bad_request", message)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Form {
        #[expect(dead_code, reason = "only whether it can be read matters")]
        password: String,
    }

    #[test]
    fn a_body_that_cannot_be_read_is_told_without_what_stands_in_it() {
        for (body, told) in [
            (r#"{"password":"x","admin":true}"#, "The member 'admin' is not known here."),
            ("{}", "The member 'password' is missing."),
            (r#"{"password":12345678}"#, "is not the JSON"),
            (r#""hunter2""#, "is not the JSON"),
            ("", "is not the JSON"),
        ] {
            let refusal = unreadable(&serde_json::from_str::<Form>(body).unwrap_err());
            assert!(refusal.message.contains(told), "{}", refusal.message);
            assert!(!refusal.message.contains("1234") && !refusal.message.contains("hunter"));
        }
    }
}
