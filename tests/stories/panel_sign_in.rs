//! The ways into the panel that a person can take.

use http::StatusCode;
use latchkey::account::KeyState;
use latchkey::cloud::Requirement;
use latchkey::protocol::totp::TotpSecret;

use crate::world::{Factor, Person, World, code_in};

#[tokio::test]
async fn an_owner_claims_the_device_and_signs_in_with_the_authenticator_app() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.browser();

    let start = browser.get("/").await;
    assert_eq!(start.location(), "claim");
    assert!(browser.follow(start).await.says("Claim this device"));
    let claimed = browser.claim(&world).await;
    assert!(browser.follow(claimed).await.says("Sign in"));
    let password = browser.give_password(&ann).await;
    assert!(browser.follow(password).await.says("Open your authenticator app and look for"));
    let code = browser.give_code(&world.code_of(&ann)).await;
    let overview = browser.follow(code).await;

    assert_eq!(overview.status, StatusCode::OK);
    assert!(overview.says("ann@example.test") && overview.says("Fresh"));
    let status = world.account.status();
    assert!(overview.says(status.key.as_ref().unwrap().as_str()));
    assert_eq!(status.state, KeyState::Fresh);
    assert_eq!(world.panel.claim_code(), None);
    assert!(latchkey::panel::kept_claim_code(&world.keystore).unwrap().is_none());
}

#[tokio::test]
async fn an_account_without_second_factor_is_in_after_the_password() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut browser = world.browser();
    browser.claim(&world).await;
    let password = browser.give_password(&bob).await;
    assert!(browser.follow(password).await.says("Fresh"));
}

#[tokio::test]
async fn a_code_from_a_text_message_signs_in_and_can_be_sent_again() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::TextMessage).await;
    let mut browser = world.browser();
    browser.reach_the_code(&world, &bob).await;

    let page = browser.get("/code").await;
    assert!(page.says("A text message") && page.says("4477") && !page.says("2065554477"));
    assert!(page.says("Send a new code"));
    world.let_pass(100);
    assert_eq!(browser.post("/code", &[("do", "send-again")]).await.location(), "code");
    assert_eq!(world.outbox("sms").await.len(), 2);

    let code = code_in(&world.delivered("sms").await);
    assert_eq!(browser.give_code(&code).await.location(), "./");
}

#[tokio::test]
async fn somebody_with_two_factors_chooses_one() {
    let world = World::new().await;
    let eve = world.person("eve@example.test", Factor::Both).await;
    let mut browser = world.browser();
    browser.claim(&world).await;
    let password = browser.give_password(&eve).await;
    assert_eq!(password.location(), "factor");
    let choice = browser.follow(password).await;
    assert!(choice.says("Authenticator app") && choice.says("Text message"));
    let chosen = browser.post("/factor", &[("factor", "authenticator")]).await;
    assert_eq!(chosen.location(), "code");
    assert_eq!(browser.give_code(&world.code_of(&eve)).await.location(), "./");
}

#[tokio::test]
async fn without_the_phone_a_mailed_code_and_the_recovery_code_sign_in() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.browser();
    browser.reach_the_code(&world, &ann).await;
    assert!(browser.get("/code").await.says("Can't access your two-factor device?"));
    assert!(browser.get("/recovery").await.says("your recovery code"));

    let started = browser.post("/recovery", &[]).await;
    assert_eq!(started.location(), "mailed-code");
    assert!(browser.follow(started).await.says("step 1 of 2"));
    let wrong = browser.post("/mailed-code", &[("code", "00000000")]).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    let mailed = code_in(&world.delivered("mail").await);
    let second = browser.post("/mailed-code", &[("code", &mailed)]).await;
    assert_eq!(second.location(), "recovery-code");

    let unreadable = browser.post("/recovery-code", &[("code", "1234")]).await;
    assert_eq!(unreadable.status, StatusCode::BAD_REQUEST);
    let code = format!(" {} .", ann.recovery_code.as_ref().unwrap().to_uppercase());
    let signed_in = browser.post("/recovery-code", &[("code", &code)]).await;
    assert_eq!(signed_in.location(), "./", "{}", signed_in.text);
    assert!(browser.follow(signed_in).await.says("Fresh"));
}

#[tokio::test]
async fn the_service_may_want_a_new_password_first() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    world.cloud.require(&bob.id, Requirement::NewPassword).await.unwrap();
    let mut browser = world.browser();
    browser.claim(&world).await;
    assert_eq!(browser.give_password(&bob).await.location(), "new-password");

    let differ = browser.post("/new-password", &[("password", "New-horse-8!"), ("repeated", "New-horse-9!")]).await;
    assert!(differ.status == StatusCode::BAD_REQUEST && differ.says("The two passwords differ"));
    assert!(!differ.says("New-horse"), "a password is never echoed");
    let weak = browser.post("/new-password", &[("password", "x"), ("repeated", "x")]).await;
    assert!(weak.status == StatusCode::BAD_REQUEST && weak.says("does not accept that password"), "{}", weak.text);
    let changed = browser.post("/new-password", &[("password", "New-horse-8!"), ("repeated", "New-horse-8!")]).await;
    assert_eq!(changed.location(), "./", "{}", changed.text);

    let changed = Person { password: "New-horse-8!".into(), ..bob };
    let mut elsewhere = world.browser();
    elsewhere.get("/sign-in").await;
    assert_eq!(elsewhere.give_password(&changed).await.location(), "./");
}

#[tokio::test]
async fn the_service_may_want_an_authenticator_app_first() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    world.cloud.require(&bob.id, Requirement::SecondFactor).await.unwrap();
    let mut browser = world.browser();
    browser.claim(&world).await;
    let password = browser.give_password(&bob).await;
    assert_eq!(password.location(), "authenticator");

    let page = browser.follow(password).await;
    assert!(page.says("<svg") && page.says("otpauth://totp/"));
    let (_, rest) = page.text.split_once("id=\"secret\" translate=\"no\">").unwrap();
    let secret = TotpSecret::parse(rest.split('<').next().unwrap()).unwrap();
    let enrolled = Person { totp: Some(secret), ..bob };
    let answer = browser.post("/authenticator", &[("code", &world.code_of(&enrolled))]).await;
    assert_eq!(answer.location(), "recovery-codes", "{}", answer.text);
}

#[tokio::test]
async fn once_owned_a_device_lets_only_its_owner_in() {
    let world = World::new().await;
    let ann = world.ann().await;
    world.signed_in_browser(&ann).await;
    let bob = world.person("bob@example.test", Factor::None).await;

    let mut stranger = world.browser();
    assert_eq!(stranger.get("/").await.location(), "sign-in");
    let answer = stranger.give_password(&bob).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(answer.says("belongs to another account") && !answer.says("ann@example.test"));
    assert!(!stranger.is_signed_in());
    assert_eq!(world.account.status().owner.unwrap().email, "ann@example.test");
}

#[tokio::test]
async fn the_owner_signs_in_from_a_second_browser_without_a_claim_code() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut first = world.signed_in_browser(&ann).await;
    let key = world.account.status().key;
    world.let_pass(60);
    let mut second = world.signed_in_browser(&ann).await;
    for browser in [&mut first, &mut second] {
        assert!(browser.get("/").await.says("Fresh"));
    }
    assert_eq!(world.account.status().key, key, "one device has one key");
}

#[tokio::test]
async fn an_e_mail_is_forgiven_its_case_and_blanks() {
    let world = World::new().await;
    let ann = world.person("ann+pi@example.test", Factor::None).await;
    let mut browser = world.browser();
    browser.claim(&world).await;
    let typed = [("email", " Ann+Pi@Example.TEST "), ("password", ann.password.as_str())];
    assert_eq!(browser.post("/sign-in", &typed).await.location(), "./");
}

#[tokio::test]
async fn passwords_with_signs_of_every_kind_work() {
    let world = World::new().await;
    let long = "Aa1!".repeat(64);
    let passwords = ["p%40ss&x=1A!", "🙂🙂aA1!aA1!", "\"'<a>+\\", long.as_str()];
    for (number, password) in passwords.into_iter().enumerate() {
        let person = world.person_with(&format!("p{number}@example.test"), password, Factor::None).await;
        let mut browser = world.browser();
        browser.claim(&world).await;
        let answer = browser.give_password(&person).await;
        assert_eq!(answer.location(), "./", "{password}: {}", answer.text);
        browser.post("/sign-out-device", &[]).await;
    }
}

#[tokio::test]
async fn a_password_is_never_trimmed() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut browser = world.browser();
    browser.claim(&world).await;
    let blank = format!("{} ", bob.password);
    let answer = browser.post("/sign-in", &[("email", &bob.email), ("password", &blank)]).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}
