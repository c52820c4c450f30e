//! Two-factor authentication at the portal: on, set up anew, off; recovery codes that are saved before one leaves.

#![expect(clippy::unwrap_used, reason = "a story that cannot go on fails")]

use http::StatusCode;
use latchkey::protocol::totp::TotpSecret;

use crate::browser::{Browser, Page};
use crate::world::{Factor, Person, World, code_in};

#[tokio::test]
async fn somebody_turns_two_factor_authentication_on_with_an_app_and_saves_the_recovery_codes() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut browser = world.signed_in_at_the_portal(&bob).await;
    let off = browser.get("/two-factor").await;
    assert!(off.says("Two-factor Authentication") && off.says("Turn On"), "{}", off.text);
    let choice = browser.get("/turn-on").await;
    assert!(choice.says("Authenticator App") && choice.says("Recommended") && choice.says("SMS Number"));
    assert!(choice.says("message rates may apply"), "{}", choice.text);

    let bob = set_up_app(&world, &mut browser, bob).await;
    let codes = browser.get("/recovery-codes").await;
    let listed = codes_in(&codes);
    assert_eq!(listed.len(), 10, "{}", codes.text);
    let file = browser.get("/recovery-codes.txt").await;
    assert!(file.header("content-disposition").contains("attachment"));
    assert!(listed.iter().all(|code| file.text.contains(code)));
    assert!(browser.get("/security").await.says("is not saved yet"), "a look elsewhere loses nothing");
    let unsaved = browser.post("/recovery-codes", &[]).await;
    assert!(unsaved.status == StatusCode::BAD_REQUEST && unsaved.says("Save it first"));
    let saved = browser.post("/recovery-codes", &[("saved", "yes")]).await;
    assert_eq!(saved.location(), "two-factor?done=codes-saved");
    let on = browser.follow(saved).await;
    assert!(on.says("Authenticator app") && on.says("10 left"), "{}", on.text);
    assert_eq!(browser.get("/recovery-codes").await.location(), "two-factor", "shown once");
    assert_eq!(browser.get("/recovery-codes.txt").await.location(), "two-factor");
    assert_eq!(world.portal_browser().give_password(&bob).await.location(), "code");
}

#[tokio::test]
async fn a_short_recovery_code_from_the_portal_signs_in_without_the_phone() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut browser = world.signed_in_at_the_portal(&bob).await;
    let bob = set_up_app(&world, &mut browser, bob).await;
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
    let begun = browser.post("/turn-on", &[("factor", "authenticator")]).await;
    let secret = secret_in(&browser.follow(begun).await);
    let person = Person { totp: Some(TotpSecret::parse(&secret).unwrap()), ..bob };
    let right = world.code_of(&person);
    let wrong = if right == "000000" { "000001" } else { "000000" };
    let refused = browser.post("/set-up-authenticator", &[("code", wrong)]).await;
    assert!(refused.status == StatusCode::UNAUTHORIZED && refused.says("That code is not right"), "{}", refused.text);
    assert_eq!(secret_in(&refused), secret, "the same picture is still good");
    let (first, second) = browser.post_twice("/set-up-authenticator", &[("code", &right)]).await;
    assert_eq!((first.location(), second.location()), ("recovery-codes", "recovery-codes"), "{}", second.text);
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
    assert_eq!(browser.post("/turn-on", &[("factor", "sms")]).await.location(), "set-up-texts");
    let page = browser.get("/set-up-texts").await;
    assert!(page.says("Message and data rates"));
    let refused = browser.post("/set-up-texts", &[("phone", "12345")]).await;
    assert!(refused.status == StatusCode::BAD_REQUEST && refused.says("value=\"12345\""), "{}", refused.text);
    let sent = browser.post("/set-up-texts", &[("phone", "+1 (206) 555-0123")]).await;
    assert_eq!(sent.location(), "set-up-texts", "{}", sent.text);
    assert!(browser.follow(sent).await.says("+12065550123"));
    let code = code_in(&world.delivered("sms").await);
    let on = browser.post("/set-up-texts", &[("do", "confirm"), ("code", &code)]).await;
    assert_eq!(on.location(), "recovery-codes", "{}", on.text);
    browser.post("/recovery-codes", &[("saved", "yes")]).await;
    assert!(browser.get("/two-factor").await.says("Text message"));
    assert_eq!(world.portal_browser().give_password(&bob).await.location(), "code");
}

/// Turns it on with a new secret.
async fn set_up_app(world: &World, browser: &mut Browser, person: Person) -> Person {
    let begun = browser.post("/turn-on", &[("factor", "authenticator")]).await;
    assert_eq!(begun.location(), "set-up-authenticator", "{}", begun.text);
    let page = browser.follow(begun).await;
    assert!(page.says("<svg") && page.says("otpauth://totp/"));
    let person = Person { totp: Some(TotpSecret::parse(&secret_in(&page)).unwrap()), ..person };
    let answer = browser.post("/set-up-authenticator", &[("code", &world.code_of(&person))]).await;
    assert_eq!(answer.location(), "recovery-codes", "{}", answer.text);
    person
}

fn secret_in(page: &Page) -> String {
    let (_, rest) = page.text.split_once("id=\"secret\" translate=\"no\">").unwrap();
    rest.split('<').next().unwrap().to_owned()
}

fn codes_in(page: &Page) -> Vec<String> {
    let (_, rest) = page.text.split_once("id=\"codes\" translate=\"no\">").unwrap();
    rest.split('<').next().unwrap().split_whitespace().map(str::to_owned).collect()
}
