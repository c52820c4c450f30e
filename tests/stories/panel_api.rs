//! The device as programs see it: JSON below `/api/v1`, with tokens that the owner makes in the panel.

#![expect(clippy::unwrap_used, reason = "a story that cannot go on fails")]

use http::StatusCode;
use latchkey::protocol::access_key::AccessKey;
use serde_json::json;

use crate::api_document::Program;
use crate::browser::Browser;
use crate::world::{Factor, Person, World};

const EVERYTHING: [&str; 7] =
    ["status:read", "keys:read", "sessions:read", "sessions:write", "device:read", "device:write", "release"];

#[tokio::test]
async fn every_operation_answers_as_the_document_says() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut program = Program::of(&world).await;
    let asked = program.post("/sign-in", sign_in(&world, &ann)).await;
    assert_eq!((asked.status, asked.body["step"].as_str()), (StatusCode::OK, Some("authenticator_code")));
    assert!(asked.body["expires_in"].as_u64().unwrap() <= 180);
    let token = json!({ "name": "installer", "scopes": EVERYTHING });
    let answer = json!({ "sign_in": asked.body["sign_in"], "code": world.code_of(&ann), "token": token });
    let done = program.post("/sign-in/answer", answer.clone()).await;
    assert_eq!(
        (done.body["step"].as_str(), done.body["owner"]["email"].as_str()),
        (Some("signed_in"), Some(ann.email.as_str()))
    );
    assert_eq!(done.body["token_name"], "installer");
    assert_eq!(program.post("/sign-in/answer", answer).await.status, StatusCode::GONE, "a sign-in is done once");
    let token = done.body["token"].as_str().unwrap().to_owned();
    assert!(token.starts_with("lk_") && token.len() == 46);
    program.with(&token);

    let status = program.get("/status").await.body;
    assert_eq!(
        (status["key"]["state"].as_str(), status["owner"]["id"].as_str()),
        (Some("fresh"), Some(ann.id.as_str()))
    );
    let keys = program.get("/keys").await.body;
    assert_eq!((keys["keys"].as_array().unwrap().len(), &keys["keys"][0]["is_here"]), (1, &json!(true)));
    assert_eq!(program.get("/device").await.body["version"], env!("CARGO_PKG_VERSION"));
    world.program_does("systemctl", "echo ActiveState=active");
    assert_eq!(program.post("/device/unit/restart", json!({})).await.body["active"], "running");
    assert_eq!(program.get("/sessions").await.body["sessions"], json!([]), "a sign-in by program leaves no session");
    let browsers = &mut two_browsers_of(&world, &ann).await;
    let sessions = program.get("/sessions").await.body;
    let id = sessions["sessions"][0]["id"].as_str().unwrap();
    assert_eq!(program.ask("DELETE", &format!("/sessions/{id}"), None).await.body["ended"], 1);
    assert_eq!(program.ask("DELETE", "/sessions/0000000000000000", None).await.status, StatusCode::NOT_FOUND);
    assert_eq!(program.ask("DELETE", "/sessions", None).await.body["ended"], 1);
    assert_eq!(browsers[0].get("/").await.location(), "sign-in?why=session-ended");
    assert_eq!(program.post("/release", json!({})).await.body["released"], "everywhere");
    assert_eq!(world.account.status().owner, None);
    assert_eq!(program.get("/status").await.code(), "wrong_token", "tokens end with the ownership");
    world.let_pass(30);
    let key = with_key(&world.key_made_elsewhere(&ann).await, world.claim_code());
    assert_eq!(program.post("/sign-in/with-key", key).await.body["owner"]["id"], json!(ann.id));

    let heard: std::collections::BTreeSet<String> =
        program.heard.iter().filter(|(_, status)| *status == 200).map(|(id, _)| id.clone()).collect();
    let mut every = program.operations();
    every.remove("getDocument");
    assert_eq!(heard, every, "an operation of the document was not asked");
    assert_eq!(program.schema("Scope")["enum"], json!(EVERYTHING));
}

async fn two_browsers_of(world: &World, person: &Person) -> [Browser; 2] {
    let mut browsers = [world.browser(), world.browser()];
    for browser in &mut browsers {
        world.let_pass(30);
        browser.sign_in(world, person).await;
    }
    browsers
}

#[tokio::test]
async fn a_program_without_a_right_token_is_told_what_to_do() {
    let (world, mut owner, mut program) = signed_in_device().await;
    let none = program.get("/status").await;
    assert_eq!((none.status, none.code()), (StatusCode::UNAUTHORIZED, "no_token"));
    assert_eq!(none.headers["www-authenticate"], "Bearer");
    let right = token(&mut owner, "reader", &["status:read"]).await;
    for wrong in ["lk_", "", &right[3..], &format!("{right}A"), &format!("lk_{}", "A".repeat(43))] {
        assert_eq!(program.with(wrong).get("/status").await.code(), "wrong_token", "{wrong}");
    }
    assert_eq!(program.with(&right).get("/status").await.status, StatusCode::OK);
    for (method, path) in [
        ("GET", "/keys"),
        ("GET", "/sessions"),
        ("DELETE", "/sessions"),
        ("GET", "/device"),
        ("POST", "/device/unit/restart"),
        ("POST", "/release"),
    ] {
        let refused = program.ask(method, path, None).await;
        assert_eq!((refused.status, refused.code()), (StatusCode::FORBIDDEN, "scope"), "{method} {path}");
    }
    assert!(world.account.status().owner.is_some());
}

#[tokio::test]
async fn wrong_tokens_cost_a_wait_and_a_right_one_never_does() {
    let (_world, mut owner, mut program) = signed_in_device().await;
    let right = token(&mut owner, "reader", &["status:read"]).await;
    program.with("lk_wrong");
    for _ in 0..11 {
        program.get("/status").await;
    }
    let refused = program.get("/status").await;
    assert_eq!((refused.status, refused.code()), (StatusCode::TOO_MANY_REQUESTS, "too_many_tries"));
    assert!(refused.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap() > 0);
    assert_eq!(program.with(&right).get("/status").await.status, StatusCode::OK);
}

#[tokio::test]
async fn nothing_is_told_over_plain_http_on_the_network_or_to_a_foreign_page_or_name() {
    let (world, mut owner, mut program) = signed_in_device().await;
    let right = token(&mut owner, "reader", &["status:read"]).await;
    program.with(&right).at("192.168.1.66");
    assert_eq!(program.get("/status").await.code(), "plain_http");
    assert_eq!(program.post("/sign-in", json!({})).await.code(), "plain_http");
    program.at("127.0.0.1");
    program.headers = vec![("host", "evil.example".into())];
    let rebound = program.get("/status").await;
    assert_eq!((rebound.status, rebound.code()), (StatusCode::MISDIRECTED_REQUEST, "wrong_host"));
    program.headers = vec![("origin", "https://evil.example".into())];
    assert_eq!(program.get("/status").await.code(), "foreign_page");
    let mut browser = world.browser();
    browser.cookies.insert("latchkey-session".into(), "x".into());
    assert_eq!(browser.get("/api/v1/status").await.status, StatusCode::UNAUTHORIZED, "no cookie counts");
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_in_json_and_keeps_secrets_to_itself() {
    let world = World::new().await;
    let mut program = Program::of(&world).await;
    for (body, told) in [
        ("", "not the JSON"),
        ("{", "not the JSON"),
        ("{\"email\":\"a\"}", "'password' is missing"),
        ("{\"email\":\"a\",\"password\":\"hunter2\",\"otp\":\"hunter2\"}", "'otp' is not known"),
        ("{\"email\":\" \",\"password\":\"hunter2\"}", "e-mail address and the password"),
        ("{\"email\":\"a\",\"password\":\"b\",\"token\":{\"name\":\"x\",\"scopes\":[\"root\"]}}", "'root'"),
        ("{\"email\":\"a\",\"password\":\"b\",\"token\":{\"name\":\"\",\"scopes\":[\"release\"]}}", "name"),
        ("{\"email\":\"a\",\"password\":\"b\",\"token\":{\"name\":\"x\",\"scopes\":[]}}", "at least one"),
    ] {
        let refused = program.ask("POST", "/sign-in", Some(body.into())).await;
        let sentence = refused.body["error"]["message"].as_str().unwrap();
        assert!(
            refused.code() == "bad_request" && sentence.contains(told) && !sentence.contains("hunter2"),
            "{sentence}"
        );
    }
    let long = format!("{{\"email\":\"{}\"}}", "x".repeat(17_000));
    assert_eq!(program.ask("POST", "/sign-in", Some(long)).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    for (method, path, code) in [
        ("GET", "/nothing", "not_found"),
        ("GET", "", "not_found"),
        ("GET", "/../v2/status", "not_found"),
        ("PUT", "/status", "method_not_allowed"),
        ("GET", "/sign-in", "method_not_allowed"),
    ] {
        assert_eq!(program.ask(method, path, None).await.code(), code, "{method} {path}");
    }
    program.headers = vec![("content-type", "text/plain".into())];
    let simple = program.ask("POST", "/sign-in", Some("{}".into())).await;
    assert_eq!(
        simple.status,
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "the only form that a foreign page could send unasked"
    );
}

#[tokio::test]
async fn a_program_signs_a_device_in_only_with_its_claim_code_password_and_second_factor() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut program = Program::of(&world).await;
    let without = json!({ "email": ann.email, "password": ann.password });
    assert_eq!(program.post("/sign-in", without.clone()).await.code(), "claim_needed");
    let mut wrong_claim = sign_in(&world, &ann);
    wrong_claim["claim_code"] = "AAAA-AAAA".into();
    assert_eq!(program.post("/sign-in", wrong_claim).await.status, StatusCode::UNAUTHORIZED);
    let mut wrong_password = sign_in(&world, &ann);
    wrong_password["password"] = "wrong".into();
    let refused = program.post("/sign-in", wrong_password).await;
    assert_eq!((refused.status, refused.code()), (StatusCode::UNAUTHORIZED, "wrong_credentials"));
    let asked = program.post("/sign-in", sign_in(&world, &ann)).await.body;
    let answer = |more: serde_json::Value| {
        let mut answer = json!({ "sign_in": asked["sign_in"] });
        answer.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        answer
    };
    for (more, code) in [
        (json!({}), "bad_request"),
        (json!({ "code": "000000", "factor": "mail" }), "bad_request"),
        (json!({ "code": "12345" }), "bad_request"),
        (json!({ "factor": "pigeon" }), "wrong_step"),
        (json!({ "code": "000000" }), "wrong_credentials"),
    ] {
        assert_eq!(program.post("/sign-in/answer", answer(more.clone())).await.code(), code, "{more}");
    }
    let stranger = json!({ "sign_in": "A".repeat(43), "code": world.code_of(&ann) });
    assert_eq!(program.post("/sign-in/answer", stranger).await.status, StatusCode::GONE);
    let done = program.post("/sign-in/answer", answer(json!({ "code": world.code_of(&ann) }))).await;
    assert_eq!(done.body["step"], "signed_in", "{}", done.body);
    let bob = world.person("bob@example.test", Factor::None).await;
    let other = program.post("/sign-in", json!({ "email": bob.email, "password": bob.password })).await;
    assert_eq!(other.status, StatusCode::FORBIDDEN);
    assert!(!other.body.to_string().contains(&ann.email));
    assert_eq!(
        program.post("/sign-in", without).await.body["step"],
        "authenticator_code",
        "an owned device needs no claim"
    );
}

#[tokio::test]
async fn an_owner_makes_a_token_sees_it_once_and_revokes_it() {
    let mut world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.signed_in_browser(&ann).await;
    let refused = browser.post("/tokens", &[("do", "make"), ("name", "backup <b>")]).await;
    assert!(refused.status == StatusCode::BAD_REQUEST && refused.says("at least one thing"), "{}", refused.text);
    assert!(refused.text.contains("backup &#60;b&#62;"), "what was typed stays");
    let form = [("do", "make"), ("name", "backup"), ("status:read", "yes")];
    let (first, second) = browser.post_twice("/tokens", &form).await;
    assert_eq!((first.location(), second.location()), ("tokens", "tokens"));
    let page = browser.get("/tokens").await;
    let shown = shown_token(&page.text);
    assert_eq!(page.text.matches("Revoke<").count(), 1, "pressed twice, made once");
    let mut other = world.browser();
    world.let_pass(30);
    other.sign_in(&world, &ann).await;
    assert!(!other.get("/tokens").await.text.contains(&shown), "only the browser that made it sees it");
    browser.post("/tokens", &[("do", "saved")]).await;
    assert!(!browser.get("/tokens").await.text.contains("lk_"));
    assert_eq!(browser.post("/tokens", &form).await.status, StatusCode::BAD_REQUEST, "two of one name");
    world.let_pass(11 * 60);
    let form = [("do", "make"), ("name", "later"), ("keys:read", "yes")];
    assert_eq!(browser.post("/tokens", &form).await.location(), "sign-in", "whoever finds the browser open makes none");
    assert_eq!(browser.give_password(&ann).await.location(), "code");
    let back = browser.give_code(&world.code_of(&ann)).await;
    assert_eq!(back.location(), "tokens?name=later&keys%3Aread=yes", "what was typed is kept");
    assert!(browser.follow(back).await.text.contains("value=\"later\""));

    world.agent_restarts().await;
    let mut program = Program::of(&world).await;
    assert_eq!(program.with(&shown).get("/status").await.status, StatusCode::OK, "tokens survive a restart");
    let page = browser.get("/tokens").await;
    assert!(page.says("Last used"), "{}", page.text);
    let id = page.text.split("name=\"token\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    world.account.confirm().await;
    browser.post("/tokens", &[("do", "revoke"), ("token", &id)]).await;
    assert_eq!(program.get("/status").await.code(), "wrong_token");
}

pub(crate) async fn signed_in_device() -> (World, Browser, Program) {
    let world = World::new().await;
    let ann = world.ann().await;
    let browser = world.signed_in_browser(&ann).await;
    let program = Program::of(&world).await;
    (world, browser, program)
}

/// A token that the owner made.
pub(crate) async fn token(browser: &mut Browser, name: &str, scopes: &[&str]) -> String {
    let mut form = vec![("do", "make"), ("name", name)];
    form.extend(scopes.iter().map(|scope| (*scope, "yes")));
    assert_eq!(browser.post("/tokens", &form).await.location(), "tokens");
    shown_token(&browser.get("/tokens").await.text)
}

fn shown_token(page: &str) -> String {
    let (_, rest) = page.split_once("lk_").unwrap();
    format!("lk_{}", &rest[..43])
}

pub(crate) fn with_key(key: &AccessKey, claim_code: String) -> serde_json::Value {
    json!({ "key": { "id": key.id.as_str(), "secret": key.secret_text().expose() }, "claim_code": claim_code })
}

pub(crate) fn sign_in(world: &World, person: &Person) -> serde_json::Value {
    json!({ "email": person.email, "password": person.password, "claim_code": world.claim_code() })
}
