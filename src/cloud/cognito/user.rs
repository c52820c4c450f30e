//! Who am I: GetUser. And nobody any more: DeleteUser.

use super::fault::Fault;
use super::fields;
use crate::cloud::openid;
use crate::cloud::site::Site;
use crate::cloud::store::{Account, Channel, ContactKind};
use crate::protocol::cognito::{Attribute, ByAccessToken, User};

pub(super) async fn user_by_token(site: &Site, request: &ByAccessToken) -> Result<User, Fault> {
    let (account, _access) = site.bearer(fields::token(request.access_token.expose(), "accessToken")?).await?;
    user(site, &account).await
}

pub(super) async fn delete_by_token(site: &Site, request: &ByAccessToken) -> Result<(), Fault> {
    let (account, _access) = site.bearer(fields::token(request.access_token.expose(), "accessToken")?).await?;
    delete(site, &account).await
}

pub(crate) async fn user(site: &Site, account: &Account) -> Result<User, Fault> {
    let factors = site.cloud.store.factors_on(&account.id).await?;
    Ok(User {
        username: openid::token::username(&site.cloud.store, &account.id).await?,
        user_attributes: attributes(site, account).await?,
        preferred_mfa_setting: match factors.as_slice() {
            [only] => Some(only.kind.name().to_owned()),
            several => several.iter().find(|factor| factor.preferred).map(|factor| factor.kind.name().to_owned()),
        },
        user_mfa_setting_list: factors.iter().map(|factor| factor.kind.name().to_owned()).collect(),
    })
}

/// With everything that belongs to it: sign-ins, factors, keys, events.
pub(crate) async fn delete(site: &Site, account: &Account) -> Result<(), Fault> {
    let (store, now) = (&site.cloud.store, site.cloud.now());
    if store.delete_account(&account.id).await? {
        let notice = format!(
            "Your account was deleted at {}, with its access keys and everything else that belonged to it.",
            now.iso()
        );
        store.post(Channel::Mail, &account.email, &notice, now).await?;
    }
    Ok(())
}

/// Of address and number what is in force; a number that still waits for its code is shown as not verified. What waits beside one
/// that is in force has a name of its own (feature `pending-contacts`).
async fn attributes(site: &Site, account: &Account) -> Result<Vec<Attribute>, Fault> {
    let store = &site.cloud.store;
    let attribute = |name: &str, value: &str| Attribute { name: name.to_owned(), value: value.to_owned() };
    let mut attributes = vec![
        attribute("sub", account.id.as_str()),
        attribute("email_verified", "true"),
        attribute("email", &account.email),
    ];
    let pending = store.pending_contact(&account.id, ContactKind::Phone).await?;
    if let Some(phone) = account.phone.as_deref().or(pending.as_deref()) {
        attributes.push(attribute("phone_number_verified", if account.phone.is_some() { "true" } else { "false" }));
        attributes.push(attribute("phone_number", phone));
    }
    let waiting = [("custom:new_email", store.pending_contact(&account.id, ContactKind::Email).await?)];
    let waiting = waiting.into_iter().chain([("custom:new_phone_number", pending)]);
    attributes.extend(waiting.filter_map(|(name, value)| Some(attribute(name, &value?))));
    let told = store.attributes(&account.id).await?;
    attributes.extend(told.into_iter().map(|(name, value)| Attribute { name, value }));
    Ok(attributes)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::cloud::bench::{Bench, EMAIL};

    #[tokio::test]
    async fn a_deleted_account_is_gone_with_all_that_belonged_to_it() {
        let bench = Bench::new().await;
        bench.ann(None, None).await;
        let tokens = bench.begin().await.body["AuthenticationResult"].take();
        let token = tokens["AccessToken"].as_str().unwrap();
        let named = json!({"AccessToken": token, "UserAttributes": [{"Name": "name", "Value": "Ann"}]});
        assert_eq!(bench.cognito("UpdateUserAttributes", &named).await.body, json!({}));
        assert_eq!(bench.cognito("DeleteUser", &json!({"AccessToken": token})).await.body, json!({}));
        assert!(bench.sent_to(EMAIL).await.last().unwrap().starts_with("Your account was deleted"));
        for reply in [
            bench.cognito("DeleteUser", &json!({"AccessToken": token})).await,
            bench.initiate("REFRESH_TOKEN_AUTH", json!({"REFRESH_TOKEN": tokens["RefreshToken"]})).await,
            bench.begin().await,
        ] {
            assert_eq!(reply.fault(), "NotAuthorizedException");
        }
        let again = bench.ann(None, None).await;
        let user = bench.cognito("GetUser", &json!({"AccessToken": bench.access_token().await})).await.body;
        assert_eq!(user["Username"], again.id.as_str());
        assert!(!user["UserAttributes"].to_string().contains("\"name\""), "{user}");
    }
}
