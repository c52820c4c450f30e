//! The rest of what the page about two-factor authentication promises: text messages, signing in with a code, access keys, and
//! what happens when the second factor is lost.

use http::StatusCode;
use latchkey::account::KeyState;
use serde_json::json;

use crate::program::Program;
use crate::world::{Factor, World, code_in};

#[tokio::test]
async fn r16_a_number_is_tried_before_it_is_relied_on() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let program = Program::on(&world);
    let token = program.sign_in(&bob).await;
    for bad in ["2065550100", "555-0100", "+0123456789", "call me"] {
        assert_eq!(program.give_number(&token, bad).await.fault(), "InvalidParameterException", "{bad}");
    }
    program.give_number(&token, "+1 (206) 555-0100").await;
    assert!(world.delivered("sms").await.contains("verify this number"));
    let early = program.prefer(&token, "SMS_MFA").await;
    assert_eq!(early.status, StatusCode::BAD_REQUEST);
    assert_eq!(early.body["message"], "Add and verify your phone number first.");
    assert!(program.give_password(&bob).await.signed_in(), "nobody is locked out by a number that no text reaches");
}

#[tokio::test]
async fn r17_a_texted_code_counts_for_three_minutes() {
    let world = World::new().await;
    let tim = world.person("tim@example.test", Factor::TextMessage).await;
    let program = Program::on(&world);
    for (seconds, fault) in [(179, ""), (181, "ExpiredCodeException")] {
        let asked = program.give_password(&tim).await;
        let code = json!({"SMS_MFA_CODE": program.texted().await});
        world.let_pass(seconds);
        assert_eq!(program.answer(&tim, &asked, code).await.fault(), fault, "after {seconds} s");
    }
}

#[tokio::test]
async fn r18_number_code_and_recovery_codes_turn_text_messages_on() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let program = Program::on(&world);
    let token = program.sign_in(&bob).await;
    let sent = program.give_number(&token, "+1 (206) 555-0100").await;
    assert_eq!(sent.body["CodeDeliveryDetailsList"][0]["Destination"], "+*******0100");
    assert_eq!(program.prefer(&token, "NO_MFA").await.status, StatusCode::OK, "as remote.it's panel does meanwhile");
    let code = json!({"AccessToken": token, "AttributeName": "phone_number", "Code": program.texted().await});
    assert_eq!(program.cognito("VerifyUserAttribute", code).await.body, json!({}));
    let on = program.prefer(&token, "SMS_MFA").await;
    assert_eq!((&on.body["MfaPref"], on.body["recoveryCodes"].as_array().unwrap().len()), (&json!("SMS_MFA"), 10));
    assert!(!program.sign_in(&bob).await.is_empty(), "a texted code signs in");
    let stale = program.give_number(&token, "+12065550199").await;
    assert_eq!(stale.fault(), "NotAuthorizedException", "from now on the number is part of the factor");
}

#[tokio::test]
async fn r19_the_panel_asks_for_the_code_after_e_mail_and_password() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.browser();
    browser.claim(&world).await;
    assert_eq!(browser.give_password(&ann).await.location(), "code");
    assert!(!browser.is_signed_in());
    assert_ne!(browser.get("/").await.status, StatusCode::OK, "nothing is shown before the code");
    assert_eq!(browser.give_code("000000").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(browser.give_code(&world.code_of(&ann)).await.location(), "./");
}

#[tokio::test]
async fn r20_the_panel_says_whether_to_look_at_the_app_or_at_the_texts() {
    let world = World::new().await;
    let (ann, tim) = (world.ann().await, world.person("tim@example.test", Factor::TextMessage).await);
    let mut browser = world.browser();
    browser.reach_the_code(&world, &ann).await;
    assert!(browser.get("/code").await.says("Open your authenticator app"));
    let mut browser = world.browser();
    browser.reach_the_code(&world, &tim).await;
    let page = browser.get("/code").await;
    assert!(page.says("A text message") && page.says("4477") && !page.says("2065554477"));
    assert_eq!(browser.give_code(&code_in(&world.delivered("sms").await)).await.location(), "./");
}

#[tokio::test]
async fn r21_a_device_is_set_up_from_credentials_instead_of_a_password() {
    let world = World::new().await;
    let ann = world.ann().await;
    let key = world.key_made_elsewhere(&ann).await;
    let mut browser = world.browser();
    browser.claim(&world).await;
    let secret = key.secret_text();
    let typed = [("key_id", key.id.as_str()), ("key_secret", secret.expose().as_str())];
    let answer = browser.post("/access-key", &typed).await;
    assert_eq!(answer.location(), "./", "{}", answer.text);
    assert_eq!(world.account.key().unwrap().id, key.id);
}

#[tokio::test]
async fn r22_a_program_signs_with_its_key_since_the_password_alone_opens_nothing() {
    let world = World::new().await;
    let ann = world.ann().await;
    let program = Program::on(&world);
    let asked = program.give_password(&ann).await;
    assert!(asked.body.get("AuthenticationResult").is_none());
    world.account.adopt(world.key_made_elsewhere(&ann).await).await.unwrap();
    let (_, answer) = world.account.graphql(br#"{"query":"{ login { email } }"}"#.to_vec()).await.unwrap();
    assert!(String::from_utf8_lossy(&answer).contains("ann@example.test"));
    assert_eq!(world.account.status().state, KeyState::Fresh);
}

#[tokio::test]
async fn r23_a_recovery_code_that_was_saved_lets_in_whoever_lost_the_phone() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let program = Program::on(&world);
    let (bob, on) = program.turn_app_on(bob).await;
    let saved = on.body["recoveryCodes"][4].as_str().unwrap().to_lowercase().replace('-', " ");
    let mut browser = world.browser();
    browser.reach_the_code(&world, &bob).await;
    browser.post("/recovery", &[]).await;
    browser.post("/mailed-code", &[("code", &code_in(&world.delivered("mail").await))]).await;
    let signed_in = browser.post("/recovery-code", &[("code", &saved)]).await;
    assert_eq!(signed_in.location(), "./", "{}", signed_in.text);
    assert!(world.delivered("mail").await.contains("signed in to with a recovery code"), "the owner is told");
    assert!(program.give_password(&bob).await.signed_in(), "the lost app is off");
}

#[tokio::test]
async fn r24_nobody_can_restore_access_without_the_factor_and_the_recovery_codes() {
    let world = World::new().await;
    let ann = world.ann().await;
    let program = Program::on(&world);
    let pending = program.give_password(&ann).await;
    let parameters = json!({"USERNAME": ann.email, "SESSION": pending.body["Session"]});
    let body = json!({"AuthFlow": "CUSTOM_AUTH", "ClientId": "stories", "AuthParameters": parameters});
    let mailed = program.cognito("InitiateAuth", body).await;
    let code = json!({"ANSWER": code_in(&world.delivered("mail").await)});
    let asked = program.answer(&ann, &mailed, code).await;
    assert_eq!(
        asked.body["ChallengeParameters"]["challengeType"], "BACKUP_CODE",
        "the mailed code alone opens nothing"
    );
    for guess in ["00000000-0000-4000-8000-000000000000", "0000-0000-0000-0000", "help me"] {
        assert!(!program.answer(&ann, &asked, json!({"ANSWER": guess})).await.signed_in());
    }
    assert_eq!(program.give_password(&ann).await.challenge(), "SOFTWARE_TOKEN_MFA");
}

#[tokio::test]
async fn r25_after_e_mail_and_password_a_link_leads_to_the_recovery_code() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.browser();
    browser.claim(&world).await;
    assert_ne!(browser.get("/recovery").await.status, StatusCode::OK, "not before the password");
    browser.give_password(&ann).await;
    let page = browser.get("/code").await;
    assert!(page.text.contains("<a href=\"recovery\">") && page.says("Can't access your two-factor device?"));
    let started = browser.post("/recovery", &[]).await;
    assert_eq!(started.location(), "mailed-code");
    let next = browser.post("/mailed-code", &[("code", &code_in(&world.delivered("mail").await))]).await;
    assert_eq!(next.location(), "recovery-code");
    let code = ann.recovery_code.as_ref().unwrap();
    assert_eq!(browser.post("/recovery-code", &[("code", code)]).await.location(), "./");
}
