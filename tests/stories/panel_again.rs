//! Pressing twice, going back, reloading, a second tab: never a dead end, never a 500.

use http::StatusCode;

use crate::world::{Factor, World};

#[tokio::test]
async fn a_code_sent_twice_at_once_signs_in_once_and_both_answers_lead_in() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.browser();
    browser.reach_the_code(&world, &ann).await;
    let code = world.code_of(&ann);
    let (first, second) = browser.post_twice("/code", &[("code", &code)]).await;
    assert_eq!((first.location(), second.location()), ("./", "./"));
    assert_eq!(first.header("set-cookie"), second.header("set-cookie"), "one session");
    assert!(browser.get("/").await.says("Fresh"));
}

#[tokio::test]
async fn a_password_sent_twice_at_once_sends_one_text_message() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::TextMessage).await;
    let mut browser = world.browser();
    browser.claim(&world).await;
    let form = [("email", bob.email.as_str()), ("password", bob.password.as_str())];
    let (first, second) = browser.post_twice("/sign-in", &form).await;
    assert_eq!((first.location(), second.location()), ("code", "code"));
    assert_eq!(world.outbox("sms").await.len(), 1);
}

#[tokio::test]
async fn a_browser_that_gives_up_half_way_finds_the_sign_in_done() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.browser_at("127.0.0.1");
    browser.reach_the_code(&world, &ann).await;
    let code = world.code_of(&ann);
    browser.post_and_give_up("/code", &[("code", &code)]).await;
    let again = browser.give_code(&code).await;
    assert_eq!(again.location(), "./", "{}", again.text);
    assert!(browser.is_signed_in());
}

#[tokio::test]
async fn a_wrong_code_sent_twice_at_once_is_one_try() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.browser();
    browser.reach_the_code(&world, &ann).await;
    let right = world.code_of(&ann);
    let wrong = if right == "000000" { "000001" } else { "000000" };
    let (first, second) = browser.post_twice("/code", &[("code", wrong)]).await;
    assert_eq!((first.status, second.status), (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED));
    assert_eq!(browser.give_code(&right).await.location(), "./");
}

#[tokio::test]
async fn the_question_survives_a_reload_and_a_second_tab() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.browser();
    browser.reach_the_code(&world, &ann).await;
    assert!(browser.get("/code").await.says("Six-digit code"));
    world.let_pass(30);
    let reloaded = browser.get("/code").await;
    assert!(reloaded.says("Six-digit code") && reloaded.says("2:30"));
    assert_eq!(browser.give_code(&world.code_of(&ann)).await.location(), "./");
}

#[tokio::test]
async fn another_browser_does_not_see_the_question() {
    let world = World::new().await;
    let ann = world.ann().await;
    world.browser().reach_the_code(&world, &ann).await;
    assert_eq!(world.browser().get("/code").await.location(), "sign-in?why=nothing-pending");
}

#[tokio::test]
async fn going_back_after_signing_in_leads_forward() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.signed_in_browser(&ann).await;
    for page in ["/sign-in", "/claim", "/code", "/recovery"] {
        let answer = browser.get(page).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{page}");
        let next = browser.follow(answer).await;
        assert!(next.status == StatusCode::SEE_OTHER || next.says("Fresh"), "{page}: {}", next.text);
    }
    world.let_pass(10);
    let stale = browser.give_code(&world.code_of(&ann)).await;
    assert_eq!(stale.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn the_wrong_page_leads_to_the_question_that_is_open() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.browser();
    browser.reach_the_code(&world, &ann).await;
    for page in ["/mailed-code", "/factor", "/make-room"] {
        assert_eq!(browser.get(page).await.location(), "code", "{page}");
    }
    let stale = browser.post("/factor", &[("factor", "sms")]).await;
    assert_eq!(stale.location(), "code", "{}", stale.text);
    assert_eq!(browser.give_code(&world.code_of(&ann)).await.location(), "./");
}
