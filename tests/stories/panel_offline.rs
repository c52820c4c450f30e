//! The service cannot be reached, and the owner gets in all the same.

use std::time::{Duration, SystemTime};

use http::StatusCode;
use latchkey::protocol::totp::TotpSecret;

use crate::browser::{Browser, Page};
use crate::world::{Person, World};

const PASSPHRASE: &str = "four unrelated words here";

#[tokio::test]
async fn while_the_service_is_away_passphrase_and_code_open_the_panel() {
    let (mut world, ann, secret) = set_up().await;
    world.service_goes_away().await;
    let mut browser = world.browser();
    let answer = browser.give_password(&ann).await;
    assert_eq!(answer.status, StatusCode::BAD_GATEWAY);
    assert!(answer.says("Unlock this device without it"), "{}", answer.text);
    world.let_pass(30);
    assert!(browser.get("/unlock").await.says("cannot be reached"));
    assert_eq!(unlock(&mut browser, PASSPHRASE, &world.shows(&secret)).await.location(), "./");
    assert!(browser.get("/").await.says("ann@example.test"));
    assert_eq!(browser.get("/device").await.status, StatusCode::OK);
    let keys = browser.get("/keys").await;
    assert_eq!(keys.status, StatusCode::BAD_GATEWAY);
    assert!(keys.says("has not been reached for 30 seconds"), "{}", keys.text);
}

#[tokio::test]
async fn while_the_service_answers_there_is_no_way_around_it() {
    let (world, _ann, secret) = set_up().await;
    world.let_pass(30);
    let mut browser = world.browser();
    assert!(!browser.get("/sign-in").await.says("Unlock this device"));
    let answer = unlock(&mut browser, PASSPHRASE, &world.shows(&secret)).await;
    assert_eq!(answer.location(), "sign-in?why=service-answers");
    assert!(browser.follow(answer).await.says("can be reached"));
}

#[tokio::test]
async fn a_code_counts_once_even_across_a_restart() {
    let (mut world, _ann, secret) = set_up().await;
    world.machine_says("run/systemd/timesync/synchronized", "");
    world.service_goes_away().await;
    world.let_pass(30);
    let code = world.shows(&secret);
    assert_eq!(unlock(&mut world.browser(), PASSPHRASE, &code).await.location(), "./");
    world.agent_restarts().await;
    let again = unlock(&mut world.browser(), PASSPHRASE, &code).await;
    assert_eq!(again.status, StatusCode::UNAUTHORIZED);
    assert!(again.says("used before"), "{}", again.text);
    world.let_pass(30);
    assert_eq!(unlock(&mut world.browser(), PASSPHRASE, &world.shows(&secret)).await.location(), "./");
}

#[tokio::test]
async fn a_pi_that_woke_up_in_the_past_takes_two_codes_in_a_row() {
    let (mut world, _ann, secret) = set_up().await;
    let today = world.machine_clock() + Duration::from_secs(3600);
    world.set_machine_clock(today - Duration::from_secs(20 * 24 * 3600));
    world.service_goes_away().await;
    world.agent_restarts().await;
    let mut browser = world.browser();
    assert!(browser.get("/unlock").await.says("has no battery clock"));
    let seconds = today.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let (first, second) = (code_at(&secret, seconds), code_at(&secret, seconds + 30));
    let alone = unlock(&mut browser, PASSPHRASE, &first).await;
    assert_eq!(alone.status, StatusCode::UNAUTHORIZED);
    assert!(alone.says("two codes that follow each other"), "{}", alone.text);
    let both = [("passphrase", PASSPHRASE), ("code", first.as_str()), ("next", second.as_str())];
    assert_eq!(browser.post("/unlock", &both).await.location(), "./");
    let again = world.browser().post("/unlock", &both).await;
    assert_eq!(again.status, StatusCode::UNAUTHORIZED, "used before");
}

#[tokio::test]
async fn wrong_passphrases_wait_like_wrong_passwords_and_nothing_typed_stays() {
    let (mut world, _ann, secret) = set_up().await;
    world.service_goes_away().await;
    world.let_pass(30);
    let mut browser = world.browser();
    let code = world.shows(&secret);
    for number in 0..5 {
        let typed = format!("not the right passphrase {number}");
        let answer = unlock(&mut browser, &typed, &code).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert!(!answer.says(&typed) && !answer.says(&code), "{}", answer.text);
    }
    let held = unlock(&mut browser, PASSPHRASE, &code).await;
    assert_eq!(held.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(held.says("Wait 5 seconds") && held.header("retry-after") == "5", "{}", held.text);
    world.let_pass(30);
    assert_eq!(unlock(&mut browser, PASSPHRASE, &world.shows(&secret)).await.location(), "./");
}

#[tokio::test]
async fn what_is_missing_in_the_form_is_said_at_its_field() {
    let (mut world, _ann, _secret) = set_up().await;
    world.service_goes_away().await;
    let mut browser = world.browser();
    for (fields, sentence) in [
        ([("passphrase", ""), ("code", "123456")], "Type the passphrase"),
        ([("passphrase", PASSPHRASE), ("code", "")], "Type the six digits"),
        ([("passphrase", PASSPHRASE), ("code", "12345")], "The code is six digits"),
    ] {
        let answer = browser.post("/unlock", &fields).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(answer.says(sentence) && !answer.says(PASSPHRASE), "{}", answer.text);
    }
}

#[tokio::test]
async fn where_it_is_not_set_up_the_page_says_what_to_do() {
    let mut world = World::new().await;
    let ann = world.ann().await;
    world.signed_in_browser(&ann).await;
    world.service_goes_away().await;
    let mut browser = world.browser();
    assert!(browser.get("/unlock").await.says("Nobody has set up a way in"));
    assert_eq!(unlock(&mut browser, PASSPHRASE, "123456").await.status, StatusCode::UNAUTHORIZED);
    assert!(!browser.give_password(&ann).await.says("Unlock this device without it"));
}

#[tokio::test]
async fn a_device_without_owner_has_nothing_to_unlock() {
    let world = World::new().await;
    assert_eq!(world.browser().get("/unlock").await.location(), "claim");
    assert_eq!(unlock(&mut world.browser(), PASSPHRASE, "123456").await.location(), "claim?why=lapsed");
}

#[tokio::test]
async fn setting_up_refuses_what_would_be_guessed_and_what_does_not_match() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.signed_in_browser(&ann).await;
    let secret = secret_on(&browser.get("/offline-unlock").await);
    let code = world.shows(&secret);
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for (first, again, code, status, sentence) in [
        ("short", "short", code.as_str(), StatusCode::BAD_REQUEST, "at least 12 characters"),
        (ann.email.as_str(), ann.email.as_str(), code.as_str(), StatusCode::BAD_REQUEST, "would be guessed soon"),
        (PASSPHRASE, "four other words here", code.as_str(), StatusCode::BAD_REQUEST, "are not the same"),
        (PASSPHRASE, PASSPHRASE, "", StatusCode::BAD_REQUEST, "Type the six digits"),
        (PASSPHRASE, PASSPHRASE, wrong, StatusCode::UNAUTHORIZED, "That code is not right"),
    ] {
        let answer = browser.post("/offline-unlock", &[("passphrase", first), ("again", again), ("code", code)]).await;
        assert_eq!(answer.status, status, "{}", answer.text);
        assert!(answer.says(sentence) && !answer.says(PASSPHRASE), "{}", answer.text);
        assert_eq!(secret_on(&answer).text().expose(), secret.text().expose(), "the picture stays");
    }
    assert!(world.kept("offline-unlock").is_none());
}

#[tokio::test]
async fn a_new_way_in_is_made_only_right_after_a_sign_in_and_while_the_service_answers() {
    let mut world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.signed_in_browser(&ann).await;
    let secret = secret_on(&browser.get("/offline-unlock").await);
    world.let_pass(601);
    let code = world.shows(&secret);
    let fields = [("passphrase", PASSPHRASE), ("again", PASSPHRASE), ("code", code.as_str())];
    assert_eq!(browser.post("/offline-unlock", &fields).await.location(), "sign-in");
    assert!(world.kept("offline-unlock").is_none());
    assert_eq!(browser.get("/offline-unlock").await.location(), "sign-in");
    assert_eq!(browser.give_password(&ann).await.location(), "code");
    assert_eq!(browser.give_code(&world.code_of(&ann)).await.location(), "offline-unlock");
    assert!(browser.get("/offline-unlock").await.says("Set up the offline unlock"));
    world.service_goes_away().await;
    world.account.confirm().await;
    let away = browser.get("/offline-unlock").await;
    assert_eq!(away.status, StatusCode::BAD_GATEWAY);
    assert!(away.says("set up while it can"), "{}", away.text);
}

#[tokio::test]
async fn it_goes_with_the_owner_and_can_be_turned_off() {
    let (world, ann, _secret) = set_up().await;
    assert!(world.kept("offline-unlock").is_some_and(|kept| !kept.contains(PASSPHRASE)));
    let mut browser = world.browser();
    world.let_pass(30);
    browser.sign_in(&world, &ann).await;
    assert_eq!(
        browser.post("/offline-unlock", &[("do", "turn-off")]).await.location(),
        "settings?done=offline-unlock-off"
    );
    assert!(world.kept("offline-unlock").is_none());

    let (world, ann, _secret) = set_up().await;
    let mut browser = world.browser();
    world.let_pass(30);
    browser.sign_in(&world, &ann).await;
    browser.post("/sign-out-device", &[]).await;
    assert!(world.kept("offline-unlock").is_none());
}

/// Ann's device, with an offline unlock, and the secret in her app.
async fn set_up() -> (World, Person, TotpSecret) {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.signed_in_browser(&ann).await;
    let secret = secret_on(&browser.get("/offline-unlock").await);
    let code = world.shows(&secret);
    let fields = [("passphrase", PASSPHRASE), ("again", PASSPHRASE), ("code", code.as_str())];
    let answer = browser.post("/offline-unlock", &fields).await;
    assert_eq!(answer.location(), "settings?done=offline-unlock-on", "{}", answer.text);
    (world, ann, secret)
}

async fn unlock(browser: &mut Browser, passphrase: &str, code: &str) -> Page {
    browser.post("/unlock", &[("passphrase", passphrase), ("code", code)]).await
}

fn secret_on(page: &Page) -> TotpSecret {
    let text = page.text.split("id=\"secret\"").nth(1).and_then(|rest| rest.split(['>', '<']).nth(1));
    TotpSecret::parse(text.unwrap_or_default()).unwrap_or_else(|error| unreachable!("{error}: {}", page.text))
}

fn code_at(secret: &TotpSecret, seconds: u64) -> String {
    secret.code_at(seconds).expose().clone()
}

impl World {
    /// What the device's own authenticator shows now.
    fn shows(&self, secret: &TotpSecret) -> String {
        let now = self.machine_clock().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        code_at(secret, now.as_secs())
    }
}
