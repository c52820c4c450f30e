//! `/oauth2/link`: the provider named an address of e-mail that an account here has. Its owner says yes with the password (and the
//! second factor, if one is on), or, when they came with a session, by a click. Nothing is linked in silence (GOO-05).

use std::time::Duration;

use askama::Template;
use axum::body::Bytes;
use axum::extract::RawQuery;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::authorize::Authorization;
use super::browser::Browser;
use super::code;
use super::page::{self, Problem, Refusal};
use super::parameters::{Parameters, with_query};
use super::proof::{self, Next, Step};
use crate::base::Secret;
use crate::cloud::ids::AccountId;
use crate::cloud::site::Site;
use crate::cloud::store::{Account, Channel, EventKind, Identity};

const LIFETIME: Duration = Duration::from_secs(600);
const KIND: &str = "link with an account";
const NOTHING_WAITS: &str = "Nothing waits to be linked in this browser: it was done already, took longer than ten minutes, or was \
                             begun in another browser. Go back to where you wanted to sign in and begin again.";

/// A browser that is to answer.
#[derive(Serialize, Deserialize)]
struct Linking {
    request: Authorization,
    identity: Identity,
    account: String,
    step: Step,
}

/// What this browser has under way.
struct Found {
    text: Secret<String>,
    linking: Linking,
    account: Account,
}

#[derive(Template)]
#[template(path = "link_account.html", config = "assets/askama.toml")]
struct Page<'a> {
    failed: bool,
    request: &'a str,
    provider: &'a str,
    identity_email: &'a str,
    account_email: &'a str,
    step: &'a Step,
    problem: Option<&'a Problem>,
}

#[derive(Template)]
#[template(path = "link_done.html", config = "assets/askama.toml")]
struct Done<'a> {
    failed: bool,
    provider: &'a str,
    account_email: &'a str,
    target: &'a str,
}

/// Leads the browser to the question.
pub(super) async fn ask(
    site: &Site,
    browser: &Browser,
    request: Authorization,
    account: &Account,
    identity: Identity,
) -> Result<Response, Refusal> {
    let step = if request.link.is_some() { Step::Agree } else { Step::Password };
    let linking = Linking { request, identity, account: account.id.as_str().to_owned(), step };
    let now = site.cloud.now();
    let content = Secret::new(serde_json::to_vec(&linking).unwrap_or_default());
    let expires = now.plus(LIFETIME);
    let text = site.cloud.store.begin_authorization(KIND, browser.text(), content.expose(), expires).await?;
    let address = format!("{}/oauth2/link", site.url());
    Ok(page::go_to(&with_query(&address, &[("request", Some(text.expose()))]), browser.cookie(site)))
}

/// `GET /oauth2/link`
pub(super) async fn question(site: Site, headers: HeaderMap, RawQuery(query): RawQuery) -> Result<Response, Refusal> {
    let brought = Parameters::parse(query.unwrap_or_default().as_bytes())?;
    Ok(find(&site, &headers, &brought).await?.show(None))
}

/// `POST /oauth2/link`. The text in the form and the cookie belong together, so no other page can send it.
pub(super) async fn answer(site: Site, headers: HeaderMap, body: Bytes) -> Result<Response, Refusal> {
    let form = Parameters::parse(&body)?;
    let mut found = find(&site, &headers, &form).await?;
    match proof::check(&site, &found.account, &found.linking.step, &form).await? {
        Next::Agreed => link(&site, &headers, found).await,
        Next::Ask(step, problem) => {
            found.linking.step = step;
            let content = Secret::new(serde_json::to_vec(&found.linking).unwrap_or_default());
            site.cloud.store.change_authorization(KIND, found.text.expose(), content.expose()).await?;
            Ok(found.show(problem.as_ref()))
        }
    }
}

async fn find(site: &Site, headers: &HeaderMap, brought: &Parameters) -> Result<Found, Refusal> {
    let nothing = Refusal::Request(StatusCode::BAD_REQUEST, NOTHING_WAITS);
    let (Some(text), Some(browser)) = (brought.text("request"), Browser::known(site, headers)) else {
        return Err(nothing);
    };
    let content = site.cloud.store.authorization(KIND, browser.text(), text, site.cloud.now()).await?;
    let linking: Option<Linking> = content.and_then(|content| serde_json::from_slice(content.expose()).ok());
    let Some(linking) = linking else { return Err(nothing) };
    let account = site.cloud.store.account(&AccountId::from_text(linking.account.as_str())).await?;
    Ok(Found { text: Secret::from(text), linking, account: account.ok_or(nothing)? })
}

async fn link(site: &Site, headers: &HeaderMap, found: Found) -> Result<Response, Refusal> {
    const TAKEN: &str = "That account is linked already, with this account here or with another one.";
    let Found { text, linking: Linking { request, identity, .. }, account } = found;
    let (store, now) = (&site.cloud.store, site.cloud.now());
    let browser = Browser::known(site, headers);
    let taken = match &browser {
        Some(browser) => store.take_authorization(KIND, browser.text(), text.expose(), now).await?,
        None => None,
    };
    if taken.is_none() {
        return Err(Refusal::Request(StatusCode::BAD_REQUEST, NOTHING_WAITS));
    }
    if !store.add_identity(&account.id, &identity, now).await? {
        return Err(Refusal::Request(StatusCode::CONFLICT, TAKEN));
    }
    match &request.link {
        Some(ticket) => store.revoke_other_families(&account.id, &ticket.family, now).await?,
        None => site.sign_out_everywhere(&account.id).await?,
    }
    tell(site, &account, &identity).await?;
    let provider = identity.provider.clone();
    let target = code::address(site, request, &account.id, identity).await?;
    let done = Done { failed: false, provider: &provider, account_email: &account.email, target: &target };
    Ok(page::show(StatusCode::OK, &done))
}

async fn tell(site: &Site, account: &Account, identity: &Identity) -> Result<(), Refusal> {
    let (store, now, provider) = (&site.cloud.store, site.cloud.now(), &identity.provider);
    site.note(&account.id, EventKind::IdentityLinked, provider).await?;
    let text = format!(
        "Your account can now be opened with the {provider} account {}, and was signed out everywhere else. \
         If that was not you, change your password and unlink {provider} on the account page.",
        identity.email
    );
    store.post(Channel::Mail, &account.email, &text, now).await?;
    Ok(())
}

impl Found {
    fn show(&self, problem: Option<&Problem>) -> Response {
        let page = Page {
            failed: problem.is_some(),
            request: self.text.expose(),
            provider: &self.linking.identity.provider,
            identity_email: &self.linking.identity.email,
            account_email: &self.account.email,
            step: &self.linking.step,
            problem,
        };
        let mut response = page::show(problem.map_or(StatusCode::OK, |problem| problem.status), &page);
        if let Some(wait) = problem.and_then(|problem| problem.wait) {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    use serde_json::{Value, json};

    use crate::cloud::bench::{EMAIL, PASSWORD, PHONE};
    use crate::cloud::openid::bench::{Journey, claims};
    use crate::protocol::totp::TotpSecret;

    fn secret() -> TotpSecret {
        TotpSecret::from_bytes(b"12345678901234567890".to_vec())
    }

    /// Comes with Ann's address: the text that the form carries.
    async fn asked(journey: &mut Journey) -> String {
        let login = journey.login(EMAIL);
        let page = journey.visit_provider(&[], login).await;
        let request = page.carried()["request"].clone();
        let question = journey.get(&page.location()).await;
        assert!(question.text.contains("Password of your account here"), "{}", question.text);
        assert!(!question.text.contains("<script"));
        let policy = question.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        request
    }

    /// Where the page at the end leads to.
    fn code_in(page: &crate::cloud::openid::bench::Page) -> String {
        assert!(page.text.contains("<h1>Linked</h1>"), "{}", page.text);
        page.text.split("code=").nth(1).unwrap().split('&').next().unwrap().to_owned()
    }

    async fn linked(journey: &Journey) -> bool {
        let found = journey.bench.cloud.store.identity(&journey.provider.issuer, super::super::bench::SUBJECT).await;
        found.unwrap().is_some()
    }

    #[tokio::test]
    async fn the_owners_password_links_signs_in_and_signs_out_everywhere_else() {
        let mut journey = Journey::new().await;
        let ann = journey.bench.ann(None, None).await;
        let elsewhere = journey.bench.access_token().await;
        let request = asked(&mut journey).await;
        let wrong = journey.post("/oauth2/link", &[("request", &request), ("password", "wrong-password")]).await;
        assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
        assert!(wrong.text.contains("That password is not right") && !wrong.text.contains("wrong-password"));
        assert!(!linked(&journey).await);
        let done = journey.post("/oauth2/link", &[("request", &request), ("password", PASSWORD)]).await;
        let tokens = journey.redeem(&code_in(&done), &[]).await.json();
        let said = claims(&tokens["id_token"]);
        assert_eq!((said["sub"].as_str(), said["cognito:username"].as_str()), (Some(&*ann.id), Some(&*ann.id)));
        assert_eq!(said["identities"][0]["providerName"], "Google");
        assert_eq!(journey.bench.graphql(&elsewhere, "{login{id}}").await.status, StatusCode::UNAUTHORIZED);
        assert!(journey.bench.sent_to(EMAIL).await.last().unwrap().contains("Google account Ann+Pi@example.test"));
        let login = journey.login("another@example.test");
        assert_eq!(claims(&journey.tokens(login).await["access_token"])["sub"], ann.id.as_str());
        let again = journey.post("/oauth2/link", &[("request", &request), ("password", PASSWORD)]).await;
        assert_eq!(again.status, StatusCode::BAD_REQUEST, "the same form again");
    }

    #[tokio::test]
    async fn a_second_factor_is_asked_for_as_at_any_sign_in() {
        let mut journey = Journey::new().await;
        journey.bench.ann(Some(&secret()), Some(PHONE)).await;
        let request = asked(&mut journey).await;
        let choice = journey.post("/oauth2/link", &[("request", &request), ("password", PASSWORD)]).await;
        assert!(choice.text.contains("How do you want to get the code?"), "{}", choice.text);
        let factor = ("factor", "SOFTWARE_TOKEN_MFA");
        let question = journey.post("/oauth2/link", &[("request", &request), factor]).await;
        assert!(question.text.contains("Open your authenticator app"), "{}", question.text);
        let wrong = journey.post("/oauth2/link", &[("request", &request), ("code", "000000")]).await;
        assert!(wrong.text.contains("That code is not right"), "{}", wrong.text);
        assert!(!linked(&journey).await);
        let code = secret().code_at(journey.bench.unix()).expose().clone();
        let done = journey.post("/oauth2/link", &[("request", &request), ("code", &code)]).await;
        code_in(&done);
        assert!(linked(&journey).await);
    }

    #[tokio::test]
    async fn guessing_at_the_password_is_slowed_down_as_at_any_sign_in() {
        let mut journey = Journey::new().await;
        journey.bench.ann(None, None).await;
        let request = asked(&mut journey).await;
        for _ in 0..5 {
            journey.post("/oauth2/link", &[("request", &request), ("password", "wrong-password")]).await;
        }
        let locked = journey.post("/oauth2/link", &[("request", &request), ("password", PASSWORD)]).await;
        assert_eq!(locked.status, StatusCode::TOO_MANY_REQUESTS);
        assert!(locked.headers.contains_key("retry-after") && !linked(&journey).await);
    }

    #[tokio::test]
    async fn another_browser_or_a_late_one_links_nothing() {
        let mut journey = Journey::new().await;
        journey.bench.ann(None, None).await;
        let request = asked(&mut journey).await;
        let own = journey.change_browser();
        let form = [("request", request.as_str()), ("password", PASSWORD)];
        assert_eq!(journey.post("/oauth2/link", &form).await.status, StatusCode::BAD_REQUEST);
        journey.keep_cookies(own);
        journey.bench.hand.pass(Duration::from_secs(600));
        assert_eq!(journey.post("/oauth2/link", &form).await.status, StatusCode::BAD_REQUEST);
        assert!(!linked(&journey).await);
    }

    #[tokio::test]
    async fn a_session_links_by_a_click_and_only_that_session_stays() {
        let mut journey = Journey::new().await;
        let ann = journey.bench.ann(None, None).await;
        let (token, elsewhere) = (journey.bench.access_token().await, journey.bench.access_token().await);
        let ticket = journey.with_token("POST", "/v1/identities", &token, "").await.json()["link"].clone();
        let ticket = ticket.as_str().unwrap();
        let login = journey.login("private@example.test");
        let page = journey.visit_provider(&[("link", ticket)], login).await;
        let request = page.carried()["request"].clone();
        let question = journey.get(&page.location()).await;
        assert!(question.text.contains("is not your own account, close this page"), "{}", question.text);
        assert!(question.text.contains(EMAIL) && !linked(&journey).await);
        code_in(&journey.post("/oauth2/link", &[("request", &request)]).await);
        assert_eq!(journey.bench.graphql(&token, "{login{id}}").await.body["data"]["login"]["id"], ann.id.as_str());
        assert_eq!(journey.bench.graphql(&elsewhere, "{login{id}}").await.status, StatusCode::UNAUTHORIZED);
        let reused = journey.authorize(&[("link", ticket)]).await.carried();
        assert_eq!(reused["error"], "invalid_request");
        let listed = journey.with_token("GET", "/v1/identities", &token, "").await.json();
        assert_eq!(listed["identities"][0]["email"], "private@example.test");
        assert_eq!(
            (listed["providers"].clone(), listed["hasPassword"].clone()),
            (json!(["Google"]), Value::Bool(true))
        );
    }

    #[tokio::test]
    async fn an_identity_that_opens_another_account_is_not_taken_from_it() {
        let mut journey = Journey::new().await;
        journey.bench.ann(None, None).await;
        let login = journey.login("bob@example.test");
        journey.tokens(login.clone()).await;
        let token = journey.bench.access_token().await;
        let ticket = journey.with_token("POST", "/v1/identities", &token, "").await.json()["link"].clone();
        let carried = journey.visit_provider(&[("link", ticket.as_str().unwrap())], login).await.carried();
        assert_eq!(carried["error"], "access_denied");
        assert!(carried["error_description"].contains("belongs to another account"), "{carried:?}");
    }
}
