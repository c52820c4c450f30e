//! Staying signed in, and leaving.

use std::time::{Duration, SystemTime};

use http::StatusCode;

use crate::walks;
use crate::world::{Factor, World};

const DAY: u64 = 24 * 3600;

#[tokio::test]
async fn a_session_survives_a_restart_of_the_agent() {
    let mut world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.signed_in_browser(&ann).await;
    world.agent_restarts().await;
    assert!(browser.get("/").await.says("ann@example.test"));
}

#[tokio::test]
async fn a_session_that_nobody_uses_for_a_day_ends_and_says_so() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.signed_in_browser(&ann).await;
    world.let_pass(DAY - 1);
    assert_eq!(browser.get("/").await.status, StatusCode::OK);
    world.let_pass(DAY);
    let answer = browser.get("/").await;
    assert_eq!(answer.location(), "sign-in?why=session-ended");
    assert!(browser.follow(answer).await.says("has ended"));
}

#[tokio::test]
async fn a_session_ends_after_thirty_days_of_use() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.signed_in_browser(&ann).await;
    for _ in 0..59 {
        world.let_pass(DAY / 2);
        assert_eq!(browser.get("/").await.status, StatusCode::OK);
    }
    world.let_pass(DAY / 2);
    assert_eq!(browser.get("/").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_wrong_clock_at_boot_neither_ends_a_session_nor_keeps_it_for_ever() {
    for boot in [SystemTime::UNIX_EPOCH, SystemTime::UNIX_EPOCH + Duration::from_secs(1_900_000_000)] {
        let mut world = World::new().await;
        let ann = world.ann().await;
        let mut browser = world.signed_in_browser(&ann).await;
        let before = world.machine_clock();
        world.set_machine_clock(boot);
        world.agent_restarts().await;
        assert_eq!(browser.get("/").await.status, StatusCode::OK, "kept while the time is unknown");
        let leaving = browser.post("/sign-out-device", &[]).await;
        assert_eq!(leaving.status, StatusCode::CONFLICT);
        assert!(leaving.says("does not know yet what time it is"));

        world.set_machine_clock(before + Duration::from_secs(29 * DAY));
        world.account.confirm().await;
        assert_eq!(browser.get("/").await.status, StatusCode::OK, "the thirty days are not over");
        world.let_pass(DAY);
        assert_eq!(browser.get("/").await.status, StatusCode::SEE_OTHER, "now they are");
    }
}

#[tokio::test]
async fn signing_out_of_the_panel_leaves_the_key_on_the_device() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.signed_in_browser(&ann).await;
    let stolen = browser.cookies.clone();
    let answer = browser.post("/sign-out", &[]).await;
    assert!(!browser.is_signed_in());
    assert!(browser.follow(answer).await.says("keeps its access key"));
    browser.cookies = stolen;
    assert_eq!(browser.get("/").await.status, StatusCode::SEE_OTHER, "the old cookie is worth nothing");
    assert!(world.account.key().is_ok());
}

#[tokio::test]
async fn whoever_left_the_panel_signs_in_again_at_once() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut browser = world.browser();
    browser.claim(&world).await;
    walks::whoever_left_signs_in_again_at_once(&mut browser, &bob).await;
}

#[tokio::test]
async fn signing_the_device_out_ends_every_session_and_asks_for_a_new_claim_code() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut first = world.signed_in_browser(&ann).await;
    world.let_pass(30);
    let mut second = world.signed_in_browser(&ann).await;

    assert!(first.get("/sign-out-device").await.says("Sign this device out?"));
    let answer = first.post("/sign-out-device", &[]).await;
    assert_eq!(answer.location(), "claim?why=signed-out");
    assert!(first.follow(answer).await.says("This device is signed out"));
    assert_eq!(second.get("/").await.location(), "claim");
    assert!(world.account.status().owner.is_none());
    assert_eq!(latchkey::panel::kept_claim_code(&world.keystore).unwrap(), Some(world.claim_code()));

    let bob = world.person("bob@example.test", Factor::None).await;
    assert_eq!(first.give_password(&bob).await.location(), "claim?why=lapsed", "the old claim counts no more");
    first.claim(&world).await;
    assert_eq!(first.give_password(&bob).await.location(), "./");
}

#[tokio::test]
async fn signing_the_device_out_without_the_service_says_what_remains_there() {
    let mut world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.signed_in_browser(&ann).await;
    world.service_goes_away().await;
    let answer = browser.post("/sign-out-device", &[]).await;
    assert!(browser.follow(answer).await.says("delete it there"));
}

#[tokio::test]
async fn a_session_is_bound_to_the_owner_of_the_device() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.signed_in_browser(&ann).await;
    world.account.sign_out().await.unwrap();
    assert_eq!(browser.get("/").await.location(), "claim", "signed out at the console");
}

#[tokio::test]
async fn a_revoked_key_is_said_and_signing_in_again_mends_it() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.signed_in_browser(&ann).await;
    world.let_pass(30);
    world.key_is_deleted(&ann).await;
    world.account.confirm().await;
    let page = browser.get("/").await;
    assert!(page.says("Revoked") && page.says("Sign in again"), "{}", page.text);
    world.let_pass(60);
    assert_eq!(browser.get("/sign-in").await.status, StatusCode::OK);
    browser.reach_the_code(&world, &ann).await;
    assert_eq!(browser.give_code(&world.code_of(&ann)).await.location(), "./");
    assert!(browser.get("/").await.says("Fresh"));
}

#[tokio::test]
async fn a_key_not_confirmed_lately_is_said_to_be_leased() {
    let mut world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.signed_in_browser(&ann).await;
    world.service_goes_away().await;
    world.let_pass(DAY / 2);
    world.account.confirm().await;
    let page = browser.get("/").await;
    assert!(page.says("Leased") && page.says("still works"), "{}", page.text);
}
