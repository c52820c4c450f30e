//! Every URL of the service.
//!
//! | URL | what |
//! |---|---|
//! | `POST /` | Cognito operations; by GET, the way to the portal |
//! | `/account/…` | the portal: see `portal` |
//! | `POST /graphql/v1` | the account and its access keys, by token or signature |
//! | `POST /v1/checkSaml`, `/v1/mfaPref`, `/v1/recoveryCodes`, `GET /v1/globalSignout` | the auth API |
//! | `GET /v1/events.csv` | the account's log as a table, by token |
//! | `/{pool}/.well-known/jwks.json`, `/{pool}/.well-known/openid-configuration` | how to verify our tokens |
//! | `/.well-known/latchkey` | what an agent must know of us |
//! | `/oauth2/…`, `/logout`, `/v1/callback/`, `/v1/identities` | sign-in by way of Google and the like: see `openid` |
//! | `/health` | does it work? |

use axum::extract::{Path, Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, CACHE_CONTROL, DATE,
};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;

use super::site::Site;
use super::{auth_api, cognito, event_table, graphql, metrics, openid, portal, source_limit};
use crate::protocol::http_date;

pub(super) fn router(site: Site) -> Router {
    let api = Router::new()
        .route("/", post(cognito::operation).get(portal::start))
        .route("/graphql/v1", post(graphql::answer))
        .merge(limited(&site))
        .route("/v1/globalSignout", get(auth_api::global_sign_out))
        .route("/v1/events.csv", get(event_table::download))
        .route("/.well-known/latchkey", get(discovery))
        .route("/{pool}/.well-known/jwks.json", get(jwks))
        .route("/{pool}/.well-known/openid-configuration", get(openid_configuration))
        .route("/health", get(health))
        .layer(from_fn_with_state(site.clone(), frame))
        .with_state(site.clone());
    // After the frame, which lets pages of any origin call: the portal's cookies are for its own pages only.
    // Unknown URLs are answered by the router that the other is merged into.
    portal::router(&site).merge(api).layer(from_fn_with_state(site, metrics::count))
}

/// Doors where something could be guessed, other than Cognito's.
fn limited(site: &Site) -> Router<Site> {
    Router::new()
        .route("/v1/checkSaml", post(auth_api::check_saml))
        .route("/v1/mfaPref", get(auth_api::mfa_preference).post(auth_api::set_mfa_preference))
        .route("/v1/recoveryCodes", get(auth_api::recovery_codes).post(auth_api::make_recovery_codes))
        .merge(openid::router())
        .route_layer(from_fn_with_state(site.clone(), source_limit::gate))
}

/// Around every answer: pages of any origin may call (no cookie carries a session here), and `Date` is the time that
/// signatures and timestamps are checked against, so that a client can learn it.
async fn frame(State(site): State<Site>, request: Request, next: Next) -> Response {
    let mut response = if request.method() == Method::OPTIONS {
        StatusCode::NO_CONTENT.into_response()
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    if let Ok(date) = HeaderValue::from_str(&http_date::format(site.cloud.clock.wall())) {
        headers.insert(DATE, date);
    }
    for (name, value) in [
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, OPTIONS"),
        (
            ACCESS_CONTROL_ALLOW_HEADERS,
            "authorization, cache-control, content-digest, content-type, developerkey, signature, signature-input, \
             x-amz-target, x-amz-user-agent, x-r3-user",
        ),
        (
            ACCESS_CONTROL_EXPOSE_HEADERS,
            "date, link, retry-after, x-amzn-errormessage, x-amzn-errortype, x-amzn-requestid",
        ),
        (ACCESS_CONTROL_MAX_AGE, "86400"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

async fn discovery(site: Site) -> Response {
    Json(site.discovery()).into_response()
}

async fn jwks(site: Site, Path(pool): Path<String>) -> Response {
    if pool == site.cloud.plan.user_pool_id { Json(site.cloud.signer.jwks()).into_response() } else { no_such_pool() }
}

async fn openid_configuration(site: Site, Path(pool): Path<String>) -> Response {
    if pool != site.cloud.plan.user_pool_id {
        return no_such_pool();
    }
    let (issuer, url) = (site.issuer(), site.url());
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{url}/oauth2/authorize"),
        "token_endpoint": format!("{url}/oauth2/token"),
        "userinfo_endpoint": format!("{url}/oauth2/userInfo"),
        "end_session_endpoint": format!("{url}/logout"),
        "scopes_supported": openid::SCOPES,
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "jwks_uri": format!("{issuer}/.well-known/jwks.json"),
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
    }))
    .into_response()
}

async fn health(site: Site) -> Response {
    if site.cloud.store.answers().await {
        Json(json!({ "status": "ok" })).into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "the database does not answer" }))).into_response()
    }
}

fn no_such_pool() -> Response {
    (StatusCode::NOT_FOUND, Json(json!({ "message": "There is no such user pool." }))).into_response()
}
