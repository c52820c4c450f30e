//! What is known of a person, and the address and number they are reached by: UpdateUserAttributes,
//! GetUserAttributeVerificationCode, VerifyUserAttribute. What was verified stays in force until the new one is.

use super::fault::Fault;
use super::sending::{MESSAGES, OWN_MESSAGES};
use super::written::{self, NewPhone, Written};
use super::{fields, named, sending};
use crate::cloud::factors::{self, SignedIn};
use crate::cloud::masked;
use crate::cloud::site::Site;
use crate::cloud::store::{Account, Channel, Confirming, ContactKind, EventKind, InForce, email_key};
use crate::protocol::cognito::{
    Attribute, CodeDelivered, CodeDeliveryDetails, Confidential, GetUserAttributeVerificationCode,
    UpdateUserAttributes, UpdatedUserAttributes, VerifyUserAttribute,
};

pub(super) async fn update_by_token(
    site: &Site,
    request: &UpdateUserAttributes,
) -> Result<UpdatedUserAttributes, Fault> {
    let who = SignedIn::by_token(site, fields::token(request.access_token.expose(), "accessToken")?).await?;
    update(site, &who, &request.user_attributes).await
}

pub(super) async fn send_code_by_token(
    site: &Site,
    request: &GetUserAttributeVerificationCode,
) -> Result<CodeDelivered, Fault> {
    let (account, _access) = site.bearer(fields::token(request.access_token.expose(), "accessToken")?).await?;
    Ok(CodeDelivered { code_delivery_details: send_code(site, &account, contact(&request.attribute_name)?).await? })
}

pub(super) async fn verify_by_token(site: &Site, request: &VerifyUserAttribute) -> Result<(), Fault> {
    let who = SignedIn::by_token(site, fields::token(request.access_token.expose(), "accessToken")?).await?;
    verify(site, &who, contact(&request.attribute_name)?, &request.code).await
}

/// None of them unless all can be read. Where the codes went that a new address and number are verified by.
pub(crate) async fn update(
    site: &Site,
    who: &SignedIn,
    attributes: &[Attribute],
) -> Result<UpdatedUserAttributes, Fault> {
    if attributes.is_empty() {
        return Err(Fault::Constraint("userAttributes", "Member must not be empty"));
    }
    let Written { email, phone, plain } = written::read(attributes)?;
    let (store, account) = (&site.cloud.store, &who.account);
    if phone.is_some() {
        factors::check_phone_change(site, who).await?;
    }
    let no_phone = phone == Some(NewPhone::None);
    let mut sent = Vec::new();
    for (kind, value) in [(ContactKind::Email, email), (ContactKind::Phone, phone.and_then(NewPhone::number))] {
        let Some(value) = value else { continue };
        if in_force(account, kind).is_some_and(|present| email_key(present) == email_key(&value)) {
            store.drop_pending_contact(&account.id, kind).await?;
            continue;
        }
        sent.push(send_code_to(site, account, kind, &value).await?);
        store.set_pending_contact(&account.id, kind, &value, site.cloud.now()).await?;
    }
    if no_phone {
        remove_phone(site, account).await?;
    }
    store.set_attributes(&account.id, &plain).await?;
    Ok(UpdatedUserAttributes { code_delivery_details_list: sent })
}

/// For the address or number that waits to be verified; else for the one in force.
pub(crate) async fn send_code(site: &Site, account: &Account, kind: ContactKind) -> Result<CodeDeliveryDetails, Fault> {
    let pending = site.cloud.store.pending_contact(&account.id, kind).await?;
    let nothing = || Fault::Parameter(format!("There is no {} to verify; set one first.", kind.name()).into());
    let value = pending.as_deref().or(in_force(account, kind)).ok_or_else(nothing)?;
    send_code_to(site, account, kind, value).await
}

/// Puts what was pending in force, and tells the owner at the address that was in force before.
pub(crate) async fn verify(site: &Site, who: &SignedIn, kind: ContactKind, code: &Confidential) -> Result<(), Fault> {
    let (store, now, account) = (&site.cloud.store, site.cloud.now(), &who.account);
    if kind == ContactKind::Phone {
        factors::check_phone_change(site, who).await?;
    }
    let pending = store.pending_contact(&account.id, kind).await?;
    let value = pending.as_deref().or(in_force(account, kind)).ok_or(Fault::ExpiredCode)?;
    let matter = Confirming::Contact(&account.id, kind, value);
    sending::confirm(site, &account.id, &[matter], code).await?;
    if pending.is_none() {
        return Ok(());
    }
    match store.put_in_force(account, kind, value).await? {
        InForce::Yes => {}
        InForce::Taken => return Err(Fault::AddressTaken),
        InForce::No => return Err(Fault::ExpiredCode),
    }
    let (event, what, shown) = match kind {
        ContactKind::Email => (EventKind::EmailChanged, "e-mail address", masked::email(value)),
        ContactKind::Phone => (EventKind::PhoneChanged, "phone number", masked::phone(value)),
    };
    store.note_event(&account.id, event, &site.visitor, &shown, now).await?;
    let notice = format!(
        "The {what} of your account is now {shown}, since {}. If that was not you, sign in, change your password and set it back.",
        now.iso()
    );
    Ok(store.post(Channel::Mail, &account.email, &notice, now).await?)
}

fn in_force(account: &Account, kind: ContactKind) -> Option<&str> {
    match kind {
        ContactKind::Email => Some(&account.email),
        ContactKind::Phone => account.phone.as_deref(),
    }
}

fn contact(name: &str) -> Result<ContactKind, Fault> {
    ContactKind::named(name).ok_or(Fault::Constraint("attributeName", "Member must be email or phone_number"))
}

/// A code for nothing but that value. Counted for the account, and for whom an address belongs to.
async fn send_code_to(
    site: &Site,
    account: &Account,
    kind: ContactKind,
    value: &str,
) -> Result<CodeDeliveryDetails, Fault> {
    let (store, now) = (&site.cloud.store, site.cloud.now());
    let (channel, medium, destination) = match kind {
        ContactKind::Email => (Channel::Mail, "EMAIL", masked::email(value)),
        ContactKind::Phone => (Channel::Sms, "SMS", masked::phone(value)),
    };
    sending::count_message(site, &OWN_MESSAGES, &account.id).await?;
    let reached = named::find(site, value).await?.subject;
    if reached != account.id {
        sending::count_message(site, &MESSAGES, &reached).await?;
    }
    let code = store.confirmation_code(Confirming::Contact(&account.id, kind, value), Some(&account.id), now).await?;
    let text = match kind {
        ContactKind::Email => format!(
            "{} is the code that makes this the e-mail address of an account. It is valid for 24 hours. If you did not ask for \
             it, do nothing.",
            code.expose()
        ),
        ContactKind::Phone => {
            format!("{} is your code to verify this number. It is valid for 24 hours.", code.expose())
        }
    };
    sending::hand_over(site, &account.id, channel, value, &text).await?;
    Ok(CodeDeliveryDetails { destination, delivery_medium: medium.to_owned(), attribute_name: kind.name().to_owned() })
}

async fn remove_phone(site: &Site, account: &Account) -> Result<(), Fault> {
    let (store, now) = (&site.cloud.store, site.cloud.now());
    if !store.remove_phone(&account.id).await? {
        let factor = "Codes by text message go to this number at the sign-in; turn that off first.";
        return Err(Fault::Parameter(factor.into()));
    }
    store.drop_pending_contact(&account.id, ContactKind::Phone).await?;
    if account.phone.is_some() {
        store.note_event(&account.id, EventKind::PhoneChanged, &site.visitor, "removed", now).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use crate::cloud::bench::{Bench, EMAIL, PASSWORD, PHONE, Reply};

    const NEW_EMAIL: &str = "Annette@example.test";
    const OTHER: &str = "+12065550199";

    async fn updates(bench: &Bench, token: &str, name: &str, value: &str) -> Reply {
        let body = json!({"AccessToken": token, "UserAttributes": [{"Name": name, "Value": value}]});
        bench.cognito("UpdateUserAttributes", &body).await
    }

    async fn verifies(bench: &Bench, token: &str, name: &str, code: &str) -> Reply {
        bench.cognito("VerifyUserAttribute", &json!({"AccessToken": token, "AttributeName": name, "Code": code})).await
    }

    async fn asks_for_code(bench: &Bench, token: &str, name: &str) -> Reply {
        let body = json!({"AccessToken": token, "AttributeName": name});
        bench.cognito("GetUserAttributeVerificationCode", &body).await
    }

    async fn attribute(bench: &Bench, token: &str, name: &str) -> Option<String> {
        let user = bench.cognito("GetUser", &json!({"AccessToken": token})).await.body;
        let found = user["UserAttributes"].as_array().unwrap().iter().find(|attribute| attribute["Name"] == name);
        found.map(|attribute| attribute["Value"].as_str().unwrap().to_owned())
    }

    #[tokio::test]
    async fn what_people_tell_of_themselves_is_kept_as_given_until_it_is_emptied() {
        let bench = Bench::new().await;
        bench.ann(None, None).await;
        let token = bench.access_token().await;
        for (value, kept) in [("Änn <b>\u{1f980}</b>", Some("Änn <b>\u{1f980}</b>")), ("", None)] {
            assert_eq!(updates(&bench, &token, "name", value).await.body, json!({}));
            assert_eq!(attribute(&bench, &token, "name").await.as_deref(), kept);
        }
        let one_bad = json!({"AccessToken": token, "UserAttributes":
            [{"Name": "locale", "Value": "de"}, {"Name": "email_verified", "Value": "true"}]});
        assert_eq!(bench.cognito("UpdateUserAttributes", &one_bad).await.fault(), "NotAuthorizedException");
        assert_eq!(attribute(&bench, &token, "locale").await, None, "all or none");
    }

    #[tokio::test]
    async fn a_new_number_comes_into_force_with_its_code_and_the_old_one_stays_until_then() {
        let bench = Bench::new().await;
        bench.ann(None, None).await;
        let token = bench.access_token().await;
        let sent = updates(&bench, &token, "phone_number", "+1 (206) 555-0100").await;
        let details =
            json!([{"Destination": "+*******0100", "DeliveryMedium": "SMS", "AttributeName": "phone_number"}]);
        assert_eq!(sent.body["CodeDeliveryDetailsList"], details);
        assert_eq!(attribute(&bench, &token, "phone_number_verified").await.as_deref(), Some("false"));
        let code = bench.code_sent_to(PHONE).await;
        assert_eq!(verifies(&bench, &token, "phone_number", &code).await.body, json!({}));
        assert_eq!(attribute(&bench, &token, "phone_number_verified").await.as_deref(), Some("true"));

        updates(&bench, &token, "phone_number", OTHER).await;
        assert_eq!(attribute(&bench, &token, "phone_number").await.as_deref(), Some(PHONE));
        assert_eq!(attribute(&bench, &token, "phone_number_verified").await.as_deref(), Some("true"));
        let code = bench.code_sent_to(OTHER).await;
        assert_eq!(verifies(&bench, &token, "phone_number", &code).await.body, json!({}));
        assert_eq!(attribute(&bench, &token, "phone_number").await.as_deref(), Some(OTHER));
        let mail = bench.sent_to(EMAIL).await.pop().unwrap();
        assert!(mail.contains("+*******0199") && !mail.contains(OTHER), "{mail}");
        assert_eq!(updates(&bench, &token, "phone_number", "").await.body, json!({}));
        assert_eq!(attribute(&bench, &token, "phone_number").await, None);
    }

    #[tokio::test]
    async fn a_code_verifies_only_the_number_it_was_sent_to() {
        let bench = Bench::new().await;
        bench.ann(None, None).await;
        let token = bench.access_token().await;
        updates(&bench, &token, "phone_number", PHONE).await;
        let code = bench.code_sent_to(PHONE).await;
        updates(&bench, &token, "phone_number", OTHER).await;
        if bench.code_sent_to(OTHER).await != code {
            assert_eq!(verifies(&bench, &token, "phone_number", &code).await.fault(), "CodeMismatchException");
        }
        assert_eq!(verifies(&bench, &token, "email", &code).await.fault(), "ExpiredCodeException");
        let resent = asks_for_code(&bench, &token, "phone_number").await;
        assert_eq!(resent.body["CodeDeliveryDetails"]["Destination"], "+*******0199");
        bench.hand.pass(Duration::from_secs(24 * 3600));
        let token = bench.access_token().await;
        let late = verifies(&bench, &token, "phone_number", &bench.code_sent_to(OTHER).await).await;
        assert_eq!(late.fault(), "ExpiredCodeException");
    }

    #[tokio::test]
    async fn a_new_address_signs_in_once_it_is_verified_and_the_old_one_is_told() {
        let bench = Bench::new().await;
        bench.ann(None, None).await;
        let token = bench.access_token().await;
        let sent = updates(&bench, &token, "email", NEW_EMAIL).await;
        assert_eq!(sent.body["CodeDeliveryDetailsList"][0]["Destination"], "A***@e***");
        assert!(bench.begin().await.signed_in());
        assert_eq!(attribute(&bench, &token, "email").await.as_deref(), Some(EMAIL));
        let code = bench.code_sent_to(NEW_EMAIL).await;
        assert_eq!(verifies(&bench, &token, "email", &code).await.body, json!({}));
        assert_eq!(attribute(&bench, &token, "email").await.as_deref(), Some(NEW_EMAIL));
        assert!(bench.sent_to(EMAIL).await.last().unwrap().contains("is now A***@e***"));
        assert_eq!(bench.begin().await.fault(), "NotAuthorizedException");
        let by_new = json!({"USERNAME": NEW_EMAIL.to_lowercase(), "PASSWORD": PASSWORD});
        assert!(bench.initiate("USER_PASSWORD_AUTH", by_new).await.signed_in());
    }

    #[tokio::test]
    async fn an_address_of_another_account_is_told_only_to_whoever_reads_its_mail() {
        let bench = Bench::new().await;
        bench.ann(None, None).await;
        bench.person(NEW_EMAIL, None, None).await;
        let token = bench.access_token().await;
        let taken = updates(&bench, &token, "email", NEW_EMAIL).await.body;
        let free = updates(&bench, &token, "email", "Abe@example.test").await.body;
        assert_eq!(taken, free);
        updates(&bench, &token, "email", NEW_EMAIL).await;
        let code = bench.code_sent_to(NEW_EMAIL).await;
        assert_eq!(verifies(&bench, &token, "email", &code).await.fault(), "AliasExistsException");
        assert!(bench.begin().await.signed_in());
    }

    #[tokio::test]
    async fn codes_are_not_sent_without_end_and_not_to_numbers_that_cannot_exist() {
        let bench = Bench::new().await;
        bench.ann(None, None).await;
        let token = bench.access_token().await;
        for bad in ["2065550177", "+999 123 456 789", "handy"] {
            let reply = updates(&bench, &token, "phone_number", bad).await;
            assert_eq!(reply.fault(), "InvalidParameterException", "{bad}");
            assert!(!reply.message().contains(bad), "{}", reply.message());
        }
        assert_eq!(asks_for_code(&bench, &token, "phone_number").await.fault(), "InvalidParameterException");
        assert_eq!(asks_for_code(&bench, &token, "name").await.fault(), "InvalidParameterException");
        updates(&bench, &token, "phone_number", PHONE).await;
        for _ in 0..2 {
            assert_eq!(asks_for_code(&bench, &token, "phone_number").await.fault(), "");
        }
        let refused = asks_for_code(&bench, &token, "phone_number").await;
        assert_eq!(
            (refused.fault(), &refused.headers["retry-after"]),
            ("LimitExceededException", &"60".parse().unwrap())
        );
        let codes: std::collections::BTreeSet<String> =
            bench.sent_to(PHONE).await.iter().map(|text| text[..6].to_owned()).collect();
        assert_eq!(codes.len(), 1, "repeated, so that it does not matter which message comes first");
    }

    #[tokio::test]
    async fn the_number_of_a_second_factor_cannot_be_taken_away() {
        let bench = Bench::new().await;
        bench.ann(None, Some(PHONE)).await;
        let asked = bench.begin().await;
        let code = json!({"SMS_MFA_CODE": bench.code_sent_to(PHONE).await});
        let tokens = bench.respond("SMS_MFA", asked.session(), code).await.body;
        let token = tokens["AuthenticationResult"]["AccessToken"].as_str().unwrap();
        let refused = updates(&bench, token, "phone_number", "").await;
        assert!(refused.message().contains("turn that off first"), "{}", refused.message());
        assert_eq!(attribute(&bench, token, "phone_number").await.as_deref(), Some(PHONE));
    }
}
