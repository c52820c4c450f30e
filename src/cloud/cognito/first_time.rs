//! What an owner may have to do before a sign-in succeeds: set an own password, set up a second factor.

use super::fault::Fault;
use super::{fields, pending, step};
use crate::base::Secret;
use crate::cloud::accounts::check_password;
use crate::cloud::site::Site;
use crate::cloud::store::{Account, Stage};
use crate::protocol::cognito::{AuthReply, RespondToAuthChallenge};

/// NEW_PASSWORD_REQUIRED
pub(super) async fn set_password(site: &Site, request: &RespondToAuthChallenge) -> Result<AuthReply, Fault> {
    let (sign_in, account) = pending::find(site, request, Stage::NewPassword).await?;
    let password = Secret::from(fields::required(&request.challenge_responses, "NEW_PASSWORD")?);
    check_password(&password).map_err(|_policy| Fault::PasswordPolicy)?;
    let verifier = site.cloud.verifier(&account.id, password).await?;
    if !site.cloud.store.end_sign_in(&sign_in).await? {
        return Err(Fault::InvalidSession);
    }
    site.cloud.store.set_password(&account.id, &verifier).await?;
    let account = Account { must_set_password: false, ..account };
    step::after_password(site, &request.client_id, &account).await
}

/// MFA_SETUP, after AssociateSoftwareToken and VerifySoftwareToken with the same session.
pub(super) async fn finish_enrolment(site: &Site, request: &RespondToAuthChallenge) -> Result<AuthReply, Fault> {
    let (sign_in, account) = pending::find(site, request, Stage::Enrolment).await?;
    let (store, now) = (&site.cloud.store, site.cloud.now());
    let (secret, proof) = store.enrolment(&account.id).await?.ok_or(Fault::NoSoftwareToken)?;
    let step = proof.ok_or(Fault::NoSoftwareToken)?;
    if !store.end_sign_in(&sign_in).await? {
        return Err(Fault::InvalidSession);
    }
    store.put_totp_factor(&account.id, &secret, Some(step), now).await?;
    store.end_enrolment(&account.id).await?;
    step::finish(site, &request.client_id, &account).await
}
