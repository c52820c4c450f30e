//! Requests and answers as bytes (reference §1.1).

use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use axum::response::{IntoResponse as _, Response};
use http_body_util::BodyExt as _;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::fault::Fault;
use crate::protocol::cognito;

/// No request of ours is longer.
const LONGEST: usize = 64 * 1024;

const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
const ERROR_MESSAGE: HeaderName = HeaderName::from_static("x-amzn-errormessage");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// The body. What is too long is read to its end without being kept, so that the client hears why it is refused.
pub(super) async fn read(mut body: Body) -> Result<Bytes, Fault> {
    let mut kept = Vec::new();
    let mut length = 0_usize;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return Err(Fault::TooLong) };
        let Some(data) = frame.data_ref() else { continue };
        length = length.saturating_add(data.len());
        if length <= LONGEST {
            kept.extend_from_slice(data);
        }
    }
    if length > LONGEST { Err(Fault::TooLong) } else { Ok(kept.into()) }
}

/// An object: serde would take a list of values, too.
pub(super) fn parse<T: DeserializeOwned>(body: &Bytes) -> Result<T, Fault> {
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err(Fault::Serialization(serde::de::Error::custom("a request is an object")));
    }
    serde_json::from_slice(body).map_err(|error| {
        let text = error.to_string();
        // Serde has no other way to tell a member that is missing, or unknown by its value, from one of the wrong type.
        if text.starts_with("missing field") || text.starts_with("unknown variant") {
            Fault::Parameter(format!("1 validation error detected: {text}").into())
        } else {
            Fault::Serialization(error)
        }
    })
}

pub(super) fn answer(outcome: Result<serde_json::Value, Fault>, request_id: &str) -> Response {
    let mut response = match outcome {
        Ok(content) => content.to_string().into_response(),
        Err(fault) => refuse(&fault),
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(cognito::CONTENT_TYPE));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, id);
    }
    response
}

pub(super) fn content(reply: &impl Serialize) -> Result<serde_json::Value, Fault> {
    serde_json::to_value(reply).map_err(Fault::Serialization)
}

/// What an operation without a result answers.
pub(super) fn done(outcome: Result<(), Fault>) -> Result<serde_json::Value, Fault> {
    outcome.map(|()| serde_json::json!({}))
}

fn refuse(fault: &Fault) -> Response {
    let body = cognito::Fault { kind: fault.kind().to_owned(), message: fault.to_string() };
    let text = serde_json::to_string(&body).unwrap_or_default();
    let mut response = (fault.status(), text).into_response();
    let headers = response.headers_mut();
    headers.insert(ERROR_TYPE, HeaderValue::from_static(fault.kind()));
    if let Ok(message) = HeaderValue::from_str(&body.message) {
        headers.insert(ERROR_MESSAGE, message);
    }
    if let Some(wait) = fault.wait() {
        headers.insert(RETRY_AFTER, HeaderValue::from(wait.as_secs_f64().ceil() as u64));
    }
    response
}
