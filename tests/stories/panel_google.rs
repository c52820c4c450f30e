//! Signing in to a device with Google.

#![expect(clippy::unwrap_used, reason = "a story that cannot go on fails")]

use std::time::SystemTime;

use http::StatusCode;
use latchkey::net::Client;

use crate::browser::{Browser, Page};
use crate::portal_google::{follow, linked_to, world_with_google};
use crate::test_provider::{Login, TestProvider, parameters};
use crate::world::{Factor, World};

const GINA: &str = "gina@gmail.example";

#[tokio::test]
async fn an_owner_claims_a_device_and_continues_with_google() {
    let (world, google) = world_with_google().await;
    let mut browser = world.browser();
    browser.claim(&world).await;
    assert!(browser.get("/sign-in").await.says("Continue with Google"));
    let back = through_google(&world, &google, &mut browser, GINA).await;
    assert_eq!(back.location(), "./", "{}", back.text);
    assert!(browser.is_signed_in());
    let overview = browser.follow(back).await;
    assert!(overview.says(GINA) && overview.says("Fresh"), "{}", overview.text);
    let mut phone = world.browser_at("127.0.0.1");
    phone.host = world.address.to_string();
    let again = through_google(&world, &google, &mut phone, GINA).await;
    assert_eq!(again.location(), "./", "the owner comes in again, without a claim code: {}", again.text);
}

#[tokio::test]
async fn a_service_without_google_says_so_only_to_whoever_asks() {
    let world = World::new().await;
    let mut browser = world.browser();
    browser.claim(&world).await;
    assert!(!browser.get("/sign-in").await.says("Google"));
    let answer = browser.post("/google", &[]).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(answer.says("no sign-in with Google") && !answer.says("Try again with Google"));
    assert_eq!(browser.get("/google").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_service_that_is_away_is_still_known_to_offer_google() {
    let (mut world, google) = world_with_google().await;
    let mut browser = world.browser();
    browser.claim(&world).await;
    assert!(browser.get("/sign-in").await.says("Continue with Google"));
    world.service_goes_away().await;
    let refused = browser.post("/sign-in", &[("email", GINA), ("password", "Correct-horse-7!")]).await;
    assert!(refused.status == StatusCode::BAD_GATEWAY && refused.says("Continue with Google"), "{}", refused.text);
    assert!(browser.get("/sign-in").await.says("Continue with Google"), "what was heard last counts");
    world.service_comes_back().await;
    assert_eq!(through_google(&world, &google, &mut browser, GINA).await.location(), "./");
}

#[tokio::test]
async fn nobody_leaves_for_google_before_the_device_is_claimed_or_from_a_foreign_page() {
    let (world, _google) = world_with_google().await;
    let mut browser = world.browser();
    assert_eq!(browser.post("/google", &[]).await.location(), "claim?why=lapsed");
    browser.claim(&world).await;
    let form = ("content-type", "application/x-www-form-urlencoded");
    let foreign = browser.post_from("/google", &[form, ("origin", "http://evil.example")], "").await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_device_is_left_by_the_address_it_was_opened_by_and_a_bare_name_becomes_its_local_one() {
    let (world, _google) = world_with_google().await;
    for (host, back) in [
        ("192.168.1.50:29999", "http://192.168.1.50:29999/v1/callback/"),
        ("[fd00::5]:29999", "http://[fd00::5]:29999/v1/callback/"),
        ("localhost", "http://localhost/v1/callback/"),
        ("raspberrypi:29999", "http://raspberrypi.local:29999/v1/callback/"),
    ] {
        let mut browser = world.browser();
        browser.host = host.to_owned();
        browser.claim(&world).await;
        let target = linked_to(&browser.post("/google", &[]).await.text);
        let sent = parameters(target.split_once('?').unwrap().1);
        assert_eq!(sent["redirect_uri"], format!("{}/v1/callback/", world.service_url()), "never the panel's own");
        let (_random, hidden) = sent["state"].split_once('-').unwrap();
        assert_eq!(data_encoding::HEXLOWER.decode(hidden.as_bytes()).unwrap(), back.as_bytes());
    }
    let mut browser = world.browser();
    browser.host = "panel.example".to_owned();
    browser.claim(&world).await;
    let answer = browser.post("/google", &[]).await;
    assert!(answer.status == StatusCode::CONFLICT && answer.says(".local name"), "{}", answer.text);
}

#[tokio::test]
async fn two_tabs_that_are_away_at_once_both_come_back() {
    let (world, google) = world_with_google().await;
    let mut browser = world.browser();
    browser.claim(&world).await;
    let first = leave(&mut browser).await;
    let second = leave(&mut browser).await;
    for sent in [first, second] {
        let there = come_back(&world, &google, &sent, GINA).await;
        assert_eq!(arrive(&mut browser, &there).await.location(), "./");
    }
}

#[tokio::test]
async fn a_return_counts_once_and_for_ten_minutes() {
    let (world, google) = world_with_google().await;
    let mut browser = world.browser();
    browser.claim(&world).await;
    let sent = leave(&mut browser).await;
    let there = come_back(&world, &google, &sent, GINA).await;
    assert_eq!(arrive(&mut browser, &there).await.location(), "./");
    world.let_pass(10);
    assert_eq!(arrive(&mut browser, &there).await.location(), "./", "the back button leads on");
    browser.post("/sign-out", &[]).await;
    let replayed = arrive(&mut browser, &there).await;
    assert_eq!(replayed.status, StatusCode::GONE);
    assert!(replayed.says("was used before") && replayed.says("Try again with Google") && !browser.is_signed_in());

    let sent = leave(&mut browser).await;
    let there = come_back(&world, &google, &sent, GINA).await;
    world.let_pass(600);
    assert_eq!(arrive(&mut browser, &there).await.status, StatusCode::GONE);
    let forged = arrive(&mut browser, "/v1/callback/?code=x&state=made-up").await;
    assert_eq!(forged.status, StatusCode::GONE);
    assert!(!browser.is_signed_in());
}

#[tokio::test]
async fn a_code_that_the_service_takes_no_more_leads_to_a_new_try() {
    let (world, google) = world_with_google().await;
    let mut browser = world.browser();
    browser.claim(&world).await;
    let sent = leave(&mut browser).await;
    let there = come_back(&world, &google, &sent, GINA).await;
    world.let_pass(61);
    let late = arrive(&mut browser, &there).await;
    assert_eq!(late.status, StatusCode::GONE);
    assert!(late.says("older than a minute") && late.says("Begin again."), "{}", late.text);
    assert!(late.says("Try again with Google"), "{}", late.text);
    assert!(!browser.is_signed_in());
}

#[tokio::test]
async fn a_browser_that_did_not_leave_is_not_signed_in_and_neither_is_the_one_that_did() {
    let (world, google) = world_with_google().await;
    let mut mallory = world.browser();
    mallory.claim(&world).await;
    let sent = leave(&mut mallory).await;
    let there = come_back(&world, &google, &sent, GINA).await;
    let mut gina = world.browser();
    let page = arrive(&mut gina, &there).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.says("begun in another browser") && page.says("Continue with Google here"), "{}", page.text);
    assert!(!gina.is_signed_in());
    assert_eq!(world.account.status().owner, None);
    assert_eq!(mallory.get("/").await.location(), "claim");
}

#[tokio::test]
async fn a_phone_that_returns_by_another_name_of_the_device_goes_on_with_one_press() {
    let (world, google) = world_with_google().await;
    let mut phone = world.browser();
    phone.host = "raspberrypi:29999".to_owned();
    phone.claim(&world).await;
    let sent = leave(&mut phone).await;
    let there = come_back(&world, &google, &sent, GINA).await;
    // Cookies are kept by name.
    let mut same_phone = world.browser();
    let page = arrive(&mut same_phone, &there).await;
    assert!(page.says("by another name of this device"));
    let state = parameters(there.split_once('?').unwrap().1)["state"].clone();
    let sent = linked_to(&same_phone.post("/google", &[("return", &state)]).await.text);
    let there = come_back(&world, &google, &sent, GINA).await;
    assert_eq!(arrive(&mut same_phone, &there).await.location(), "./", "the claim code need not be typed again");
    let mut another = world.browser();
    another.get("/sign-in").await;
    world.account.sign_out().await.unwrap();
    let answer = another.post("/google", &[("return", &state)]).await;
    assert_eq!(answer.location(), "claim?why=lapsed", "a state hands a claim over once");
}

#[tokio::test]
async fn a_browser_that_held_its_cookies_back_keeps_them() {
    let (world, google) = world_with_google().await;
    let mut browser = world.browser();
    browser.claim(&world).await;
    let sent = leave(&mut browser).await;
    let there = come_back(&world, &google, &sent, GINA).await;
    let kept = std::mem::take(&mut browser.cookies);
    let page = browser.get(&there).await;
    assert!(browser.cookies.is_empty(), "no new cookie takes the old one's place");
    browser.cookies = kept;
    assert_eq!(browser.get(&to_finish(&page)).await.location(), "./");
}

#[tokio::test]
async fn an_account_that_is_not_the_owners_is_refused_without_naming_the_owner() {
    let (world, google) = world_with_google().await;
    let ann = world.person("ann@example.test", Factor::None).await;
    let mut owner = world.browser();
    owner.claim(&world).await;
    owner.give_password(&ann).await;
    let mut browser = world.browser();
    browser.get("/sign-in").await;
    let refused = through_google(&world, &google, &mut browser, GINA).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.says("belongs to another account") && !refused.says("ann@example.test"), "{}", refused.text);
    assert!(!browser.is_signed_in());
}

#[tokio::test]
async fn what_google_says_instead_of_a_code_is_told_in_words_with_a_way_on() {
    let (world, google) = world_with_google().await;
    let mut browser = world.browser();
    browser.claim(&world).await;
    let now = world.machine_clock().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let unverified = Login { verified: false, ..Login::new("una", "una@gmail.example", now) };
    let foreign = Login { instead: serde_json::json!({ "aud": "somebody-else" }), ..Login::new("una", GINA, now) };
    for (login, told) in [(unverified, "Confirm the address"), (foreign, "Google")] {
        let sent = leave(&mut browser).await;
        let there = come_back_as(&world, &google, &sent, login).await;
        let page = arrive(&mut browser, &there).await;
        assert!(page.status == StatusCode::FORBIDDEN && page.says(told), "{}", page.text);
        assert!(page.says("Try again with Google") && page.says("Sign in with e-mail and password"));
    }
    let sent = leave(&mut browser).await;
    let state = parameters(sent.split_once('?').unwrap().1)["state"].clone();
    let page = arrive(&mut browser, &format!("/v1/callback/?error=access_denied&state={state}")).await;
    assert!(page.says("was not finished"), "{}", page.text);
    let page = arrive(&mut browser, "/v1/callback/?error=x&error_description=Call+0900&state=x").await;
    assert!(!page.says("0900"), "a stranger's words are not shown");
}

/// The whole way; the panel's answer to the browser that is back.
async fn through_google(world: &World, google: &TestProvider, browser: &mut Browser, email: &str) -> Page {
    let sent = leave(browser).await;
    let there = come_back(world, google, &sent, email).await;
    arrive(browser, &there).await
}

/// Where the panel sends the browser.
async fn leave(browser: &mut Browser) -> String {
    let page = browser.post("/google", &[]).await;
    assert_eq!(page.status, StatusCode::OK, "{} {}", page.location(), page.text);
    linked_to(&page.text)
}

/// From the service to the provider and back to the relay; where at the panel the browser ends up.
async fn come_back(world: &World, google: &TestProvider, sent: &str, email: &str) -> String {
    let now = world.machine_clock().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    come_back_as(world, google, sent, Login::new(email, email, now)).await
}

async fn come_back_as(world: &World, google: &TestProvider, sent: &str, login: Login) -> String {
    let (client, mut cookies) = (Client::new(None).unwrap(), String::new());
    assert!(sent.starts_with(&format!("{}/oauth2/authorize?", world.service_url())), "{sent}");
    let away = follow(&client, &mut cookies, sent).await;
    let relay = follow(&client, &mut cookies, &google.agree(&away, login)).await;
    let panel = follow(&client, &mut cookies, &relay).await;
    let (_, path) = panel.split_once("/v1/callback/").unwrap();
    format!("/v1/callback/{path}")
}

/// The browser opens what the relay sent it to, and is led on.
async fn arrive(browser: &mut Browser, there: &str) -> Page {
    let page = browser.get(there).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    browser.get(&to_finish(&page)).await
}

fn to_finish(page: &Page) -> String {
    linked_to(&page.text).strip_prefix("../..").unwrap().to_owned()
}
