//! Is an answer the service's own? A hotspot, a proxy or a broken front end may speak in its place (PI-14).

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderName, RETRY_AFTER};

use super::Error;
use super::provider::Reply;
use crate::base::Secret;

/// The service's own answer, or what it means that it is not.
pub(super) fn reply(answer: http::Response<Bytes>) -> Result<Reply, Error> {
    let status = answer.status();
    let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok());
    let retry_after = header(RETRY_AFTER).and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs);
    let error_type = header(HeaderName::from_static("x-amzn-errortype")).map(ToOwned::to_owned);
    let form = header(CONTENT_TYPE).unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let form = form.to_ascii_lowercase();
    let json = form.ends_with("json") || form == crate::protocol::cognito::CONTENT_TYPE;
    let short_refusal = matches!(form.as_str(), "" | "text/plain") && matches!(status.as_u16(), 401 | 403);
    if status == StatusCode::NETWORK_AUTHENTICATION_REQUIRED || status.is_redirection() {
        Err(Error::NotTheService)
    } else if status == StatusCode::TOO_MANY_REQUESTS {
        Err(Error::TooManyTries { wait: retry_after })
    } else if json || short_refusal {
        let body = Secret::new(answer.into_body().into());
        Ok(Reply { status: status.as_u16(), retry_after, error_type, body })
    } else if status.is_server_error() {
        Err(Error::ServiceFault(format!("the service answered {status}").into()))
    } else {
        Err(Error::NotTheService)
    }
}

/// The signature was refused because of its time (SIG-02); the answer's own `Date` says what the service holds for right.
pub(super) fn refuses_our_time(reply: &Reply) -> bool {
    let text = String::from_utf8_lossy(reply.body.expose()).to_ascii_lowercase();
    matches!(reply.status, 401 | 403) && ["invalid date", "clock"].iter().any(|words| text.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = "application/json";

    fn judged(status: u16, form: &str) -> Result<Reply, Error> {
        let answer = http::Response::builder().status(status).header(CONTENT_TYPE, form);
        reply(answer.header(RETRY_AFTER, "40").body(Bytes::from("{}")).unwrap())
    }

    #[test]
    fn what_a_hotspot_says_is_not_the_service() {
        for (status, form) in [
            (200, "text/html; charset=utf-8"),
            (200, "text/plain"),
            (302, JSON),
            (307, "text/html"),
            (403, "text/html"),
            (404, "text/html"),
            (407, "text/html"),
            (511, JSON),
            (511, "text/html"),
        ] {
            let judged = judged(status, form);
            assert!(matches!(judged, Err(Error::NotTheService)), "{status} {form}: {judged:?}");
        }
    }

    #[test]
    fn answers_of_the_service_come_through_with_their_status() {
        for (status, form) in [
            (200, JSON),
            (200, "Application/JSON; charset=utf-8"),
            (200, "application/graphql-response+json"),
            (200, "application/x-amz-json-1.1"),
            (400, JSON),
            (403, "text/plain"),
            (500, JSON),
        ] {
            let reply = judged(status, form).unwrap();
            assert_eq!((reply.status, reply.body.expose().as_slice()), (status, b"{}".as_slice()), "{form}");
        }
    }

    #[test]
    fn a_gateway_without_a_service_behind_it_is_a_fault() {
        assert!(matches!(judged(502, "text/html"), Err(Error::ServiceFault(_))));
    }

    #[test]
    fn a_service_that_says_how_long_to_wait_is_believed() {
        let busy = judged(429, "text/html");
        assert!(matches!(busy, Err(Error::TooManyTries { wait: Some(wait) }) if wait.as_secs() == 40), "{busy:?}");
    }
}
