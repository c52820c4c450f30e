//! `POST /graphql/v1` (reference §3): the signed-in account, its access keys, and the fields that device clients ask for.

mod access_keys;
mod devices;
mod document;
mod schema;

pub(crate) use schema::Schema;

use axum::Json;
use axum::body::{Bytes, to_bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{HeaderValue, WWW_AUTHENTICATE};
use axum::response::{IntoResponse as _, Response};
use juniper::http::{GraphQLRequest, GraphQLResponse};
use serde_json::{Value, json};

use super::caller;
use super::site::Site;
use super::store::Account;
use crate::base::report;
use schema::Context;

/// No document of ours is longer.
const LONGEST: usize = 64 * 1024;

#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error(transparent)]
    Caller(#[from] caller::Error),
    #[error("The request is larger than 64 KiB.")]
    TooLong,
    #[error("Send JSON of the form {{\"query\": \"…\", \"variables\": {{…}}}}.")]
    NotARequest,
    #[error(transparent)]
    Document(#[from] document::TooMuch),
}

pub(super) async fn answer(site: Site, request: Request) -> Response {
    match run(&site, request).await {
        Ok(content) => Json(content).into_response(),
        Err(refused) => refuse(&refused),
    }
}

async fn run(site: &Site, request: Request) -> Result<Value, Refused> {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, LONGEST).await.map_err(|_too_long| Refused::TooLong)?;
    let account = caller::identify(site, &head, &body).await?;
    execute(site, account, &body).await
}

async fn execute(site: &Site, account: Account, body: &Bytes) -> Result<Value, Refused> {
    let request: GraphQLRequest = serde_json::from_slice(body).map_err(|_unreadable| Refused::NotARequest)?;
    document::check(&request.query)?;
    let context = Context { site: site.clone(), account };
    let variables = request.variables();
    let outcome =
        juniper::execute(&request.query, request.operation_name.as_deref(), site.schema.root(), &variables, &context)
            .await;
    serde_json::to_value(GraphQLResponse::from_result(outcome)).map_err(|_unwritable| Refused::NotARequest)
}

fn refuse(refused: &Refused) -> Response {
    let status = match refused {
        Refused::Caller(caller::Error::Store(error)) => {
            tracing::warn!(error = report::chain(error), "graphql failed");
            StatusCode::INTERNAL_SERVER_ERROR
        }
        Refused::Caller(error) => {
            tracing::info!(reason = %error, "graphql refused");
            StatusCode::UNAUTHORIZED
        }
        Refused::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
        Refused::NotARequest | Refused::Document(_) => StatusCode::BAD_REQUEST,
    };
    let mut response = (status, Json(json!({ "errors": [{ "message": refused.to_string() }] }))).into_response();
    if status == StatusCode::UNAUTHORIZED {
        let schemes = HeaderValue::from_static("Bearer, Signature headers=\"(request-target) host date\"");
        response.headers_mut().insert(WWW_AUTHENTICATE, schemes);
    }
    response
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;
    use crate::cloud::bench::{Bench, EMAIL, Reply, send};
    use crate::protocol::access_key::AccessKey;
    use crate::protocol::http_date;
    use crate::protocol::signature::{self, cavage, message};

    const WHO: &str = "query { login { id email } }";

    async fn new_key(bench: &Bench, token: &str) -> AccessKey {
        let reply = bench.graphql(token, "mutation { createAccessKey { key secret } }").await;
        let made = &reply.body["data"]["createAccessKey"];
        AccessKey::parse(made["key"].as_str().unwrap(), made["secret"].as_str().unwrap()).unwrap()
    }

    fn error(reply: &Reply) -> &str {
        reply.body["errors"][0]["message"].as_str().unwrap_or_default()
    }

    /// WHO, signed by the scheme, sent to `host` although it was signed for cloud.test.
    fn signed(bench: &Bench, key: &AccessKey, by_message: bool, host: &str) -> Request<Body> {
        let body = json!({"query": WHO}).to_string();
        let (now, length) = (bench.cloud.clock.wall(), body.len().to_string());
        let date = http_date::format(now);
        let headers = [
            ("host", "cloud.test"),
            ("date", date.as_str()),
            ("content-type", "application/json"),
            ("content-length", length.as_str()),
        ];
        let request = signature::Request { method: "POST", scheme: "http", target: "/graphql/v1", headers: &headers };
        let mut sent = Request::post("/graphql/v1").header("host", host);
        for (name, value) in &headers[1..] {
            sent = sent.header(*name, *value);
        }
        let sent = if by_message {
            let lines = message::sign(key, &request, now).unwrap();
            sent.header("signature-input", lines.signature_input).header("signature", lines.signature)
        } else {
            sent.header("authorization", cavage::sign(key, &request, cavage::USUAL).unwrap())
        };
        sent.body(body.into()).unwrap()
    }

    type Request<T> = axum::http::Request<T>;

    #[tokio::test]
    async fn keys_come_up_to_the_limit_and_go_when_they_are_disabled() {
        let bench = Bench::new().await;
        bench.ann(None, None).await;
        let token = bench.access_token().await;
        let (first, _second) = (new_key(&bench, &token).await, new_key(&bench, &token).await);
        let third = bench.graphql(&token, "mutation { createAccessKey { key secret } }").await;
        assert_eq!(third.status.as_u16(), 200);
        assert!(error(&third).contains("2 access keys, which is the limit"), "{}", error(&third));
        let change =
            |what: &str| format!("mutation {{ {} }}", what.replace("KEY", &format!("key:\"{}\"", first.id.as_str())));
        let early = bench.graphql(&token, &change("deleteAccessKey(KEY)")).await;
        assert_eq!(error(&early), "Disable the access key before you delete it.");
        let disabled = bench.graphql(&token, &change("updateAccessKey(KEY, enabled:false){ key enabled }")).await;
        assert_eq!(disabled.body["data"]["updateAccessKey"], json!({"key": first.id.as_str(), "enabled": false}));
        let deleted = bench.graphql(&token, &change("deleteAccessKey(KEY)")).await;
        assert_eq!(deleted.body["data"]["deleteAccessKey"], true);
        let twice = bench.graphql(&token, &change("deleteAccessKey(KEY)")).await;
        assert_eq!(error(&twice), "The account has no such access key.");
        let listed = bench.graphql(&token, "{login{accessKeys{key enabled created lastUsed}}}").await;
        assert_eq!(listed.body["data"]["login"]["accessKeys"].as_array().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_request_signed_by_either_scheme_is_its_owners() {
        let bench = Bench::new().await;
        bench.ann(None, None).await;
        let token = bench.access_token().await;
        let key = new_key(&bench, &token).await;
        for by_message in [false, true] {
            let reply = bench.send(signed(&bench, &key, by_message, "cloud.test")).await;
            assert_eq!(reply.body["data"]["login"]["email"], EMAIL);
            let elsewhere = bench.send(signed(&bench, &key, by_message, "evil.test")).await;
            assert_eq!(elsewhere.status.as_u16(), 401);
        }
        let listed = bench.graphql(&token, "{login{accessKeys{lastUsed}}}").await;
        assert_eq!(listed.body["data"]["login"]["accessKeys"][0]["lastUsed"], "2024-01-02T03:04:05Z");
    }

    #[tokio::test]
    async fn behind_a_proxy_that_changes_the_host_the_public_one_counts_too() {
        let bench = Bench::new().await;
        bench.ann(None, None).await;
        let key = new_key(&bench, &bench.access_token().await).await;
        let proxied = bench.beside(|plan| plan.public_url = Some("http://cloud.test".to_owned())).await;
        for by_message in [false, true] {
            let reply = send(&proxied, signed(&bench, &key, by_message, "127.0.0.1:29980")).await;
            assert_eq!(reply.body["data"]["login"]["email"], EMAIL);
        }
    }

    #[tokio::test]
    async fn a_refused_signature_says_why() {
        let bench = Bench::new().await;
        bench.ann(None, None).await;
        let token = bench.access_token().await;
        let key = new_key(&bench, &token).await;
        let id = key.id.as_str();
        let why = async |request: Request<Body>| {
            let reply = bench.send(request).await;
            assert_eq!(reply.status.as_u16(), 401);
            error(&reply).to_owned()
        };
        let old = signed(&bench, &key, false, "cloud.test");
        bench.hand.pass(std::time::Duration::from_secs(301));
        assert!(why(old).await.contains("off by -301 s; at most 300 s"));
        let other = AccessKey::from_bytes(key.id.clone(), vec![7; 30]);
        assert!(why(signed(&bench, &other, false, "cloud.test")).await.contains("not right for this request"));
        let plain = Request::post("/graphql/v1").header("host", "cloud.test").body(Body::from("{}")).unwrap();
        assert!(why(plain).await.contains("carries no signature"));
        let disable = format!("mutation {{ updateAccessKey(key:\"{id}\", enabled:false){{ key }} }}");
        bench.graphql(&token, &disable).await;
        assert!(why(signed(&bench, &key, true, "cloud.test")).await.contains(&format!("{id} is disabled")));
        bench.graphql(&token, &format!("mutation {{ deleteAccessKey(key:\"{id}\") }}")).await;
        assert!(why(signed(&bench, &key, true, "cloud.test")).await.contains(&format!("no access key {id}")));
    }

    #[tokio::test]
    async fn device_clients_get_an_empty_list_and_no_connection() {
        let bench = Bench::new().await;
        bench.ann(None, None).await;
        let token = bench.access_token().await;
        let devices = "query { login { devices(name: \"pi\", size: 1000, from: 0, state: \"active\") \
                       { total hasMore items { id name state services { id name } } } } }";
        let reply = bench.graphql(&token, devices).await;
        let none = json!({"total": 0, "hasMore": false, "items": []});
        assert_eq!(reply.body["data"]["login"]["devices"], none);
        let connect = "mutation { connect(serviceId: \"80:00:00:00:01:00:00:01\", hostIP: \"0.0.0.0\") { host port } }";
        let reply = bench.graphql(&token, connect).await;
        assert_eq!((reply.status.as_u16(), error(&reply)), (200, "no such service"));
    }

    #[tokio::test]
    async fn what_is_no_query_is_refused_in_words() {
        let bench = Bench::new().await;
        bench.ann(None, None).await;
        let token = bench.access_token().await;
        assert_eq!(bench.graphql(&token, &"{login".repeat(5000)).await.status.as_u16(), 400);
        assert_eq!(bench.graphql(&token, &"{login".repeat(50_000)).await.status.as_u16(), 413);
        for bad in ["", "query {", "{ noSuchField }", "subscription { login { id } }"] {
            let reply = bench.graphql(&token, bad).await;
            assert_eq!(reply.status.as_u16(), 200, "{bad}");
            assert!(!error(&reply).is_empty(), "{bad}");
        }
        let request = Request::post("/graphql/v1").header("authorization", format!("Bearer {token}"));
        let reply = bench.send(request.body(Body::from("query { login }")).unwrap()).await;
        assert_eq!(reply.status.as_u16(), 400);
    }
}
