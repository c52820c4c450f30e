//! `GET /oauth2/idpresponse`: a browser comes back from a provider.

use axum::extract::RawQuery;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::authorize::{self, Authorization, Away, Denial};
use super::browser::Browser;
use super::owner::{self, Whose};
use super::page::{self, Refusal};
use super::parameters::Parameters;
use super::provider::{Provider, Secrets};
use super::verdict::{Person, Return};
use super::{code, link_account};
use crate::base::{Secret, report};
use crate::cloud::site::Site;
use crate::cloud::store::Identity;

const NOTHING_WAITS: &str = "No sign-in waits for this in this browser: it was finished already, took longer than ten minutes, \
                             or was begun in another browser. Go back to where you wanted to sign in and begin again.";

pub(super) async fn come_back(site: Site, headers: HeaderMap, RawQuery(query): RawQuery) -> Result<Response, Refusal> {
    let brought = Parameters::parse(query.unwrap_or_default().as_bytes())?;
    let nothing = Refusal::Request(StatusCode::BAD_REQUEST, NOTHING_WAITS);
    let (Some(state), Some(browser)) = (brought.text("state"), Browser::known(&site, &headers)) else {
        return Err(nothing);
    };
    let now = site.cloud.now();
    let content = site.cloud.store.take_authorization(authorize::KIND, browser.text(), state, now).await?;
    let away: Option<Away> = content.and_then(|content| serde_json::from_slice(content.expose()).ok());
    let Away { request, nonce, verifier } = away.ok_or(nothing)?;
    let secrets = Secrets { nonce: Secret::new(nonce), verifier: Secret::new(verifier) };
    match identity(&site, &brought, &request, secrets).await {
        Ok((identity, email_verified)) => lead_on(&site, &browser, request, identity, email_verified).await,
        Err(denial) => Ok(deny(&request, &denial)),
    }
}

fn deny(request: &Authorization, denial: &Denial) -> Response {
    page::go_to(&authorize::denied(&request.redirect_uri, Some(&request.state), denial), None)
}

/// Who the provider says came back, and whether the address of e-mail is known to be theirs.
async fn identity(
    site: &Site,
    brought: &Parameters,
    request: &Authorization,
    secrets: Secrets,
) -> Result<(Identity, bool), Denial> {
    let name = &request.provider;
    let provider = site.cloud.providers.named(name);
    let provider = provider.ok_or_else(|| broken(name))?;
    let code = came_with_code(brought, &provider)?;
    let back = Return { code: Secret::from(code), return_to: &authorize::return_address(site), secrets };
    let Person { subject, email, email_verified } = provider.who(&site.cloud.clock, back).await.map_err(|error| {
        tracing::warn!(provider = name, error = report::chain(&error), "a provider's answer is not believed");
        broken(name)
    })?;
    if subject.is_empty() || subject.len() > 255 {
        return Err(broken(name));
    }
    let issuer = provider.issuer().to_owned();
    let identity = Identity { provider: name.clone(), issuer, subject, email: email.unwrap_or_default() };
    Ok((identity, email_verified))
}

fn came_with_code<'a>(brought: &'a Parameters, provider: &Provider) -> Result<&'a str, Denial> {
    // RFC 9207: an answer that another provider sent.
    if brought.text("iss").is_some_and(|issuer| issuer != provider.issuer()) {
        return Err(broken(provider.name()));
    }
    match (brought.text("error"), brought.text("code")) {
        (Some("access_denied"), _) => {
            Err(Denial("access_denied", format!("The sign-in with {} was cancelled.", provider.name())))
        }
        (Some(silent @ ("login_required" | "consent_required" | "interaction_required")), _) => {
            let error = if silent == "login_required" { "login_required" } else { "interaction_required" };
            Err(Denial(error, format!("{} wants to ask something first.", provider.name())))
        }
        (None, Some(code)) => Ok(code),
        (Some(_), _) | (None, None) => Err(broken(provider.name())),
    }
}

async fn lead_on(
    site: &Site,
    browser: &Browser,
    request: Authorization,
    identity: Identity,
    email_verified: bool,
) -> Result<Response, Refusal> {
    match owner::find(site, request.link.as_ref(), &identity, email_verified).await? {
        Whose::Account(account) => Ok(page::go_to(&code::address(site, request, &account, identity).await?, None)),
        Whose::AfterProof(account) => link_account::ask(site, browser, request, &account, identity).await,
        Whose::Nobody(why) => Ok(deny(&request, &Denial("access_denied", why))),
    }
}

fn broken(provider: &str) -> Denial {
    Denial("server_error", format!("The sign-in with {provider} did not work. Try again."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    use serde_json::{Value, json};

    use crate::cloud::bench::EMAIL;
    use crate::cloud::openid::bench::{Journey, RELAY};
    use crate::cloud::openid::test_provider::Login;

    async fn error(journey: &mut Journey, login: Login) -> String {
        let carried = journey.sign_in(login).await;
        assert_eq!(carried["state"], "client-state");
        carried.get("error").cloned().unwrap_or_default()
    }

    #[tokio::test]
    async fn whoever_comes_back_is_led_to_the_client_with_a_code_and_its_own_state() {
        let mut journey = Journey::new().await;
        let login = journey.login("ann@example.test");
        let page = journey.visit_provider(&[], login).await;
        assert!(page.location().starts_with(RELAY));
        assert_eq!(page.headers["referrer-policy"], "no-referrer");
        let carried = page.carried();
        assert_eq!((carried["state"].as_str(), carried["code"].len()), ("client-state", 43));
    }

    #[tokio::test]
    async fn an_id_token_that_is_not_right_opens_nothing() {
        let mut journey = Journey::new().await;
        let now = journey.bench.unix();
        for instead in [
            json!({"iss": "https://accounts.evil.example"}),
            json!({"aud": "somebody-else"}),
            json!({"aud": ["latchkey-at-provider", "somebody-else"]}),
            json!({"nonce": "another"}),
            json!({"nonce": Value::Null}),
            json!({"exp": now - 121}),
            json!({"iat": now + 121}),
            json!({"iat": now - 601}),
            json!({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}),
        ] {
            let login = Login { instead: instead.clone(), ..journey.login("ann@example.test") };
            assert_eq!(error(&mut journey, login).await, "server_error", "{instead}");
        }
        let forged = Login { by_other_key: true, ..journey.login("ann@example.test") };
        assert_eq!(error(&mut journey, forged).await, "server_error");
        assert!(journey.bench.cloud.store.account_named("ann@example.test").await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_clock_that_is_a_little_off_does_no_harm() {
        let mut journey = Journey::new().await;
        let now = journey.bench.unix();
        for instead in [json!({"iat": now + 4}), json!({"iat": now + 119}), json!({"exp": now - 100})] {
            let login = Login { instead: instead.clone(), ..journey.login("ann@example.test") };
            assert_eq!(error(&mut journey, login).await, "", "{instead}");
        }
    }

    #[tokio::test]
    async fn a_return_counts_once_in_its_own_browser_and_for_ten_minutes() {
        let mut journey = Journey::new().await;
        let away = journey.authorize(&[]).await.location();
        let login = journey.login("ann@example.test");
        let back = journey.provider.agree(&away, login);
        let own = journey.change_browser();
        for address in [back.as_str(), "/oauth2/idpresponse?code=x", "/oauth2/idpresponse?code=x&state=made-up"] {
            let page = journey.get(address).await;
            assert_eq!(page.status, StatusCode::BAD_REQUEST, "{address}");
            assert!(page.text.contains("begun in another browser"), "{}", page.text);
        }
        journey.change_browser();
        journey.keep_cookies(own);
        assert!(journey.get(&back).await.carried().contains_key("code"));
        assert_eq!(journey.get(&back).await.status, StatusCode::BAD_REQUEST, "a second time");
        let away = journey.authorize(&[]).await.location();
        journey.bench.hand.pass(Duration::from_secs(600));
        let login = journey.login("ann@example.test");
        let late = journey.provider.agree(&away, login);
        assert_eq!(journey.get(&late).await.status, StatusCode::BAD_REQUEST);
    }

    #[tokio::test]
    async fn sign_ins_in_two_tabs_both_end_well() {
        let mut journey = Journey::new().await;
        let (first, second) = (journey.authorize(&[]).await.location(), journey.authorize(&[]).await.location());
        for away in [first, second] {
            let login = journey.login("ann@example.test");
            let back = journey.provider.agree(&away, login);
            assert!(journey.get(&back).await.carried().contains_key("code"));
        }
    }

    #[tokio::test]
    async fn a_person_who_changes_their_mind_is_back_at_the_client() {
        let mut journey = Journey::new().await;
        for (answer, told) in
            [("access_denied", "access_denied"), ("login_required", "login_required"), ("x", "server_error")]
        {
            let away = journey.authorize(&[]).await.location();
            let state =
                crate::cloud::openid::test_provider::parameters(away.split_once('?').unwrap().1)["state"].clone();
            let carried = journey.get(&format!("/oauth2/idpresponse?error={answer}&state={state}")).await.carried();
            assert_eq!((carried["error"].as_str(), carried["state"].as_str()), (told, "client-state"));
        }
    }

    #[tokio::test]
    async fn another_providers_answer_is_not_taken_for_this_ones() {
        let mut journey = Journey::new().await;
        let away = journey.authorize(&[]).await.location();
        let login = journey.login("ann@example.test");
        let back = journey.provider.agree(&away, login).replace("iss=http", "iss=https");
        assert_eq!(journey.get(&back).await.carried()["error"], "server_error");
    }

    #[tokio::test]
    async fn a_provider_that_cannot_be_reached_is_named() {
        let bench = crate::cloud::bench::Bench::new().await;
        let nowhere = crate::cloud::IdentityProvider {
            name: "Google".to_owned(),
            issuer: "http://127.0.0.1:1".to_owned(),
            client_id: "x".to_owned(),
            client_secret: Secret::from("x"),
            ca_file: None,
        };
        let router = bench.beside(|plan| plan.identity_providers = vec![nowhere]).await;
        let address = format!(
            "/oauth2/authorize?response_type=code&client_id=client1&redirect_uri=http%3A%2F%2Fcloud.test%2Fv1%2Fcallback%2F\
             &state=s&code_challenge_method=S256&code_challenge={}",
            crate::cloud::openid::bench::CHALLENGE
        );
        let request = axum::http::Request::get(address).body(axum::body::Body::empty()).unwrap();
        let reply = crate::cloud::bench::send(&router, request).await;
        let location = reply.headers["location"].to_str().unwrap();
        assert!(location.contains("error=temporarily_unavailable"), "{location}");
        assert!(location.contains("Google+cannot+be+reached"), "{location}");
    }

    #[tokio::test]
    async fn an_address_of_e_mail_that_the_provider_does_not_vouch_for_opens_nothing() {
        let mut journey = Journey::new().await;
        journey.bench.ann(None, None).await;
        let unverified = |journey: &Journey, email: &str| Login { verified: false, ..journey.login(email) };
        for (login, sentence) in [
            (unverified(&journey, "ann@example.test"), "Confirm the address there"),
            (unverified(&journey, EMAIL), "Confirm the address there"),
            (journey.login(""), "does not tell an e-mail address"),
        ] {
            let carried = journey.sign_in(login).await;
            assert_eq!(carried["error"], "access_denied");
            assert!(carried["error_description"].contains(sentence), "{carried:?}");
        }
    }

    #[tokio::test]
    async fn a_provider_may_tell_the_address_only_when_asked() {
        let mut journey = Journey::new().await;
        let login = Login { by_user_info: true, ..journey.login("ann@example.test") };
        assert_eq!(error(&mut journey, login).await, "");
        assert!(journey.bench.cloud.store.account_named("ann@example.test").await.unwrap().is_some());
    }
}
