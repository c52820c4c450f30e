//! Two-factor authentication at a device's panel, which asks the account service for it.

use http::StatusCode;
use latchkey::cloud::Requirement;
use latchkey::protocol::totp::TotpSecret;

use crate::walks::{self, codes_in, secret_in};
use crate::world::{Factor, Person, World};

#[tokio::test]
async fn somebody_turns_two_factor_authentication_on_with_an_app_and_saves_the_recovery_codes() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut browser = world.signed_in_at_the_panel(&bob).await;
    let bob = walks::an_app_is_turned_on(&world, &mut browser, bob).await;
    world.signed_in_at_the_panel(&bob).await;
}

#[tokio::test]
async fn a_wrong_first_code_turns_nothing_on_and_keeps_the_picture() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut browser = world.signed_in_at_the_panel(&bob).await;
    walks::a_wrong_first_code_keeps_the_picture(&world, &mut browser, bob).await;
}

#[tokio::test]
async fn text_messages_are_turned_on_with_the_code_that_was_texted() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut browser = world.signed_in_at_the_panel(&bob).await;
    walks::texts_are_turned_on(&world, &mut browser).await;
    assert!(browser.get("/two-factor").await.says("+12065550123"));
    assert_eq!(world.portal_browser().give_password(&bob).await.location(), "code");
}

#[tokio::test]
async fn a_change_long_after_the_sign_in_asks_for_password_and_code_again() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.signed_in_at_the_panel(&ann).await;
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
    world.signed_in_at_the_panel(&Person { totp: None, ..ann }).await;
}

#[tokio::test]
async fn a_sign_in_that_did_not_pass_the_new_factor_is_not_enough_however_fresh() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut browser = world.signed_in_at_the_panel(&bob).await;
    let bob = browser.set_up_app(&world, bob).await;
    browser.post("/recovery-codes", &[("saved", "yes")]).await;
    let answer = browser.post("/two-factor", &[("do", "make-codes")]).await;
    assert_eq!(answer.location(), "sign-in", "{}", answer.text);
    browser.prove(&world, &bob, "two-factor").await;
    let made = browser.post("/two-factor", &[("do", "make-codes")]).await;
    assert_eq!(made.location(), "recovery-codes", "{}", made.text);
    assert_eq!(codes_in(&browser.follow(made).await).len(), 10);
}

#[tokio::test]
async fn an_app_is_set_up_anew_and_the_old_one_no_longer_works() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.signed_in_at_the_panel(&ann).await;
    let begun = browser.post("/turn-on", &[("factor", "authenticator")]).await;
    let Ok(secret) = TotpSecret::parse(&secret_in(&browser.follow(begun).await)) else { panic!("no secret") };
    let anew = Person { totp: Some(secret), ..ann.clone() };
    let answer = browser.post("/set-up-authenticator", &[("code", &world.code_of(&anew))]).await;
    assert_eq!(answer.location(), "two-factor?done=set-up-anew", "{}", answer.text);
    let mut old = world.browser();
    old.get("/sign-in").await;
    old.give_password(&ann).await;
    world.let_pass(60);
    assert_eq!(old.give_code(&world.code_of(&ann)).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_app_that_the_sign_in_demanded_comes_with_recovery_codes_too() -> Result<(), Box<dyn std::error::Error>> {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    world.cloud.require(&bob.id, Requirement::SecondFactor).await?;
    let mut browser = world.browser();
    browser.claim(&world).await;
    let password = browser.give_password(&bob).await;
    let page = browser.follow(password).await;
    let bob = Person { totp: Some(TotpSecret::parse(&secret_in(&page))?), ..bob };
    let answer = browser.post("/authenticator", &[("code", &world.code_of(&bob))]).await;
    assert_eq!(answer.location(), "recovery-codes", "{}", answer.text);
    assert_eq!(codes_in(&browser.follow(answer).await).len(), 10);
    assert!(browser.get("/").await.says("is not saved yet"));
    let saved = browser.post("/recovery-codes", &[("saved", "yes")]).await;
    assert!(browser.follow(saved).await.says("10 left"));
    Ok(())
}
