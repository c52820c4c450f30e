//! What a sign-in needs next (reference §1.5, order of challenges), and its end: tokens.

use std::time::Duration;

use serde_json::json;

use super::fault::Fault;
use crate::cloud::masked;
use crate::cloud::site::Site;
use crate::cloud::store::{Account, Channel, EventKind, FactorKind, NewSignIn, Purpose, Stage};
use crate::protocol::cognito::AuthReply;

/// How long each step of a sign-in may take; a texted code lives just as long.
pub(super) const STEP_LIFETIME: Duration = Duration::from_secs(180);
const REFRESH_LIFETIME: Duration = Duration::from_secs(30 * 24 * 3600);

pub(super) async fn after_password(site: &Site, client: &str, account: &Account) -> Result<AuthReply, Fault> {
    if account.must_set_password {
        let attributes = json!({ "email": account.email }).to_string();
        let parameters = [("userAttributes", attributes), ("requiredAttributes", "[]".to_owned())];
        return ask(site, client, account, Stage::NewPassword, "NEW_PASSWORD_REQUIRED", parameters).await;
    }
    let factors = site.cloud.store.factors(&account.id).await?;
    match factors.as_slice() {
        [] if account.must_enrol => {
            let parameters = [("MFAS_CAN_SETUP", json!([FactorKind::SoftwareToken.name()]).to_string())];
            ask(site, client, account, Stage::Enrolment, "MFA_SETUP", parameters).await
        }
        [] => finish(site, client, account).await,
        [only] => ask_for_factor(site, client, account, *only).await,
        several => {
            let names: Vec<&str> = several.iter().map(|kind| kind.name()).collect();
            let parameters = [("MFAS_CAN_CHOOSE", json!(names).to_string())];
            ask(site, client, account, Stage::ChoiceOfFactor, "SELECT_MFA_TYPE", parameters).await
        }
    }
}

pub(super) async fn ask_for_factor(
    site: &Site,
    client: &str,
    account: &Account,
    kind: FactorKind,
) -> Result<AuthReply, Fault> {
    let stage = Stage::Factor(kind);
    match kind {
        FactorKind::SoftwareToken => {
            let parameters = [("FRIENDLY_DEVICE_NAME", "Authenticator app".to_owned())];
            ask(site, client, account, stage, kind.name(), parameters).await
        }
        FactorKind::Sms => {
            let destination = send_text(site, account).await?;
            let parameters =
                [("CODE_DELIVERY_DELIVERY_MEDIUM", "SMS".to_owned()), ("CODE_DELIVERY_DESTINATION", destination)];
            ask(site, client, account, stage, kind.name(), parameters).await
        }
    }
}

/// Signed in.
pub(super) async fn finish(site: &Site, client: &str, account: &Account) -> Result<AuthReply, Fault> {
    let (store, now) = (&site.cloud.store, site.cloud.now());
    let (family, refresh_token) = store.begin_family(&account.id, client, now.plus(REFRESH_LIFETIME), now).await?;
    store.note_sign_in(&account.id, now).await?;
    store.note_event(&account.id, EventKind::SignedIn, &site.visitor, "", now).await?;
    let mut result = site.issue(account, &family)?;
    result.refresh_token = Some(refresh_token.expose().clone());
    Ok(AuthReply { authentication_result: Some(result), ..AuthReply::default() })
}

pub(super) fn with_parameters<const N: usize>(mut reply: AuthReply, parameters: [(&str, String); N]) -> AuthReply {
    reply.challenge_parameters = parameters.map(|(name, value)| (name.to_owned(), value)).into();
    reply
}

async fn ask<const N: usize>(
    site: &Site,
    client: &str,
    account: &Account,
    stage: Stage,
    challenge: &str,
    parameters: [(&str, String); N],
) -> Result<AuthReply, Fault> {
    let now = site.cloud.now();
    let sign_in =
        NewSignIn { client_id: client, account: Some(&account.id), stage, lost: &[], expires: now.plus(STEP_LIFETIME) };
    let session = site.cloud.store.begin_sign_in(sign_in, now).await?;
    let reply = AuthReply {
        challenge_name: Some(challenge.to_owned()),
        session: Some(session.expose().clone()),
        ..AuthReply::default()
    };
    let mut reply = with_parameters(reply, parameters);
    reply.challenge_parameters.insert("USER_ID_FOR_SRP".to_owned(), account.id.as_str().to_owned());
    Ok(reply)
}

/// Texts the code to the account's phone; says where to, masked.
async fn send_text(site: &Site, account: &Account) -> Result<String, Fault> {
    let phone = account.phone.as_deref().ok_or(Fault::NoSuchFactor)?;
    let (store, now) = (&site.cloud.store, site.cloud.now());
    let code = store.code_to_send(&account.id, Purpose::SignInBySms, now.plus(STEP_LIFETIME), now).await?;
    let text = format!("{} is your {} sign-in code. It is valid for 3 minutes.", code.expose(), site.cloud.plan.brand);
    site.cloud.hand_over(Channel::Sms, phone, &text).await?;
    Ok(masked::phone(phone))
}
