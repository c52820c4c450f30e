//! What is known of a person, and the address and number they are reached by: UpdateUserAttributes,
//! GetUserAttributeVerificationCode, VerifyUserAttribute. What was verified stays in force until the new one is.

use super::fault::Fault;
use super::written::{self, NewPhone, Written};
use super::{fields, named, sending};
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
    let (account, _access) = site.bearer(fields::token(request.access_token.expose(), "accessToken")?).await?;
    update(site, &account, &request.user_attributes).await
}

pub(super) async fn send_code_by_token(
    site: &Site,
    request: &GetUserAttributeVerificationCode,
) -> Result<CodeDelivered, Fault> {
    let (account, _access) = site.bearer(fields::token(request.access_token.expose(), "accessToken")?).await?;
    Ok(CodeDelivered { code_delivery_details: send_code(site, &account, contact(&request.attribute_name)?).await? })
}

pub(super) async fn verify_by_token(site: &Site, request: &VerifyUserAttribute) -> Result<(), Fault> {
    let (account, _access) = site.bearer(fields::token(request.access_token.expose(), "accessToken")?).await?;
    verify(site, &account, contact(&request.attribute_name)?, &request.code).await
}

/// All of them or none. Where the codes went that a new address and number are verified by.
pub(crate) async fn update(
    site: &Site,
    account: &Account,
    attributes: &[Attribute],
) -> Result<UpdatedUserAttributes, Fault> {
    if attributes.is_empty() {
        return Err(Fault::Constraint("userAttributes", "Member must not be empty"));
    }
    let Written { email, phone, plain } = written::read(attributes)?;
    let store = &site.cloud.store;
    if phone == Some(NewPhone::None) {
        remove_phone(site, account).await?;
    }
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
pub(crate) async fn verify(
    site: &Site,
    account: &Account,
    kind: ContactKind,
    code: &Confidential,
) -> Result<(), Fault> {
    let (store, now) = (&site.cloud.store, site.cloud.now());
    let pending = store.pending_contact(&account.id, kind).await?;
    let value = pending.as_deref().or(in_force(account, kind)).ok_or(Fault::ExpiredCode)?;
    let matter = Confirming::Contact(&account.id, kind, value);
    sending::confirm(site, &account.id, [matter], code).await?;
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
    let reached = named::find(site, value).await?.subject;
    if reached != account.id {
        sending::count_message(site, &reached).await?;
    }
    sending::count_message(site, &account.id).await?;
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
    sending::send(site, &account.id, channel, Some(value), &text).await?;
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
#[path = "attributes_tests.rs"]
mod tests;
