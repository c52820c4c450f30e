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
    /// Absolute URL of the account's web pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub portal: Option<String>,
    /// What this service offers beyond remote.it, as words (`bound-recovery`, …).
    #[serde(default)]
    pub features: Vec<String>,
}

impl Discovery {
    /// remote.it's public endpoints (reference §2.1); its client id is configuration.
    pub fn remote_it(client_id: String) -> Self {
        Self {
            user_pool_id: "us-west-2_6nKjyW7yg".to_owned(),
            client_id,
            region: "us-west-2".to_owned(),
            cognito_endpoint: "https://cognito-idp.us-west-2.amazonaws.com/".to_owned(),
            auth_api: "https://auth.api.remote.it/v1".to_owned(),
            graphql: "https://api.remote.it/graphql/v1".to_owned(),
            oauth: Some("https://auth.remote.it".to_owned()),
            portal: Some("https://app.remote.it".to_owned()),
            features: vec!["identity-provider:Google".to_owned()],
        }
    }

    /// The pool name: what follows the first `_` of the pool id.
    pub fn pool_name(&self) -> &str {
        self.user_pool_id.split_once('_').map_or(&self.user_pool_id, |(_, name)| name)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_pool_name_follows_the_first_underscore() {
        assert_eq!(Discovery::remote_it("client".into()).pool_name(), "6nKjyW7yg");
        let own = Discovery { user_pool_id: "eu-lan-1_a_b".into(), ..Discovery::remote_it("client".into()) };
        assert_eq!(own.pool_name(), "a_b");
    }

    #[test]
    fn a_newer_service_with_unknown_members_stays_readable() {
        let document = json!({
            "user_pool_id": "local_pool",
            "client_id": "client",
            "region": "local",
            "cognito_endpoint": "https://cloud.example.test/",
            "auth_api": "https://cloud.example.test/v1",
            "graphql": "https://cloud.example.test/graphql/v1",
            "passkeys": {"since": 2027},
        });
        let discovery: Discovery = serde_json::from_value(document).unwrap();
        assert_eq!((discovery.oauth, discovery.features.len()), (None, 0));
    }
}
