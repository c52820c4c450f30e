//! What a sign-in needs next (reference §1.5, order of challenges), and its end: tokens.

use std::time::Duration;

use serde_json::json;

use super::fault::Fault;
use crate::cloud::factors::texts;
use crate::cloud::moment::Moment;
use crate::cloud::site::Site;
use crate::cloud::store::{Account, EventKind, Factor, FactorKind, NewSignIn, Proof, Stage};
use crate::protocol::cognito::AuthReply;

/// How long each step of a sign-in may take; a texted code lives just as long.
pub(super) const STEP_LIFETIME: Duration = texts::LIFETIME;
pub(crate) const REFRESH_LIFETIME: Duration = Duration::from_secs(30 * 24 * 3600);

pub(super) async fn after_password(site: &Site, client: &str, account: &Account) -> Result<AuthReply, Fault> {
    if account.disabled {
        return Err(Fault::Disabled);
    }
    if account.must_set_password {
        let attributes = json!({ "email": account.email }).to_string();
        let parameters = [("userAttributes", attributes), ("requiredAttributes", "[]".to_owned())];
        return ask(site, client, account, Stage::NewPassword, "NEW_PASSWORD_REQUIRED", parameters).await;
    }
    let factors = site.cloud.store.factors_on(&account.id).await?;
    match factors.as_slice() {
        [] if account.must_enrol => {
            let parameters = [("MFAS_CAN_SETUP", json!([FactorKind::SoftwareToken.name()]).to_string())];
            ask(site, client, account, Stage::Enrolment, "MFA_SETUP", parameters).await
        }
        [] => finish(site, client, account, Proof::Password).await,
        [only] => ask_for_factor(site, client, account, only.kind).await,
        several => match several.iter().find(|factor| factor.preferred) {
            Some(preferred) => {
                let reply = ask_for_factor(site, client, account, preferred.kind).await?;
                Ok(with_parameters(reply, [choice(several)]))
            }
            None => ask(site, client, account, Stage::ChoiceOfFactor, "SELECT_MFA_TYPE", [choice(several)]).await,
        },
    }
}

/// What SELECT_MFA_TYPE takes, the recommended one first. Told with a preferred factor too: the person may not have it at hand.
fn choice(factors: &[Factor]) -> (&'static str, String) {
    let names: Vec<&str> = factors.iter().map(|factor| factor.kind.name()).collect();
    ("MFAS_CAN_CHOOSE", json!(names).to_string())
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
            let sent = texts::send(site, account).await?;
            ask(site, client, account, stage, kind.name(), texted(site, sent)).await
        }
    }
}

/// Where a code was texted to, and how long it counts.
pub(super) fn texted(site: &Site, sent: texts::Sent) -> [(&'static str, String); 3] {
    [
        ("CODE_DELIVERY_DELIVERY_MEDIUM", "SMS".to_owned()),
        ("CODE_DELIVERY_DESTINATION", sent.to),
        counts_until(site, sent.expires),
    ]
}

/// A code that is sent once more keeps its first end, which is not that of the sign-in.
pub(super) fn counts_until(site: &Site, end: Moment) -> (&'static str, String) {
    ("CODE_EXPIRES_IN", site.cloud.now().until(end).as_secs().to_string())
}

/// Signed in.
pub(super) async fn finish(site: &Site, client: &str, account: &Account, proof: Proof) -> Result<AuthReply, Fault> {
    let (store, now) = (&site.cloud.store, site.cloud.now());
    let expires = now.plus(REFRESH_LIFETIME);
    let (family, refresh_token) = store.begin_family(&account.id, client, proof, expires, now).await?;
    store.note_origin(&family.id, &site.visitor).await?;
    store.note_sign_in(&account.id, now).await?;
    store.note_source(&account.id, &site.visitor.source(), now).await?;
    site.note(&account.id, EventKind::SignedIn, "").await?;
    let mut result = site.issue(account, &family)?;
    result.refresh_token = Some(refresh_token.expose().clone());
    Ok(AuthReply { authentication_result: Some(result), ..AuthReply::default() })
}

pub(super) fn with_parameters<const N: usize>(mut reply: AuthReply, parameters: [(&str, String); N]) -> AuthReply {
    reply.challenge_parameters.extend(parameters.map(|(name, value)| (name.to_owned(), value)));
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
    let session = site.cloud.store.begin_sign_in(sign_in, &site.visitor, now).await?;
    let reply = AuthReply {
        challenge_name: Some(challenge.to_owned()),
        session: Some(session.expose().clone()),
        ..AuthReply::default()
    };
    let mut reply = with_parameters(reply, parameters);
    reply.challenge_parameters.insert("USER_ID_FOR_SRP".to_owned(), account.id.as_str().to_owned());
    Ok(reply)
}
