//! `GET /oauth2/authorize` (reference §2.7): the first step of a sign-in by way of a provider. What a client asks for is checked
//! here; the browser goes on to the provider, with secrets of our own.

use std::time::Duration;

use axum::extract::RawQuery;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

use super::browser::Browser;
use super::page::{self, Refusal};
use super::parameters::{Parameters, with_query};
use super::provider::{Ask, Provider, Secrets};
use super::ticket::{self, Ticket};
use crate::base::{Entropy, Secret, report};
use crate::cloud::portal;
use crate::cloud::site::Site;

/// What clients may ask for; the last one is for everything that the account can do.
pub(crate) const SCOPES: [&str; 4] = ["openid", "email", "profile", "aws.cognito.signin.user.admin"];
const PROMPTS: [&str; 4] = ["none", "login", "consent", "select_account"];
/// From here to the provider and back.
const LIFETIME: Duration = Duration::from_secs(600);
pub(super) const KIND: &str = "sign-in at a provider";

/// What a client asked for, once it is known to be allowed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Authorization {
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    /// The client's own.
    pub(super) state: String,
    pub(super) scope: String,
    pub(super) challenge: String,
    pub(super) nonce: Option<String>,
    pub(super) provider: String,
    /// Whose account the identity is to be linked with; `None`: a sign-in.
    pub(super) link: Option<Ticket>,
}

/// A browser that is away at the provider.
#[derive(Serialize, Deserialize)]
pub(super) struct Away {
    pub(super) request: Authorization,
    pub(super) nonce: String,
    pub(super) verifier: String,
}

/// What the client is told at its own address: OAuth's name for it, and a sentence for people.
#[derive(Debug)]
pub(super) struct Denial(pub(super) &'static str, pub(super) String);

pub(super) async fn begin(site: Site, headers: HeaderMap, RawQuery(query): RawQuery) -> Result<Response, Refusal> {
    let asked = Parameters::parse(query.unwrap_or_default().as_bytes())?;
    let redirect_uri = known_client(&site, &asked)?;
    let state = asked.short("state", 2048);
    let checked = match state {
        Some(state) => check(&site, &asked, redirect_uri, state).await?,
        None => Err(invalid("Send a state of at most 2048 characters; without one the sign-in is not safe.")),
    };
    let sent = match checked {
        Ok((request, provider)) => send(&site, &headers, &asked, request, &provider).await?,
        Err(denial) => Err(denial),
    };
    Ok(sent.unwrap_or_else(|denial| page::go_to(&denied(redirect_uri, state, &denial), None)))
}

/// The client's own address, when client and address are registered. Otherwise nobody is sent anywhere.
fn known_client<'a>(site: &Site, asked: &'a Parameters) -> Result<&'a str, Refusal> {
    const CLIENT: &str = "This sign-in was begun by a program that this service does not know (client_id).";
    const ADDRESS: &str = "This sign-in would go on to an address that is not registered here (redirect_uri). \
                           Whoever runs the service can add it to its settings.";
    if asked.text("client_id") != Some(site.cloud.plan.client_id.as_str()) {
        return Err(Refusal::Request(StatusCode::BAD_REQUEST, CLIENT));
    }
    let known = asked.text("redirect_uri").filter(|address| is_registered(site, address));
    known.ok_or(Refusal::Request(StatusCode::BAD_REQUEST, ADDRESS))
}

/// Exactly, letter by letter.
pub(super) fn is_registered(site: &Site, address: &str) -> bool {
    address == relay_address(site)
        || address == portal::answer_address(site)
        || site.cloud.plan.redirect_urls.iter().any(|known| known == address)
}

/// Where browsers of panels on a LAN come back to.
pub(super) fn relay_address(site: &Site) -> String {
    format!("{}/v1/callback/", site.url())
}

async fn check(
    site: &Site,
    asked: &Parameters,
    redirect_uri: &str,
    state: &str,
) -> Result<Result<(Authorization, std::sync::Arc<Provider>), Denial>, Refusal> {
    let provider = match read(site, asked) {
        Ok(provider) => provider,
        Err(denial) => return Ok(Err(denial)),
    };
    let link = match asked.text("link") {
        None => None,
        Some(text) => match ticket::redeem(site, text).await? {
            Some(ticket) => Some(ticket),
            None => return Ok(Err(invalid("That link was used already, or is too old. Begin again."))),
        },
    };
    let request = Authorization {
        client_id: site.cloud.plan.client_id.clone(),
        redirect_uri: redirect_uri.to_owned(),
        state: state.to_owned(),
        scope: scope(asked.text("scope")).unwrap_or_default(),
        challenge: asked.text("code_challenge").unwrap_or_default().to_owned(),
        nonce: asked.short("nonce", 256).map(str::to_owned),
        provider: provider.name().to_owned(),
        link,
    };
    Ok(Ok((request, provider)))
}

/// Everything that needs no store; which provider it is.
fn read(site: &Site, asked: &Parameters) -> Result<std::sync::Arc<Provider>, Denial> {
    if asked.text("response_type") != Some("code") {
        return Err(Denial("unsupported_response_type", "Ask for response_type=code.".to_owned()));
    }
    let challenge = asked.text("code_challenge").unwrap_or_default();
    let is_hash = BASE64URL_NOPAD.decode(challenge.as_bytes()).is_ok_and(|hash| hash.len() == 32);
    if asked.text("code_challenge_method") != Some("S256") || !is_hash {
        return Err(invalid("Send a code_challenge with code_challenge_method=S256."));
    }
    if scope(asked.text("scope")).is_none() {
        return Err(Denial("invalid_scope", format!("Ask for some of: {}.", SCOPES.join(" "))));
    }
    if asked.text("prompt").is_some_and(|prompt| !PROMPTS.contains(&prompt)) {
        return Err(invalid("Send one prompt: none, login, consent or select_account."));
    }
    let providers = &site.cloud.providers;
    let provider = match asked.text("identity_provider") {
        Some(name) => providers.named(name),
        None => providers.only(),
    };
    provider.ok_or_else(|| invalid(&format!("Name an identity_provider that this service has: {}.", providers.names())))
}

/// In the order of [`SCOPES`], each once; all of them when none was named.
fn scope(asked: Option<&str>) -> Option<String> {
    let Some(asked) = asked else { return Some(SCOPES.join(" ")) };
    // Mobile clients join them by '+', which arrives percent-encoded (reference §2.7).
    let words: Vec<&str> = asked.split([' ', '+']).filter(|word| !word.is_empty()).collect();
    let known: Vec<&str> = SCOPES.into_iter().filter(|scope| words.contains(scope)).collect();
    (!known.is_empty() && words.iter().all(|word| SCOPES.contains(word))).then(|| known.join(" "))
}

async fn send(
    site: &Site,
    headers: &HeaderMap,
    asked: &Parameters,
    request: Authorization,
    provider: &Provider,
) -> Result<Result<Response, Denial>, Refusal> {
    let browser = match Browser::known(site, headers) {
        Some(known) => known,
        None => {
            // A known browser has few sign-ins under way; a source that shows ever new ones pays for them.
            site.charge_source(1).await?;
            Browser::new(site)
        }
    };
    let secrets = Secrets { nonce: random(&site.cloud.entropy), verifier: random(&site.cloud.entropy) };
    let away = Away { request, nonce: secrets.nonce.expose().clone(), verifier: secrets.verifier.expose().clone() };
    let content = Secret::new(serde_json::to_vec(&away).unwrap_or_default());
    let expires = site.cloud.now().plus(LIFETIME);
    let state = site.cloud.store.begin_authorization(KIND, browser.text(), content.expose(), expires).await?;
    let ask = Ask {
        return_to: &return_address(site),
        state: &state,
        secrets: &secrets,
        prompt: asked.text("prompt"),
        login_hint: asked.short("login_hint", 254),
    };
    Ok(match provider.address(&site.cloud.clock, &ask).await {
        Ok(address) => Ok(page::go_to(&address, browser.cookie(site))),
        Err(error) => {
            tracing::warn!(provider = provider.name(), error = report::chain(&error), "provider cannot be used");
            let sentence = format!("{} cannot be reached at the moment. Try again later.", provider.name());
            Err(Denial("temporarily_unavailable", sentence))
        }
    })
}

/// Where the provider sends browsers back to: always the public URL, never what a browser calls us by (GOO-01).
pub(super) fn return_address(site: &Site) -> String {
    format!("{}/oauth2/idpresponse", site.url())
}

/// The client's address, with why there is no code.
pub(super) fn denied(redirect_uri: &str, state: Option<&str>, Denial(error, sentence): &Denial) -> String {
    with_query(redirect_uri, &[("error", Some(error)), ("error_description", Some(sentence)), ("state", state)])
}

fn invalid(sentence: &str) -> Denial {
    Denial("invalid_request", sentence.to_owned())
}

fn random(entropy: &Entropy) -> Secret<String> {
    Secret::new(BASE64URL_NOPAD.encode(entropy.secret::<48>().expose()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_ours_or_none_at_all() {
        assert_eq!(scope(None).unwrap(), "openid email profile aws.cognito.signin.user.admin");
        assert_eq!(scope(Some("email openid  email")).unwrap(), "openid email");
        assert_eq!(scope(Some("email+openid")).unwrap(), "openid email");
        for bad in ["openid admin", "", " ", "OPENID"] {
            assert_eq!(scope(Some(bad)), None, "{bad}");
        }
    }

    use crate::cloud::openid::bench::{CHALLENGE, Journey};
    use crate::cloud::openid::test_provider::parameters;

    #[tokio::test]
    async fn a_browser_goes_to_the_provider_with_our_own_secrets_and_our_public_address() {
        let mut journey = Journey::new().await;
        let page = journey.authorize(&[("login_hint", "ann@example.test"), ("prompt", "select_account")]).await;
        let away = page.location();
        let sent = parameters(away.split_once('?').unwrap().1);
        assert_eq!(sent["redirect_uri"], "http://cloud.test/oauth2/idpresponse");
        assert_eq!((sent["scope"].as_str(), sent["prompt"].as_str()), ("openid email profile", "select_account"));
        assert_eq!((sent["login_hint"].as_str(), sent["code_challenge_method"].as_str()), ("ann@example.test", "S256"));
        assert!(sent["state"] != "client-state" && sent["code_challenge"] != CHALLENGE && sent["nonce"].len() > 40);
        let cookie = page.headers["set-cookie"].to_str().unwrap();
        assert!(cookie.ends_with("; Path=/; Max-Age=900; HttpOnly; SameSite=Lax"), "{cookie}");
        assert_eq!(page.headers["cache-control"], "no-store");
    }

    #[tokio::test]
    async fn an_unknown_client_or_address_gets_a_page_and_nobody_is_sent_there() {
        let mut journey = Journey::new().await;
        for changes in [
            ("client_id", "other"),
            ("client_id", ""),
            ("redirect_uri", ""),
            ("redirect_uri", "https://evil.example/"),
            ("redirect_uri", "http://cloud.test/v1/callback"),
            ("redirect_uri", "http://cloud.test/v1/callback/x"),
            ("redirect_uri", "http://cloud.test/v1/callback/?x"),
            ("redirect_uri", "HTTP://cloud.test/v1/callback/"),
        ] {
            let page = journey.authorize(&[changes]).await;
            assert_eq!(page.status, StatusCode::BAD_REQUEST, "{changes:?}");
            assert!(page.text.contains("That did not work"), "{}", page.text);
        }
        let registered = journey.authorize(&[("redirect_uri", "https://app.test/back?from=latchkey")]).await;
        assert!(registered.location().starts_with(&journey.provider.issuer));
        let twice = journey.get("/oauth2/authorize?client_id=client1&client_id=client1").await;
        assert_eq!(twice.status, StatusCode::BAD_REQUEST);
    }

    #[tokio::test]
    async fn what_else_is_wrong_is_told_to_the_client_at_its_address() {
        let mut journey = Journey::new().await;
        for (changes, error) in [
            (("response_type", "token"), "unsupported_response_type"),
            (("code_challenge_method", "plain"), "invalid_request"),
            (("code_challenge_method", ""), "invalid_request"),
            (("code_challenge", ""), "invalid_request"),
            (("code_challenge", "short"), "invalid_request"),
            (("scope", "openid root"), "invalid_scope"),
            (("prompt", "login consent"), "invalid_request"),
            (("identity_provider", "Nobody"), "invalid_request"),
            (("link", "made-up"), "invalid_request"),
        ] {
            let page = journey.authorize(&[changes]).await;
            assert!(page.location().starts_with("http://cloud.test/v1/callback/?error="), "{changes:?}");
            let carried = page.carried();
            assert_eq!((carried["error"].as_str(), carried["state"].as_str()), (error, "client-state"), "{changes:?}");
            assert!(carried["error_description"].ends_with('.'), "{changes:?}");
        }
        let without = journey.authorize(&[("state", "")]).await.carried();
        assert_eq!((without["error"].as_str(), without.get("state")), ("invalid_request", None));
        let only = journey.authorize(&[("identity_provider", "")]).await;
        assert!(only.location().starts_with(&journey.provider.issuer), "the only provider needs no name");
    }
}
