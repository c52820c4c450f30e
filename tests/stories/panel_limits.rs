//! Guessing: it gets slow, it is said how slow, headers do not help, and the way back stays open.

use http::StatusCode;

use crate::world::{TRUSTED_PROXY, World};

#[tokio::test]
async fn five_wrong_claim_codes_are_free_then_each_one_waits() {
    let world = World::new().await;
    let mut browser = world.browser();
    for _ in 0..5 {
        assert_eq!(browser.post("/claim", &[("code", "AAAA-AAAA")]).await.status, StatusCode::UNAUTHORIZED);
    }
    let held = browser.post("/claim", &[("code", &world.claim_code())]).await;
    assert_eq!(held.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(held.says("Wait 5 seconds") && held.header("retry-after") == "5", "{}", held.text);
    world.let_pass(5);
    assert_eq!(browser.post("/claim", &[("code", "AAAA-AAAA")]).await.status, StatusCode::UNAUTHORIZED);
    let longer = browser.post("/claim", &[("code", &world.claim_code())]).await;
    assert!(longer.says("Wait 10 seconds"));
    world.let_pass(10);
    assert_eq!(browser.post("/claim", &[("code", &world.claim_code())]).await.location(), "sign-in");
}

#[tokio::test]
async fn a_hundred_wrong_passwords_with_forged_headers_are_held_back() {
    let world = World::new().await;
    let ann = world.ann().await;
    world.signed_in_browser(&ann).await;
    let mut guesser = world.browser();
    let mut tried = 0;
    for number in 0..100 {
        guesser.extra = vec![("x-forwarded-for", format!("10.9.8.{number}"))];
        let answer = guesser.post("/sign-in", &[("email", &ann.email), ("password", "Wrong horse 7!")]).await;
        tried += usize::from(answer.status == StatusCode::UNAUTHORIZED);
    }
    assert_eq!(tried, 5);
}

#[tokio::test]
async fn behind_a_trusted_proxy_one_guesser_does_not_hold_up_another_person() {
    let world = World::new().await;
    let ann = world.ann().await;
    world.signed_in_browser(&ann).await;
    let mut guesser = world.browser_at(TRUSTED_PROXY).over_https();
    guesser.extra.push(("x-forwarded-for", "6.6.6.6, 192.168.1.66".into()));
    let wrong = [("email", "nobody@example.test"), ("password", "Wrong horse 7!")];
    for _ in 0..5 {
        assert_eq!(guesser.post("/sign-in", &wrong).await.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(guesser.post("/sign-in", &wrong).await.status, StatusCode::TOO_MANY_REQUESTS);

    let mut owner = world.browser_at(TRUSTED_PROXY).over_https();
    owner.extra.push(("x-forwarded-for", "192.168.1.7".into()));
    assert_eq!(owner.give_password(&ann).await.location(), "code");
}

#[tokio::test]
async fn wrong_codes_are_held_back_too_and_the_right_one_works_after_the_wait() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.browser();
    browser.reach_the_code(&world, &ann).await;
    let right = world.code_of(&ann);
    let mut held = None;
    for guess in (0..20).map(|number| format!("{number:06}")).filter(|guess| *guess != right) {
        let answer = browser.give_code(&guess).await;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            held = Some(answer);
            break;
        }
    }
    assert!(held.is_some_and(|answer| answer.says("Wait")), "guessing goes on for ever");
}

#[tokio::test]
async fn an_unreachable_service_costs_no_tries() {
    let mut world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.browser();
    browser.claim(&world).await;
    world.service_goes_away().await;
    for _ in 0..8 {
        world.let_pass(4);
        assert_eq!(browser.give_password(&ann).await.status, StatusCode::BAD_GATEWAY);
    }
    world.service_comes_back().await;
    assert_eq!(browser.give_password(&ann).await.location(), "code");
}
