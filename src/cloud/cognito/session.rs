//! After the sign-in: who am I, fresh tokens, and the ways out.

use serde_json::{Value, json};

use super::fault::Fault;
use super::fields;
use crate::cloud::site::Site;
use crate::cloud::store::FactorKind;
use crate::protocol::cognito::{Attribute, AuthReply, ByAccessToken, Parameters, RevokeToken, User};

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

/// GetUser
pub(super) async fn user(site: &Site, request: &ByAccessToken) -> Result<User, Fault> {
    let (account, _access) = site.bearer(fields::token(request.access_token.expose(), "accessToken")?).await?;
    let factors = site.cloud.store.factors(&account.id).await?;
    let attribute = |name: &str, value: &str| Attribute { name: name.to_owned(), value: value.to_owned() };
    let mut attributes = vec![
        attribute("sub", account.id.as_str()),
        attribute("email_verified", "true"),
        attribute("email", &account.email),
    ];
    if let Some(phone) = &account.phone {
        attributes.push(attribute("phone_number_verified", "true"));
        attributes.push(attribute("phone_number", phone));
    }
    let names = |kinds: &[FactorKind]| kinds.iter().map(|kind| kind.name().to_owned()).collect::<Vec<_>>();
    Ok(User {
        username: account.id.as_str().to_owned(),
        user_attributes: attributes,
        preferred_mfa_setting: match factors.as_slice() {
            [only] => Some(only.name().to_owned()),
            _none_or_undecided => None,
        },
        user_mfa_setting_list: names(&factors),
    })
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
    }
    Ok(json!({}))
}

/// GlobalSignOut
pub(super) async fn sign_out_everywhere(site: &Site, request: &ByAccessToken) -> Result<Value, Fault> {
    let (account, _access) = site.bearer(fields::token(request.access_token.expose(), "accessToken")?).await?;
    site.cloud.store.revoke_families(&account.id, site.cloud.now()).await?;
    Ok(json!({}))
}
