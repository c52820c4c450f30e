//! Signing in at the account service's portal, with the same screens as at a device's panel.

use http::StatusCode;
use latchkey::cloud::Requirement;
use latchkey::protocol::totp::TotpSecret;

use crate::walks;
use crate::world::{Factor, Person, World, code_in};

#[tokio::test]
async fn somebody_signs_in_at_the_portal_with_the_authenticator_app() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.portal_browser();

    let start = browser.get("/").await;
    assert_eq!(start.location(), "sign-in");
    let page = browser.follow(start).await;
    assert!(page.says("To your account at") && page.says("Forgot your password?") && !page.says("This device"));
    let password = browser.give_password(&ann).await;
    assert!(browser.follow(password).await.says("Open your authenticator app and look for"));
    let code = browser.give_code(&world.code_of(&ann)).await;
    assert!(browser.is_signed_in());
    let home = browser.follow(code).await;
    assert!(home.status == StatusCode::OK && home.says("ann@example.test"), "{}", home.text);
    assert!(world.account.status().owner.is_none(), "no device is concerned");
}

#[tokio::test]
async fn whoever_left_the_portal_signs_in_again_at_once() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    walks::whoever_left_signs_in_again_at_once(&mut world.portal_browser(), &bob).await;
}

#[tokio::test]
async fn a_code_from_a_text_message_signs_in_at_the_portal() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::TextMessage).await;
    let mut browser = world.portal_browser();
    let password = browser.give_password(&bob).await;
    let page = browser.follow(password).await;
    assert!(page.says("A text message") && page.says("4477") && !page.says("2065554477"));
    assert_eq!(browser.give_code(&code_in(&world.delivered("sms").await)).await.location(), "./");
}

#[tokio::test]
async fn somebody_with_two_factors_chooses_one_at_the_portal() {
    let world = World::new().await;
    let eve = world.person("eve@example.test", Factor::Both).await;
    let mut browser = world.portal_browser();
    let password = browser.give_password(&eve).await;
    assert_eq!(password.location(), "factor");
    assert!(browser.follow(password).await.says("Authenticator app"));
    assert_eq!(browser.post("/factor", &[("factor", "authenticator")]).await.location(), "code");
    assert_eq!(browser.give_code(&world.code_of(&eve)).await.location(), "./");
}

#[tokio::test]
async fn at_the_portal_too_a_mailed_code_and_the_recovery_code_replace_the_phone() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.portal_browser();
    browser.give_password(&ann).await;
    assert!(browser.get("/code").await.says("Can't access your two-factor device?"));
    assert_eq!(browser.post("/recovery", &[]).await.location(), "mailed-code");
    let wrong = browser.post("/mailed-code", &[("code", "000000")]).await;
    assert!(wrong.status == StatusCode::UNAUTHORIZED && wrong.says("The mailed code is not right"), "{}", wrong.text);
    let mailed = code_in(&world.delivered("mail").await);
    assert_eq!(browser.post("/mailed-code", &[("code", &mailed)]).await.location(), "recovery-code");
    let other = "00000000-0000-4000-8000-000000000000";
    let wrong = browser.post("/recovery-code", &[("code", other)]).await;
    assert!(wrong.status == StatusCode::UNAUTHORIZED && wrong.says("The recovery code is not right"), "{}", wrong.text);
    let code = ann.recovery_code.as_ref().unwrap();
    assert_eq!(browser.post("/recovery-code", &[("code", code)]).await.location(), "./");
}

#[tokio::test]
async fn the_portal_asks_for_a_new_password_and_for_an_authenticator_app_where_they_are_required() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    world.cloud.require(&bob.id, Requirement::NewPassword).await.unwrap();
    world.cloud.require(&bob.id, Requirement::SecondFactor).await.unwrap();
    let mut browser = world.portal_browser();
    assert_eq!(browser.give_password(&bob).await.location(), "new-password");
    let weak = browser.post("/new-password", &[("password", "x"), ("repeated", "x")]).await;
    assert!(weak.status == StatusCode::BAD_REQUEST && !weak.text.contains("value=\"x\""), "{}", weak.text);
    let fields = [("password", "New-horse-8!battery"), ("repeated", "New-horse-8!battery")];
    let changed = browser.post("/new-password", &fields).await;
    assert_eq!(changed.location(), "authenticator", "{}", changed.text);
    let page = browser.follow(changed).await;
    let (_, rest) = page.text.split_once("id=\"secret\" translate=\"no\">").unwrap();
    let secret = TotpSecret::parse(rest.split('<').next().unwrap()).unwrap();
    let enrolled = Person { totp: Some(secret), ..bob };
    let answer = browser.post("/authenticator", &[("code", &world.code_of(&enrolled))]).await;
    assert_eq!(answer.location(), "./", "{}", answer.text);
}

#[tokio::test]
async fn a_wrong_password_at_the_portal_keeps_the_e_mail_and_says_so() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.portal_browser();
    let answer = browser.post("/sign-in", &[("email", &ann.email), ("password", "Wrong-horse-7!")]).await;
    assert!(answer.status == StatusCode::UNAUTHORIZED && answer.says("E-mail or password is not right"));
    assert!(answer.says("value=\"ann@example.test\"") && !answer.says("Wrong-horse"));
    let nobody = browser.post("/sign-in", &[("email", "nobody@example.test"), ("password", "Wrong-horse-7!")]).await;
    assert!(nobody.status == StatusCode::UNAUTHORIZED && nobody.says("E-mail or password is not right"));
    for fields in [[("email", ""), ("password", "x")], [("email", "ann@example.test"), ("password", "")]] {
        assert_eq!(browser.post("/sign-in", &fields).await.status, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn a_code_sent_twice_at_once_signs_in_once_at_the_portal() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.portal_browser();
    browser.get("/sign-in").await;
    browser.give_password(&ann).await;
    let code = world.code_of(&ann);
    let (first, second) = browser.post_twice("/code", &[("code", &code)]).await;
    assert_eq!((first.location(), second.location()), ("./", "./"), "{} {}", first.text, second.text);
    assert_eq!(first.header("set-cookie"), second.header("set-cookie"), "one session");
    assert!(browser.get("/").await.says("ann@example.test"));
}

#[tokio::test]
async fn a_sign_in_at_the_portal_that_takes_too_long_starts_again_with_an_explanation() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.portal_browser();
    browser.give_password(&ann).await;
    world.let_pass(181);
    let late = browser.give_code(&world.code_of(&ann)).await;
    let page = browser.follow(late).await;
    assert!(page.says("Type the password again") || page.says("took too long"), "{}", page.text);
    assert!(page.says("value=\"ann@example.test\""));
}

#[tokio::test]
async fn a_session_of_the_portal_ends_unused_or_old_and_says_so() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.signed_in_at_the_portal(&ann).await;
    for _ in 0..10 {
        world.let_pass(29 * 60);
        assert_eq!(browser.get("/").await.status, StatusCode::OK, "in use");
    }
    world.let_pass(31 * 60);
    let ended = browser.get("/").await;
    assert_eq!(ended.location(), "sign-in?why=session-ended");
    assert!(browser.follow(ended).await.says("Your session has ended"));

    let mut browser = world.signed_in_at_the_portal(&ann).await;
    for _ in 0..25 {
        world.let_pass(29 * 60);
        browser.get("/").await;
    }
    assert_eq!(browser.get("/").await.location(), "sign-in?why=session-ended", "twelve hours are the most");
}

#[tokio::test]
async fn signing_out_ends_the_session_also_for_a_stolen_cookie() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.signed_in_at_the_portal(&ann).await;
    let cookies = browser.cookies.clone();
    let left = browser.post("/sign-out", &[]).await;
    assert!(browser.follow(left).await.says("You are signed out"));
    browser.cookies = cookies;
    assert_eq!(browser.get("/").await.location(), "sign-in?why=session-ended");
}

#[tokio::test]
async fn a_text_that_is_sent_again_counts_down_to_the_end_of_its_code_at_the_portal() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::TextMessage).await;
    let mut browser = world.portal_browser();
    assert_eq!(browser.give_password(&bob).await.location(), "code");
    walks::a_text_is_sent_again_and_counts_down_to_its_end(&world, &mut browser).await;
    assert_eq!(browser.give_code(&code_in(&world.delivered("sms").await)).await.location(), "./");
}
