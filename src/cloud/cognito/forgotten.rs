//! A password that was forgotten: ForgotPassword, ConfirmForgotPassword. A name without an account gets the same answers, after
//! the same work, down to the code that waits; only nothing is mailed.

use super::fault::Fault;
use super::named::{self, Named};
use super::sign_up::by_mail;
use super::{fields, password, sending};
use crate::base::Secret;
use crate::cloud::moment::Moment;
use crate::cloud::site::Site;
use crate::cloud::store::{Account, Channel, Confirming, EventKind};
use crate::protocol::cognito::{ByUsername, CodeDelivered, ConfirmForgotPassword};

pub(crate) async fn forgot(site: &Site, request: &ByUsername) -> Result<CodeDelivered, Fault> {
    fields::client(site, &request.client_id)?;
    let username = fields::name(&request.username)?;
    let named = named::find(site, username).await?;
    sending::count_message(site, &named.subject).await?;
    let (store, now) = (&site.cloud.store, site.cloud.now());
    let account = named.account.as_ref().map(|account| &account.id);
    let code = store.confirmation_code(Confirming::Reset(&named.subject), account, now).await?;
    let (to, text) = letter(&named, &code);
    sending::send(site, &named.subject, Channel::Mail, to, &text).await?;
    Ok(CodeDelivered { code_delivery_details: by_mail(username) })
}

/// Sets the new password, ends every sign-in and tells the owner. A second factor stays on, access keys go on working.
pub(crate) async fn confirm(site: &Site, request: &ConfirmForgotPassword) -> Result<(), Fault> {
    fields::client(site, &request.client_id)?;
    let username = fields::name(&request.username)?;
    let password = Secret::from(request.password.expose());
    site.cloud.check_password(&password, username).await?;
    let named = named::find(site, username).await?;
    let matter = Confirming::Reset(&named.subject);
    sending::confirm(site, &named.subject, [matter], &request.confirmation_code).await?;
    let account = named.account.as_ref().ok_or(Fault::WrongConfirmation)?;
    reset(site, account, password).await
}

async fn reset(site: &Site, account: &Account, password: Secret<String>) -> Result<(), Fault> {
    let kept = site.cloud.keep_password(&account.id, password).await?;
    let (store, now) = (&site.cloud.store, site.cloud.now());
    store.change_password(&account.id, &kept, None, now).await?;
    // Whoever was locked out by somebody else's guesses has a new password now.
    store.forget_wrong(&password::THROTTLE, account.id.as_str()).await?;
    store.note_event(&account.id, EventKind::PasswordReset, &site.visitor, "", now).await?;
    Ok(store.post(Channel::Mail, &account.email, &notice(now), now).await?)
}

fn letter<'a>(named: &'a Named, code: &Secret<String>) -> (Option<&'a str>, String) {
    let with_code = format!(
        "{} is your code to set a new password. It is valid for 1 hour. If you did not ask for it, do nothing: your password \
         stays as it is.",
        code.expose()
    );
    let unconfirmed = "Somebody, perhaps you, asked for a new password of an account that was never confirmed. Sign up again, \
                       and then type the code that is mailed.";
    match (&named.account, named.sign_ups.first()) {
        (Some(account), _) => (Some(&account.email), with_code),
        (None, Some(sign_up)) => (Some(&sign_up.email), unconfirmed.to_owned()),
        (None, None) => (None, with_code),
    }
}

fn notice(now: Moment) -> String {
    format!(
        "Your password was set anew at {} with a code that was mailed to you. Every sign-in has ended; access keys go on working. \
         If it was not you, somebody reads your mail: secure your mailbox, then ask for a new password again.",
        now.iso()
    )
}

#[cfg(test)]
#[path = "forgotten_tests.rs"]
mod tests;
