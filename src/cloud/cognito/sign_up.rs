//! Becoming a user: SignUp, ConfirmSignUp, ResendConfirmationCode.
//!
//! An address that has an account is answered exactly as one that has none, after the same work; only its owner is told, by mail.

use super::fault::Fault;
use super::{fields, named, sending, written};
use crate::base::Secret;
use crate::cloud::ids::AccountId;
use crate::cloud::site::Site;
use crate::cloud::store::{self, Channel, Confirming, EventKind};
use crate::protocol::cognito::{ByUsername, CodeDelivered, CodeDeliveryDetails, ConfirmSignUp, SignUp, SignedUp};
use written::{NewPhone, Written};

pub(crate) async fn sign_up(site: &Site, request: &SignUp) -> Result<SignedUp, Fault> {
    fields::client(site, &request.client_id)?;
    let email = written::email(fields::name(&request.username)?)?;
    let attributes = attributes(&email, request)?;
    let password = Secret::from(request.password.expose());
    site.cloud.check_password(&password, &email).await?;
    let named = named::find(site, &email).await?;
    sending::count_message(site, &named.subject).await?;
    let id = AccountId::new(&site.cloud.entropy);
    let password = site.cloud.keep_password(&id, password).await?;
    let (store, now) = (&site.cloud.store, site.cloud.now());
    let phone = attributes.phone.and_then(NewPhone::number);
    let sign_up = store::SignUp { id, email, password, phone, attributes: attributes.plain };
    store.add_sign_up(&sign_up, now).await?;
    let code = store.confirmation_code(Confirming::SignUp(&sign_up.id), None, now).await?;
    let (to, text) = match &named.account {
        Some(account) => (&account.email, taken()),
        None => (&sign_up.email, welcome(site, &code)),
    };
    sending::send(site, &named.subject, Channel::Mail, Some(to), &text).await?;
    Ok(SignedUp {
        user_confirmed: false,
        user_sub: sign_up.id.as_str().to_owned(),
        code_delivery_details: Some(by_mail(&sign_up.email)),
    })
}

/// The code says which sign-up of that address it was: that one's password counts.
pub(crate) async fn confirm(site: &Site, request: &ConfirmSignUp) -> Result<(), Fault> {
    fields::client(site, &request.client_id)?;
    let named = named::find(site, fields::name(&request.username)?).await?;
    let matters = named.sign_ups.iter().map(|sign_up| Confirming::SignUp(&sign_up.id));
    let confirmed = sending::confirm(site, &named.subject, matters, &request.confirmation_code).await?;
    let sign_up =
        named.sign_ups.iter().find(|sign_up| matches!(confirmed, Confirming::SignUp(id) if *id == sign_up.id));
    let sign_up = sign_up.ok_or(Fault::ExpiredCode)?;
    let (store, now) = (&site.cloud.store, site.cloud.now());
    if !store.confirm_sign_up(sign_up, now).await? {
        return Err(Fault::ExpiredCode);
    }
    Ok(store.note_event(&sign_up.id, EventKind::SignedUp, &site.visitor, "", now).await?)
}

pub(crate) async fn resend(site: &Site, request: &ByUsername) -> Result<CodeDelivered, Fault> {
    fields::client(site, &request.client_id)?;
    let username = fields::name(&request.username)?;
    let named = named::find(site, username).await?;
    sending::count_message(site, &named.subject).await?;
    let (store, now) = (&site.cloud.store, site.cloud.now());
    let id = named.sign_ups.first().map_or(&named.id, |sign_up| &sign_up.id);
    let code = store.confirmation_code(Confirming::SignUp(id), None, now).await?;
    let (to, text) = match (&named.account, named.sign_ups.first()) {
        (Some(account), _) => (Some(account.email.as_str()), taken()),
        (None, sign_up) => (sign_up.map(|sign_up| sign_up.email.as_str()), welcome(site, &code)),
    };
    sending::send(site, &named.subject, Channel::Mail, to, &text).await?;
    Ok(CodeDelivered { code_delivery_details: by_mail(username) })
}

pub(super) fn by_mail(username: &str) -> CodeDeliveryDetails {
    CodeDeliveryDetails {
        destination: named::masked_email(username),
        delivery_medium: "EMAIL".to_owned(),
        attribute_name: "email".to_owned(),
    }
}

/// The address is the name; said again as an attribute it must be the same.
fn attributes(email: &str, request: &SignUp) -> Result<Written, Fault> {
    let written = written::read(request.user_attributes.as_deref().unwrap_or_default())?;
    let same = written.email.as_deref().is_none_or(|said| store::email_key(said) == store::email_key(email));
    if same { Ok(written) } else { Err(Fault::Parameter("Username should be the same as the email attribute.".into())) }
}

fn welcome(site: &Site, code: &Secret<String>) -> String {
    format!(
        "{} is your code to confirm your new account. It is valid for 24 hours. The account was asked for at {} from {}; if that \
         was not you, do nothing: without this code there will be none.",
        code.expose(),
        site.cloud.now().iso(),
        site.visitor.address,
    )
}

fn taken() -> String {
    "Somebody, perhaps you, tried to make an account with this address, which has one already. Nothing was changed. Sign in \
     with the password you have; if you forgot it, ask for a new one with 'forgot password'."
        .to_owned()
}

#[cfg(test)]
#[path = "sign_up_tests.rs"]
mod tests;
