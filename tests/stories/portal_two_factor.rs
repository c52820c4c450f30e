//! Two-factor authentication at the portal: on, set up anew, off; recovery codes that are saved before one leaves.

use http::StatusCode;
use latchkey::protocol::totp::TotpSecret;

use crate::walks::{self, codes_in, secret_in};
use crate::world::{Factor, Person, World, code_in};

#[tokio::test]
async fn somebody_turns_two_factor_authentication_on_with_an_app_and_saves_the_recovery_codes() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut browser = world.signed_in_at_the_portal(&bob).await;
    let bob = walks::an_app_is_turned_on(&world, &mut browser, bob).await;
    assert_eq!(world.portal_browser().give_password(&bob).await.location(), "code");
}

#[tokio::test]
async fn a_short_recovery_code_from_the_portal_signs_in_without_the_phone() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut browser = world.signed_in_at_the_portal(&bob).await;
    let bob = browser.set_up_app(&world, bob).await;
    let code = codes_in(&browser.get("/recovery-codes").await).swap_remove(3);
    let mut elsewhere = world.portal_browser();
    elsewhere.give_password(&bob).await;
    elsewhere.post("/recovery", &[]).await;
    let mailed = code_in(&world.delivered("mail").await);
    assert_eq!(elsewhere.post("/mailed-code", &[("code", &mailed)]).await.location(), "recovery-code");
    let answer = elsewhere.post("/recovery-code", &[("code", &code.to_uppercase())]).await;
    assert_eq!(answer.location(), "./", "{}", answer.text);
}

#[tokio::test]
async fn a_wrong_first_code_turns_nothing_on_and_keeps_the_picture() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut browser = world.signed_in_at_the_portal(&bob).await;
    walks::a_wrong_first_code_keeps_the_picture(&world, &mut browser, bob).await;
}

#[tokio::test]
async fn a_change_long_after_the_sign_in_asks_for_password_and_code_again() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.signed_in_at_the_portal(&ann).await;
    world.let_pass(601);
    let stale = browser.cookies.clone();
    let answer = browser.post("/two-factor", &[("do", "turn-off"), ("sure", "yes")]).await;
    assert_eq!(answer.location(), "sign-in");
    let page = browser.follow(answer).await;
    assert!(page.says("Confirm that it is you") && page.says("value=\"ann@example.test\""), "{}", page.text);
    assert_eq!(browser.give_password(&ann).await.location(), "code");
    assert!(browser.get("/two-factor").await.says("Two-factor Authentication"), "the session goes on meanwhile");
    assert_eq!(browser.give_code(&world.code_of(&ann)).await.location(), "two-factor");

    let off = browser.post("/two-factor", &[("do", "turn-off"), ("sure", "yes")]).await;
    assert_eq!(off.location(), "two-factor?done=turned-off", "{}", off.text);
    assert!(browser.follow(off).await.says("Turn On"));
    browser.cookies = stale;
    assert_eq!(browser.get("/").await.location(), "sign-in?why=session-ended", "the older session is replaced");
    world.signed_in_at_the_portal(&Person { totp: None, ..ann }).await;
}

#[tokio::test]
async fn turning_off_takes_a_deliberate_tick() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.signed_in_at_the_portal(&ann).await;
    let answer = browser.post("/two-factor", &[("do", "turn-off")]).await;
    assert!(answer.status == StatusCode::BAD_REQUEST && answer.says("Tick the box to confirm"));
    assert!(browser.get("/two-factor").await.says("Authenticator app"));
}

#[tokio::test]
async fn an_app_that_is_set_up_anew_replaces_the_old_one_only_when_its_code_was_right() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.signed_in_at_the_portal(&ann).await;
    let begun = browser.post("/turn-on", &[("factor", "authenticator")]).await;
    let secret = TotpSecret::parse(&secret_in(&browser.follow(begun).await)).unwrap();
    world.let_pass(30);
    world.signed_in_at_the_portal(&ann).await;
    let anew = Person { totp: Some(secret), ..world.person("x@example.test", Factor::None).await };
    let answer = browser.post("/set-up-authenticator", &[("code", &world.code_of(&anew))]).await;
    assert_eq!(answer.location(), "two-factor?done=set-up-anew", "{}", answer.text);
    assert!(browser.follow(answer).await.says("Codes of the old set-up no longer work"));
    let mut old = world.portal_browser();
    old.give_password(&ann).await;
    world.let_pass(60);
    assert_eq!(old.give_code(&world.code_of(&ann)).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn text_messages_are_turned_on_with_the_code_that_was_texted() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut browser = world.signed_in_at_the_portal(&bob).await;
    walks::texts_are_turned_on(&world, &mut browser).await;
    assert_eq!(world.portal_browser().give_password(&bob).await.location(), "code");
}
