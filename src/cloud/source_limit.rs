//! How much one source address may try at the doors that anybody can reach: sign-in, codes, sign-up, forgotten passwords.
//!
//! Failures cost, and so does whatever sends mail; what succeeds is free and writes nothing. The source is the peer, or whom a
//! trusted proxy names, so no header of the client moves it. This machine itself (loopback) never waits: its console is the way
//! back in. Locks per account are apart from this (`guesses`).

use std::time::Duration;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::{HeaderValue, RETRY_AFTER};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::site::Site;
use super::store::{self, Credit};
use super::visitor::Visitor;
use crate::base::report;

/// What a request costs that makes the service send something.
pub(crate) const MAIL: u32 = 5;

/// What one source address may do before it has to wait.
#[derive(Clone, Copy, Debug)]
pub struct SourceLimit {
    /// Failures that are free; 0: there is no limit.
    pub failures: u32,
    /// One of them is forgiven each time that so much time has passed.
    pub forgives: Duration,
    /// The first wait; the next ones double.
    pub first: Duration,
    pub longest: Duration,
}

/// The source has to wait yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Too many requests from your address. Try again in {}.", in_words(*.0))]
pub(crate) struct TooMany(pub(crate) Duration);

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    TooMany(#[from] TooMany),
    #[error("Something went wrong in the service.")]
    Store(#[from] store::Error),
}

impl Default for SourceLimit {
    /// An office behind one address mistypes less; a guesser gets 1440 tries a day at most.
    fn default() -> Self {
        Self {
            failures: 60,
            forgives: Duration::from_secs(60),
            first: Duration::from_secs(5),
            longest: Duration::from_secs(900),
        }
    }
}

impl SourceLimit {
    fn credit(&self) -> Credit {
        Credit {
            pays: self.forgives,
            limit: self.forgives.saturating_mul(self.failures),
            first: self.first,
            longest: self.longest,
        }
    }
}

impl Site {
    /// Before something is tried: must this source wait?
    pub(crate) async fn check_source(&self) -> Result<(), Error> {
        if !self.is_limited() {
            return Ok(());
        }
        let left = self.cloud.store.source_wait(&self.visitor.source(), self.cloud.now()).await?;
        left.map_or(Ok(()), |wait| Err(TooMany(wait).into()))
    }

    /// After it failed, or before something costly: so many failures more. Refused when the source had to wait already (it
    /// tried many things at once): then the outcome must not be told.
    pub(crate) async fn charge_source(&self, failures: u32) -> Result<(), Error> {
        if !self.is_limited() {
            return Ok(());
        }
        let (store, now, source) = (&self.cloud.store, self.cloud.now(), self.visitor.source());
        if store.charge_source(&self.cloud.plan.source_limit.credit(), &source, failures, now).await? {
            return Ok(());
        }
        let left = store.source_wait(&source, now).await?;
        Err(TooMany(left.unwrap_or(self.cloud.plan.source_limit.first)).into())
    }

    fn is_limited(&self) -> bool {
        self.cloud.plan.source_limit.failures > 0 && !self.visitor.address.to_canonical().is_loopback()
    }
}

/// Around routes other than Cognito's, which has its own words: 429 for a source that must wait, and a refusal costs.
pub(crate) async fn gate(State(mut site): State<Site>, request: Request, next: Next) -> Response {
    if request.method() == Method::OPTIONS {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    site.visitor = Visitor::of(&parts, &site.cloud.plan.trusted_proxies);
    if let Err(refused) = site.check_source().await {
        return refused.into_response();
    }
    let response = next.run(Request::from_parts(parts, body)).await;
    if !matches!(response.status(), StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS) {
        return response;
    }
    match site.charge_source(1).await {
        Ok(()) => response,
        Err(refused) => refused.into_response(),
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let text = Json(json!({ "message": self.to_string() }));
        match self {
            Self::TooMany(TooMany(wait)) => {
                let mut response = (StatusCode::TOO_MANY_REQUESTS, text).into_response();
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
                response
            }
            Self::Store(error) => {
                tracing::warn!(error = report::chain(&error), "the limit per source cannot be checked");
                (StatusCode::INTERNAL_SERVER_ERROR, text).into_response()
            }
        }
    }
}

/// Never too early.
pub(crate) fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

/// `40 s`, `15 min`
pub(crate) fn in_words(wait: Duration) -> String {
    match whole_seconds(wait) {
        seconds @ ..120 => format!("{seconds} s"),
        seconds => format!("{} min", seconds.div_ceil(60)),
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use serde_json::json;

    use super::*;
    use crate::cloud::bench::{Bench, CLIENT, EMAIL, PASSWORD, Reply, send};
    use crate::protocol::cognito::TARGET_PREFIX;

    const OURS: &str = "198.51.100.7";
    const OTHER: &str = "203.0.113.9";

    /// A service behind a trusted proxy, where three failures are free.
    async fn narrow(bench: &Bench) -> Router {
        bench
            .beside(|plan| {
                plan.trusted_proxies = vec![[127, 0, 0, 1].into()];
                plan.source_limit.failures = 3;
            })
            .await
    }

    async fn call(router: &Router, from: &str, operation: &str, body: serde_json::Value) -> Reply {
        let request = Request::post("/")
            .header("x-amz-target", format!("{TARGET_PREFIX}{operation}"))
            .header("x-forwarded-for", from)
            .body(Body::from(body.to_string()));
        send(router, request.unwrap()).await
    }

    async fn sign_in(router: &Router, from: &str, email: &str, password: &str) -> Reply {
        let parameters = json!({"USERNAME": email, "PASSWORD": password});
        let body = json!({"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": CLIENT, "AuthParameters": parameters});
        call(router, from, "InitiateAuth", body).await
    }

    #[tokio::test]
    async fn a_source_that_fails_too_often_waits_wherever_it_tries_and_is_told_how_long() {
        let bench = Bench::new().await;
        bench.ann(None, None).await;
        let router = narrow(&bench).await;
        for name in ["a@example.test", "b@example.test", "c@example.test", "d@example.test"] {
            assert_eq!(sign_in(&router, OURS, name, "wrong-password").await.fault(), "NotAuthorizedException");
        }
        let refused = sign_in(&router, OURS, EMAIL, PASSWORD).await;
        assert_eq!((refused.status.as_u16(), refused.fault()), (400, "TooManyRequestsException"));
        assert_eq!(refused.message(), "Too many requests from your address. Try again in 5 s.");
        assert_eq!(refused.headers["retry-after"], "5");
        let moved = sign_in(&router, &format!("192.0.2.1, {OURS}"), EMAIL, PASSWORD).await;
        assert_eq!(moved.fault(), "TooManyRequestsException", "a forged hop does not help");
        assert!(sign_in(&router, OTHER, EMAIL, PASSWORD).await.signed_in());
        let beside = narrow(&bench).await;
        assert_eq!(sign_in(&beside, OURS, EMAIL, PASSWORD).await.fault(), "TooManyRequestsException");
        bench.hand.pass(Duration::from_secs(5));
        assert!(sign_in(&router, OURS, EMAIL, PASSWORD).await.signed_in());
    }

    #[tokio::test]
    async fn this_machine_never_waits_and_success_costs_nothing() {
        let bench = Bench::new().await;
        bench.ann(None, None).await;
        let router = narrow(&bench).await;
        for number in 0..20 {
            assert!(sign_in(&router, OURS, EMAIL, PASSWORD).await.signed_in());
            let name = format!("{number}@example.test");
            assert_eq!(sign_in(&router, "", &name, "wrong-password").await.fault(), "NotAuthorizedException");
        }
        assert!(sign_in(&router, "", EMAIL, PASSWORD).await.signed_in());
    }

    #[tokio::test]
    async fn the_other_doors_say_it_in_their_own_way() {
        let bench = Bench::new().await;
        let router = narrow(&bench).await;
        let ask = async || {
            let request = Request::get("/v1/mfaPref").header("x-forwarded-for", OURS);
            send(&router, request.body(Body::empty()).unwrap()).await
        };
        for _ in 0..4 {
            assert_eq!(ask().await.status.as_u16(), 401);
        }
        let refused = ask().await;
        assert_eq!((refused.status.as_u16(), refused.headers["retry-after"].to_str().unwrap()), (429, "5"));
        assert_eq!(refused.message(), "Too many requests from your address. Try again in 5 s.");
        let who = Request::post("/graphql/v1").header("x-forwarded-for", OURS).body(Body::from("{}")).unwrap();
        assert_eq!(send(&router, who).await.status.as_u16(), 401, "keys are no passwords: devices there go on");
    }

    #[test]
    fn a_wait_is_told_in_seconds_or_minutes_and_never_too_short() {
        let told = [0, 1, 119_001, 120_000, 899_999].map(|wait| in_words(Duration::from_millis(wait)));
        assert_eq!(told, ["0 s", "1 s", "2 min", "2 min", "15 min"]);
    }
}
