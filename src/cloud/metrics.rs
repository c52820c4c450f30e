//! What the service counts for Prometheus: requests and messages by outcome, and how long requests took. Nothing in it tells
//! who asked.

use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, Request, Response, StatusCode};
use axum::middleware::Next;
use axum::response::IntoResponse as _;
use axum::routing::get;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use super::Cloud;
use super::site::Site;
use super::store::Channel;
use crate::protocol::cognito::TARGET_PREFIX;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// An SRP proof takes some milliseconds, an Argon2 hash some more, a gateway seconds.
const BUCKETS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5, 10.0];
/// Everything that is not ours, so that strangers cannot make up names.
const UNKNOWN: &str = "unknown";

/// What became of a try to deliver a message.
pub(crate) const SENT: &str = "sent";
pub(crate) const LATER: &str = "later";
pub(crate) const GIVEN_UP: &str = "given up";

type Counted = [(&'static str, String); 2];
type Timed = [(&'static str, String); 1];

pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Counted, Counter>,
    durations: Family<Timed, Histogram, fn() -> Histogram>,
    messages: Family<Counted, Counter>,
    waiting: Gauge,
}

impl Metrics {
    pub(super) fn new() -> Self {
        let mut registry = Registry::with_prefix("latchkey");
        let (requests, messages, waiting) = (Family::default(), Family::default(), Gauge::default());
        let durations = Family::new_with_constructor(histogram as fn() -> Histogram);
        registry.register("requests", "Requests by operation and outcome", Family::clone(&requests));
        let seconds = prometheus_client::registry::Unit::Seconds;
        registry.register_with_unit("request_duration", "How long requests took", seconds, Family::clone(&durations));
        registry.register("messages", "Mail and text messages by what became of a try", Family::clone(&messages));
        registry.register("messages_waiting", "Mail and text messages that wait to leave", Gauge::clone(&waiting));
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The running program", version);
        let metrics = Self { registry, requests, durations, messages, waiting };
        for channel in [Channel::Mail, Channel::Sms] {
            for outcome in [SENT, LATER, GIVEN_UP] {
                // Shown from the start, at zero.
                metrics.messages_of(channel, outcome);
            }
        }
        metrics
    }

    fn note_request(&self, operation: &str, response: &Response<Body>, took: Duration) {
        let status = response.status();
        let fault = response.headers().get("x-amzn-errortype").and_then(|name| name.to_str().ok());
        let outcome = match fault {
            Some(fault) => fault.to_owned(),
            None if status.is_success() || status.is_redirection() => "ok".to_owned(),
            None => status.as_u16().to_string(),
        };
        let strange = [StatusCode::NOT_FOUND, StatusCode::METHOD_NOT_ALLOWED].contains(&status);
        let made_up = strange || fault == Some("UnknownOperationException");
        let operation = if made_up { UNKNOWN } else { operation }.to_owned();
        self.durations.get_or_create(&[("operation", operation.clone())]).observe(took.as_secs_f64());
        self.requests.get_or_create(&[("operation", operation), ("outcome", outcome)]).inc();
    }

    /// `outcome`: [`SENT`], [`LATER`] or [`GIVEN_UP`].
    pub(super) fn note_message(&self, channel: Channel, outcome: &'static str) {
        self.messages_of(channel, outcome).inc();
    }

    fn messages_of(&self, channel: Channel, outcome: &'static str) -> Counter {
        let labels = [("channel", channel.name().to_owned()), ("outcome", outcome.to_owned())];
        self.messages.get_or_create_owned(&labels)
    }

    fn text(&self) -> String {
        let mut text = String::new();
        // Writing into memory does not fail.
        let _written = encode(&mut text, &self.registry);
        text
    }
}

fn histogram() -> Histogram {
    Histogram::new(BUCKETS)
}

/// Around everything.
pub(super) async fn count(State(site): State<Site>, request: Request<Body>, next: Next) -> Response<Body> {
    let (operation, begun) = (operation(&request), site.cloud.clock.monotonic());
    let response = next.run(request).await;
    site.cloud.metrics.note_request(&operation, &response, site.cloud.clock.monotonic().saturating_sub(begun));
    response
}

/// What a request asks for, by a name that we gave: a Cognito operation, or the beginning of the path.
fn operation<B>(request: &Request<B>) -> String {
    let path = request.uri().path();
    if path == "/" && request.method() == Method::POST {
        let target = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok());
        return target.and_then(|target| target.strip_prefix(TARGET_PREFIX)).unwrap_or(UNKNOWN).to_owned();
    }
    let mut words = path.split('/').skip(1);
    let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    match first {
        "v1" | "oauth2" | ".well-known" => format!("/{first}/{second}"),
        _ => format!("/{first}"),
    }
}

/// `/metrics`, for a listener of its own.
pub(super) fn router(cloud: Cloud) -> axum::Router {
    axum::Router::new().route("/metrics", get(move || answer(cloud.clone())))
}

async fn answer(cloud: Cloud) -> axum::response::Response {
    match cloud.store.messages_waiting().await {
        Ok(waiting) => _ = cloud.metrics.waiting.set(waiting),
        Err(_database_gone) => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
    ([(CONTENT_TYPE, OPEN_METRICS)], cloud.metrics.text()).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use serde_json::json;
    use tower::ServiceExt as _;

    use super::*;
    use crate::cloud::bench::{Bench, EMAIL};

    async fn metrics(bench: &Bench) -> String {
        let request = Request::get("/metrics").body(Body::empty()).unwrap();
        let response = router(bench.cloud.clone()).oneshot(request).await.unwrap();
        assert_eq!(response.headers()[CONTENT_TYPE], OPEN_METRICS);
        String::from_utf8(to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn requests_are_counted_by_operation_and_outcome_and_name_nobody() {
        let bench = Bench::new().await;
        bench.ann(None, None).await;
        bench.begin().await;
        bench.initiate("USER_PASSWORD_AUTH", json!({"USERNAME": EMAIL, "PASSWORD": "wrong-password"})).await;
        bench.cognito("NoSuchOperation", &json!({})).await;
        for path in ["/health", "/made-up/by/a/stranger"] {
            bench.send(Request::get(path).body(Body::empty()).unwrap()).await;
        }
        let text = metrics(&bench).await;
        for line in [
            "latchkey_requests_total{operation=\"InitiateAuth\",outcome=\"ok\"} 1",
            "latchkey_requests_total{operation=\"InitiateAuth\",outcome=\"NotAuthorizedException\"} 1",
            "latchkey_requests_total{operation=\"unknown\",outcome=\"UnknownOperationException\"} 1",
            "latchkey_requests_total{operation=\"unknown\",outcome=\"404\"} 1",
            "latchkey_requests_total{operation=\"/health\",outcome=\"ok\"} 1",
            "latchkey_request_duration_seconds_count{operation=\"InitiateAuth\"} 2",
            "latchkey_messages_waiting 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is missing in\n{text}");
        }
        assert!(!text.contains("example.test") && !text.contains("stranger") && text.ends_with("# EOF\n"), "{text}");
    }

    #[tokio::test]
    async fn the_service_itself_does_not_show_them() {
        let bench = Bench::new().await;
        assert_eq!(bench.send(Request::get("/metrics").body(Body::empty()).unwrap()).await.status, 404);
    }
}
