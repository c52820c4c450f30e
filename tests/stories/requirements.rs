//! What the page about two-factor authentication promises, one story for each sentence, through the service that really runs
//! and, where a person meets it, the panel. What it says about Google has its own file.

use http::{Method, StatusCode};
use latchkey::account::KeyState;
use latchkey::protocol::totp::TotpSecret;
use serde_json::{Value, json};

use crate::program::Program;
use crate::world::{Factor, Person, World};

#[tokio::test]
async fn r01_two_factor_authentication_is_an_optional_step_after_e_mail_and_password() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let program = Program::on(&world);
    assert!(program.give_password(&bob).await.signed_in());
    let (bob, _) = program.turn_app_on(bob).await;
    let asked = program.give_password(&bob).await;
    assert!(!asked.signed_in());
    assert_eq!(asked.challenge(), "SOFTWARE_TOKEN_MFA");
}

#[tokio::test]
async fn r02_the_second_factor_is_a_code_from_an_app_or_from_a_text_message() {
    let world = World::new().await;
    for (email, factor) in [("ann@example.test", Factor::Authenticator), ("tim@example.test", Factor::TextMessage)] {
        let person = world.person(email, factor).await;
        assert!(!Program::on(&world).sign_in(&person).await.is_empty());
    }
}

#[tokio::test]
async fn r03_it_is_the_same_at_the_portal_for_apps_that_speak_the_protocol_and_at_the_panel() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let program = Program::on(&world);
    let (bob, _) = program.turn_app_on(bob).await;
    assert!(!program.sign_in(&bob).await.is_empty());
    world.let_pass(30);
    let mut portal = world.portal_browser();
    assert_eq!(portal.give_password(&bob).await.location(), "code");
    assert_eq!(portal.give_code(&world.code_of(&bob)).await.location(), "./");
    world.let_pass(30);
    let mut panel = world.signed_in_browser(&bob).await;
    for browser in [&mut portal, &mut panel] {
        assert!(browser.get("/").await.says("bob@example.test"));
    }
}

#[tokio::test]
async fn r04_a_command_that_knows_no_second_factor_uses_an_access_key() {
    let world = World::new().await;
    let ann = world.ann().await;
    let key = world.key_made_elsewhere(&ann).await;
    assert_eq!(world.account.adopt(key).await.unwrap().email, ann.email, "no code was asked for");
    assert_eq!(world.account.status().state, KeyState::Fresh);
}

#[tokio::test]
async fn r05_an_access_key_works_with_two_factor_authentication_on_and_after_every_change_of_it() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    world.account.adopt(world.key_made_elsewhere(&bob).await).await.unwrap();
    let program = Program::on(&world);
    let (bob, _) = program.turn_app_on(bob).await;
    assert_eq!(world.account.confirm().await, KeyState::Fresh);
    let token = program.sign_in(&bob).await;
    assert_eq!(program.prefer(&token, "NO_MFA").await.status, StatusCode::OK);
    assert_eq!(world.account.confirm().await, KeyState::Fresh);
}

#[tokio::test]
async fn r07_it_is_configured_in_the_account_by_its_owner_signed_in() {
    let world = World::new().await;
    let ann = world.ann().await;
    let program = Program::on(&world);
    let token = program.sign_in(&ann).await;
    assert_eq!(program.preference(&token).await.body["MfaPref"], "SOFTWARE_TOKEN_MFA");
    for stranger in ["", "a.b.c"] {
        assert_eq!(program.preference(stranger).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(program.prefer(stranger, "NO_MFA").await.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(program.give_password(&ann).await.challenge(), "SOFTWARE_TOKEN_MFA");
}

#[tokio::test]
async fn r08_the_authenticator_app_comes_before_text_messages_wherever_both_are_offered() {
    let world = World::new().await;
    let eve = world.person("eve@example.test", Factor::Both).await;
    let program = Program::on(&world);
    let asked = program.give_password(&eve).await;
    assert_eq!(asked.body["ChallengeParameters"]["MFAS_CAN_CHOOSE"], r#"["SOFTWARE_TOKEN_MFA","SMS_MFA"]"#);
    let bob = world.person("bob@example.test", Factor::None).await;
    let choices = program.preference(&program.sign_in(&bob).await).await.body["choices"].take();
    assert_eq!(choices, json!(["SOFTWARE_TOKEN_MFA", "SMS_MFA"]));
    let mut browser = world.browser();
    browser.claim(&world).await;
    let answer = browser.give_password(&eve).await;
    let page = browser.follow(answer).await;
    assert!(page.text.find("Authenticator app").unwrap() < page.text.find("Text message").unwrap());
}

#[tokio::test]
async fn r09_every_app_that_follows_rfc_6238_works() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let program = Program::on(&world);
    let secret = program.ask_for_qr_code(&program.sign_in(&bob).await).await;
    assert_eq!(secret.text().expose().len(), 32, "no padding, no odd length");
    let uri = secret.otpauth_uri("Latchkey", &bob.email);
    for not_every_app_reads in ["algorithm", "digits", "period"] {
        assert!(!uri.expose().contains(not_every_app_reads), "SHA-1, 6 digits and 30 s are what all of them do");
    }
}

#[tokio::test]
async fn r10_several_devices_scan_the_same_qr_code() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let program = Program::on(&world);
    let (phone, _) = program.turn_app_on(bob).await;
    let text = phone.totp.as_ref().unwrap().text();
    let tablet = Person { totp: Some(TotpSecret::parse(text.expose()).unwrap()), ..phone.clone() };
    for device in [phone, tablet] {
        assert!(!program.sign_in(&device).await.is_empty());
        world.let_pass(30);
    }
}

#[tokio::test]
async fn r11_a_device_is_added_later_by_configuring_two_factor_authentication_again() {
    let world = World::new().await;
    let before = world.ann().await;
    let program = Program::on(&world);
    let token = program.sign_in(&before).await;
    let after = Person { totp: Some(program.ask_for_qr_code(&token).await), ..before.clone() };
    world.let_pass(30);
    assert!(!program.sign_in(&before).await.is_empty(), "the old code counts until the new one was typed");
    let verified = program.type_first_code(&token, &world.code_of(&after)).await;
    assert_eq!(verified.body["Status"], "SUCCESS");
    world.let_pass(30);
    let asked = program.give_password(&before).await;
    let old = json!({"SOFTWARE_TOKEN_MFA_CODE": world.code_of(&before)});
    assert_eq!(program.answer(&before, &asked, old).await.fault(), "CodeMismatchException");
    assert!(!program.sign_in(&after).await.is_empty());
}

#[tokio::test]
async fn r12_it_is_off_until_it_is_turned_on() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let program = Program::on(&world);
    assert_eq!(program.preference(&program.sign_in(&bob).await).await.body["MfaPref"], "NO_MFA");
    let (bob, on) = program.turn_app_on(bob).await;
    assert_eq!(on.body["MfaPref"], "SOFTWARE_TOKEN_MFA");
    assert_eq!(program.preference(&program.sign_in(&bob).await).await.body["MfaPref"], "SOFTWARE_TOKEN_MFA");
}

#[tokio::test]
async fn r13_the_person_chooses_app_or_text_messages_and_can_change_from_one_to_the_other() {
    let world = World::new().await;
    let tim = world.person("tim@example.test", Factor::TextMessage).await;
    let program = Program::on(&world);
    let (tim, _) = program.turn_app_on(tim).await;
    assert_eq!(program.give_password(&tim).await.challenge(), "SOFTWARE_TOKEN_MFA");
    let token = program.sign_in(&tim).await;
    assert_eq!(program.prefer(&token, "SMS_MFA").await.body["MfaPref"], "SMS_MFA");
    assert_eq!(program.give_password(&tim).await.challenge(), "SMS_MFA");
}

#[tokio::test]
async fn r14_an_app_is_on_once_its_qr_code_was_scanned_and_its_code_typed() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let program = Program::on(&world);
    let token = program.sign_in(&bob).await;
    let bob = Person { totp: Some(program.ask_for_qr_code(&token).await), ..bob };
    let wrong = if world.code_of(&bob) == "000000" { "111111" } else { "000000" };
    assert_eq!(program.type_first_code(&token, wrong).await.fault(), "EnableSoftwareTokenMFAException");
    assert_eq!(program.prefer(&token, "SOFTWARE_TOKEN_MFA").await.status, StatusCode::BAD_REQUEST);
    assert!(program.give_password(&bob).await.signed_in(), "nobody is locked out half-way");
    let code = world.code_of(&bob);
    let spaced = format!("{} {}", &code[..3], &code[3..]);
    assert_eq!(program.type_first_code(&token, &spaced).await.body["Status"], "SUCCESS");
    assert_eq!(program.prefer(&token, "SOFTWARE_TOKEN_MFA").await.status, StatusCode::OK);
    assert_eq!(program.give_password(&bob).await.challenge(), "SOFTWARE_TOKEN_MFA");
}

#[tokio::test]
async fn r15_recovery_codes_are_shown_when_a_factor_is_turned_on_and_never_again() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let program = Program::on(&world);
    let (bob, on) = program.turn_app_on(bob).await;
    assert_eq!(
        (on.body["backupCode"].as_str().unwrap().len(), on.body["recoveryCodes"].as_array().unwrap().len()),
        (36, 10)
    );
    let token = program.sign_in(&bob).await;
    let left = program.auth_api(&token, Method::GET, "recoveryCodes", Value::Null).await;
    assert_eq!((&left.body["recoveryCodesLeft"], &left.body["backupCodeLeft"]), (&json!(10), &json!(true)));
    let shown = format!("{}{}", left.body, program.preference(&token).await.body);
    assert!(!shown.contains(on.body["backupCode"].as_str().unwrap()));
    let made = program.auth_api(&token, Method::POST, "recoveryCodes", Value::Null).await;
    assert_ne!(made.body["backupCode"], on.body["backupCode"], "lost ones are replaced, with a fresh sign-in");
}
