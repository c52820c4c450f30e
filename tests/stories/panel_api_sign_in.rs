//! A script signs a device in: every question that a sign-in can ask is answered by JSON, and nothing is lost on the way.

#![expect(clippy::indexing_slicing, reason = "an answer without what a story reads fails it")]

use http::StatusCode;
use latchkey::cloud::Requirement;
use latchkey::protocol::totp::TotpSecret;
use serde_json::{Value, json};

use crate::api_document::{Program, Told};
use crate::panel_api::{sign_in, token, with_key};
use crate::world::{Factor, Person, World, code_in};

/// A script at its first question.
struct Script {
    program: Program,
    asked: Value,
}

impl Script {
    async fn begins(world: &World, person: &Person) -> Self {
        Self::begins_with(world, sign_in(world, person)).await
    }

    async fn begins_with(world: &World, begin: Value) -> Self {
        let mut script = Self { program: Program::of(world).await, asked: Value::Null };
        script.begins_again(begin).await;
        script
    }

    async fn begins_again(&mut self, begin: Value) {
        self.asked = self.program.post("/sign-in", begin).await.body;
    }

    /// Sends an answer; goes on from what comes back where it leads on.
    async fn answers(&mut self, mut answer: Value) -> Told {
        answer["sign_in"] = self.asked["sign_in"].clone();
        let told = self.program.post("/sign-in/answer", answer).await;
        if told.status == StatusCode::OK {
            self.asked = told.body.clone();
        }
        told
    }

    fn is_at(&self, step: &str, answers: &[&str]) {
        assert_eq!((&self.asked["step"], &self.asked["answers"]), (&json!(step), &json!(answers)), "{}", self.asked);
    }

    fn is_done(&self, person: &Person) {
        assert_eq!((&self.asked["step"], &self.asked["owner"]["id"]), (&json!("signed_in"), &json!(person.id)));
    }
}

#[tokio::test]
async fn a_script_without_the_phone_signs_in_by_a_mailed_code_and_the_recovery_code() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut script = Script::begins(&world, &ann).await;
    script.is_at("authenticator_code", &["code", "recover"]);
    script.answers(json!({ "recover": true })).await;
    script.is_at("mailed_code", &["mailed_code"]);
    assert_eq!(script.answers(json!({ "mailed_code": "00000000" })).await.code(), "wrong_credentials");
    let mailed = code_in(&world.delivered("mail").await);
    script.answers(json!({ "mailed_code": mailed })).await;
    script.is_at("recovery_code", &["recovery_code"]);
    assert_eq!(script.answers(json!({ "recovery_code": "1234" })).await.code(), "bad_request");
    script.answers(json!({ "recovery_code": ann.recovery_code })).await;
    script.is_done(&ann);
}

#[tokio::test]
async fn a_script_has_a_text_message_sent_again_or_takes_another_factor() {
    let world = World::new().await;
    let eve = world.person("eve@example.test", Factor::Both).await;
    let mut script = Script::begins(&world, &eve).await;
    script.is_at("choose_factor", &["factor", "recover"]);
    assert_eq!(script.asked["factors"], json!(["authenticator", "text_message"]));
    assert_eq!(script.answers(json!({ "factor": "mail" })).await.code(), "bad_request", "not offered");
    script.answers(json!({ "factor": "text_message" })).await;
    script.is_at("text_message_code", &["code", "factor", "send_again", "recover"]);
    assert!(script.asked["sent_to"].as_str().unwrap().ends_with("4477"));
    world.let_pass(100);
    script.answers(json!({ "send_again": true })).await;
    script.is_at("text_message_code", &["code", "factor", "send_again", "recover"]);
    assert_eq!(world.outbox("sms").await.len(), 2);
    assert_eq!(script.asked["factors"], json!(["authenticator"]));
    script.answers(json!({ "factor": "authenticator" })).await;
    script.is_at("authenticator_code", &["code", "factor", "recover"]);
    script.answers(json!({ "code": world.code_of(&eve) })).await;
    script.is_done(&eve);
}

#[tokio::test]
async fn a_script_sets_what_the_service_wants_first() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    world.cloud.require(&bob.id, Requirement::NewPassword).await.unwrap();
    let mut script = Script::begins(&world, &bob).await;
    script.is_at("new_password", &["new_password"]);
    let weak = script.answers(json!({ "new_password": { "password": "x" } })).await;
    assert_eq!(weak.code(), "bad_request", "{}", weak.body);
    script.answers(json!({ "new_password": { "password": "New-horse-8!" } })).await;
    script.is_done(&bob);

    let carol = world.person("carol@example.test", Factor::None).await;
    world.account.sign_out().await.unwrap();
    world.cloud.require(&carol.id, Requirement::SecondFactor).await.unwrap();
    let mut script = Script::begins(&world, &carol).await;
    script.is_at("set_up_authenticator", &["code"]);
    let secret = TotpSecret::parse(script.asked["authenticator"]["secret"].as_str().unwrap()).unwrap();
    let enrolled = Person { totp: Some(secret), ..carol };
    script.answers(json!({ "code": world.code_of(&enrolled) })).await;
    script.is_done(&enrolled);
    let long = script.asked["recovery_codes"][0].as_str().unwrap().to_owned();

    world.let_pass(30);
    script.begins_again(json!({ "email": enrolled.email, "password": enrolled.password })).await;
    script.answers(json!({ "recover": true })).await;
    script.answers(json!({ "mailed_code": code_in(&world.delivered("mail").await) })).await;
    script.answers(json!({ "recovery_code": long })).await;
    script.is_done(&enrolled);
}

#[tokio::test]
async fn a_full_list_of_keys_takes_the_id_of_one_to_replace_or_one_that_exists() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let [old, other] = [world.key_made_elsewhere(&bob).await, world.key_made_elsewhere(&bob).await];
    let mut script = Script::begins(&world, &bob).await;
    script.is_at("make_room", &["replace_key", "use_key"]);
    let listed: Vec<&Value> = script.asked["keys"].as_array().unwrap().iter().map(|key| &key["id"]).collect();
    assert_eq!(listed.len(), 2);
    assert_eq!(script.answers(json!({ "replace_key": "NOT-ONE-OF-THEM" })).await.code(), "bad_request");
    let secret = |text: &str| json!({ "use_key": { "id": other.id.as_str(), "secret": text } });
    let wrong = script.answers(secret("not base64!")).await;
    assert!(wrong.code() == "bad_request" && !wrong.body.to_string().contains("not base64!"), "{}", wrong.body);
    script.answers(secret(other.secret_text().expose())).await;
    script.is_done(&bob);
    assert_eq!(world.account.status().key, Some(other.id));

    world.account.sign_out().await.unwrap();
    world.key_made_elsewhere(&bob).await;
    let mut script = Script::begins(&world, &bob).await;
    script.is_at("make_room", &["replace_key", "use_key"]);
    script.answers(json!({ "replace_key": old.id.as_str() })).await;
    script.is_done(&bob);
}

#[tokio::test]
async fn an_answer_to_another_question_is_refused_and_names_the_step() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut script = Script::begins(&world, &ann).await;
    for answer in [
        json!({ "mailed_code": "12345678" }),
        json!({ "recovery_code": ann.recovery_code }),
        json!({ "send_again": true }),
        json!({ "factor": "mail" }),
        json!({ "new_password": { "password": "hunter2" } }),
        json!({ "replace_key": "ABC" }),
        json!({ "use_key": { "id": "ABC", "secret": "hunter2" } }),
    ] {
        let refused = script.answers(answer.clone()).await;
        assert_eq!((refused.status, refused.code()), (StatusCode::CONFLICT, "wrong_step"), "{answer}");
        let sentence = refused.body["error"]["message"].as_str().unwrap();
        assert_eq!(sentence, "The sign-in is at the step 'authenticator_code', which takes 'code' or 'recover'.");
    }
    for none in [json!({}), json!({ "recover": false }), json!({ "code": "123456", "recover": true })] {
        assert_eq!(script.answers(none.clone()).await.code(), "bad_request", "{none}");
    }
    script.answers(json!({ "code": world.code_of(&ann) })).await;
    script.is_done(&ann);
    let late = script.program.post("/sign-in/answer", json!({ "sign_in": "A".repeat(43), "recover": true })).await;
    assert_eq!((late.status, late.code()), (StatusCode::GONE, "expired"));
}

#[tokio::test]
async fn a_sign_in_that_took_too_long_says_so() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut script = Script::begins(&world, &ann).await;
    world.let_pass(181);
    let late = script.answers(json!({ "code": world.code_of(&ann) })).await;
    assert_eq!((late.status, late.code()), (StatusCode::GONE, "expired"));
    assert!(late.body["error"]["message"].as_str().unwrap().contains("Begin again"), "{}", late.body);
}

#[tokio::test]
async fn a_token_that_was_asked_for_at_the_beginning_is_made_at_the_end() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut begin = sign_in(&world, &ann);
    begin["token"] = json!({ "name": "fleet", "scopes": ["status:read"] });
    let mut script = Script::begins_with(&world, begin).await;
    script.answers(json!({ "code": world.code_of(&ann) })).await;
    script.is_done(&ann);
    assert_eq!(script.asked["token_name"], "fleet");
    let made = script.asked["token"].as_str().unwrap().to_owned();
    assert_eq!(script.program.with(&made).get("/status").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_name_that_is_taken_meanwhile_costs_the_name_and_not_the_sign_in() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut owner = world.signed_in_browser(&ann).await;
    world.let_pass(30);
    let begin = |name: &str| {
        let token = json!({ "name": name, "scopes": ["status:read"] });
        json!({ "email": ann.email, "password": ann.password, "token": token })
    };
    let mut script = Script::begins_with(&world, begin("fleet")).await;
    token(&mut owner, "fleet", &["status:read"]).await;
    script.answers(json!({ "code": world.code_of(&ann) })).await;
    script.is_done(&ann);
    assert_eq!(script.asked["token_name"], "fleet 2");
    let refused = script.program.post("/sign-in", begin("fleet")).await;
    assert_eq!((refused.status, refused.code()), (StatusCode::BAD_REQUEST, "bad_request"), "before anything happens");

    script.begins_again(begin("late")).await;
    for number in 0..30 {
        token(&mut owner, &format!("token {number}"), &["status:read"]).await;
    }
    world.let_pass(30);
    script.answers(json!({ "code": world.code_of(&ann) })).await;
    script.is_done(&ann);
    assert_eq!(script.asked["token"], Value::Null);
    assert!(script.asked["token_problem"].as_str().unwrap().contains("at most 32 tokens"), "{}", script.asked);
}

#[tokio::test]
async fn an_access_key_alone_signs_a_device_in_by_script_where_the_claim_code_is_right() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let key = world.key_made_elsewhere(&bob).await;
    let mut program = Program::of(&world).await;
    let claim = world.claim_code();
    assert_eq!(
        program.post("/sign-in/with-key", json!({ "key": with_key(&key, String::new())["key"] })).await.code(),
        "claim_needed"
    );
    let mut unreadable = with_key(&key, claim.clone());
    unreadable["key"]["secret"] = json!("hunter2");
    let refused = program.post("/sign-in/with-key", unreadable).await;
    assert!(refused.code() == "bad_request" && !refused.body.to_string().contains("hunter2"), "{}", refused.body);
    let mut wrong = with_key(&key, claim.clone());
    wrong["key"]["secret"] = json!("QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=");
    assert_eq!(program.post("/sign-in/with-key", wrong).await.status, StatusCode::UNAUTHORIZED);
    let mut right = with_key(&key, claim);
    right["token"] = json!({ "name": "fleet", "scopes": ["status:read"] });
    let done = program.post("/sign-in/with-key", right).await.body;
    assert_eq!((&done["step"], &done["token_name"]), (&json!("signed_in"), &json!("fleet")));
    assert_eq!(world.account.status().key, Some(key.id));
}
