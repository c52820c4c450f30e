//! Signing in by way of a provider such as Google, at the pool's own web pages (reference §2.7): authorization code with
//! PKCE. A provider leads only to registered addresses, so browsers come back by a relay of the service, which finds the
//! panel's own address in the state.

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::{Pool, faults};
use crate::account::Error;
use crate::account::provider::{Credential, Departure, Now, Outcome, Repeat, Reply, Request, Step, Tokens, Waiting};
use crate::base::Secret;
use crate::protocol::discovery::Discovery;

const SCOPE: &str = "email profile openid aws.cognito.signin.user.admin";
/// How a service announces a provider.
const ANNOUNCED: &str = "identity-provider:";

/// The pool's web pages.
#[derive(Clone, Debug)]
pub(super) struct Hosted {
    /// Below which `/oauth2/…` lies.
    oauth: String,
    relay: String,
    pub(super) providers: Vec<String>,
}

impl Hosted {
    pub(super) fn of(discovery: &Discovery) -> Option<Self> {
        let announced = discovery.features.iter().filter_map(|feature| feature.strip_prefix(ANNOUNCED));
        Some(Self {
            oauth: discovery.oauth.as_deref()?.trim_end_matches('/').to_owned(),
            relay: format!("{}/callback/", discovery.auth_api),
            providers: announced.map(str::to_owned).collect(),
        })
    }
}

/// `panel`: where the browser is to end up.
pub(super) fn depart(pool: &Pool, provider: &str, panel: &str, random: &Secret<[u8; 80]>) -> Option<Departure> {
    let hosted = pool.hosted.as_ref().filter(|hosted| hosted.providers.iter().any(|known| known == provider))?;
    let (ours, verifier) = random.expose().split_at(32);
    let state =
        format!("{}-{}", base16ct::lower::encode_string(ours), base16ct::lower::encode_string(panel.as_bytes()));
    let verifier = Secret::new(Base64UrlUnpadded::encode_string(verifier));
    let challenge = Base64UrlUnpadded::encode_string(Sha256::digest(verifier.expose().as_bytes()).as_slice());
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", &pool.client_id)
        .append_pair("response_type", "code")
        .append_pair("redirect_uri", &hosted.relay)
        .append_pair("identity_provider", provider)
        .append_pair("scope", SCOPE)
        .append_pair("state", &state)
        .append_pair("code_challenge", &challenge)
        .append_pair("code_challenge_method", "S256")
        .finish();
    let address = format!("{}/oauth2/authorize?{query}", hosted.oauth);
    Some(Departure { address, state: Secret::new(state), verifier })
}

pub(super) fn redeem(pool: &Pool, departure: &Departure, code: &Secret<String>) -> Outcome {
    let Some(hosted) = &pool.hosted else {
        return Err(Error::Misconfigured("the service has no sign-in by way of a provider any more.".to_owned()).into());
    };
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "authorization_code")
        .append_pair("client_id", &pool.client_id)
        .append_pair("redirect_uri", &hosted.relay)
        .append_pair("code", code.expose())
        .append_pair("code_verifier", departure.verifier.expose())
        .finish();
    let request = Request {
        url: format!("{}/oauth2/token", hosted.oauth),
        headers: vec![
            ("content-type", "application/x-www-form-urlencoded".to_owned()),
            ("accept", "application/json".to_owned()),
        ],
        credential: Credential::Nothing,
        body: Some(Secret::new(form.into_bytes())),
        repeat: Repeat::Never,
    };
    Ok(Step::Send(request, Box::new(Redeeming)))
}

/// The code is out.
#[derive(Debug)]
struct Redeeming;

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    refresh_token: Option<String>,
    #[serde(default = "an_hour")]
    expires_in: u64,
}

#[derive(Deserialize)]
struct Denied {
    error: String,
    #[serde(default)]
    error_description: String,
}

impl Waiting for Redeeming {
    fn on_reply(self: Box<Self>, reply: Result<Reply, Error>, now: Now) -> Outcome {
        let reply = reply?;
        if reply.status != 200 {
            return Err(denied(&reply).into());
        }
        let granted: Granted = serde_json::from_slice(reply.body.expose())
            .map_err(|_malformed| faults::unreadable("tokens that are not the ones expected"))?;
        Ok(Step::SignedIn(Tokens {
            access: Secret::new(granted.access_token),
            renewal: granted.refresh_token.map(Secret::new),
            expires: now.monotonic + std::time::Duration::from_secs(granted.expires_in),
        }))
    }
}

/// RFC 6749 §5.2.
fn denied(reply: &Reply) -> Error {
    const LATE: &str = "it came too late, or was used before.";
    let Ok(Denied { error, error_description }) = serde_json::from_slice(reply.body.expose()) else {
        return faults::unreadable(&format!("status {} without a reason", reply.status));
    };
    match error.as_str() {
        "invalid_grant" if error_description.is_empty() => Error::ReturnLate(LATE.to_owned()),
        "invalid_grant" => Error::ReturnLate(error_description),
        "access_denied" => Error::Refused(error_description),
        "server_error" | "temporarily_unavailable" => Error::ServiceFault(error.into()),
        _ => Error::Misconfigured(format!("the service does not take its own sign-in ({error}).")),
    }
}

fn an_hour() -> u64 {
    3600
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Cognito;
    use super::super::bench::{at, pool, refused, reply, tokens_of};
    use super::*;
    use crate::account::provider::Provider as _;

    fn with_google() -> Cognito {
        let discovery = Discovery { auth_api: "https://auth.test/v1".into(), ..Discovery::remote_it("client1".into()) };
        Cognito::new(&discovery, "example.test".to_owned())
    }

    fn departure() -> Departure {
        with_google().depart("Google", "http://192.168.1.20:29999/v1/callback/", &Secret::new([7; 80])).unwrap()
    }

    fn answered(status: u16, body: &serde_json::Value) -> Outcome {
        let Ok(Step::Send(_, waiting)) = with_google().redeem(&departure(), &Secret::from("code")) else { panic!() };
        waiting.on_reply(reply(status, body), at(5))
    }

    #[test]
    fn a_browser_leaves_with_a_hashed_verifier_and_the_panel_hidden_in_the_state() {
        let Departure { address, state, verifier } = departure();
        let (before, query) = address.split_once('?').unwrap();
        assert_eq!(before, "https://auth.remote.it/oauth2/authorize");
        let sent: std::collections::BTreeMap<_, _> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        assert_eq!(sent["redirect_uri"], "https://auth.test/v1/callback/");
        assert_eq!((sent["state"].as_str(), sent["code_challenge_method"].as_str()), (state.expose().as_str(), "S256"));
        let hash = Sha256::digest(verifier.expose().as_bytes());
        assert_eq!(sent["code_challenge"], Base64UrlUnpadded::encode_string(hash.as_slice()));
        assert!((43..=128).contains(&verifier.expose().len()) && !address.contains(verifier.expose().as_str()));
        let (random, hidden) = state.expose().split_once('-').unwrap();
        assert_eq!(random.len(), 64);
        assert_eq!(base16ct::lower::decode_vec(hidden.as_bytes()).unwrap(), b"http://192.168.1.20:29999/v1/callback/");
    }

    #[test]
    fn nobody_leaves_for_a_provider_that_the_service_does_not_announce() {
        let random = Secret::new([7; 80]);
        assert!(with_google().depart("Okta", "http://pi.local/v1/callback/", &random).is_none());
        assert!(
            pool(&["identity-provider:Google"]).depart("Google", "http://pi.local/v1/callback/", &random).is_none()
        );
        assert!(pool(&["identity-provider:Google"]).providers().is_empty(), "announced without pages to go to");
    }

    #[test]
    fn a_code_becomes_the_users_tokens() {
        let tokens = tokens_of(answered(200, &json!({ "access_token": "a", "refresh_token": "r", "expires_in": 60 })));
        assert_eq!((tokens.access.expose().as_str(), tokens.expires.as_secs()), ("a", 65));
        assert_eq!(tokens.renewal.unwrap().expose(), "r");
    }

    #[test]
    fn a_code_that_counts_no_more_is_told_from_a_broken_service() {
        let error = |status, body| refused(answered(status, &body)).error;
        let late = error(400, json!({ "error": "invalid_grant", "error_description": "The code was used before." }));
        assert!(matches!(late, Error::ReturnLate(why) if why == "The code was used before."));
        assert!(matches!(error(400, json!({ "error": "invalid_grant" })), Error::ReturnLate(_)));
        assert!(matches!(error(400, json!({ "error": "invalid_client" })), Error::Misconfigured(_)));
        assert!(matches!(error(500, json!({ "error": "server_error" })), Error::ServiceFault(_)));
        assert!(matches!(error(200, json!({ "tokens": [] })), Error::ServiceFault(_)));
    }
}
