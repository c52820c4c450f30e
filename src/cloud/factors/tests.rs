//! Factors turned on, changed and turned off, by the doors that clients use.

use std::time::Duration;

use serde_json::{Value, json};

use crate::cloud::Requirement;
use crate::cloud::bench::{Bench, EMAIL, PHONE, Reply};
use crate::protocol::totp::TotpSecret;

const SIGN_IN_AGAIN: &str =
    "Sign in again with your second factor, then change two-factor authentication within 10 minutes.";

fn secret() -> TotpSecret {
    TotpSecret::from_bytes(b"12345678901234567890".to_vec())
}

/// Signs in by text message.
async fn by_text(bench: &Bench) -> Reply {
    let begun = bench.begin().await;
    let code = bench.code_sent_to(PHONE).await;
    bench.respond("SMS_MFA", begun.session(), json!({"SMS_MFA_CODE": code})).await
}

async fn pref(bench: &Bench, token: &str) -> Value {
    bench.auth_api(token, "GET", "/v1/mfaPref", &Value::Null).await.body["MfaPref"].take()
}

fn refused(reply: &Reply, status: u16) -> &str {
    assert_eq!(reply.status.as_u16(), status, "{}", reply.body);
    reply.message()
}

#[tokio::test]
async fn an_app_is_turned_on_by_its_first_code_which_then_signs_nobody_in() {
    let bench = Bench::new().await;
    bench.ann(None, None).await;
    let token = bench.access_token().await;
    let before = bench.auth_api(&token, "GET", "/v1/mfaPref", &Value::Null).await;
    let choices = json!(["SOFTWARE_TOKEN_MFA", "SMS_MFA"]);
    let expected = json!({
        "MfaPref": "NO_MFA", "on": [], "since": {}, "choices": choices, "provider": null, "message": null,
    });
    assert_eq!(before.body, expected);
    let early = bench.prefer(&token, "SOFTWARE_TOKEN_MFA").await;
    assert!(refused(&early, 400).starts_with("Set up an authenticator app first"));
    bench.hand.pass(Duration::from_secs(3000));
    let app = bench.set_up_app(&token).await;
    assert!(bench.begin().await.signed_in(), "a proved secret alone is no factor yet");

    let on = bench.prefer(&token, "SOFTWARE_TOKEN_MFA").await;
    assert_eq!((on.status.as_u16(), &on.body["MfaPref"]), (200, &json!("SOFTWARE_TOKEN_MFA")));
    assert_eq!(on.body["backupCode"].as_str().unwrap().len(), 36);
    assert_eq!(on.body["recoveryCodes"].as_array().unwrap().len(), 10);
    assert!(bench.sent_to(EMAIL).await.last().unwrap().contains("Turned on: authenticator app. New recovery codes"));
    assert_eq!(bench.sign_in_with(&app).await.fault(), "CodeMismatchException", "its step was used to verify");
    bench.hand.pass(Duration::from_secs(30));
    assert!(bench.sign_in_with(&app).await.signed_in());

    let again = bench.prefer(&token, "SOFTWARE_TOKEN_MFA").await;
    assert_eq!(again.body, json!({"MfaPref": "SOFTWARE_TOKEN_MFA"}), "what is on stays, with its recovery codes");
}

#[tokio::test]
async fn a_wrong_code_or_one_for_an_old_qr_code_turns_nothing_on() {
    let bench = Bench::new().await;
    bench.ann(None, None).await;
    let token = bench.access_token().await;
    let verify = |code: String| json!({"AccessToken": token, "UserCode": code});
    let none = bench.cognito("VerifySoftwareToken", &verify("123456".to_owned())).await;
    assert_eq!(none.fault(), "SoftwareTokenMFANotFoundException");
    let associate = json!({"AccessToken": token});
    let first = bench.cognito("AssociateSoftwareToken", &associate).await;
    bench.cognito("AssociateSoftwareToken", &associate).await;
    let old = TotpSecret::parse(first.body["SecretCode"].as_str().unwrap()).unwrap();
    let wrong = bench.cognito("VerifySoftwareToken", &verify(old.code_at(bench.unix()).expose().clone())).await;
    assert_eq!((wrong.fault(), wrong.message()), ("EnableSoftwareTokenMFAException", "Code mismatch"));
    refused(&bench.prefer(&token, "SOFTWARE_TOKEN_MFA").await, 400);
    bench.set_up_app(&token).await;
    bench.hand.pass(Duration::from_secs(3599));
    let stale = bench.access_token().await;
    refused(&bench.prefer(&stale, "SOFTWARE_TOKEN_MFA").await, 400);
    assert_eq!(bench.prefer(&token, "SOFTWARE_TOKEN_MFA").await.status.as_u16(), 200, "who proved it turns it on");
}

#[tokio::test]
async fn a_secret_that_nobody_proves_is_forgotten_after_an_hour() {
    let bench = Bench::new().await;
    bench.ann(None, None).await;
    let tokens = bench.begin().await;
    let associate = bench.cognito("AssociateSoftwareToken", &json!({"AccessToken": tokens.access_token()})).await;
    let app = TotpSecret::parse(associate.body["SecretCode"].as_str().unwrap()).unwrap();
    bench.hand.pass(Duration::from_secs(3600));
    let refresh = json!({"REFRESH_TOKEN": tokens.body["AuthenticationResult"]["RefreshToken"]});
    let token = bench.initiate("REFRESH_TOKEN_AUTH", refresh).await.access_token();
    let verify = json!({"AccessToken": token, "UserCode": app.code_at(bench.unix()).expose()});
    assert_eq!(bench.cognito("VerifySoftwareToken", &verify).await.fault(), "SoftwareTokenMFANotFoundException");
}

#[tokio::test]
async fn text_messages_need_a_verified_number() {
    let bench = Bench::new().await;
    bench.ann(None, None).await;
    let token = bench.access_token().await;
    let early = bench.prefer(&token, "SMS_MFA").await;
    assert_eq!(refused(&early, 400), "Add and verify your phone number first.");
    let enable = json!({"AccessToken": token, "SMSMfaSettings": {"Enabled": true}});
    assert_eq!(bench.cognito("SetUserMFAPreference", &enable).await.fault(), "InvalidParameterException");

    let bench = Bench::new().await;
    bench.ann(None, Some(PHONE)).await;
    let token = by_text(&bench).await.access_token();
    assert_eq!(bench.prefer(&token, "NO_MFA").await.body, json!({"MfaPref": "NO_MFA"}));
    let token = bench.access_token().await;
    let on = bench.prefer(&token, "SMS_MFA").await;
    assert_eq!((&on.body["MfaPref"], on.body["backupCode"].is_string()), (&json!("SMS_MFA"), true));
    assert_eq!(bench.begin().await.challenge(), "SMS_MFA");
}

#[tokio::test]
async fn once_a_factor_is_on_every_change_needs_a_fresh_sign_in_that_passed_it() {
    let bench = Bench::new().await;
    bench.ann(None, None).await;
    let by_password = bench.access_token().await;
    let app = bench.set_up_app(&by_password).await;
    bench.prefer(&by_password, "SOFTWARE_TOKEN_MFA").await;
    bench.hand.pass(Duration::from_secs(30));
    let fresh = bench.sign_in_with(&app).await.access_token();

    for wanted in ["NO_MFA", "SMS_MFA"] {
        assert_eq!(refused(&bench.prefer(&by_password, wanted).await, 403), SIGN_IN_AGAIN);
    }
    let off = json!({"AccessToken": by_password, "SoftwareTokenMfaSettings": {"Enabled": false}});
    let associate = json!({"AccessToken": by_password});
    for (operation, body) in [("SetUserMFAPreference", &off), ("AssociateSoftwareToken", &associate)] {
        let reply = bench.cognito(operation, body).await;
        assert_eq!((reply.fault(), reply.message()), ("NotAuthorizedException", SIGN_IN_AGAIN));
    }
    bench.hand.pass(Duration::from_secs(600));
    bench.set_up_app(&fresh).await;
    bench.hand.pass(Duration::from_secs(1));
    assert_eq!(refused(&bench.prefer(&fresh, "NO_MFA").await, 403), SIGN_IN_AGAIN);
    assert_eq!(pref(&bench, &fresh).await, "SOFTWARE_TOKEN_MFA");
}

#[tokio::test]
async fn a_new_secret_takes_the_place_of_the_old_one_when_its_code_is_seen_and_not_before() {
    let bench = Bench::new().await;
    bench.ann(Some(&secret()), None).await;
    let token = bench.sign_in_with(&secret()).await.access_token();
    bench.cognito("AssociateSoftwareToken", &json!({"AccessToken": token})).await;
    bench.hand.pass(Duration::from_secs(30));
    assert!(bench.sign_in_with(&secret()).await.signed_in(), "the old one is on until then");
    let half_done = bench.begin().await;
    let app = bench.set_up_app(&token).await;
    assert!(bench.sent_to(EMAIL).await.last().unwrap().contains("set up anew"));
    bench.hand.pass(Duration::from_secs(30));
    let code = json!({"SOFTWARE_TOKEN_MFA_CODE": secret().code_at(bench.unix()).expose()});
    let late = bench.respond("SOFTWARE_TOKEN_MFA", half_done.session(), code).await;
    assert_eq!(late.fault(), "NotAuthorizedException", "a sign-in that was half done ends");
    assert_eq!(bench.sign_in_with(&secret()).await.fault(), "CodeMismatchException");
    assert!(bench.sign_in_with(&app).await.signed_in());
    assert_eq!(refused(&bench.prefer(&token, "NO_MFA").await, 403), SIGN_IN_AGAIN, "it passed the old one");
}

#[tokio::test]
async fn one_factor_changes_into_the_other_and_off_makes_recovery_codes_void() {
    let bench = Bench::new().await;
    let old_code = bench.ann(None, Some(PHONE)).await.recovery_code.unwrap();
    let token = by_text(&bench).await.access_token();
    let app = bench.set_up_app(&token).await;
    let changed = bench.prefer(&token, "SOFTWARE_TOKEN_MFA").await;
    assert_ne!(changed.body["backupCode"], old_code.expose());
    assert_eq!(bench.begin().await.challenge(), "SOFTWARE_TOKEN_MFA");
    bench.hand.pass(Duration::from_secs(30));
    let token = bench.sign_in_with(&app).await.access_token();
    assert_eq!(bench.prefer(&token, "NO_MFA").await.status.as_u16(), 200);
    let left = bench.auth_api(&token, "GET", "/v1/recoveryCodes", &Value::Null).await;
    assert_eq!(left.body, json!({"recoveryCodesLeft": 0, "backupCodeLeft": false, "made": null}));
    let make = bench.auth_api(&token, "POST", "/v1/recoveryCodes", &Value::Null).await;
    assert!(refused(&make, 400).starts_with("Turn two-factor authentication on first"));
    assert!(bench.begin().await.signed_in());
}

#[tokio::test]
async fn the_number_that_codes_go_to_is_changed_only_with_a_fresh_proof() {
    let bench = Bench::new().await;
    bench.ann(None, Some(PHONE)).await;
    let token = by_text(&bench).await.access_token();
    let other = "+12065550199";
    let number =
        |value: &str| json!({"AccessToken": token, "UserAttributes": [{"Name": "phone_number", "Value": value}]});
    bench.hand.pass(Duration::from_secs(600));
    assert_eq!(bench.cognito("UpdateUserAttributes", &number(other)).await.fault(), "");
    let code = json!({"AccessToken": token, "AttributeName": "phone_number", "Code": bench.code_sent_to(other).await});
    bench.hand.pass(Duration::from_secs(1));
    for (operation, body) in [("UpdateUserAttributes", number(other)), ("VerifyUserAttribute", code.clone())] {
        let late = bench.cognito(operation, &body).await;
        assert_eq!(late.fault(), "NotAuthorizedException", "{operation}");
        assert!(late.message().contains("change your phone number"), "{}", late.message());
    }
    let mut again = code;
    again["AccessToken"] = by_text(&bench).await.access_token().into();
    assert_eq!(bench.cognito("VerifyUserAttribute", &again).await.body, json!({}));
    bench.begin().await;
    assert_eq!(bench.sent_to(other).await.len(), 2, "codes go to the new number");
}

#[tokio::test]
async fn with_both_on_the_preferred_one_is_asked_for_and_the_other_can_be_taken() {
    let bench = Bench::new().await;
    bench.ann(Some(&secret()), Some(PHONE)).await;
    let choice = bench.begin().await;
    let chosen = bench.respond("SELECT_MFA_TYPE", choice.session(), json!({"ANSWER": "SOFTWARE_TOKEN_MFA"})).await;
    let code = json!({"SOFTWARE_TOKEN_MFA_CODE": secret().code_at(bench.unix()).expose()});
    let token = bench.respond("SOFTWARE_TOKEN_MFA", chosen.session(), code).await.access_token();
    let on = json!({"Enabled": true, "PreferredMfa": true});
    let set = async |settings: Value| bench.cognito("SetUserMFAPreference", &settings).await;
    let both = json!({"AccessToken": token, "SMSMfaSettings": on, "SoftwareTokenMfaSettings": on});
    assert_eq!(set(both).await.fault(), "InvalidParameterException");
    let by_mail = json!({"AccessToken": token, "EmailMfaSettings": on});
    assert_eq!(set(by_mail).await.fault(), "InvalidParameterException");
    assert_eq!(set(json!({"AccessToken": token, "SoftwareTokenMfaSettings": on})).await.body, json!({}));
    assert_eq!(pref(&bench, &token).await, "SOFTWARE_TOKEN_MFA");
    let user = bench.cognito("GetUser", &json!({"AccessToken": token})).await;
    assert_eq!(user.body["PreferredMfaSetting"], "SOFTWARE_TOKEN_MFA");

    let begun = bench.begin().await;
    assert_eq!(begun.challenge(), "SOFTWARE_TOKEN_MFA");
    assert_eq!(begun.body["ChallengeParameters"]["MFAS_CAN_CHOOSE"], r#"["SOFTWARE_TOKEN_MFA","SMS_MFA"]"#);
    let other = bench.respond("SELECT_MFA_TYPE", begun.session(), json!({"ANSWER": "SMS_MFA"})).await;
    assert_eq!(other.challenge(), "SMS_MFA");
    let code = json!({"SMS_MFA_CODE": bench.code_sent_to(PHONE).await});
    assert!(bench.respond("SMS_MFA", other.session(), code).await.signed_in());
}

#[tokio::test]
async fn who_had_to_set_up_an_app_to_get_in_makes_recovery_codes_right_after() {
    let bench = Bench::new().await;
    let ann = bench.ann(None, None).await;
    bench.cloud.require(&ann.id, Requirement::SecondFactor).await.unwrap();
    let (begun, slower) = (bench.begin().await, bench.begin().await);
    let mut apps = Vec::new();
    for session in [begun.session(), slower.session()] {
        let associated = bench.cognito("AssociateSoftwareToken", &json!({"Session": session})).await;
        let app = TotpSecret::parse(associated.body["SecretCode"].as_str().unwrap()).unwrap();
        let verify = json!({"Session": session, "UserCode": app.code_at(bench.unix()).expose()});
        assert_eq!(bench.cognito("VerifySoftwareToken", &verify).await.body["Status"], "SUCCESS");
        apps.push(app);
    }
    let token = bench.respond("MFA_SETUP", begun.session(), json!({})).await.access_token();
    assert_eq!(bench.respond("MFA_SETUP", slower.session(), json!({})).await.fault(), "NotAuthorizedException");
    let made = bench.auth_api(&token, "POST", "/v1/recoveryCodes", &Value::Null).await;
    assert_eq!(made.body["recoveryCodes"].as_array().unwrap().len(), 10);
    let left = bench.auth_api(&token, "GET", "/v1/recoveryCodes", &Value::Null).await;
    assert_eq!((&left.body["recoveryCodesLeft"], &left.body["backupCodeLeft"]), (&json!(10), &json!(true)));
    bench.hand.pass(Duration::from_secs(601));
    let late = bench.auth_api(&token, "POST", "/v1/recoveryCodes", &Value::Null).await;
    assert!(refused(&late, 403).contains("make new recovery codes"));
    assert!(bench.sign_in_with(&apps[0]).await.signed_in(), "the first set-up is the one that counts");
}
