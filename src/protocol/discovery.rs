//! `/.well-known/latchkey`: what an agent must know of an account service, so that one URL is enough.

use serde::{Deserialize, Serialize};

/// The document; unknown members are ignored, so that a newer service stays readable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discovery {
    /// Cognito user pool id, `<region>_<name>`.
    pub user_pool_id: String,
    pub client_id: String,
    pub region: String,
    /// Absolute URL that Cognito JSON operations are posted to.
    pub cognito_endpoint: String,
    /// Absolute URL of the auth API, without trailing slash (`…/v1`).
    pub auth_api: String,
    /// Absolute URL of GraphQL.
    pub graphql: String,
    /// Absolute URL below which `/oauth2/…` lives; absent when there is no federated sign-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oauth: Option<String>,
    /// What this service offers beyond remote.it, as words (`bound-recovery`, …).
    #[serde(default)]
    pub features: Vec<String>,
}

impl Discovery {
    /// remote.it's public endpoints (reference §2.1); its client id is configuration.
    pub fn remote_it(client_id: String) -> Self {
        todo!("{client_id}")
    }
    /// The pool name: what follows the first `_` of the pool id.
    pub fn pool_name(&self) -> &str {
        self.user_pool_id.split_once('_').map_or(&self.user_pool_id, |(_, name)| name)
    }
}
