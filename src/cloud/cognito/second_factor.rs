//! The second step: a code of an authenticator app, or one that was texted. A wrong code keeps the session (COG-10).

use super::fault::Fault;
use super::{fields, pending, step};
use crate::cloud::site::Site;
use crate::cloud::store::{Answer, FactorKind, Purpose, Stage};
use crate::protocol::code::Code;
use crate::protocol::cognito::{AuthReply, RespondToAuthChallenge};
use crate::protocol::totp::Refusal;

pub(super) async fn answer_totp(site: &Site, request: &RespondToAuthChallenge) -> Result<AuthReply, Fault> {
    let (sign_in, account) = pending::find(site, request, Stage::Factor(FactorKind::SoftwareToken)).await?;
    let code: Code = fields::required(&request.challenge_responses, "SOFTWARE_TOKEN_MFA_CODE")?.parse()?;
    pending::count_try(site, &sign_in).await?;
    pending::check_lock(site, &account).await?;
    let (store, now) = (&site.cloud.store, site.cloud.now());
    let (secret, last) = store.totp_factor(&account.id).await?.ok_or(Fault::NoSoftwareToken)?;
    match secret.check(&code, now.unix_seconds(), last) {
        Ok(step) if store.use_step(&account.id, step).await? => {}
        Ok(_) | Err(Refusal::Reused) => return Err(Fault::ReusedCode),
        Err(Refusal::Wrong) => {
            pending::note_wrong(site, &account).await?;
            return Err(Fault::WrongCode);
        }
    }
    pending::accept(site, &sign_in, &account).await?;
    step::finish(site, &request.client_id, &account).await
}

pub(super) async fn answer_sms(site: &Site, request: &RespondToAuthChallenge) -> Result<AuthReply, Fault> {
    let found = pending::find(site, request, Stage::Factor(FactorKind::Sms)).await;
    // The session and the code that was texted for it end together; the person is told about the code (SMS-08).
    let (sign_in, account) = found.map_err(|fault| match fault {
        Fault::SessionExpired => Fault::ExpiredCode,
        other => other,
    })?;
    let code: Code = fields::required(&request.challenge_responses, "SMS_MFA_CODE")?.parse()?;
    pending::count_try(site, &sign_in).await?;
    pending::check_lock(site, &account).await?;
    let (store, now) = (&site.cloud.store, site.cloud.now());
    match store.answer_code(&account.id, Purpose::SignInBySms, code.expose(), now).await? {
        Answer::Right => {}
        Answer::Expired => return Err(Fault::ExpiredCode),
        Answer::Wrong => {
            pending::note_wrong(site, &account).await?;
            return Err(Fault::WrongCode);
        }
    }
    pending::accept(site, &sign_in, &account).await?;
    step::finish(site, &request.client_id, &account).await
}

/// SELECT_MFA_TYPE
pub(super) async fn choose(site: &Site, request: &RespondToAuthChallenge) -> Result<AuthReply, Fault> {
    let (sign_in, account) = pending::find(site, request, Stage::ChoiceOfFactor).await?;
    let answer = fields::required(&request.challenge_responses, "ANSWER")?;
    let kind = FactorKind::named(answer).ok_or(Fault::Constraint("ANSWER", "Member must be one of MFAS_CAN_CHOOSE"))?;
    if !site.cloud.store.factors(&account.id).await?.contains(&kind) {
        return Err(Fault::NoSuchFactor);
    }
    if !site.cloud.store.end_sign_in(&sign_in).await? {
        return Err(Fault::InvalidSession);
    }
    step::ask_for_factor(site, &request.client_id, &account, kind).await
}
