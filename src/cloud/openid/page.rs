//! The service's own pages around a sign-in by way of a provider: plain HTML without script.

use std::time::Duration;

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};

use super::parameters::Repeated;
use crate::base::report;
use crate::cloud::source_limit::{self, TooMany, whole_seconds};
use crate::cloud::store;

const STYLE: &str = include_str!("../../../assets/style/panel.css");
const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

/// What went wrong with what was typed, and where.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    pub(super) status: StatusCode,
    /// The id of the field; empty when it is about none.
    pub(super) field: &'static str,
    pub(super) sentence: String,
    /// After so long the same may be right.
    pub(super) wait: Option<Duration>,
}

/// Why there is a page instead of what was asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("{1}")]
    Request(StatusCode, &'static str),
    #[error("{0}")]
    Parameters(#[from] Repeated),
    #[error(transparent)]
    TooMany(#[from] TooMany),
    #[error("Something went wrong in the service. Try again in a moment.")]
    Store(#[from] store::Error),
    #[error("Something went wrong in the service. Try again in a moment.")]
    Service(#[from] crate::cloud::Error),
}

#[derive(Template)]
#[template(path = "openid_problem.html", config = "assets/askama.toml")]
struct Message<'a> {
    failed: bool,
    heading: &'a str,
    sentence: &'a str,
}

/// `GET /oauth2/style.css`
pub(super) async fn style() -> Response {
    let kind = (header::CONTENT_TYPE, "text/css; charset=utf-8");
    ([kind, (header::CACHE_CONTROL, "public, max-age=3600")], STYLE).into_response()
}

pub(super) fn show(status: StatusCode, page: &impl Template) -> Response {
    let Ok(text) = page.render() else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let mut response = (status, Html(text)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    // The address of such a page may hold a code or a state; no other site is told.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// A page that says something and asks nothing.
pub(super) fn message(heading: &str, sentence: &str) -> Response {
    show(StatusCode::OK, &Message { failed: false, heading, sentence })
}

pub(super) fn problem(status: StatusCode, sentence: &str) -> Response {
    show(status, &Message { failed: true, heading: "That did not work", sentence })
}

/// Sends the browser on, without telling where it came from.
pub(super) fn go_to(address: &str, cookie: Option<HeaderValue>) -> Response {
    let Ok(address) = HeaderValue::try_from(address) else {
        return problem(StatusCode::BAD_REQUEST, "The address to go on to cannot be used.");
    };
    let mut response = StatusCode::FOUND.into_response();
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, address);
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if let Some(cookie) = cookie {
        headers.insert(header::SET_COOKIE, cookie);
    }
    response
}

impl From<source_limit::Error> for Refusal {
    fn from(error: source_limit::Error) -> Self {
        match error {
            source_limit::Error::TooMany(too_many) => Self::TooMany(too_many),
            source_limit::Error::Store(error) => Self::Store(error),
        }
    }
}

impl axum::response::IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::Request(status, _) => *status,
            Self::Parameters(_) => StatusCode::BAD_REQUEST,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Store(_) | Self::Service(_) => {
                tracing::warn!(error = report::chain(&self), "a sign-in by way of a provider failed");
                StatusCode::INTERNAL_SERVER_ERROR
            }
        };
        let mut response = problem(status, &self.to_string());
        if let Self::TooMany(TooMany(wait)) = self {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
        }
        response
    }
}
