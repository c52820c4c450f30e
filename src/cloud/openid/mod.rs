//! Sign-in by way of an OpenID provider such as Google (reference §2.7): we are the provider's client, and an OAuth server to our
//! own clients. One file per URL.
//!
//! | URL | what |
//! |---|---|
//! | `/oauth2/authorize` | a client sends a browser here; it goes on to the provider |
//! | `/oauth2/idpresponse` | the browser comes back from the provider |
//! | `/oauth2/link` | its account is to be linked with one that is here already |
//! | `/oauth2/token` | code or refresh token, for tokens |
//! | `/oauth2/userInfo` | whose an access token is |
//! | `/logout` | the browser forgets, and goes on |
//! | `/v1/callback/` | the relay to a panel on a LAN |
//! | `/v1/identities` | which providers open the account; link, unlink |
//!
//! Whatever waits is in the store, so each step may meet another instance.

mod authorize;
#[cfg(test)]
mod bench;
mod browser;
mod code;
mod fetch;
mod identities;
mod idpresponse;
mod link_account;
mod logout;
mod owner;
mod page;
mod parameters;
mod proof;
mod provider;
mod relay;
#[cfg(test)]
pub(crate) mod test_provider;
mod ticket;
pub(crate) mod token;
mod user_info;
mod verdict;

pub(crate) use authorize::SCOPES;
pub(crate) use identities::{Error as UnlinkError, factors_are_theirs, only_provider, unlink};
pub use provider::IdentityProvider;
pub(crate) use ticket::make as ticket;
pub(crate) use token::{Redemption, redeem};

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn;
use axum::routing::{get, post};

use super::Error;
use super::site::Site;
use crate::panel::screens::speak;
use provider::Provider;

/// The providers of this service, by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Providers(Vec<Arc<Provider>>);

pub(super) fn router() -> Router<Site> {
    Router::new()
        .route("/oauth2/authorize", get(authorize::begin))
        .route("/oauth2/idpresponse", get(idpresponse::come_back))
        .route("/oauth2/link", get(link_account::question).post(link_account::answer))
        .route("/oauth2/token", post(token::answer))
        .route("/oauth2/userInfo", get(user_info::answer).post(user_info::answer))
        .route("/oauth2/style.css", get(page::style))
        .route("/logout", get(logout::answer))
        .route("/v1/callback/", get(relay::answer))
        .route("/v1/identities", get(identities::list).post(identities::begin))
        .route("/v1/identities/unlink", post(identities::end))
        .layer(from_fn(speak))
}

impl Providers {
    pub(super) fn new(settings: &[IdentityProvider]) -> Result<Self, Error> {
        let providers: Vec<Arc<Provider>> =
            settings.iter().cloned().map(|one| Provider::new(one).map(Arc::new)).collect::<Result<_, _>>()?;
        for (place, provider) in providers.iter().enumerate() {
            if providers.iter().take(place).any(|other| other.name() == provider.name()) {
                return Err(Error::IdentityProvider(
                    provider.name().to_owned(),
                    "there are two of that name.".to_owned(),
                ));
            }
        }
        Ok(Self(providers))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Provider> {
        self.0.iter().map(AsRef::as_ref)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn named(&self, name: &str) -> Option<Arc<Provider>> {
        self.0.iter().find(|provider| provider.name() == name).cloned()
    }

    fn only(&self) -> Option<Arc<Provider>> {
        match self.0.as_slice() {
            [only] => Some(only.clone()),
            _none_or_several => None,
        }
    }

    fn names(&self) -> String {
        let names: Vec<&str> = self.iter().map(Provider::name).collect();
        if names.is_empty() { "it has none".to_owned() } else { names.join(", ") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Secret;
    use crate::cloud::openid::bench::Journey;

    fn provider(name: &str, issuer: &str) -> IdentityProvider {
        IdentityProvider {
            name: name.to_owned(),
            issuer: issuer.to_owned(),
            client_id: "x".to_owned(),
            client_secret: Secret::from("x"),
            ca_file: None,
        }
    }

    #[test]
    fn a_provider_that_cannot_be_trusted_or_told_apart_is_refused_at_the_start() {
        for bad in [
            vec![provider("Google", "http://accounts.google.com")],
            vec![provider("Google", "accounts.google.com")],
            vec![provider("My provider", "https://id.test")],
            vec![provider("", "https://id.test")],
            vec![provider("Google", "https://id.test"), provider("Google", "https://other.test")],
        ] {
            assert!(matches!(Providers::new(&bad), Err(Error::IdentityProvider(..))), "{bad:?}");
        }
        let good = [provider("Google", "https://accounts.google.com"), provider("Test", "http://127.0.0.1:4000")];
        assert_eq!(Providers::new(&good).unwrap().names(), "Google, Test");
    }

    #[tokio::test]
    async fn clients_learn_where_to_begin_only_when_there_is_a_provider() {
        let mut journey = Journey::new().await;
        let found = journey.get("/.well-known/latchkey").await.json();
        assert_eq!(found["oauth"], "http://cloud.test");
        assert!(found["features"].as_array().unwrap().contains(&"identity-provider:Google".into()));
        let pool = journey.get("/local_TestPool1/.well-known/openid-configuration").await.json();
        assert_eq!(pool["token_endpoint"], "http://cloud.test/oauth2/token");
        let plain = axum::http::Request::get("/.well-known/latchkey").body(axum::body::Body::empty()).unwrap();
        assert_eq!(journey.bench.send(plain).await.body.get("oauth"), None);
    }
}
