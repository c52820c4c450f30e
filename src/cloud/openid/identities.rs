//! `/v1/identities`: the accounts at providers that open an account here, for its owner's programs and pages.
//!
//! `GET` lists them; `POST` gives a ticket, which a browser takes to `/oauth2/authorize` as `link`; `POST …/unlink` removes one.

use axum::Json;
use axum::extract::Request;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::ticket;
use crate::base::report;
use crate::cloud::caller;
use crate::cloud::site::Site;
use crate::cloud::store::{self, Account, Channel, EventKind};
use crate::cloud::tokens::Refusal;

#[derive(Deserialize)]
pub(super) struct Unlink {
    provider: String,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Caller(#[from] caller::Error),
    #[error("Send JSON such as {{\"provider\": \"Google\"}}.")]
    BadRequest(#[from] JsonRejection),
    #[error("This service has no sign-in with another account.")]
    NoProvider,
    #[error("Your account is not linked with {0}.")]
    NotLinked(String),
    #[error(
        "{0} is the only way into your account. Set a password first (\"Forgot password\" on the sign-in page), then unlink."
    )]
    LastWayIn(String),
}

/// `GET /v1/identities`
pub(super) async fn list(site: Site, request: Request) -> Result<Response, Error> {
    let (head, _body) = request.into_parts();
    let account = caller::identify_by_token(&site, &head).await?;
    let linked = site.cloud.store.identities_of(&account.id).await.map_err(caller::Error::from)?;
    let linked: Vec<_> = linked
        .iter()
        .map(
            |one| json!({ "provider": one.identity.provider, "email": one.identity.email, "since": one.created.iso() }),
        )
        .collect();
    let providers: Vec<&str> = site.cloud.providers.iter().map(|provider| provider.name()).collect();
    Ok(Json(json!({ "identities": linked, "providers": providers, "hasPassword": account.has_password() }))
        .into_response())
}

/// `POST /v1/identities`
pub(super) async fn begin(site: Site, head: Parts) -> Result<Response, Error> {
    if site.cloud.providers.is_empty() {
        return Err(Error::NoProvider);
    }
    let token = caller::bearer_token(&head).ok_or(caller::Error::Token(Refusal::Invalid))?;
    let (account, access) = site.bearer(token).await?;
    let ticket = ticket::make(&site, &account.id, &access.family);
    Ok(Json(json!({ "link": ticket.expose(), "expiresIn": ticket::LIFETIME.as_secs() })).into_response())
}

/// `POST /v1/identities/unlink`
pub(super) async fn end(
    site: Site,
    head: Parts,
    request: Result<Json<Unlink>, JsonRejection>,
) -> Result<Response, Error> {
    let account = caller::identify_by_token(&site, &head).await?;
    let Json(Unlink { provider }) = request?;
    unlink(&site, &account, &provider).await?;
    Ok(Json(json!({})).into_response())
}

/// Never the last way in.
pub(crate) async fn unlink(site: &Site, account: &Account, provider: &str) -> Result<(), Error> {
    let (store, now) = (&site.cloud.store, site.cloud.now());
    let linked = store.identities_of(&account.id).await.map_err(caller::Error::from)?;
    if !linked.iter().any(|one| one.identity.provider == provider) {
        return Err(Error::NotLinked(provider.to_owned()));
    }
    let others = linked.iter().any(|one| one.identity.provider != provider);
    if !others && !account.has_password() {
        return Err(Error::LastWayIn(provider.to_owned()));
    }
    if store.remove_identity(&account.id, provider).await.map_err(caller::Error::from)? {
        site.note(&account.id, EventKind::IdentityUnlinked, provider).await.map_err(caller::Error::from)?;
        let text =
            format!("{provider} does not open your account any more. If that was not you, change your password.");
        store.post(Channel::Mail, &account.email, &text, now).await.map_err(caller::Error::from)?;
    }
    Ok(())
}

/// The provider that alone opens the account, and so has its second factor, too (R6).
pub(crate) async fn only_provider(site: &Site, account: &Account) -> Result<Option<String>, store::Error> {
    if account.has_password() {
        return Ok(None);
    }
    let linked = site.cloud.store.identities_of(&account.id).await?;
    Ok(linked.into_iter().next().map(|one| one.identity.provider))
}

/// What is said instead of two-factor settings to somebody whom only a provider lets in (R6).
pub(crate) fn factors_are_theirs(provider: &str) -> String {
    format!(
        "You sign in with {provider}, so two-factor authentication is {provider}'s: turn it on in your {provider} account, \
         and it protects everything that you open with it. To have it here as well, set a password first (\"Forgot password\" \
         on the sign-in page)."
    )
}

impl Error {
    fn status(&self) -> StatusCode {
        match self {
            Self::Caller(caller::Error::Store(error)) => {
                tracing::warn!(error = report::chain(error as &store::Error), "identities failed");
                StatusCode::INTERNAL_SERVER_ERROR
            }
            Self::Caller(_) => StatusCode::UNAUTHORIZED,
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::NoProvider | Self::NotLinked(_) => StatusCode::NOT_FOUND,
            Self::LastWayIn(_) => StatusCode::CONFLICT,
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        (self.status(), Json(json!({ "message": self.to_string() }))).into_response()
    }
}

#[cfg(test)]
mod tests {
    use crate::cloud::bench::{EMAIL, PASSWORD};
    use crate::cloud::openid::bench::Journey;

    use super::*;

    #[tokio::test]
    async fn the_last_way_in_is_not_taken_away() {
        let mut journey = Journey::new().await;
        let login = journey.login("ann@example.test");
        let token = journey.tokens(login).await["access_token"].as_str().unwrap().to_owned();
        let unlink = async |journey: &mut Journey, provider: &str| {
            let body = json!({"provider": provider}).to_string();
            let page = journey.with_token("POST", "/v1/identities/unlink", &token, &body).await;
            (page.status.as_u16(), page.json()["message"].as_str().unwrap_or_default().to_owned())
        };
        let (status, message) = unlink(&mut journey, "Google").await;
        assert!(status == 409 && message.contains("the only way into your account"), "{message}");
        assert_eq!(unlink(&mut journey, "Nobody").await.0, 404);
    }

    #[tokio::test]
    async fn a_provider_that_was_linked_is_unlinked_and_then_opens_nothing() {
        let mut journey = Journey::new().await;
        journey.bench.ann(None, None).await;
        let login = journey.login(EMAIL);
        let page = journey.visit_provider(&[], login.clone()).await;
        let request = page.carried()["request"].clone();
        journey.post("/oauth2/link", &[("request", &request), ("password", PASSWORD)]).await;
        let token = journey.bench.access_token().await;
        let body = json!({"provider": "Google"}).to_string();
        let done = journey.with_token("POST", "/v1/identities/unlink", &token, &body).await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.text);
        assert!(journey.visit_provider(&[], login).await.location().contains("/oauth2/link?request="));
    }

    #[tokio::test]
    async fn somebody_whom_only_google_lets_in_is_told_that_two_factor_authentication_is_googles() {
        let mut journey = Journey::new().await;
        let login = journey.login("ann@example.test");
        let token = journey.tokens(login).await["access_token"].as_str().unwrap().to_owned();
        let told = journey.with_token("GET", "/v1/mfaPref", &token, "").await.json();
        assert_eq!((told["MfaPref"].as_str(), told["provider"].as_str()), (Some("NO_MFA"), Some("Google")));
        assert!(told["message"].as_str().unwrap().contains("turn it on in your Google account"));
        let wish = json!({"MfaPref": "SOFTWARE_TOKEN_MFA"}).to_string();
        let refused = journey.with_token("POST", "/v1/mfaPref", &token, &wish).await;
        assert_eq!(refused.status, StatusCode::CONFLICT);
        assert!(refused.json()["message"].as_str().unwrap().contains("turn it on in your Google account"));
    }
}
