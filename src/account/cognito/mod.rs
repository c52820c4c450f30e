//! The Cognito kind of account service (reference §1): remote.it today, latchkey-cloud, cognito-local. Pure.

#[cfg(test)]
mod bench;
mod faults;
mod hosted;
mod paused;
mod question;
mod recovery;
mod renewal;
mod set_up;
mod sign_in;

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub(crate) use self::faults::During;
pub(in crate::account) use self::faults::read;
#[cfg(feature = "cloud")]
pub(crate) use self::faults::{leaves_the_sign_in_open, meaning};
pub(super) use self::paused::take_up;
pub(in crate::account) use self::question::channel_named;
use super::Error;
use super::provider::{Credential, Departure, Now, Outcome, Provider, Repeat, Reply, Request, Tokens};
use crate::base::Secret;
use crate::protocol::cognito::{
    AuthFlow, AuthReply, AuthenticationResult, CONTENT_TYPE, InitiateAuth, Parameters, RespondToAuthChallenge,
    RevokeToken, TARGET_PREFIX,
};
use crate::protocol::discovery::Discovery;

/// How long Cognito keeps a sign-in between two steps (reference §1.5, lifetimes).
const SIGN_IN_LIFETIME: Duration = Duration::from_secs(180);

/// A user pool, seen through one client id.
pub(super) struct Cognito(Arc<Pool>);

/// Also in sign-ins that an older build wrote down: what came later has a default.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Pool {
    endpoint: String,
    client_id: String,
    name: String,
    /// Named in the authenticator app.
    issuer: String,
    /// The service says that it has no SRP: the password itself is sent.
    password_auth: bool,
    /// The service starts recovery only out of a pending sign-in.
    bound_recovery: bool,
    /// Another text is sent when the present one is asked about.
    #[serde(default)]
    resend_text: bool,
    /// The other factor may be chosen while one is asked for.
    #[serde(default)]
    switch_factor: bool,
    /// Where providers such as Google are reached.
    #[serde(skip)]
    hosted: Option<hosted::Hosted>,
}

impl Cognito {
    pub(super) fn new(discovery: &Discovery, issuer: String) -> Self {
        let offers = |feature: &str| discovery.features.iter().any(|offered| offered == feature);
        Self(Arc::new(Pool {
            endpoint: discovery.cognito_endpoint.clone(),
            client_id: discovery.client_id.clone(),
            name: discovery.pool_name().to_owned(),
            issuer,
            password_auth: offers("password-auth"),
            bound_recovery: offers("bound-recovery"),
            resend_text: offers("resend-text"),
            switch_factor: offers("switch-factor"),
            hosted: hosted::Hosted::of(discovery),
        }))
    }
}

/// Operations beyond signing in.
impl Cognito {
    pub(super) fn client_id(&self) -> &str {
        &self.0.client_id
    }

    pub(super) fn operation(&self, name: &str, message: &impl Serialize) -> Request {
        self.0.call(name, message)
    }

    /// Named in the authenticator app.
    pub(super) fn issuer(&self) -> &str {
        &self.0.issuer
    }
}

impl Provider for Cognito {
    fn begin(&self, email: &str, password: Secret<String>, random: &Secret<[u8; 128]>) -> Outcome {
        sign_in::begin(self.0.clone(), email, password, random)
    }

    fn providers(&self) -> Vec<String> {
        self.0.hosted.as_ref().map(|hosted| hosted.providers.clone()).unwrap_or_default()
    }

    fn depart(&self, provider: &str, panel: &str, random: &Secret<[u8; 80]>) -> Option<Departure> {
        hosted::depart(&self.0, provider, panel, random)
    }

    fn redeem(&self, departure: &Departure, code: &Secret<String>) -> Outcome {
        hosted::redeem(&self.0, departure, code)
    }

    fn renew(&self, renewal: &Secret<String>) -> Request {
        let parameters = Parameters::new().with("REFRESH_TOKEN", renewal.expose());
        let request = self.0.initiate(AuthFlow::RefreshToken, parameters);
        Request { repeat: Repeat::Harmless, ..request }
    }

    fn renewed(&self, reply: Reply, before: &Tokens, now: Now) -> Result<Tokens, Error> {
        let reply: AuthReply = faults::read(Ok(reply), During::Renewal)?;
        let result = reply.authentication_result.ok_or_else(|| faults::unreadable("a renewal without tokens"))?;
        let tokens = tokens(result, now);
        Ok(Tokens { renewal: tokens.renewal.or_else(|| before.renewal.clone()), ..tokens })
    }

    fn revoke(&self, renewal: &Secret<String>) -> Request {
        let message = RevokeToken { token: renewal.expose().as_str().into(), client_id: self.0.client_id.clone() };
        Request { repeat: Repeat::Harmless, ..self.0.call("RevokeToken", &message) }
    }
}

impl Pool {
    fn initiate(&self, auth_flow: AuthFlow, auth_parameters: Parameters) -> Request {
        let client_id = self.client_id.clone();
        self.call("InitiateAuth", &InitiateAuth { auth_flow, client_id, auth_parameters, client_metadata: None })
    }

    fn respond(&self, challenge: &str, session: Option<&Secret<String>>, challenge_responses: Parameters) -> Request {
        let message = RespondToAuthChallenge {
            challenge_name: challenge.to_owned(),
            client_id: self.client_id.clone(),
            session: session.map(|session| session.expose().clone()),
            challenge_responses,
            client_metadata: None,
        };
        self.call("RespondToAuthChallenge", &message)
    }

    fn call(&self, operation: &str, message: &impl Serialize) -> Request {
        Request {
            url: self.endpoint.clone(),
            headers: vec![
                ("content-type", CONTENT_TYPE.to_owned()),
                ("x-amz-target", format!("{TARGET_PREFIX}{operation}")),
            ],
            credential: Credential::Nothing,
            body: Some(Secret::new(serde_json::to_vec(message).unwrap_or_default())),
            repeat: Repeat::Never,
        }
    }
}

fn tokens(result: AuthenticationResult, now: Now) -> Tokens {
    Tokens {
        access: Secret::new(result.access_token),
        renewal: result.refresh_token.map(Secret::new),
        expires: now.monotonic + Duration::from_secs(result.expires_in),
    }
}
