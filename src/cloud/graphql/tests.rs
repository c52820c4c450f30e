//! What callers of `/graphql/v1` meet.

use axum::body::Body;

use super::*;
use crate::cloud::bench::{Bench, EMAIL, send};
use crate::cloud::bench_keys::{WHO, error, new_key, signed_for as signed};
use crate::protocol::access_key::AccessKey;

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
        let reply = bench.send(signed(&bench, &key, WHO, by_message, "cloud.test")).await;
        assert_eq!(reply.body["data"]["login"]["email"], EMAIL);
        let elsewhere = bench.send(signed(&bench, &key, WHO, by_message, "evil.test")).await;
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
        let reply = send(&proxied, signed(&bench, &key, WHO, by_message, "127.0.0.1:29980")).await;
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
    let old = signed(&bench, &key, WHO, false, "cloud.test");
    bench.hand.pass(std::time::Duration::from_secs(301));
    assert!(why(old).await.contains("off by -301 s; at most 300 s"));
    let other = AccessKey::from_bytes(key.id.clone(), vec![7; 30]);
    assert!(why(signed(&bench, &other, WHO, false, "cloud.test")).await.contains("not right for this request"));
    let plain = Request::post("/graphql/v1").header("host", "cloud.test").body(Body::from("{}")).unwrap();
    assert!(why(plain).await.contains("carries no signature"));
    let disable = format!("mutation {{ updateAccessKey(key:\"{id}\", enabled:false){{ key }} }}");
    bench.graphql(&token, &disable).await;
    assert!(why(signed(&bench, &key, WHO, true, "cloud.test")).await.contains(&format!("{id} is disabled")));
    bench.graphql(&token, &format!("mutation {{ deleteAccessKey(key:\"{id}\") }}")).await;
    assert!(why(signed(&bench, &key, WHO, true, "cloud.test")).await.contains(&format!("no access key {id}")));
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
