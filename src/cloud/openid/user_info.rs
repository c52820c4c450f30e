//! `GET` or `POST /oauth2/userInfo`: who an access token stands for.

use axum::Json;
use axum::extract::Request;
use axum::http::header::WWW_AUTHENTICATE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use super::token;
use crate::base::report;
use crate::cloud::caller;
use crate::cloud::site::Site;

pub(super) async fn answer(site: Site, request: Request) -> Response {
    let (head, _body) = request.into_parts();
    let Some(bearer) = caller::bearer_token(&head) else {
        return refuse(StatusCode::UNAUTHORIZED, "invalid_token", "Send an access token as Bearer.");
    };
    let (account, access) = match site.holder(bearer).await {
        Ok(found) => found,
        Err(caller::Error::Store(error)) => return broken(&error),
        Err(error) => return refuse(StatusCode::UNAUTHORIZED, "invalid_token", &error.to_string()),
    };
    if !access.has_scope("openid") {
        let sentence = "The access token has no scope openid: it comes from a sign-in without a browser.";
        return refuse(StatusCode::FORBIDDEN, "insufficient_scope", sentence);
    }
    let username = match token::username(&site.cloud.store, &account.id).await {
        Ok(username) => username,
        Err(error) => return broken(&error),
    };
    let (sub, email) = (account.id.as_str(), account.email.as_str());
    Json(if access.has_scope("email") {
        json!({ "sub": sub, "username": username, "email": email, "email_verified": true })
    } else {
        json!({ "sub": sub, "username": username })
    })
    .into_response()
}

fn refuse(status: StatusCode, error: &str, sentence: &str) -> Response {
    let mut response = (status, Json(json!({ "error": error, "error_description": sentence }))).into_response();
    if let Ok(scheme) = HeaderValue::try_from(format!("Bearer error=\"{error}\"")) {
        response.headers_mut().insert(WWW_AUTHENTICATE, scheme);
    }
    response
}

fn broken(error: &crate::cloud::store::Error) -> Response {
    tracing::warn!(error = report::chain(error), "userInfo failed");
    refuse(StatusCode::INTERNAL_SERVER_ERROR, "server_error", "Something went wrong in the service.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::openid::bench::Journey;

    #[tokio::test]
    async fn a_token_tells_as_much_as_its_scope_allows_and_opens_nothing_else() {
        let mut journey = Journey::new().await;
        let login = journey.login("ann@example.test");
        let whole = journey.tokens(login.clone()).await["access_token"].as_str().unwrap().to_owned();
        let told = journey.with_token("GET", "/oauth2/userInfo", &whole, "").await.json();
        assert_eq!((told["email"].as_str(), told["email_verified"].as_bool()), (Some("ann@example.test"), Some(true)));
        assert_eq!(told["username"], "Google_1175");
        let code = journey.visit_provider(&[("scope", "openid")], login).await.carried()["code"].clone();
        let small = journey.redeem(&code, &[]).await.json()["access_token"].as_str().unwrap().to_owned();
        let told = journey.with_token("POST", "/oauth2/userInfo", &small, "").await.json();
        assert_eq!((told.get("email"), told["sub"].as_str().map(str::len)), (None, Some(36)));
        assert_eq!(journey.bench.graphql(&small, "{login{id}}").await.status, StatusCode::UNAUTHORIZED);
        let refused = journey.bench.cognito("GetUser", &json!({"AccessToken": small})).await;
        assert_eq!(refused.message(), "Access Token does not have required scopes");
    }

    #[tokio::test]
    async fn without_a_right_token_nothing_is_told() {
        let mut journey = Journey::new().await;
        journey.bench.ann(None, None).await;
        assert_eq!(journey.get("/oauth2/userInfo").await.status, StatusCode::UNAUTHORIZED);
        let forged = journey.with_token("GET", "/oauth2/userInfo", "a.b.c", "").await;
        assert_eq!(forged.headers["www-authenticate"], "Bearer error=\"invalid_token\"");
        let by_password = journey.bench.access_token().await;
        let refused = journey.with_token("GET", "/oauth2/userInfo", &by_password, "").await;
        assert_eq!(
            (refused.status, refused.json()["error"].as_str()),
            (StatusCode::FORBIDDEN, Some("insufficient_scope"))
        );
    }
}
