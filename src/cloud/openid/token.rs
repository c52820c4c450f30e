//! `POST /oauth2/token`: a code (with PKCE's verifier) or a refresh token, for tokens.

use axum::Json;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use data_encoding::BASE64URL_NOPAD;
use serde::Serialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::code::Grant;
use super::parameters::{Parameters, Repeated};
use crate::base::{Secret, report};
use crate::cloud::cognito::{self, Fault};
use crate::cloud::ids::AccountId;
use crate::cloud::site::Site;
use crate::cloud::store::{self, Account, EventKind, Family, FamilyOrigin, Proof, Store};
use crate::protocol::cognito::{self as wire, AuthFlow, AuthenticationResult, InitiateAuth};

/// RFC 6749 §5.2.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("{0}")]
    InvalidRequest(&'static str),
    #[error("{0}")]
    Parameters(#[from] Repeated),
    #[error("This service does not know the client.")]
    InvalidClient,
    #[error("{0}")]
    InvalidGrant(&'static str),
    #[error("Ask with grant_type authorization_code or refresh_token.")]
    UnsupportedGrant,
    #[error("Something went wrong in the service.")]
    Store(#[from] store::Error),
    #[error("Something went wrong in the service.")]
    Service(#[from] crate::cloud::Error),
    #[error("Something went wrong in the service.")]
    Refresh(#[source] Fault),
}

#[derive(Serialize)]
struct Tokens {
    access_token: String,
    token_type: String,
    expires_in: u64,
    #[serde(skip_serializing_if = "String::is_empty")]
    id_token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
}

impl From<AuthenticationResult> for Tokens {
    fn from(issued: AuthenticationResult) -> Self {
        Self {
            access_token: issued.access_token,
            token_type: issued.token_type,
            expires_in: issued.expires_in,
            id_token: issued.id_token,
            refresh_token: issued.refresh_token,
        }
    }
}

/// What a client brings for its code.
pub(crate) struct Redemption<'a> {
    pub(crate) client_id: &'a str,
    pub(crate) code: &'a str,
    pub(crate) redirect_uri: &'a str,
    pub(crate) verifier: &'a str,
}

pub(super) async fn answer(site: Site, headers: HeaderMap, body: Bytes) -> Result<Response, Refusal> {
    let form = read(&headers, &body)?;
    let missing = |name| form.text(name).ok_or(Refusal::InvalidRequest("A parameter of the grant is missing."));
    let client_id = form.text("client_id").filter(|id| *id == site.cloud.plan.client_id);
    let client_id = client_id.ok_or(Refusal::InvalidClient)?;
    let tokens = match form.text("grant_type") {
        Some("authorization_code") => {
            let (code, redirect_uri) = (missing("code")?, missing("redirect_uri")?);
            redeem(&site, &Redemption { client_id, code, redirect_uri, verifier: missing("code_verifier")? }).await?
        }
        Some("refresh_token") => refresh(&site, missing("refresh_token")?).await?,
        Some(_) => return Err(Refusal::UnsupportedGrant),
        None => return Err(Refusal::InvalidRequest("Send a grant_type.")),
    };
    Ok(([(header::PRAGMA, "no-cache")], Json(Tokens::from(tokens))).into_response())
}

/// Changes a code for tokens. A code that comes a second time ends what it gave the first time.
pub(crate) async fn redeem(site: &Site, brought: &Redemption<'_>) -> Result<AuthenticationResult, Refusal> {
    const WRONG: Refusal = Refusal::InvalidGrant("The code is not right, was used before, or is older than a minute.");
    let (store, now) = (&site.cloud.store, site.cloud.now());
    let stands_for = store.code(brought.code).await?.ok_or(WRONG)?;
    let grant: Grant = serde_json::from_slice(stands_for.content.expose()).map_err(|_other_form| WRONG)?;
    if grant.client_id != brought.client_id || grant.redirect_uri != brought.redirect_uri {
        return Err(Refusal::InvalidGrant("The code belongs to another client_id or redirect_uri."));
    }
    if !is_verified(brought.verifier, grant.challenge.as_str()) {
        return Err(Refusal::InvalidGrant("The code_verifier does not belong to the code_challenge."));
    }
    if !store.use_code(brought.code, now).await? {
        if let Some(family) = store.note_code_replay(brought.code).await? {
            store.revoke_family(&family, now).await?;
        }
        return Err(WRONG);
    }
    let account = store.account(&stands_for.account).await?.ok_or(WRONG)?;
    if account.disabled {
        return Err(Refusal::InvalidGrant("The operator of this service disabled the account."));
    }
    let (family, tokens) = sign_in(site, &account, grant).await?;
    if !store.note_code_family(brought.code, &family.id).await? {
        store.revoke_family(&family.id, now).await?;
        return Err(WRONG);
    }
    Ok(tokens)
}

async fn sign_in(site: &Site, account: &Account, grant: Grant) -> Result<(Family, AuthenticationResult), Refusal> {
    let (store, now) = (&site.cloud.store, site.cloud.now());
    let expires = now.plus(cognito::REFRESH_LIFETIME);
    let (mut family, refresh_token) =
        store.begin_family(&account.id, &grant.client_id, Proof::OpenId, expires, now).await?;
    let provider = grant.identity.provider.clone();
    let origin = FamilyOrigin {
        username: username(store, &account.id).await?,
        since: now.unix_seconds(),
        identity: grant.identity,
        scope: grant.scope,
        nonce: grant.nonce,
    };
    store.set_family_origin(&family.id, &origin).await?;
    family.origin = Some(origin);
    store.note_sign_in(&account.id, now).await?;
    store.note_source(&account.id, &site.visitor.source(), now).await?;
    site.note(&account.id, EventKind::SignedIn, &provider).await?;
    let mut tokens = site.issue(account, &family)?;
    tokens.refresh_token = Some(refresh_token.expose().clone());
    Ok((family, tokens))
}

/// What tokens and GetUser call the account: its id, or, when a provider opened it, the name that tells so.
pub(crate) async fn username(store: &Store, account: &AccountId) -> Result<String, store::Error> {
    let identities = store.identities_of(account).await?;
    Ok(identities.iter().find_map(store::Linked::username).unwrap_or_else(|| account.as_str().to_owned()))
}

async fn refresh(site: &Site, token: &str) -> Result<AuthenticationResult, Refusal> {
    let request = InitiateAuth {
        auth_flow: AuthFlow::RefreshToken,
        client_id: site.cloud.plan.client_id.clone(),
        auth_parameters: wire::Parameters::new().with("REFRESH_TOKEN", token),
        client_metadata: None,
    };
    let wrong = Refusal::InvalidGrant("The refresh token is not right, was revoked, or has expired. Sign in again.");
    match cognito::initiate(site, &request).await {
        Ok(reply) => reply.authentication_result.ok_or(wrong),
        Err(fault) if fault.is_ours() => Err(Refusal::Refresh(fault)),
        Err(_refused) => Err(wrong),
    }
}

fn read(headers: &HeaderMap, body: &Bytes) -> Result<Parameters, Refusal> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(Refusal::InvalidRequest("Send a form (application/x-www-form-urlencoded)."));
    }
    Ok(Parameters::parse(body)?)
}

/// RFC 7636 §4.6.
fn is_verified(verifier: &str, challenge: &str) -> bool {
    let fits = (43..=128).contains(&verifier.len());
    let hash = BASE64URL_NOPAD.encode(Sha256::digest(verifier.as_bytes()).as_slice());
    fits && Secret::new(hash).matches(challenge.as_bytes())
}

impl Refusal {
    fn name(&self) -> &'static str {
        match self {
            Self::InvalidRequest(_) | Self::Parameters(_) => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant(_) => "invalid_grant",
            Self::UnsupportedGrant => "unsupported_grant_type",
            Self::Store(_) | Self::Service(_) | Self::Refresh(_) => "server_error",
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::Store(_) | Self::Service(_) | Self::Refresh(_) => {
                tracing::warn!(error = report::chain(&self), "no tokens for a code");
                StatusCode::INTERNAL_SERVER_ERROR
            }
            Self::InvalidRequest(_)
            | Self::Parameters(_)
            | Self::InvalidClient
            | Self::InvalidGrant(_)
            | Self::UnsupportedGrant => StatusCode::BAD_REQUEST,
        };
        let content = json!({ "error": self.name(), "error_description": self.to_string() });
        (status, [(header::PRAGMA, "no-cache")], Json(content)).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verifier_is_checked_as_rfc_7636_says() {
        let (verifier, challenge) =
            ("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert!(is_verified(verifier, challenge));
        assert!(!is_verified(&verifier.replace('d', "e"), challenge));
        assert!(!is_verified("", ""));
        assert!(!is_verified("short", &BASE64URL_NOPAD.encode(Sha256::digest(b"short").as_slice())));
    }

    use std::time::Duration;

    use crate::cloud::bench::CLIENT;
    use crate::cloud::openid::bench::{Journey, SUBJECT, claims};

    #[tokio::test]
    async fn a_code_gives_tokens_that_say_who_it_is_and_by_which_provider() {
        let mut journey = Journey::new().await;
        let login = journey.login("ann@example.test");
        let code = journey.visit_provider(&[("nonce", "client-nonce")], login).await.carried()["code"].clone();
        let page = journey.redeem(&code, &[]).await;
        assert_eq!((page.status, page.headers["cache-control"].to_str().unwrap()), (StatusCode::OK, "no-store"));
        assert_eq!(page.headers["access-control-allow-origin"], "*");
        let tokens = page.json();
        assert_eq!((tokens["token_type"].as_str(), tokens["expires_in"].as_u64()), (Some("Bearer"), Some(3600)));
        let access = claims(&tokens["access_token"]);
        assert_eq!(access["scope"], "openid email profile aws.cognito.signin.user.admin");
        assert_eq!((access["username"].as_str(), access["version"].as_u64()), (Some("Google_1175"), Some(2)));
        let id = claims(&tokens["id_token"]);
        assert_eq!((id["nonce"].as_str(), id["aud"].as_str()), (Some("client-nonce"), Some(CLIENT)));
        assert_eq!((id["email"].as_str(), id["email_verified"].as_bool()), (Some("ann@example.test"), Some(true)));
        assert_eq!(id["identities"][0]["userId"], SUBJECT);
        let half = Sha256::digest(tokens["access_token"].as_str().unwrap().as_bytes());
        assert_eq!(id["at_hash"], BASE64URL_NOPAD.encode(&half.as_slice()[..16]));
    }

    #[tokio::test]
    async fn without_the_scope_openid_there_is_no_id_token() {
        let mut journey = Journey::new().await;
        let login = journey.login("ann@example.test");
        let code = journey.visit_provider(&[("scope", "email")], login).await.carried()["code"].clone();
        let tokens = journey.redeem(&code, &[]).await.json();
        assert_eq!((tokens.get("id_token"), claims(&tokens["access_token"])["scope"].as_str()), (None, Some("email")));
    }

    #[tokio::test]
    async fn a_code_is_its_clients_for_a_minute_with_the_right_verifier() {
        let mut journey = Journey::new().await;
        let login = journey.login("ann@example.test");
        let code = journey.sign_in(login.clone()).await["code"].clone();
        for (changes, error) in [
            (("code_verifier", "a-verifier-that-somebody-else-made-up-for-this-code"), "invalid_grant"),
            (("code_verifier", ""), "invalid_request"),
            (("redirect_uri", "https://app.test/back?from=latchkey"), "invalid_grant"),
            (("code", "made-up"), "invalid_grant"),
            (("client_id", "other"), "invalid_client"),
            (("grant_type", "password"), "unsupported_grant_type"),
            (("grant_type", ""), "invalid_request"),
        ] {
            let page = journey.redeem(&code, &[changes]).await;
            assert_eq!(
                (page.status, page.json()["error"].as_str()),
                (StatusCode::BAD_REQUEST, Some(error)),
                "{changes:?}"
            );
            assert_eq!(page.headers["cache-control"], "no-store");
        }
        assert_eq!(journey.redeem(&code, &[]).await.status, StatusCode::OK, "mistakes spoil nothing");
        let late = journey.sign_in(login).await["code"].clone();
        journey.bench.hand.pass(Duration::from_secs(60));
        assert_eq!(journey.redeem(&late, &[]).await.json()["error"], "invalid_grant");
        let as_json = journey.with_token("POST", "/oauth2/token", "x", "{}").await;
        assert_eq!(as_json.json()["error"], "invalid_request");
    }

    #[tokio::test]
    async fn a_code_that_comes_twice_ends_what_it_gave() {
        let mut journey = Journey::new().await;
        let login = journey.login("ann@example.test");
        let code = journey.sign_in(login).await["code"].clone();
        let tokens = journey.redeem(&code, &[]).await.json();
        let (access, refresh) = (tokens["access_token"].as_str().unwrap(), tokens["refresh_token"].as_str().unwrap());
        assert_eq!(journey.bench.graphql(access, "{login{email}}").await.status, StatusCode::OK);
        assert_eq!(journey.redeem(&code, &[]).await.json()["error"], "invalid_grant");
        assert_eq!(journey.bench.graphql(access, "{login{email}}").await.status, StatusCode::UNAUTHORIZED);
        let form = [("grant_type", "refresh_token"), ("client_id", CLIENT), ("refresh_token", refresh)];
        assert_eq!(journey.post("/oauth2/token", &form).await.json()["error"], "invalid_grant");
    }

    #[tokio::test]
    async fn a_refresh_token_renews_what_the_sign_in_said_by_either_door() {
        let mut journey = Journey::new().await;
        let login = journey.login("ann@example.test");
        let tokens = journey.tokens(login).await;
        let refresh = tokens["refresh_token"].as_str().unwrap();
        let form = [("grant_type", "refresh_token"), ("client_id", CLIENT), ("refresh_token", refresh)];
        let renewed = journey.post("/oauth2/token", &form).await.json();
        assert_eq!(renewed.get("refresh_token"), None);
        let by_cognito = journey.bench.initiate("REFRESH_TOKEN_AUTH", json!({"REFRESH_TOKEN": refresh})).await;
        let by_cognito = &by_cognito.body["AuthenticationResult"];
        for (id, access) in
            [(&renewed["id_token"], &renewed["access_token"]), (&by_cognito["IdToken"], &by_cognito["AccessToken"])]
        {
            assert_eq!(
                (claims(id)["identities"][0]["userId"].as_str(), claims(id).get("nonce")),
                (Some(SUBJECT), None)
            );
            assert_eq!(claims(access)["username"], "Google_1175");
        }
        let foreign = [("grant_type", "refresh_token"), ("client_id", CLIENT), ("refresh_token", "made-up")];
        assert_eq!(journey.post("/oauth2/token", &foreign).await.json()["error"], "invalid_grant");
    }
}
