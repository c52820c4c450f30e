//! One OpenID provider (Google, or any other): where it is, how a browser is sent there, and who it says came back.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use openidconnect::core::{CoreAuthPrompt, CoreAuthenticationFlow};
use openidconnect::core::{CoreClient, CoreClientAuthMethod, CoreProviderMetadata};
use openidconnect::{
    AuthType, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet, EndpointSet, IssuerUrl, LoginHint,
    Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
};

use super::fetch::{self, Fetch};
use crate::base::{Clock, Secret};
use crate::cloud::Error as Unusable;

/// What a provider says about itself is asked again after so long.
const TRUSTED_FOR: Duration = Duration::from_secs(3600);
/// A key that is not known makes us ask again, but not more often than this.
const ASKED_AGAIN_AFTER: Duration = Duration::from_secs(60);

/// An OpenID provider that people may sign in with, as settings give it.
#[derive(Clone, Debug)]
pub struct IdentityProvider {
    /// What people and clients call it: `Google`.
    pub name: String,
    /// `https://accounts.google.com`; plain HTTP only on this machine.
    pub issuer: String,
    pub client_id: String,
    pub client_secret: Secret<String>,
    /// A CA to trust beside the system's.
    pub ca_file: Option<PathBuf>,
}

/// Cheap to share; what it learned of the provider is kept in memory, since any instance can learn it again.
#[derive(Debug)]
pub(crate) struct Provider {
    pub(super) settings: IdentityProvider,
    pub(super) issuer: IssuerUrl,
    pub(super) fetch: Fetch,
    known: Mutex<Option<Known>>,
}

#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) metadata: CoreProviderMetadata,
    at: Duration,
}

pub(super) type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

/// What is known only while one browser is away at the provider.
#[derive(Debug)]
pub(super) struct Secrets {
    pub(super) nonce: Secret<String>,
    /// PKCE's.
    pub(super) verifier: Secret<String>,
}

/// How a browser is sent there.
pub(super) struct Ask<'a> {
    pub(super) return_to: &'a str,
    pub(super) state: &'a Secret<String>,
    pub(super) secrets: &'a Secrets,
    pub(super) prompt: Option<&'a str>,
    pub(super) login_hint: Option<&'a str>,
}

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why nobody came back. The person is told one sentence; the log has all of it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the provider's description of itself cannot be had")]
    Discovery(#[source] Cause),
    #[error("our own address is no address")]
    Address(#[source] Cause),
    #[error("the provider did not take the code")]
    Exchange(#[source] Cause),
    #[error("the provider sent no id token")]
    NoIdToken,
    #[error("the id token is not right")]
    IdToken(#[source] Cause),
    #[error("the id token belongs to another access token")]
    OtherAccessToken,
    #[error("the provider does not say who it was")]
    UserInfo(#[source] Cause),
}

impl IdentityProvider {
    /// Can it be asked at all? A sentence that says why not.
    pub(crate) fn check(&self) -> Result<IssuerUrl, String> {
        let named = (1..=32).contains(&self.name.len())
            && self.name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if !named {
            return Err(format!("the name '{}' must have 1 to 32 letters, digits, '-' and '_'.", self.name));
        }
        let safe = self.issuer.parse().is_ok_and(|issuer| fetch::is_private(&issuer));
        let issuer = IssuerUrl::new(self.issuer.clone()).ok().filter(|_| safe);
        issuer.ok_or_else(|| format!("the issuer '{}' must be an https:// URL.", self.issuer))
    }
}

impl Provider {
    pub(super) fn new(settings: IdentityProvider) -> Result<Self, Unusable> {
        let unusable = |why: String| Unusable::IdentityProvider(settings.name.clone(), why);
        let issuer = settings.check().map_err(unusable)?;
        let fetch = Fetch::new(settings.ca_file.as_deref()).map_err(|error| unusable(format!("{error}.")))?;
        Ok(Self { settings, issuer, fetch, known: Mutex::default() })
    }

    pub(crate) fn name(&self) -> &str {
        &self.settings.name
    }

    pub(super) fn issuer(&self) -> &str {
        self.issuer.as_str()
    }

    /// Where the browser is to go.
    pub(super) async fn address(&self, clock: &Clock, ask: &Ask<'_>) -> Result<String, Error> {
        let known = self.known(clock.monotonic()).await?;
        let client = self.client(&known, ask.return_to)?;
        let verifier = PkceCodeVerifier::new(ask.secrets.verifier.expose().clone());
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier);
        let (state, nonce) = (ask.state.expose().clone(), ask.secrets.nonce.expose().clone());
        let mut request = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                move || CsrfToken::new(state),
                move || Nonce::new(nonce),
            )
            .add_scope(Scope::new("email".to_owned()))
            .add_scope(Scope::new("profile".to_owned()))
            .set_pkce_challenge(challenge);
        if let Some(hint) = ask.login_hint {
            request = request.set_login_hint(LoginHint::new(hint.to_owned()));
        }
        if let Some(prompt) = ask.prompt {
            request = request.add_prompt(CoreAuthPrompt::Extension(prompt.to_owned()));
        }
        let (address, _state, _nonce) = request.url();
        Ok(address.to_string())
    }

    /// What the provider says about itself, asked when it was not asked lately.
    pub(super) async fn known(&self, now: Duration) -> Result<Known, Error> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match known.filter(|known| now.saturating_sub(known.at) < TRUSTED_FOR) {
            Some(known) => Ok(known),
            None => self.learn(now).await,
        }
    }

    /// The same after a key was not found in it: the provider may have changed its keys.
    pub(super) async fn known_better(&self, known: Known, now: Duration) -> Result<Known, Error> {
        if now.saturating_sub(known.at) < ASKED_AGAIN_AFTER { Ok(known) } else { self.learn(now).await }
    }

    async fn learn(&self, now: Duration) -> Result<Known, Error> {
        let metadata = CoreProviderMetadata::discover_async(self.issuer.clone(), &self.fetch).await;
        let metadata = metadata.map_err(|cause| Error::Discovery(Box::new(cause)))?;
        let known = Known { metadata, at: now };
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(known.clone());
        Ok(known)
    }

    pub(super) fn client(&self, known: &Known, return_to: &str) -> Result<Client, Error> {
        let return_to = RedirectUrl::new(return_to.to_owned()).map_err(|cause| Error::Address(Box::new(cause)))?;
        let methods = known.metadata.token_endpoint_auth_methods_supported();
        let by_header = methods.is_none_or(|methods| methods.contains(&CoreClientAuthMethod::ClientSecretBasic));
        let client = CoreClient::from_provider_metadata(
            known.metadata.clone(),
            ClientId::new(self.settings.client_id.clone()),
            Some(ClientSecret::new(self.settings.client_secret.expose().clone())),
        );
        let auth_type = if by_header { AuthType::BasicAuth } else { AuthType::RequestBody };
        Ok(client.set_redirect_uri(return_to).set_auth_type(auth_type))
    }
}
