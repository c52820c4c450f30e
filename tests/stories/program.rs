//! A program that speaks the service's protocol itself, as remote.it's desktop and phone apps do, or a script.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a story that cannot go on fails")]
#![expect(clippy::indexing_slicing, reason = "a member that JSON does not have is null")]

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use latchkey::net::Client;
use latchkey::protocol::totp::TotpSecret;
use serde_json::{Value, json};

use crate::world::{Person, World, code_in};

const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Program<'a> {
    world: &'a World,
    client: Client,
}

/// What the service said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
}

impl<'a> Program<'a> {
    pub(crate) fn on(world: &'a World) -> Self {
        Self { world, client: Client::new(None).unwrap() }
    }

    pub(crate) async fn cognito(&self, operation: &str, body: Value) -> Said {
        let target = format!("AWSCognitoIdentityProviderService.{operation}");
        self.send(Method::POST, "/", &[("x-amz-target", &target)], &body).await
    }

    /// E-mail and password: tokens, or a challenge.
    pub(crate) async fn give_password(&self, person: &Person) -> Said {
        let parameters = json!({"USERNAME": person.email, "PASSWORD": person.password});
        let body = json!({"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": "stories", "AuthParameters": parameters});
        self.cognito("InitiateAuth", body).await
    }

    /// The answer to what was asked.
    pub(crate) async fn answer(&self, person: &Person, asked: &Said, mut responses: Value) -> Said {
        responses["USERNAME"] = person.email.as_str().into();
        let body = json!({
            "ChallengeName": asked.challenge(), "ClientId": "stories", "Session": asked.body["Session"],
            "ChallengeResponses": responses,
        });
        self.cognito("RespondToAuthChallenge", body).await
    }

    /// Password, then what the app shows or the newest text says, when it is asked for; an access token.
    pub(crate) async fn sign_in(&self, person: &Person) -> String {
        let asked = self.give_password(person).await;
        let signed_in = match asked.challenge() {
            "SOFTWARE_TOKEN_MFA" => {
                let code = json!({"SOFTWARE_TOKEN_MFA_CODE": self.world.code_of(person)});
                self.answer(person, &asked, code).await
            }
            "SMS_MFA" => self.answer(person, &asked, json!({"SMS_MFA_CODE": self.texted().await})).await,
            _nothing => asked,
        };
        signed_in.access_token()
    }

    /// The code in the newest text message.
    pub(crate) async fn texted(&self) -> String {
        code_in(&self.world.delivered("sms").await)
    }

    pub(crate) async fn auth_api(&self, token: &str, method: Method, path: &str, body: Value) -> Said {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        self.send(method, &format!("/v1/{path}"), &headers, &body).await
    }

    pub(crate) async fn preference(&self, token: &str) -> Said {
        self.auth_api(token, Method::GET, "mfaPref", Value::Null).await
    }

    pub(crate) async fn prefer(&self, token: &str, preference: &str) -> Said {
        self.auth_api(token, Method::POST, "mfaPref", json!({"MfaPref": preference})).await
    }

    /// A text with a code goes there.
    pub(crate) async fn give_number(&self, token: &str, number: &str) -> Said {
        let attributes = json!([{"Name": "phone_number", "Value": number}]);
        self.cognito("UpdateUserAttributes", json!({"AccessToken": token, "UserAttributes": attributes})).await
    }

    /// What the QR code holds.
    pub(crate) async fn ask_for_qr_code(&self, token: &str) -> TotpSecret {
        let associated = self.cognito("AssociateSoftwareToken", json!({"AccessToken": token})).await;
        TotpSecret::parse(associated.body["SecretCode"].as_str().unwrap()).unwrap()
    }

    pub(crate) async fn type_first_code(&self, token: &str, code: &str) -> Said {
        self.cognito("VerifySoftwareToken", json!({"AccessToken": token, "UserCode": code})).await
    }

    /// QR code, first code, on; the person with the app, and what the service answered.
    pub(crate) async fn turn_app_on(&self, person: Person) -> (Person, Said) {
        let token = self.sign_in(&person).await;
        let person = Person { totp: Some(self.ask_for_qr_code(&token).await), ..person };
        let verified = self.type_first_code(&token, &self.world.code_of(&person)).await;
        assert_eq!(verified.body["Status"], "SUCCESS", "{:?}", verified.body);
        let on = self.prefer(&token, "SOFTWARE_TOKEN_MFA").await;
        assert_eq!(on.status, StatusCode::OK, "{:?}", on.body);
        self.world.let_pass(30);
        (person, on)
    }

    async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &Value) -> Said {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.world.service_url()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
        let answer = self.client.send(request.body(body).unwrap(), PATIENCE, 1 << 20).await.unwrap();
        let (head, body) = answer.into_parts();
        Said { status: head.status, body: serde_json::from_slice(&body).unwrap_or_default() }
    }
}

impl Said {
    pub(crate) fn challenge(&self) -> &str {
        self.body["ChallengeName"].as_str().unwrap_or_default()
    }

    /// The error's name; empty for success.
    pub(crate) fn fault(&self) -> &str {
        self.body["__type"].as_str().unwrap_or_default()
    }

    pub(crate) fn signed_in(&self) -> bool {
        self.body["AuthenticationResult"]["AccessToken"].is_string()
    }

    pub(crate) fn access_token(&self) -> String {
        let token = self.body["AuthenticationResult"]["AccessToken"].as_str();
        token.unwrap_or_else(|| panic!("not signed in: {}", self.body)).to_owned()
    }
}
