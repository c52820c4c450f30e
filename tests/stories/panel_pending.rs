//! Between password and code: the agent is started anew, or the person goes on at another device.

use http::StatusCode;

use crate::world::{Factor, World};

#[tokio::test]
async fn a_restart_between_password_and_code_costs_nothing() {
    let mut world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.browser();
    browser.reach_the_code(&world, &ann).await;
    world.let_pass(30);
    world.agent_restarts().await;
    let page = browser.get("/code").await;
    assert!(page.says("Six-digit code") && page.says("ann@example.test") && page.says("2:30"), "{}", page.text);
    assert_eq!(browser.give_code(&world.code_of(&ann)).await.location(), "./");
    assert!(browser.get("/").await.says("Fresh"));
}

#[tokio::test]
async fn after_the_restart_a_wrong_code_can_be_typed_again_and_recovery_is_there() {
    let mut world = World::new().await;
    let bob = world.person("bob@example.test", Factor::TextMessage).await;
    let mut browser = world.browser();
    browser.reach_the_code(&world, &bob).await;
    world.agent_restarts().await;
    let code = crate::world::code_in(&world.delivered("sms").await);
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let answer = browser.give_code(wrong).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(answer.says("Can't access your two-factor device?"));
    world.agent_restarts().await;
    assert_eq!(browser.give_code(&code).await.location(), "./");
}

#[tokio::test]
async fn a_sign_in_whose_time_is_over_does_not_come_back() {
    let mut world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.browser();
    browser.reach_the_code(&world, &ann).await;
    world.let_pass(181);
    world.agent_restarts().await;
    assert_eq!(browser.get("/code").await.location(), "sign-in?why=nothing-pending");
}

#[tokio::test]
async fn a_finished_sign_in_leaves_nothing_to_come_back() {
    let mut world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.signed_in_browser(&ann).await;
    world.agent_restarts().await;
    assert_eq!(browser.get("/code").await.location(), "./");
    assert!(world.kept("pending-sign-ins").is_none());
}

#[tokio::test]
async fn wrong_codes_and_reloads_write_nothing() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.browser();
    browser.reach_the_code(&world, &ann).await;
    let before = world.written();
    let right = world.code_of(&ann);
    for guess in ["000000", "000001", "000002"].into_iter().filter(|guess| *guess != right) {
        assert_eq!(browser.give_code(guess).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(browser.get("/code").await.status, StatusCode::OK);
    }
    assert_eq!(world.written(), before);
}

#[tokio::test]
async fn what_is_kept_of_a_sign_in_holds_no_password() {
    let world = World::new().await;
    let ann = world.ann().await;
    world.browser().reach_the_code(&world, &ann).await;
    let kept = world.kept("pending-sign-ins").unwrap();
    assert!(kept.contains(&ann.email) && !kept.contains(&ann.password), "{kept}");
}

#[tokio::test]
async fn damage_to_what_is_kept_costs_the_password_once_more_and_nothing_else() {
    let mut world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.browser();
    browser.reach_the_code(&world, &ann).await;
    world.damage_state("pending-sign-ins");
    world.agent_restarts().await;
    let answer = browser.get("/code").await;
    assert_eq!(answer.location(), "sign-in?why=nothing-pending");
    browser.sign_in(&world, &ann).await;
}

#[tokio::test]
async fn a_sign_in_begun_on_the_phone_is_finished_on_the_laptop() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut phone = world.browser();
    phone.reach_the_code(&world, &ann).await;
    assert!(phone.get("/code").await.says("Continue on another device"));
    assert!(phone.get("/continue").await.says("/continue"));
    let mut laptop = world.browser();
    let shown = code_shown(&laptop.get("/continue").await.text);
    assert_eq!(code_shown(&laptop.get("/continue").await.text), shown, "a reload shows the same code");
    assert!(laptop.get("/continue?go-on").await.says("Nothing has come yet"));

    let moved = phone.post("/continue", &[("code", &shown.to_lowercase())]).await;
    assert!(phone.follow(moved).await.says("goes on at the other device"));
    assert_eq!(laptop.get("/continue?go-on").await.location(), "code");
    assert_eq!(phone.get("/code").await.location(), "sign-in?why=nothing-pending", "it is in one place");
    assert_eq!(laptop.give_code(&world.code_of(&ann)).await.location(), "./");
    assert!(!phone.is_signed_in());
}

#[tokio::test]
async fn a_moved_sign_in_survives_a_restart_where_it_went_and_not_where_it_was() {
    let mut world = World::new().await;
    let ann = world.ann().await;
    let (mut phone, mut laptop) = (world.browser(), world.browser());
    phone.reach_the_code(&world, &ann).await;
    let shown = code_shown(&laptop.get("/continue").await.text);
    phone.post("/continue", &[("code", &shown)]).await;
    world.agent_restarts().await;
    assert_eq!(phone.get("/code").await.location(), "sign-in?why=nothing-pending");
    assert_eq!(laptop.give_code(&world.code_of(&ann)).await.location(), "./");
}

#[tokio::test]
async fn a_code_of_nobody_or_of_yesterday_moves_nothing_and_says_so() {
    let world = World::new().await;
    let ann = world.ann().await;
    let (mut phone, mut laptop) = (world.browser(), world.browser());
    phone.reach_the_code(&world, &ann).await;
    let answer = phone.post("/continue", &[("code", "AAA-AAA")]).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(answer.says("time is over") && answer.says("AAA-AAA"), "{}", answer.text);
    assert_eq!(phone.post("/continue", &[("code", "")]).await.status, StatusCode::BAD_REQUEST);
    let shown = code_shown(&laptop.get("/continue").await.text);
    world.let_pass(170);
    phone.give_password(&ann).await;
    world.let_pass(10);
    assert_eq!(phone.post("/continue", &[("code", &shown)]).await.status, StatusCode::UNAUTHORIZED);
    assert!(phone.get("/code").await.says("Six-digit code"));
}

#[tokio::test]
async fn codes_are_not_guessed_without_end() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut phone = world.browser();
    phone.reach_the_code(&world, &ann).await;
    let mut tried = 0;
    for number in 0..20 {
        let guess = format!("AAA-AA{}", char::from(b'A' + number));
        tried += usize::from(phone.post("/continue", &[("code", &guess)]).await.status == StatusCode::UNAUTHORIZED);
    }
    assert_eq!(tried, 5);
}

#[tokio::test]
async fn whoever_is_signed_in_has_nothing_to_continue() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.signed_in_browser(&ann).await;
    assert_eq!(browser.get("/continue").await.location(), "./");
}

/// Three letters, a dash, three letters.
fn code_shown(page: &str) -> String {
    let code = page.split("id=\"secret\"").nth(1).and_then(|rest| rest.split(['>', '<']).nth(1)).unwrap_or_default();
    assert!(code.len() == 7 && code.contains('-'), "{page}");
    code.to_owned()
}
