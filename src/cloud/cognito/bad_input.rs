//! Bad input, as data: every operation answers it with HTTP 400 and the protocol's own name, never a 500.

use axum::http::Request;
use serde_json::{Value, json};

use crate::cloud::bench::{Bench, CLIENT, EMAIL, PASSWORD};
use crate::protocol::cognito::TARGET_PREFIX;

/// Every operation with a request that is well formed.
fn operations() -> Vec<(&'static str, Value)> {
    let (id, name, token) = (CLIENT, "nobody@example.test", "a.b.c");
    vec![
        ("SignUp", json!({"ClientId": id, "Username": name, "Password": PASSWORD})),
        ("ConfirmSignUp", json!({"ClientId": id, "Username": name, "ConfirmationCode": "000000"})),
        ("ResendConfirmationCode", json!({"ClientId": id, "Username": name})),
        ("ForgotPassword", json!({"ClientId": id, "Username": name})),
        (
            "ConfirmForgotPassword",
            json!({"ClientId": id, "Username": name, "ConfirmationCode": "000000", "Password": PASSWORD}),
        ),
        ("ChangePassword", json!({"AccessToken": token, "ProposedPassword": PASSWORD})),
        ("GetUser", json!({"AccessToken": token})),
        ("DeleteUser", json!({"AccessToken": token})),
        ("UpdateUserAttributes", json!({"AccessToken": token, "UserAttributes": []})),
        ("GetUserAttributeVerificationCode", json!({"AccessToken": token, "AttributeName": "email"})),
        ("VerifyUserAttribute", json!({"AccessToken": token, "AttributeName": "email", "Code": "000000"})),
        ("InitiateAuth", json!({"AuthFlow": "USER_SRP_AUTH", "ClientId": id, "AuthParameters": {}})),
        (
            "RespondToAuthChallenge",
            json!({"ChallengeName": "PASSWORD_VERIFIER", "ClientId": id, "ChallengeResponses": {}}),
        ),
        ("AssociateSoftwareToken", json!({"AccessToken": token})),
        ("VerifySoftwareToken", json!({"AccessToken": token, "UserCode": "000000"})),
        ("SetUserMFAPreference", json!({"AccessToken": token})),
        ("RevokeToken", json!({"Token": "x", "ClientId": id})),
        ("GlobalSignOut", json!({"AccessToken": token})),
    ]
}

/// The second where a list of known words is looked at first.
const UNREADABLE: &[&str] = &["SerializationException", "InvalidParameterException"];

const PARAMETER: &[&str] = &["InvalidParameterException"];

async fn refuses(bench: &Bench, operation: &str, body: &str, names: &[&str]) {
    let request = Request::post("/").header("x-amz-target", format!("{TARGET_PREFIX}{operation}"));
    let reply = bench.send(request.body(body.to_owned().into()).unwrap()).await;
    let told = (reply.status.as_u16(), names.contains(&reply.fault()));
    assert_eq!(told, (400, true), "{operation} {body:.200} says {}: {}", reply.fault(), reply.message());
    assert!(!reply.message().is_empty(), "{operation} {body:.200}");
}

fn long(length: usize) -> String {
    "x".repeat(length)
}

/// The text of a request with one member's value replaced.
fn with(request: &Value, member: &str, value: &str) -> String {
    let members = request.as_object().unwrap().iter();
    let texts = members
        .map(|(name, old)| format!("\"{name}\":{}", if name == member { value.to_owned() } else { old.to_string() }));
    format!("{{{}}}", texts.collect::<Vec<_>>().join(","))
}

#[tokio::test]
async fn a_member_that_is_missing_is_named() {
    let bench = Bench::new().await;
    for (operation, request) in operations() {
        for member in request.as_object().unwrap().keys() {
            let mut without = request.clone();
            without.as_object_mut().unwrap().remove(member);
            let names = ["InvalidParameterException", "NotAuthorizedException"];
            refuses(&bench, operation, &without.to_string(), &names).await;
        }
    }
}

#[tokio::test]
async fn a_member_of_the_wrong_type_or_that_would_exhaust_a_reader_is_refused() {
    let bench = Bench::new().await;
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(10_000), close.repeat(10_000));
    let values = [
        "7".to_owned(),
        "true".to_owned(),
        "1e999".to_owned(),
        "9".repeat(20_000),
        "[{\"Name\": 7}]".to_owned(),
        "{\"x\": {\"y\": {}}}".to_owned(),
        "\"\\ud800\"".to_owned(),
        deep("[", "]"),
        deep("{\"a\":", "}"),
        "\"unfinished".to_owned(),
    ];
    for (operation, request) in operations() {
        for member in request.as_object().unwrap().keys() {
            for value in &values {
                refuses(&bench, operation, &with(&request, member, value), UNREADABLE).await;
            }
        }
        for body in ["", "null", "7", "\"text\"", "[]", "{", "{\"a\"}", "\u{feff}{}", &deep("[", "]")] {
            refuses(&bench, operation, body, &["SerializationException"]).await;
        }
    }
}

#[tokio::test]
async fn a_member_that_comes_twice_is_refused_wherever_two_readers_might_differ() {
    let bench = Bench::new().await;
    for (operation, request) in operations() {
        let text = request.to_string();
        let first = request.as_object().unwrap().iter().next().unwrap();
        let twice = format!("{},\"{}\":{}}}", &text[..text.len() - 1], first.0, first.1);
        refuses(&bench, operation, &twice, &["SerializationException"]).await;
    }
    let names = r#"{"USERNAME":"ann@example.test","USERNAME":"bob@example.test","SRP_A":"2f"}"#;
    let body = format!(r#"{{"AuthFlow":"USER_SRP_AUTH","ClientId":"{CLIENT}","AuthParameters":{names}}}"#);
    refuses(&bench, "InitiateAuth", &body, &["SerializationException"]).await;
}

#[tokio::test]
async fn a_member_that_is_too_long_or_of_the_wrong_form_is_refused() {
    let bench = Bench::new().await;
    bench.ann(None, None).await;
    for (operation, member, value, names) in [
        ("SignUp", "ClientId", long(129), PARAMETER),
        ("SignUp", "ClientId", "client 1".to_owned(), PARAMETER),
        ("SignUp", "ClientId", "nosuchclient".to_owned(), &["ResourceNotFoundException"][..]),
        ("SignUp", "Username", format!("{}@example.test", long(120)), PARAMETER),
        ("SignUp", "Username", "a\u{0}b@example.test".to_owned(), PARAMETER),
        ("SignUp", "Username", String::new(), PARAMETER),
        ("SignUp", "Password", long(257), &["InvalidPasswordException"]),
        ("SignUp", "Password", String::new(), &["InvalidPasswordException"]),
        ("ConfirmSignUp", "ConfirmationCode", long(2049), PARAMETER),
        ("ConfirmSignUp", "ConfirmationCode", String::new(), PARAMETER),
        ("ConfirmForgotPassword", "ConfirmationCode", long(2049), PARAMETER),
        ("ConfirmForgotPassword", "Password", long(60_000), &["InvalidPasswordException"]),
        ("ForgotPassword", "Username", long(129), PARAMETER),
        ("ForgotPassword", "Username", long(70_000), PARAMETER),
        ("ResendConfirmationCode", "Username", "a b".to_owned(), PARAMETER),
        ("GetUser", "AccessToken", long(16_385), PARAMETER),
        ("GetUser", "AccessToken", "a b".to_owned(), PARAMETER),
        ("DeleteUser", "AccessToken", "ä".to_owned(), PARAMETER),
        ("ChangePassword", "ProposedPassword", long(257), &["NotAuthorizedException"]),
        ("VerifyUserAttribute", "AccessToken", String::new(), PARAMETER),
        ("RevokeToken", "Token", String::new(), PARAMETER),
    ] {
        let request = operations().into_iter().find(|(name, _)| *name == operation).unwrap().1;
        refuses(&bench, operation, &with(&request, member, &json!(value).to_string()), names).await;
    }
    assert!(bench.initiate("USER_PASSWORD_AUTH", json!({"USERNAME": EMAIL, "PASSWORD": PASSWORD})).await.signed_in());
}

#[tokio::test]
async fn the_same_is_refused_of_somebody_who_is_signed_in() {
    let bench = Bench::new().await;
    bench.ann(None, None).await;
    let token = bench.access_token().await;
    let mine = [
        (
            "ChangePassword",
            json!({"PreviousPassword": PASSWORD, "ProposedPassword": long(257)}),
            "InvalidPasswordException",
        ),
        (
            "ChangePassword",
            json!({"PreviousPassword": long(257), "ProposedPassword": "another-password"}),
            PARAMETER[0],
        ),
        ("UpdateUserAttributes", json!({"UserAttributes": []}), PARAMETER[0]),
        ("UpdateUserAttributes", json!({"UserAttributes": [{"Name": "name", "Value": long(2049)}]}), PARAMETER[0]),
        ("UpdateUserAttributes", json!({"UserAttributes": [{"Name": "custom:x", "Value": "x"}]}), PARAMETER[0]),
        ("UpdateUserAttributes", json!({"UserAttributes": [{"Name": "sub", "Value": "x"}]}), "NotAuthorizedException"),
        ("GetUserAttributeVerificationCode", json!({"AttributeName": long(3000)}), PARAMETER[0]),
        ("VerifyUserAttribute", json!({"AttributeName": "email", "Code": long(2049)}), PARAMETER[0]),
        ("VerifyUserAttribute", json!({"AttributeName": "name", "Code": "000000"}), PARAMETER[0]),
    ];
    for (operation, mut request, name) in mine {
        request["AccessToken"] = token.clone().into();
        refuses(&bench, operation, &request.to_string(), &[name]).await;
    }
}

#[tokio::test]
async fn an_operation_that_is_not_offered_is_named_so() {
    let bench = Bench::new().await;
    for target in ["AdminGetUser", "AdminCreateUser", "ListUsers", "signup", "SignUp ", "", "../SignUp"] {
        refuses(&bench, target, "{}", &["UnknownOperationException"]).await;
    }
}
