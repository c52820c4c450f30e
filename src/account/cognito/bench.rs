//! Recorded replies of a pool (shapes of reference §1.4, §1.5, §2.5), and hands to take the machine apart with.

use serde_json::{Value, json};

use super::*;
use crate::account::Answer;
use crate::account::provider::{Asking, Refused, Step, Waiting};

pub(super) const USER: &str = "11111111-2222-4333-8444-555555555555";
pub(super) const EMAIL: &str = "ann@example.test";

pub(super) fn pool(features: &[&str]) -> Cognito {
    Cognito::new(
        &Discovery {
            user_pool_id: "us-west-2_TestPool1".to_owned(),
            client_id: "client1".to_owned(),
            region: "us-west-2".to_owned(),
            cognito_endpoint: "https://idp.example.test/".to_owned(),
            auth_api: "https://auth.example.test/v1".to_owned(),
            graphql: "https://api.example.test/graphql/v1".to_owned(),
            oauth: None,
            portal: None,
            features: features.iter().map(|feature| (*feature).to_owned()).collect(),
        },
        "example.test".to_owned(),
    )
}

pub(super) fn at(seconds: u64) -> Now {
    let service = crate::protocol::http_date::parse("Tue, 02 Jan 2024 03:04:05 GMT").unwrap();
    Now { service, monotonic: Duration::from_secs(seconds) }
}

pub(super) fn reply(status: u16, body: &Value) -> Result<Reply, Error> {
    Ok(Reply { status, retry_after: None, error_type: None, body: Secret::new(body.to_string().into_bytes()) })
}

pub(super) fn challenge(name: &str, session: &str, parameters: Value) -> Value {
    json!({ "ChallengeName": name, "Session": session, "ChallengeParameters": parameters })
}

pub(super) fn fault(kind: &str, message: &str) -> Result<Reply, Error> {
    reply(400, &json!({ "__type": kind, "message": message }))
}

pub(super) fn some_tokens() -> Value {
    json!({ "ChallengeParameters": {}, "AuthenticationResult": {
        "AccessToken": "access", "IdToken": "id", "RefreshToken": "refresh", "ExpiresIn": 3600, "TokenType": "Bearer" } })
}

pub(super) fn unreachable() -> Result<Reply, Error> {
    Err(Error::Unreachable("no route to host".into()))
}

pub(super) fn sent(outcome: Outcome) -> (String, Value, Box<dyn Waiting>) {
    let Ok(Step::Send(request, waiting)) = outcome else { panic!("{outcome:?}") };
    let operation = request.headers.iter().find(|(name, _)| *name == "x-amz-target").unwrap().1.clone();
    let body = serde_json::from_slice(request.body.unwrap().expose()).unwrap();
    (operation.strip_prefix(TARGET_PREFIX).unwrap().to_owned(), body, waiting)
}

pub(super) fn asked(outcome: Outcome) -> Box<dyn Asking> {
    let Ok(Step::Ask(asking)) = outcome else { panic!("{outcome:?}") };
    asking
}

pub(super) fn tokens_of(outcome: Outcome) -> Tokens {
    let Ok(Step::SignedIn(tokens)) = outcome else { panic!("{outcome:?}") };
    tokens
}

pub(super) fn refused(outcome: Outcome) -> Refused {
    outcome.map(|step| panic!("{step:?}")).unwrap_err()
}

pub(super) fn code(text: &str) -> Answer {
    Answer::Code(text.parse().unwrap())
}

/// A sign-in whose password was right at second 0, and what came after.
pub(super) fn after_password(pool: &Cognito, next: &Value) -> Outcome {
    let begun = pool.begin(&format!(" {EMAIL} "), Secret::from("pass word "), &Secret::new([0; 128]));
    let (operation, message, waiting) = sent(begun);
    assert_eq!((operation.as_str(), &message["AuthFlow"]), ("InitiateAuth", &json!("USER_PASSWORD_AUTH")));
    assert_eq!(message["AuthParameters"], json!({ "USERNAME": EMAIL, "PASSWORD": "pass word " }));
    waiting.on_reply(reply(200, next), at(0))
}

pub(super) fn at_challenge(name: &str, mut parameters: Value) -> Box<dyn Asking> {
    parameters["USER_ID_FOR_SRP"] = json!(USER);
    asked(after_password(&pool(&["password-auth", "bound-recovery"]), &challenge(name, "session-1", parameters)))
}

pub(super) const RECOVERY_CODE: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";
