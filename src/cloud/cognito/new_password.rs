//! ChangePassword, by somebody who is signed in and knows the old one.

use super::fault::Fault;
use super::pending::unlocked;
use super::{fields, password};
use crate::base::Secret;
use crate::cloud::site::Site;
use crate::cloud::store::{Account, Channel, EventKind};
use crate::protocol::cognito::{ChangePassword, Confidential};

pub(super) async fn by_token(site: &Site, request: &ChangePassword) -> Result<(), Fault> {
    let (account, access) = site.bearer(fields::token(request.access_token.expose(), "accessToken")?).await?;
    let previous = request.previous_password.as_ref().map(Confidential::expose);
    let proposed = Secret::from(request.proposed_password.expose());
    change(site, &account, &access.family, previous.map(Secret::from), proposed).await
}

/// `family`: the sign-in that changes it, and goes on; every other one ends. Access keys go on working.
pub(crate) async fn change(
    site: &Site,
    account: &Account,
    family: &str,
    previous: Option<Secret<String>>,
    proposed: Secret<String>,
) -> Result<(), Fault> {
    if !account.has_password() {
        let none = "This account has no password yet; set its first one with 'forgot password'.";
        return Err(Fault::Parameter(none.into()));
    }
    let previous = previous.ok_or(Fault::Missing("PreviousPassword"))?;
    site.cloud.check_password(&proposed, &account.email).await?;
    prove(site, account, &previous).await?;
    let kept = site.cloud.keep_password(&account.id, proposed).await?;
    let (store, now) = (&site.cloud.store, site.cloud.now());
    store.change_password(&account.id, &kept, Some(family), now).await?;
    store.note_event(&account.id, EventKind::PasswordChanged, &site.visitor, "", now).await?;
    let notice = format!(
        "Your password was changed at {}. Every other sign-in has ended; access keys go on working. If it was not you, ask for a \
         new password with 'forgot password' now.",
        now.iso()
    );
    Ok(store.post(Channel::Mail, &account.email, &notice, now).await?)
}

/// As many wrong tries as at the sign-in, counted together with those.
async fn prove(site: &Site, account: &Account, password: &Secret<String>) -> Result<(), Fault> {
    if password.expose().chars().count() > 256 {
        return Err(Fault::Constraint("previousPassword", "Member must have length less than or equal to 256"));
    }
    let (store, now, id) = (&site.cloud.store, site.cloud.now(), account.id.as_str());
    unlocked(store.lock_left(&password::THROTTLE, id, now).await?)?;
    if site.cloud.is_password(&account.id, account.password.as_ref(), password).await? {
        return unlocked(store.note_right(&password::THROTTLE, id, now).await?);
    }
    unlocked(store.note_wrong(&password::THROTTLE, id, now).await?)?;
    Err(Fault::WrongPassword)
}

#[cfg(test)]
#[path = "new_password_tests.rs"]
mod tests;
