//! A service that announces nothing beyond remote.it: the panel asks for the password again where it could do without elsewhere,
//! and promises nothing that it cannot keep.

#![expect(clippy::unwrap_used, reason = "a story that cannot go on fails")]

use http::StatusCode;

use crate::world::{Factor, World, code_in};

/// The agent knows the service's addresses, and none of its words.
async fn world_of_a_plain_service() -> World {
    let mut world = World::new().await;
    let told = world.service_says("/.well-known/latchkey").await;
    let mut known: latchkey::protocol::discovery::Discovery = serde_json::from_value(told).unwrap();
    assert!(!known.features.is_empty());
    known.features.clear();
    world.known = Some(known);
    world.agent_restarts().await;
    world
}

#[tokio::test]
async fn another_text_costs_the_password_again_where_the_service_cannot_repeat_one() {
    let world = world_of_a_plain_service().await;
    let bob = world.person("bob@example.test", Factor::TextMessage).await;
    let mut browser = world.browser();
    browser.reach_the_code(&world, &bob).await;
    let page = browser.get("/code").await;
    assert!(page.says("href=\"sign-in?why=send-again\"") && !page.says("value=\"send-again\""), "{}", page.text);
    assert_eq!(browser.post("/code", &[("do", "send-again")]).await.location(), "code", "a page of another time");
    assert_eq!(world.outbox("sms").await.len(), 1);

    let password = browser.get("/sign-in?why=send-again").await;
    assert!(password.says("only right after the password") && password.says("value=\"bob@example.test\""));
    assert_eq!(browser.give_password(&bob).await.location(), "code");
    assert_eq!(world.outbox("sms").await.len(), 2);
    assert_eq!(browser.give_code(&code_in(&world.delivered("sms").await)).await.location(), "./");
    assert!(browser.get("/").await.says("Fresh"));
}

#[tokio::test]
async fn the_other_factor_is_chosen_after_the_password_only_where_the_service_cannot_change_it() {
    let world = world_of_a_plain_service().await;
    let eve = world.person("eve@example.test", Factor::Both).await;
    let mut browser = world.browser();
    browser.claim(&world).await;
    assert_eq!(browser.give_password(&eve).await.location(), "factor");
    assert_eq!(browser.post("/factor", &[("factor", "authenticator")]).await.location(), "code");
    assert!(!browser.get("/code").await.says("Text message instead"));
    assert_eq!(browser.post("/factor", &[("factor", "sms")]).await.location(), "code", "a page of another time");
    assert!(browser.get("/code").await.says("Open your authenticator app") && world.outbox("sms").await.is_empty());

    assert_eq!(browser.get("/sign-in").await.status, StatusCode::OK);
    assert_eq!(browser.give_password(&eve).await.location(), "factor");
    assert_eq!(browser.post("/factor", &[("factor", "sms")]).await.location(), "code");
    assert_eq!(browser.give_code(&code_in(&world.delivered("sms").await)).await.location(), "./");
}

#[tokio::test]
async fn a_text_of_a_plain_service_may_be_typed_after_a_restart() {
    let mut world = world_of_a_plain_service().await;
    let bob = world.person("bob@example.test", Factor::TextMessage).await;
    let mut browser = world.browser();
    browser.reach_the_code(&world, &bob).await;
    world.let_pass(60);
    world.agent_restarts().await;
    let page = browser.get("/code").await;
    assert!(page.says("2:00") && page.says("href=\"sign-in?why=send-again\""), "{}", page.text);
    assert_eq!(browser.give_code(&code_in(&world.delivered("sms").await)).await.location(), "./");
}
