//! Cognito IdP messages (reference §1): names exactly as on the wire; serde both ways, since the service speaks them too.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::base::Secret;

/// `X-Amz-Target: AWSCognitoIdentityProviderService.<Operation>`.
pub const TARGET_PREFIX: &str = "AWSCognitoIdentityProviderService.";
/// Content type of requests and answers.
pub const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

/// A string map whose values may be passwords, codes or tokens: no `Debug` of values, wiped on drop.
#[derive(Clone, Default)]
pub struct Parameters(BTreeMap<String, Secret<String>>);

impl Parameters {
    pub fn new() -> Self {
        Self::default()
    }
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.0.insert(name.to_owned(), Secret::new(value.into()));
        self
    }
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.expose().as_str())
    }
}

impl std::fmt::Debug for Parameters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Serialize for Parameters {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value.expose())))
    }
}

impl<'de> Deserialize<'de> for Parameters {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let map = BTreeMap::<String, String>::deserialize(deserializer)?;
        Ok(Self(map.into_iter().map(|(name, value)| (name, Secret::new(value))).collect()))
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
    /// Seconds from receipt.
    pub expires_in: u64,
    pub token_type: String,
}

impl std::fmt::Debug for AuthenticationResult {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AuthenticationResult")
    }
}

/// An error answer: `{"__type": "...", "message": "..."}`; JS-style prefixes up to `#` are cut (reference §1.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    #[serde(rename = "__type", alias = "code")]
    pub kind: String,
    #[serde(default, alias = "Message")]
    pub message: String,
}
