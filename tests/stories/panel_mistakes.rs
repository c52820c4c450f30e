//! What goes wrong on the way in: one sentence each, the right status, and nothing lost that was typed but secrets.

use http::StatusCode;

use crate::world::{Factor, World};

#[tokio::test]
async fn a_wrong_password_is_told_without_echoing_it() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.browser();
    browser.claim(&world).await;
    let answer = browser.post("/sign-in", &[("email", &ann.email), ("password", "Wrong horse 7!")]).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(answer.says("E-mail or password is not right"));
    assert!(answer.says("value=\"ann@example.test\"") && !answer.says("Wrong horse"));
    assert!(answer.says("href=\"#password\"") && answer.says("aria-invalid"));
}

#[tokio::test]
async fn an_unknown_account_reads_like_a_wrong_password() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.browser();
    browser.claim(&world).await;
    let known = browser.post("/sign-in", &[("email", &ann.email), ("password", "Wrong horse 7!")]).await;
    let unknown = browser.post("/sign-in", &[("email", "nobody@example.test"), ("password", "Wrong horse 7!")]).await;
    assert_eq!(known.status, unknown.status);
    assert_eq!(known.text.replace("ann@example.test", "nobody@example.test"), unknown.text);
}

#[tokio::test]
async fn an_empty_field_is_named() {
    let world = World::new().await;
    let mut browser = world.browser();
    browser.claim(&world).await;
    let no_email = browser.post("/sign-in", &[("email", ""), ("password", "x")]).await;
    assert!(no_email.status == StatusCode::BAD_REQUEST && no_email.says("href=\"#email\""));
    let no_password = browser.post("/sign-in", &[("email", "ann@example.test"), ("password", "")]).await;
    assert!(no_password.status == StatusCode::BAD_REQUEST && no_password.says("href=\"#password\""));
    assert!(no_password.says("value=\"ann@example.test\""));
}

#[tokio::test]
async fn a_wrong_code_may_be_corrected() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.browser();
    browser.reach_the_code(&world, &ann).await;
    let right = world.code_of(&ann);
    let wrong = if right == "000000" { "000001" } else { "000000" };
    let answer = browser.give_code(wrong).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(answer.says("That code is not right") && !answer.says(wrong));
    assert_eq!(browser.give_code(&right).await.location(), "./");
}

#[tokio::test]
async fn a_code_is_forgiven_its_blanks_and_dashes() {
    let world = World::new().await;
    let ann = world.ann().await;
    for (before, between, after) in [("", " ", ""), (" ", "", "\n"), ("", "\u{a0}", ""), ("", "-", "")] {
        let mut browser = world.browser();
        browser.reach_the_code(&world, &ann).await;
        let code = world.code_of(&ann);
        let (left, right) = code.split_at(3);
        let typed = format!("{before}{left}{between}{right}{after}");
        assert_eq!(browser.give_code(&typed).await.location(), "./", "{typed:?}");
        world.let_pass(60);
    }
}

#[tokio::test]
async fn what_is_no_code_costs_no_try() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.browser();
    browser.reach_the_code(&world, &ann).await;
    for typed in ["12as56", "١٢٣٤٥٦", "1234567", "", "12345"].repeat(3) {
        assert_eq!(browser.give_code(typed).await.status, StatusCode::BAD_REQUEST, "{typed}");
    }
    assert_eq!(browser.give_code(&world.code_of(&ann)).await.location(), "./");
}

#[tokio::test]
async fn a_code_works_only_once() {
    let world = World::new().await;
    let ann = world.ann().await;
    world.signed_in_browser(&ann).await;
    let mut second = world.browser();
    second.reach_the_code(&world, &ann).await;
    let answer = second.give_code(&world.code_of(&ann)).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(answer.says("used before or has expired"), "{}", answer.text);
    world.let_pass(30);
    assert_eq!(second.give_code(&world.code_of(&ann)).await.location(), "./");
}

#[tokio::test]
async fn a_code_is_taken_until_three_minutes_after_the_password() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.browser();
    browser.reach_the_code(&world, &ann).await;
    world.let_pass(175);
    assert!(browser.get("/code").await.says("0:05"));
    assert_eq!(browser.give_code(&world.code_of(&ann)).await.location(), "./");
}

#[tokio::test]
async fn after_three_minutes_the_way_leads_back_to_the_password_with_the_e_mail_kept() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.browser();
    browser.reach_the_code(&world, &ann).await;
    world.let_pass(185);
    let late = browser.give_code(&world.code_of(&ann)).await;
    assert_eq!(late.location(), "sign-in?why=expired");
    let page = browser.follow(late).await;
    assert!(page.says("took longer than the service waits") && page.says("value=\"ann@example.test\""));
    assert_eq!(browser.give_password(&ann).await.location(), "code");
    assert_eq!(browser.give_code(&world.code_of(&ann)).await.location(), "./");
}

#[tokio::test]
async fn a_clock_that_jumps_while_somebody_types_does_not_end_the_sign_in() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::TextMessage).await;
    let mut browser = world.browser();
    browser.reach_the_code(&world, &bob).await;
    assert!(browser.get("/code").await.says("3:00"));
    world.set_machine_clock(world.machine_clock() + std::time::Duration::from_secs(3 * 3600));
    assert!(browser.get("/code").await.says("3:00"));
}

#[tokio::test]
async fn an_unreachable_service_is_said_and_the_sign_in_goes_on_afterwards() {
    let mut world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.browser();
    browser.claim(&world).await;
    world.service_goes_away().await;
    let password = browser.give_password(&ann).await;
    assert_eq!(password.status, StatusCode::BAD_GATEWAY);
    assert!(password.says("cannot be reached") && password.says("value=\"ann@example.test\""));

    world.service_comes_back().await;
    assert_eq!(browser.give_password(&ann).await.location(), "code");
    world.service_goes_away().await;
    let code = browser.give_code(&world.code_of(&ann)).await;
    assert_eq!(code.status, StatusCode::BAD_GATEWAY);
    assert!(code.says("Six-digit code"), "the question stays");
    world.service_comes_back().await;
    assert_eq!(browser.give_code(&world.code_of(&ann)).await.location(), "./");
}

#[tokio::test]
async fn a_damaged_state_is_set_aside_and_told() {
    let mut world = World::new().await;
    let ann = world.ann().await;
    world.signed_in_browser(&ann).await;
    world.damage_state("access-key");
    world.agent_restarts().await;

    let mut browser = world.browser();
    let start = browser.get("/").await;
    assert_eq!(start.location(), "claim");
    let page = browser.follow(start).await;
    assert!(page.says("Needs attention") && page.says("set aside"), "{}", page.text);
    world.let_pass(60);
    browser.sign_in(&world, &ann).await;
}

#[tokio::test]
async fn a_page_that_does_not_exist_is_said_to_somebody_signed_in() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.signed_in_browser(&ann).await;
    let missing = browser.get("/no/such/page").await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    assert!(missing.says("href=\"../../style/panel.css"));
    assert_eq!(browser.get("/sign-out").await.status, StatusCode::METHOD_NOT_ALLOWED);
}
