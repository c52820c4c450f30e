//! After the sign-in: fresh tokens, and the ways out.

use serde_json::{Value, json};

use super::fault::Fault;
use super::fields;
use crate::cloud::site::Site;
use crate::cloud::store::EventKind;
use crate::protocol::cognito::{AuthReply, ByAccessToken, Parameters, RevokeToken};

/// REFRESH_TOKEN_AUTH
pub(super) async fn refresh(site: &Site, client: &str, parameters: &Parameters) -> Result<AuthReply, Fault> {
    let token = fields::token(fields::required(parameters, "REFRESH_TOKEN")?, "refreshToken")?;
    let (store, now) = (&site.cloud.store, site.cloud.now());
    let family = store.family_of(token).await?.filter(|family| family.client_id == client);
    let family = family.ok_or(Fault::RefreshTokenUnknown)?;
    if family.revoked {
        return Err(Fault::RefreshTokenRevoked);
    }
    if family.expires <= now {
        return Err(Fault::RefreshTokenExpired);
    }
    let account = store.account(&family.account).await?.ok_or(Fault::RefreshTokenUnknown)?;
    Ok(AuthReply { authentication_result: Some(site.issue(&account, &family)?), ..AuthReply::default() })
}

/// Ends one sign-in: its refresh token and, at our own doors, the access tokens made from it.
pub(super) async fn revoke(site: &Site, request: &RevokeToken) -> Result<Value, Fault> {
    let client = fields::client(site, &request.client_id)?;
    let token = fields::token(request.token.expose(), "token")?;
    if token.contains('.') {
        return Err(Fault::NotARefreshToken);
    }
    let family = site.cloud.store.family_of(token).await?;
    // A token that is not known, or not this client's, is as good as revoked (RFC 7009 §2.2).
    if let Some(family) = family.filter(|family| family.client_id == client) {
        site.cloud.store.revoke_family(&family.id, site.cloud.now()).await?;
        site.note(&family.account, EventKind::SignedOut, "").await?;
    }
    Ok(json!({}))
}

/// GlobalSignOut
pub(super) async fn sign_out_everywhere(site: &Site, request: &ByAccessToken) -> Result<Value, Fault> {
    let (account, _access) = site.bearer(fields::token(request.access_token.expose(), "accessToken")?).await?;
    site.sign_out_everywhere(&account.id).await?;
    Ok(json!({}))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::body::Body;
    use axum::http::Request;

    use super::*;
    use crate::cloud::bench::{Bench, CLIENT, EMAIL, PHONE, Reply};

    async fn refresh(bench: &Bench, token: &Value) -> Reply {
        bench.initiate("REFRESH_TOKEN_AUTH", json!({"REFRESH_TOKEN": token})).await
    }

    async fn user(bench: &Bench, token: &Value) -> Reply {
        bench.cognito("GetUser", &json!({"AccessToken": token})).await
    }

    #[tokio::test]
    async fn a_person_reads_their_own_account() {
        let bench = Bench::new().await;
        let ann = bench.ann(None, None).await;
        let reply = user(&bench, &bench.access_token().await.into()).await;
        assert_eq!(reply.body["Username"], ann.id.as_str());
        assert!(reply.body["UserAttributes"].as_array().unwrap().contains(&json!({"Name": "email", "Value": EMAIL})));
        assert_eq!(reply.body.get("UserMFASettingList"), None);
    }

    #[tokio::test]
    async fn revoking_one_sign_in_ends_its_tokens_and_no_others() {
        let bench = Bench::new().await;
        bench.ann(None, None).await;
        let (kept, dropped) = (bench.begin().await.body, bench.begin().await.body);
        let (kept, dropped) = (&kept["AuthenticationResult"], &dropped["AuthenticationResult"]);
        let fresh = refresh(&bench, &dropped["RefreshToken"]).await;
        assert!(fresh.signed_in());
        assert_eq!(fresh.body["AuthenticationResult"].get("RefreshToken"), None);
        let revoke = json!({"Token": dropped["RefreshToken"], "ClientId": CLIENT});
        for _ in 0..2 {
            assert_eq!(bench.cognito("RevokeToken", &revoke).await.body, json!({}));
        }
        let after = refresh(&bench, &dropped["RefreshToken"]).await;
        assert_eq!(after.message(), "Refresh Token has been revoked");
        for token in [&dropped["AccessToken"], &fresh.body["AuthenticationResult"]["AccessToken"]] {
            assert_eq!(user(&bench, token).await.message(), "Access Token has been revoked");
            assert_eq!(bench.graphql(token.as_str().unwrap(), "{login{id}}").await.status.as_u16(), 401);
        }
        assert!(user(&bench, &kept["AccessToken"]).await.body["Username"].is_string());
        let access = json!({"Token": kept["AccessToken"], "ClientId": CLIENT});
        assert_eq!(bench.cognito("RevokeToken", &access).await.fault(), "UnsupportedTokenTypeException");
    }

    #[tokio::test]
    async fn signing_out_everywhere_ends_every_sign_in_by_either_door() {
        let bench = Bench::new().await;
        bench.ann(None, None).await;
        for by_auth_api in [false, true] {
            let (here, elsewhere) = (bench.access_token().await, bench.begin().await.body);
            if by_auth_api {
                let request = Request::get("/v1/globalSignout").header("authorization", format!("Bearer {here}"));
                assert_eq!(bench.send(request.body(Body::empty()).unwrap()).await.status.as_u16(), 200);
            } else {
                assert_eq!(bench.cognito("GlobalSignOut", &json!({"AccessToken": here})).await.body, json!({}));
            }
            let there = refresh(&bench, &elsewhere["AuthenticationResult"]["RefreshToken"]).await;
            assert_eq!(there.message(), "Refresh Token has been revoked");
            assert_eq!(
                bench.cognito("GlobalSignOut", &json!({"AccessToken": here})).await.fault(),
                "NotAuthorizedException"
            );
        }
    }

    #[tokio::test]
    async fn tokens_grow_old() {
        let bench = Bench::new().await;
        bench.ann(None, None).await;
        let tokens = bench.begin().await.body["AuthenticationResult"].take();
        bench.hand.pass(Duration::from_secs(3599));
        assert!(user(&bench, &tokens["AccessToken"]).await.body["Username"].is_string());
        bench.hand.pass(Duration::from_secs(1));
        assert_eq!(user(&bench, &tokens["AccessToken"]).await.message(), "Access Token has expired");
        assert!(refresh(&bench, &tokens["RefreshToken"]).await.signed_in());
        bench.hand.pass(Duration::from_secs(30 * 24 * 3600));
        assert_eq!(refresh(&bench, &tokens["RefreshToken"]).await.message(), "Refresh Token has expired");
        assert_eq!(refresh(&bench, &"made.up".into()).await.message(), "Invalid Refresh Token");
    }

    #[tokio::test]
    async fn the_auth_api_names_the_factor_and_knows_no_saml() {
        let bench = Bench::new().await;
        bench.ann(None, None).await;
        let get = |token: &str| {
            Request::get("/v1/mfaPref").header("authorization", format!("Bearer {token}")).body(Body::empty()).unwrap()
        };
        let token = bench.access_token().await;
        assert_eq!(bench.send(get(&token)).await.body["MfaPref"], "NO_MFA");
        assert_eq!(bench.send(get("a.b.c")).await.status.as_u16(), 401);
        let change = Request::post("/v1/mfaPref").body(Body::empty()).unwrap();
        assert_eq!(bench.send(change).await.status.as_u16(), 401);
        for bad in
            [json!({}), json!({"MfaPref": "EMAIL_OTP"}), json!({"MfaPref": 7}), json!([]), json!("x".repeat(9000))]
        {
            assert_eq!(bench.auth_api(&token, "POST", "/v1/mfaPref", &bad).await.status.as_u16(), 400, "{bad:.40}");
        }
        let saml = |body: &str| {
            let request = Request::post("/v1/checkSaml").header("content-type", "application/json");
            request.body(Body::from(body.to_owned())).unwrap()
        };
        assert_eq!(bench.send(saml(r#"{"username":"ann@example.test"}"#)).await.body, json!({"isSaml": false}));
        assert_eq!(bench.send(saml("{}")).await.status.as_u16(), 400);
        assert!(bench.sent_to(PHONE).await.is_empty());
    }
}
