//! After the sign-in: who am I, fresh tokens, and the ways out.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::fault::Fault;
use super::fields;
use crate::cloud::site::Site;
use crate::protocol::cognito::{AuthReply, Parameters};

/// GetUser, GlobalSignOut
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ByAccessToken {
    access_token: String,
}

/// RevokeToken
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Revoke {
    token: String,
    client_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct User {
    username: String,
    user_attributes: Vec<Attribute>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preferred_mfa_setting: Option<&'static str>,
    #[serde(rename = "UserMFASettingList", skip_serializing_if = "Vec::is_empty")]
    user_mfa_setting_list: Vec<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Attribute {
    name: &'static str,
    value: String,
}

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
    if account.disabled {
        return Err(Fault::Disabled);
    }
    Ok(AuthReply { authentication_result: Some(site.issue(&account, &family)?), ..AuthReply::default() })
}

pub(super) async fn user(site: &Site, request: &ByAccessToken) -> Result<User, Fault> {
    let (account, _access) = site.bearer(fields::token(&request.access_token, "accessToken")?).await?;
    let factors = site.cloud.store.factors(&account.id).await?;
    let id = account.id.as_str().to_owned();
    let mut attributes = vec![
        Attribute { name: "sub", value: id.clone() },
        Attribute { name: "email_verified", value: "true".to_owned() },
        Attribute { name: "email", value: account.email },
    ];
    if let Some(phone) = account.phone {
        attributes.push(Attribute { name: "phone_number_verified", value: "true".to_owned() });
        attributes.push(Attribute { name: "phone_number", value: phone });
    }
    let preferred = factors.iter().find(|factor| factor.preferred || factors.len() == 1);
    Ok(User {
        username: id,
        user_attributes: attributes,
        preferred_mfa_setting: preferred.map(|factor| factor.kind.name()),
        user_mfa_setting_list: factors.iter().map(|factor| factor.kind.name()).collect(),
    })
}

/// Ends one sign-in: its refresh token and, at our own doors, the access tokens made from it.
pub(super) async fn revoke(site: &Site, request: &Revoke) -> Result<Value, Fault> {
    let client = fields::client(site, &request.client_id)?;
    let token = fields::token(&request.token, "token")?;
    if token.contains('.') {
        return Err(Fault::NotARefreshToken);
    }
    let family = site.cloud.store.family_of(token).await?;
    // A token that is not known, or not this client's, is as good as revoked (RFC 7009 §2.2).
    if let Some(family) = family.filter(|family| family.client_id == client) {
        site.cloud.store.revoke_family(&family.id, site.cloud.now()).await?;
    }
    Ok(json!({}))
}

pub(super) async fn sign_out_everywhere(site: &Site, request: &ByAccessToken) -> Result<Value, Fault> {
    let (account, _access) = site.bearer(fields::token(&request.access_token, "accessToken")?).await?;
    site.cloud.store.revoke_families(&account.id, site.cloud.now()).await?;
    Ok(json!({}))
}
