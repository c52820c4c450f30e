//! Who came back from a provider: its code is exchanged for an id token, and that is checked (signature, issuer, audience, nonce,
//! age, hash of the access token) before anything in it is believed.

use std::time::{Duration, SystemTime};

use openidconnect::core::{CoreIdTokenClaims, CoreJwsSigningAlgorithm, CoreTokenResponse, CoreUserInfoClaims};
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClaimsVerificationError, Nonce, OAuth2TokenResponse as _, PkceCodeVerifier,
    SignatureVerificationError, TokenResponse as _,
};

use super::provider::{Client, Error, Provider, Secrets};
use crate::base::{Clock, Secret};

/// Two clocks may differ by so much (GOO-09).
const LEEWAY: Duration = Duration::from_secs(120);
/// An id token is used at once; an older one was kept by somebody.
const FRESH: Duration = Duration::from_secs(600);

/// Signed by the provider's own key: a shared secret would let whoever reads our settings make id tokens.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 6] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// What the browser brought, and what we remember of its going.
pub(super) struct Return<'a> {
    pub(super) code: Secret<String>,
    pub(super) return_to: &'a str,
    pub(super) secrets: Secrets,
}

/// Somebody, as the provider says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) subject: String,
    pub(super) email: Option<String>,
    pub(super) email_verified: bool,
}

impl Provider {
    pub(super) async fn who(&self, clock: &Clock, back: Return<'_>) -> Result<Person, Error> {
        let known = self.known(clock.monotonic()).await?;
        let client = self.client(&known, back.return_to)?;
        let tokens = self.exchange(&client, back.code, back.secrets.verifier).await?;
        let nonce = Nonce::new(back.secrets.nonce.expose().clone());
        let wall = clock.wall();
        let claims = match check(&client, &tokens, &nonce, wall) {
            Err(Failed::UnknownKey(_)) => {
                let known = self.known_better(known, clock.monotonic()).await?;
                check(&self.client(&known, back.return_to)?, &tokens, &nonce, wall)
            }
            checked => checked,
        }?;
        self.person(&client, &tokens, &claims).await
    }

    async fn exchange(
        &self,
        client: &Client,
        code: Secret<String>,
        verifier: Secret<String>,
    ) -> Result<CoreTokenResponse, Error> {
        let request = client
            .exchange_code(AuthorizationCode::new(code.expose().clone()))
            .map_err(|cause| Error::Exchange(Box::new(cause)))?
            .set_pkce_verifier(PkceCodeVerifier::new(verifier.expose().clone()));
        request.request_async(&self.fetch).await.map_err(|cause| Error::Exchange(Box::new(cause)))
    }

    /// Some providers put the address of e-mail into the id token, others tell it when asked.
    async fn person(
        &self,
        client: &Client,
        tokens: &CoreTokenResponse,
        claims: &CoreIdTokenClaims,
    ) -> Result<Person, Error> {
        let subject = claims.subject().as_str().to_owned();
        if let Some(email) = claims.email() {
            let email_verified = claims.email_verified() == Some(true);
            return Ok(Person { subject, email: Some(email.as_str().to_owned()), email_verified });
        }
        if client.user_info_url().is_none() {
            return Ok(Person { subject, email: None, email_verified: false });
        }
        let told: CoreUserInfoClaims = client
            .user_info(tokens.access_token().clone(), Some(claims.subject().clone()))
            .map_err(|cause| Error::UserInfo(Box::new(cause)))?
            .request_async(&self.fetch)
            .await
            .map_err(|cause| Error::UserInfo(Box::new(cause)))?;
        let email_verified = told.email_verified() == Some(true);
        Ok(Person { subject, email: told.email().map(|email| email.as_str().to_owned()), email_verified })
    }
}

enum Failed {
    /// Signed with a key that the provider did not have when we asked.
    UnknownKey(ClaimsVerificationError),
    Otherwise(Error),
}

impl From<Failed> for Error {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::UnknownKey(cause) => Self::IdToken(Box::new(cause)),
            Failed::Otherwise(error) => error,
        }
    }
}

fn check(
    client: &Client,
    tokens: &CoreTokenResponse,
    nonce: &Nonce,
    wall: SystemTime,
) -> Result<CoreIdTokenClaims, Failed> {
    let id_token = tokens.id_token().ok_or(Failed::Otherwise(Error::NoIdToken))?;
    let verifier = client
        .id_token_verifier()
        .set_allowed_algs(ALGORITHMS)
        .set_time_fn(move || (wall - LEEWAY).into())
        .set_issue_time_verifier_fn(move |issued| is_fresh(issued.into(), wall));
    let claims = id_token.claims(&verifier, nonce).map_err(|cause| {
        const UNKNOWN: SignatureVerificationError = SignatureVerificationError::NoMatchingKey;
        if cause == ClaimsVerificationError::SignatureVerification(UNKNOWN) {
            Failed::UnknownKey(cause)
        } else {
            Failed::Otherwise(Error::IdToken(Box::new(cause)))
        }
    })?;
    if let Some(promised) = claims.access_token_hash() {
        let wrong = |cause| Failed::Otherwise(Error::IdToken(cause));
        let algorithm = id_token.signing_alg().map_err(|cause| wrong(Box::new(cause)))?;
        let key = id_token.signing_key(&verifier).map_err(|cause| wrong(Box::new(cause)))?;
        let actual = AccessTokenHash::from_token(tokens.access_token(), algorithm, key)
            .map_err(|cause| wrong(Box::new(cause)))?;
        if actual != *promised {
            return Err(Failed::Otherwise(Error::OtherAccessToken));
        }
    }
    Ok(claims.clone())
}

fn is_fresh(issued: SystemTime, wall: SystemTime) -> Result<(), String> {
    if issued > wall + LEEWAY {
        Err("issued in the future".to_owned())
    } else if issued + FRESH < wall {
        Err("issued too long ago".to_owned())
    } else {
        Ok(())
    }
}
