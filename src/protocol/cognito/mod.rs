//! Cognito IdP messages (reference §1): names exactly as on the wire; serde both ways, since the service speaks them too.

mod account;
mod fault;
mod own;
mod registration;

pub use account::{
    AssociateSoftwareToken, AssociatedSoftwareToken, Attribute, ByAccessToken, MfaSettings, RevokeToken,
    SetUserMfaPreference, User, VerifiedSoftwareToken, VerifySoftwareToken,
};
pub use fault::Fault;
pub use own::{
    ChangePassword, GetUserAttributeVerificationCode, UpdateUserAttributes, UpdatedUserAttributes, VerifyUserAttribute,
};
pub use registration::{
    ByUsername, CodeDelivered, CodeDeliveryDetails, ConfirmForgotPassword, ConfirmSignUp, SignUp, SignedUp,
};

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::base::Secret;

/// `X-Amz-Target: AWSCognitoIdentityProviderService.<Operation>`.
pub const TARGET_PREFIX: &str = "AWSCognitoIdentityProviderService.";
/// Content type of requests and answers.
pub const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

/// Text that has to cross the wire and must not be seen elsewhere: no `Debug` of it, wiped on drop.
#[derive(Clone, Debug)]
pub struct Confidential(Secret<String>);

impl Confidential {
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl From<&str> for Confidential {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl Serialize for Confidential {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.expose())
    }
}

impl<'de> Deserialize<'de> for Confidential {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Secret::new(text)))
    }
}

/// A string map whose values may be passwords, codes or tokens. Browsers send null for what they do not have (DEVICE_KEY).
#[derive(Clone, Default, Serialize)]
#[serde(transparent)]
pub struct Parameters(BTreeMap<String, Confidential>);

impl<'de> Deserialize<'de> for Parameters {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

/// Reads them; a name that comes twice is refused, since two readers might not agree on which one counts.
struct Members;

impl<'de> serde::de::Visitor<'de> for Members {
    type Value = Parameters;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a map of strings")
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Parameters, A::Error> {
        let mut seen = BTreeSet::new();
        let mut members = BTreeMap::new();
        while let Some((name, value)) = map.next_entry::<String, Option<Confidential>>()? {
            if !seen.insert(name.clone()) {
                return Err(serde::de::Error::custom("a name comes twice"));
            }
            members.extend(value.map(|value| (name, value)));
        }
        Ok(Parameters(members))
    }
}

impl Parameters {
    pub fn new() -> Self {
        Self::default()
    }
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.0.insert(name.to_owned(), Confidential(Secret::new(value.into())));
        self
    }
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(Confidential::expose)
    }
}

impl std::fmt::Debug for Parameters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AuthFlow {
    #[serde(rename = "USER_SRP_AUTH")]
    UserSrp,
    #[serde(rename = "USER_PASSWORD_AUTH")]
    UserPassword,
    #[serde(rename = "CUSTOM_AUTH")]
    Custom,
    #[serde(rename = "REFRESH_TOKEN_AUTH", alias = "REFRESH_TOKEN")]
    RefreshToken,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct InitiateAuth {
    pub auth_flow: AuthFlow,
    pub client_id: String,
    pub auth_parameters: Parameters,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_metadata: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RespondToAuthChallenge {
    pub challenge_name: String,
    pub client_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    pub challenge_responses: Parameters,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_metadata: Option<BTreeMap<String, String>>,
}

/// Answer to both of the above. `challenge_name` stays text: an unknown one must be readable (COG-11).
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AuthReply {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    #[serde(default)]
    pub challenge_parameters: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authentication_result: Option<AuthenticationResult>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AuthenticationResult {
    pub access_token: String,
    #[serde(default)]
    pub id_token: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// Seconds from receipt. Clients must live without it (the service model calls it optional, cognito-local leaves it out).
    #[serde(default = "AuthenticationResult::usual_lifetime")]
    pub expires_in: u64,
    #[serde(default = "AuthenticationResult::usual_type")]
    pub token_type: String,
}

impl AuthenticationResult {
    fn usual_lifetime() -> u64 {
        3600
    }
    fn usual_type() -> String {
        "Bearer".to_owned()
    }
}

impl std::fmt::Debug for AuthenticationResult {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AuthenticationResult")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_sign_in_begins_as_cognito_expects() {
        let request = InitiateAuth {
            auth_flow: AuthFlow::UserSrp,
            client_id: "client".into(),
            auth_parameters: Parameters::new().with("USERNAME", "ann@example.test").with("SRP_A", "2f"),
            client_metadata: None,
        };
        let expected = json!({
            "AuthFlow": "USER_SRP_AUTH",
            "ClientId": "client",
            "AuthParameters": {"USERNAME": "ann@example.test", "SRP_A": "2f"},
        });
        assert_eq!(serde_json::to_value(&request).unwrap(), expected);
    }

    #[test]
    fn both_names_of_the_refresh_flow_are_read() {
        for name in ["REFRESH_TOKEN_AUTH", "REFRESH_TOKEN"] {
            assert_eq!(serde_json::from_value::<AuthFlow>(json!(name)).unwrap(), AuthFlow::RefreshToken);
        }
    }

    #[test]
    fn a_parameter_that_is_null_is_as_good_as_absent() {
        let read: Parameters = serde_json::from_value(json!({"REFRESH_TOKEN": "r", "DEVICE_KEY": null})).unwrap();
        assert_eq!((read.value("REFRESH_TOKEN"), read.value("DEVICE_KEY")), (Some("r"), None));
    }

    #[test]
    fn a_parameter_that_comes_twice_is_refused() {
        for text in [r#"{"USERNAME": "ann", "USERNAME": "bob"}"#, r#"{"USERNAME": null, "USERNAME": "bob"}"#] {
            assert!(serde_json::from_str::<Parameters>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_challenge_of_an_unknown_name_is_still_readable() {
        let reply: AuthReply = serde_json::from_value(json!({
            "ChallengeName": "WEB_AUTHN",
            "Session": "s",
            "ChallengeParameters": {"CREDENTIAL_REQUEST_OPTIONS": "{}"},
            "AvailableChallenges": ["PASSWORD_SRP"],
        }))
        .unwrap();
        assert_eq!(reply.challenge_name.as_deref(), Some("WEB_AUTHN"));
    }

    #[test]
    fn tokens_are_read_without_a_new_refresh_token() {
        let reply: AuthReply = serde_json::from_value(json!({
            "AuthenticationResult": {"AccessToken": "a", "IdToken": "i", "ExpiresIn": 3600, "TokenType": "Bearer"},
            "ChallengeParameters": {},
        }))
        .unwrap();
        let result = reply.authentication_result.unwrap();
        assert_eq!((result.access_token.as_str(), result.refresh_token, result.expires_in), ("a", None, 3600));
    }

    #[test]
    fn tokens_without_lifetime_and_type_are_the_usual_ones() {
        let result: AuthenticationResult = serde_json::from_value(json!({ "AccessToken": "a" })).unwrap();
        assert_eq!((result.expires_in, result.token_type.as_str()), (3600, "Bearer"));
    }

    #[test]
    fn messages_do_not_print_what_they_carry() {
        let parameters = Parameters::new().with("PASSWORD", "hunter2");
        let result = AuthenticationResult {
            access_token: "hunter2".into(),
            id_token: "hunter2".into(),
            refresh_token: Some("hunter2".into()),
            expires_in: 3600,
            token_type: "Bearer".into(),
        };
        let printed = format!("{parameters:?} {result:?}");
        assert!(printed.contains("PASSWORD") && !printed.contains("hunter2"), "{printed}");
    }
}
