//! Who a request of the GraphQL or auth API comes from: an access token, or a signature by an access key.

use std::time::Duration;

use axum::http::header::{AUTHORIZATION, HOST};
use axum::http::request::Parts;

use super::factors::SignedIn;
use super::moment::Moment;
use super::permit::By;
use super::site::Site;
use super::store::{self, Account, EventKind, StoredKey};
use super::tokens::Refusal;
use crate::base::Secret;
use crate::protocol::signature::{self, CLOCK_WINDOW, Presented, Request};

/// The account that a request acts for, and by what right.
pub(crate) struct Caller {
    pub(crate) account: Account,
    pub(crate) by: By,
    /// Signature and body, when it was signed: what must not change something twice.
    signed: Vec<u8>,
}

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
    #[error("The access key {0} ended at {date}; make a new one on the account's access keys page.", date = .1.iso())]
    KeyExpired(String, Moment),
    #[error("This signed request was received before; it counts once. Sign it anew, with a later date.")]
    Repeated,
    #[error("Something went wrong in the service.")]
    Store(#[from] store::Error),
}

impl Error {
    /// One word for programs.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Token(Refusal::Invalid) => "TOKEN_INVALID",
            Self::Token(Refusal::Expired) => "TOKEN_EXPIRED",
            Self::Token(Refusal::Revoked) => "TOKEN_REVOKED",
            Self::Token(Refusal::Scope) => "TOKEN_SCOPE",
            Self::Signature(refusal) => refusal.code(),
            Self::UnknownKey(_) => "KEY_UNKNOWN",
            Self::KeyDisabled(_) => "KEY_DISABLED",
            Self::AccountDisabled => "ACCOUNT_DISABLED",
            Self::KeyExpired(..) => "KEY_EXPIRED",
            Self::Repeated => "REPEATED",
            Self::Store(_) => "INTERNAL",
        }
    }
}

impl Caller {
    /// A change counts once per signature and body. A look may be repeated within the clock window: the signed time counts whole
    /// seconds, so a client that is busy repeats it honestly.
    pub(crate) async fn change_once(&self, site: &Site) -> Result<(), Error> {
        match &self.by {
            By::Token => Ok(()),
            By::Key { .. } => once(site, "signed change", &self.signed).await,
        }
    }
}

/// The account behind a request, by whichever proof it brings.
pub(crate) async fn identify(site: &Site, head: &Parts, body: &[u8]) -> Result<Caller, Error> {
    match bearer_token(head) {
        Some(token) => Ok(Caller { account: site.bearer(token).await?.0, by: By::Token, signed: Vec::new() }),
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

async fn by_signature(site: &Site, head: &Parts, body: &[u8]) -> Result<Caller, Error> {
    let headers: Vec<(&str, &str)> =
        head.headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))).collect();
    let presented = Presented::find(&headers)?;
    let id = presented.key_id().as_str();
    let found = site.cloud.store.key_to_check(id).await?;
    let (key, secret) = found.ok_or_else(|| Error::UnknownKey(id.to_owned()))?;
    let account = site.cloud.store.account(&key.account).await?;
    let account = account.ok_or_else(|| Error::UnknownKey(key.id.clone()))?;
    let fit = fit(site, &key, &account).and_then(|()| Ok(check(site, head, &headers, body, &presented, &secret)?));
    if let Err(refused) = fit {
        note_refusal(site, &key, &refused).await?;
        return Err(refused);
    }
    if let Some(nonce) = presented.nonce() {
        once(site, "nonce", format!("{id} {nonce}").as_bytes()).await?;
    }
    note_use(site, &key).await?;
    let by = By::Key { id: key.id, scope: key.scope, expires: key.expires };
    Ok(Caller { account, by, signed: [presented.bytes(), body].concat() })
}

fn fit(site: &Site, key: &StoredKey, account: &Account) -> Result<(), Error> {
    if account.disabled {
        return Err(Error::AccountDisabled);
    }
    if !key.enabled {
        return Err(Error::KeyDisabled(key.id.clone()));
    }
    match key.expires {
        Some(end) if end <= site.cloud.now() => Err(Error::KeyExpired(key.id.clone(), end)),
        Some(_) | None => Ok(()),
    }
}

/// A signature is good for five minutes around its own time, which may be five minutes from now.
async fn once(site: &Site, kind: &str, parts: &[u8]) -> Result<(), Error> {
    const REMEMBERED: Duration = Duration::from_secs(2 * CLOCK_WINDOW.as_secs() + 1);
    let fresh = site.cloud.store.spend_signature(kind, parts, site.cloud.now().plus(REMEMBERED)).await?;
    if fresh { Ok(()) } else { Err(Error::Repeated) }
}

async fn note_use(site: &Site, key: &StoredKey) -> Result<(), store::Error> {
    let (store, now) = (&site.cloud.store, site.cloud.now());
    store.note_key_use(key, now).await?;
    store.count_event(&key.account, EventKind::KeyUsed, &site.visitor, &key.shown(), now).await?;
    Ok(())
}

async fn note_refusal(site: &Site, key: &StoredKey, why: &Error) -> Result<(), store::Error> {
    let detail = format!("{}: {}", key.shown(), why.code());
    site.cloud.store.count_event(&key.account, EventKind::KeyRefused, &site.visitor, &detail, site.cloud.now()).await?;
    Ok(())
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

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;
    use crate::cloud::bench::{Bench, EMAIL, send};
    use crate::cloud::bench_keys::{WHO, ask, code, error, new_key, signed, signed_with_nonce};

    const RENAME: &str = "mutation { updateAccessKey(key: \"KEY\", name: \"attic\") { name } }";

    #[tokio::test]
    async fn a_signed_change_counts_once_on_all_instances_and_a_look_as_often_as_it_comes() {
        let bench = Bench::new().await;
        bench.ann(None, None).await;
        let key = new_key(&bench, &bench.access_token().await).await;
        let rename = RENAME.replace("KEY", key.id.as_str());
        let other = bench.beside(|_same| {}).await;
        assert_eq!(ask(&bench, &key, &rename).await.body["data"]["updateAccessKey"]["name"], "attic");
        for again in [ask(&bench, &key, &rename).await, send(&other, signed(&bench, &key, &rename)).await] {
            assert_eq!((again.status.as_u16(), code(&again)), (409, "REPEATED"));
            assert_eq!(again.headers["retry-after"], "1");
            assert!(error(&again).contains("Sign it anew"));
        }
        let different = ask(&bench, &key, &rename.replace("attic", "cella")).await;
        assert_eq!(different.body["data"]["updateAccessKey"]["name"], "cella", "another change in the same second");
        for _ in 0..3 {
            assert_eq!(ask(&bench, &key, WHO).await.body["data"]["login"]["email"], EMAIL);
        }
        bench.hand.pass(Duration::from_secs(1));
        assert_eq!(ask(&bench, &key, &rename).await.body["data"]["updateAccessKey"]["name"], "attic");
    }

    #[tokio::test]
    async fn a_request_with_a_nonce_counts_once_even_when_it_only_looks() {
        let bench = Bench::new().await;
        bench.ann(None, None).await;
        let key = new_key(&bench, &bench.access_token().await).await;
        let first = bench.send(signed_with_nonce(&bench, &key, "n1")).await;
        assert_eq!(first.body["data"]["login"]["email"], EMAIL, "{}", first.body);
        bench.hand.pass(Duration::from_secs(1));
        let again = bench.send(signed_with_nonce(&bench, &key, "n1")).await;
        assert_eq!((again.status.as_u16(), code(&again)), (409, "REPEATED"));
        let next = bench.send(signed_with_nonce(&bench, &key, "n2")).await;
        assert_eq!(next.body["data"]["login"]["email"], EMAIL);
    }

    #[tokio::test]
    async fn a_mark_is_kept_as_long_as_its_signature_is_good() {
        let bench = Bench::new().await;
        bench.ann(None, None).await;
        let key = new_key(&bench, &bench.access_token().await).await;
        let rename = RENAME.replace("KEY", key.id.as_str());
        bench.hand.pass(Duration::from_secs(300));
        let ahead = signed(&bench, &key, &rename);
        let (head, body) = ahead.into_parts();
        let body = axum::body::to_bytes(body, 4096).await.unwrap();
        let copy = || {
            let mut request = axum::http::Request::post("/graphql/v1").body(Body::from(body.clone())).unwrap();
            *request.headers_mut() = head.headers.clone();
            request
        };
        assert_eq!(bench.send(copy()).await.status.as_u16(), 200);
        bench.hand.pass(Duration::from_secs(300));
        bench.cloud.do_chores().await.unwrap();
        assert_eq!(bench.send(copy()).await.status.as_u16(), 409);
        bench.hand.pass(Duration::from_secs(302));
        bench.cloud.do_chores().await.unwrap();
        assert_eq!(bench.cloud.store.rows("spent_signatures").await, 0);
        assert_eq!(code(&bench.send(copy()).await), "CLOCK_OFF");
    }

    #[tokio::test]
    async fn each_refusal_has_a_word_for_programs() {
        let bench = Bench::new().await;
        bench.ann(None, None).await;
        let token = bench.access_token().await;
        let key = new_key(&bench, &token).await;
        let without = |name: &str| {
            let mut request = signed(&bench, &key, WHO);
            request.headers_mut().remove(name);
            request
        };
        let other = crate::protocol::access_key::AccessKey::from_bytes(key.id.clone(), vec![7; 30]);
        for (request, word) in [
            (without("authorization"), "UNSIGNED"),
            (without("content-type"), "HEADER_MISSING"),
            (signed(&bench, &other, WHO), "WRONG_SIGNATURE"),
        ] {
            let reply = bench.send(request).await;
            assert_eq!((reply.status.as_u16(), code(&reply)), (401, word));
        }
        let made_up = axum::http::Request::post("/graphql/v1").header("authorization", "Bearer a.b.c");
        assert_eq!(code(&bench.send(made_up.body(Body::empty()).unwrap()).await), "TOKEN_INVALID");
    }
}
