//! Who a request of the GraphQL or auth API comes from: an access token, or a signature by an access key.

use axum::http::header::{AUTHORIZATION, HOST};
use axum::http::request::Parts;

use super::factors::SignedIn;
use super::site::Site;
use super::store::{self, Account};
use super::tokens::Refusal;
use crate::base::Secret;
use crate::protocol::signature::{self, Presented, Request};

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Token(#[from] Refusal),
    #[error(transparent)]
    Signature(#[from] signature::Refusal),
    #[error("There is no access key {0}; it was deleted, or belongs to another service.")]
    UnknownKey(String),
    #[error("The access key {0} is disabled; enable it on the account's access keys page.")]
    KeyDisabled(String),
    #[error("The account of this access key is disabled; ask the people who run the service.")]
    AccountDisabled,
    #[error("Something went wrong in the service.")]
    Store(#[from] store::Error),
}

/// The account behind a request, by whichever proof it brings.
pub(crate) async fn identify(site: &Site, head: &Parts, body: &[u8]) -> Result<Account, Error> {
    match bearer_token(head) {
        Some(token) => Ok(site.bearer(token).await?.0),
        None => by_signature(site, head, body).await,
    }
}

/// The account behind an access token; a signature is not enough (reference §5.3: a key cannot change the account).
pub(crate) async fn identify_by_token(site: &Site, head: &Parts) -> Result<Account, Error> {
    let token = bearer_token(head).ok_or(Refusal::Invalid)?;
    Ok(site.bearer(token).await?.0)
}

/// The same, with the sign-in that the token comes from.
pub(crate) async fn signed_in(site: &Site, head: &Parts) -> Result<SignedIn, Error> {
    SignedIn::by_token(site, bearer_token(head).ok_or(Refusal::Invalid)?).await
}

pub(crate) fn bearer_token(head: &Parts) -> Option<&str> {
    let (scheme, token) = head.headers.get(AUTHORIZATION)?.to_str().ok()?.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// A signature may be sent twice within its clock window: its time counts whole seconds, so a client that is busy repeats it
/// honestly. What it covers (method, target, host, date) is what it can be used for.
async fn by_signature(site: &Site, head: &Parts, body: &[u8]) -> Result<Account, Error> {
    let headers: Vec<(&str, &str)> =
        head.headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))).collect();
    let presented = Presented::find(&headers)?;
    let id = presented.key_id().as_str();
    let found = site.cloud.store.key_to_check(id).await?;
    let (key, secret) = found.ok_or_else(|| Error::UnknownKey(id.to_owned()))?;
    if !key.enabled {
        return Err(Error::KeyDisabled(key.id));
    }
    check(site, head, &headers, body, &presented, &secret)?;
    let account = site.cloud.store.account(&key.account).await?;
    let account = account.ok_or_else(|| Error::UnknownKey(key.id.clone()))?;
    if account.disabled {
        return Err(Error::AccountDisabled);
    }
    site.cloud.store.note_key_use(&key, site.cloud.now()).await?;
    Ok(account)
}

/// Checked for the host that was received, then for the one of the public URL, when there is one: a proxy in between may have
/// changed it (SIG-03).
fn check(
    site: &Site,
    head: &Parts,
    headers: &[(&str, &str)],
    body: &[u8],
    presented: &Presented,
    secret: &Secret<Vec<u8>>,
) -> Result<(), signature::Refusal> {
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let (scheme, public_host) = site.url().split_once("://").unwrap_or(("http", site.url()));
    let public_host = public_host.split_once('/').map_or(public_host, |(host, _path)| host);
    let request = Request { method: head.method.as_str(), scheme, target, headers };
    let now = site.cloud.clock.wall();
    let as_received = presented.verify(&request, body, secret.expose(), now);
    if as_received != Err(signature::Refusal::WrongSignature) || site.cloud.plan.public_url.is_none() {
        return as_received;
    }
    let rewritten: Vec<(&str, &str)> =
        headers.iter().map(|&(name, value)| (name, if name == HOST.as_str() { public_host } else { value })).collect();
    presented.verify(&Request { headers: &rewritten, ..request }, body, secret.expose(), now)
}
