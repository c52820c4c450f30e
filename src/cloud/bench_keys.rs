//! What tests do with access keys: make them, and sign requests in both schemes.

use axum::body::Body;
use axum::http::Request;
use data_encoding::BASE64;
use hmac::Mac as _;
use serde_json::json;

use super::bench::{Bench, Reply};
use crate::base::mac::hmac_sha256;
use crate::protocol::access_key::AccessKey;
use crate::protocol::http_date;
use crate::protocol::signature::{self, cavage, message};

pub(super) const WHO: &str = "query { login { id email } }";

pub(super) async fn new_key(bench: &Bench, token: &str) -> AccessKey {
    new_key_with(bench, token, "").await
}

/// `arguments`: such as `(name: "attic")`.
pub(super) async fn new_key_with(bench: &Bench, token: &str, arguments: &str) -> AccessKey {
    made(&bench.graphql(token, &format!("mutation {{ createAccessKey{arguments} {{ key secret }} }}")).await)
}

pub(super) fn made(reply: &Reply) -> AccessKey {
    let made = &reply.body["data"]["createAccessKey"];
    AccessKey::parse(made["key"].as_str().unwrap(), made["secret"].as_str().unwrap()).unwrap()
}

pub(super) fn error(reply: &Reply) -> &str {
    reply.body["errors"][0]["message"].as_str().unwrap_or_default()
}

pub(super) fn code(reply: &Reply) -> &str {
    reply.body["errors"][0]["extensions"]["code"].as_str().unwrap_or_default()
}

/// What the service answers to a query that the key signed now.
pub(super) async fn ask(bench: &Bench, key: &AccessKey, query: &str) -> Reply {
    bench.send(signed(bench, key, query)).await
}

pub(super) fn signed(bench: &Bench, key: &AccessKey, query: &str) -> Request<Body> {
    signed_for(bench, key, query, false, "cloud.test")
}

/// Signed by one of the schemes, sent to `host` although it was signed for cloud.test.
pub(super) fn signed_for(bench: &Bench, key: &AccessKey, query: &str, by_message: bool, host: &str) -> Request<Body> {
    let body = json!({"query": query}).to_string();
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

/// RFC 9421 with a nonce, written out by hand.
pub(super) fn signed_with_nonce(bench: &Bench, key: &AccessKey, nonce: &str) -> Request<Body> {
    let (id, created) = (key.id.as_str(), bench.unix());
    let parameters =
        format!("(\"@method\" \"@target-uri\");keyid=\"{id}\";alg=\"hmac-sha256\";created={created};nonce=\"{nonce}\"");
    let base = format!(
        "\"@method\": POST\n\"@target-uri\": http://cloud.test/graphql/v1\n\"@signature-params\": {parameters}"
    );
    let tag = hmac_sha256(key.secret_bytes(), &[base.as_bytes()]).finalize().into_bytes();
    Request::post("/graphql/v1")
        .header("host", "cloud.test")
        .header("signature-input", format!("l={parameters}"))
        .header("signature", format!("l=:{}:", BASE64.encode(&tag)))
        .body(json!({"query": WHO}).to_string().into())
        .unwrap()
}
