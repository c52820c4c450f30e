//! Signing in without the second factor (reference §2.5): a mailed code, then the recovery code.
//!
//! Stricter than remote.it, whose recovery needs no password (reference §10.1): CUSTOM_AUTH must bring, as `SESSION` among the
//! AuthParameters, the session of a sign-in whose password was right. Without it the answers have the same form, no mail is
//! sent, and nothing that is answered ever succeeds; so it tells nobody which accounts exist.

use std::time::Duration;

use super::fault::Fault;
use super::{fields, pending, step};
use crate::cloud::moment::Moment;
use crate::cloud::site::Site;
use crate::cloud::store::{Account, Answer, Channel, FactorKind, NewSignIn, Policy, Purpose, SignIn, Stage};
use crate::protocol::code::Code;
use crate::protocol::cognito::{AuthReply, Parameters, RespondToAuthChallenge};
use crate::protocol::recovery_code::RecoveryCode;

/// Mail is slow, and a recovery code lies in a drawer.
const LIFETIME: Duration = Duration::from_secs(900);
/// Five wrong recovery codes per account and hour (REC-07).
const THROTTLE: Policy = Policy {
    kind: "recovery code",
    free: 5,
    first: Duration::from_secs(3600),
    longest: Duration::from_secs(3600),
    forget: Duration::from_secs(3600),
};

/// Which code CUSTOM_CHALLENGE asks for.
#[derive(Clone, Copy)]
enum Ask {
    MailedCode,
    RecoveryCode,
}

/// CUSTOM_AUTH
pub(super) async fn begin(site: &Site, client: &str, parameters: &Parameters) -> Result<AuthReply, Fault> {
    let username = fields::username(parameters)?;
    let Some(session) = parameters.value("SESSION") else {
        return next(site, client, None, &[], Ask::MailedCode).await;
    };
    let pending = pending::by_session(site, Some(session), client).await?;
    let lost = lost_factors(site, &pending).await?;
    let account = pending::owner(site, &pending, username).await?;
    if pending.expires <= site.cloud.now() {
        return Err(Fault::SessionExpired);
    }
    mail_code(site, &account).await?;
    next(site, client, Some(&account), &lost, Ask::MailedCode).await
}

/// CUSTOM_CHALLENGE
pub(super) async fn answer(site: &Site, request: &RespondToAuthChallenge) -> Result<AuthReply, Fault> {
    let username = fields::username(&request.challenge_responses)?;
    let typed = fields::required(&request.challenge_responses, "ANSWER")?;
    let sign_in = pending::by_session(site, request.session.as_deref(), &request.client_id).await?;
    if sign_in.expires <= site.cloud.now() {
        return Err(Fault::SessionExpired);
    }
    match (sign_in.stage, &sign_in.account) {
        (Stage::MailedCode, None) => again(site, request, &sign_in, Ask::MailedCode).await,
        (Stage::MailedCode, Some(_)) => {
            let account = pending::owner(site, &sign_in, username).await?;
            answer_mailed_code(site, request, &sign_in, &account, typed).await
        }
        (Stage::RecoveryCode, Some(_)) => {
            let account = pending::owner(site, &sign_in, username).await?;
            answer_recovery_code(site, request, &sign_in, &account, typed).await
        }
        _another_step => Err(Fault::InvalidSession),
    }
}

async fn answer_mailed_code(
    site: &Site,
    request: &RespondToAuthChallenge,
    sign_in: &SignIn,
    account: &Account,
    typed: &str,
) -> Result<AuthReply, Fault> {
    pending::admit(site, sign_in, account).await?;
    let Ok(code) = typed.parse::<Code>() else { return Ok(challenge(request.session.clone(), Ask::MailedCode)) };
    match site.cloud.store.answer_code(&account.id, Purpose::RecoveryByMail, code.expose(), site.cloud.now()).await? {
        Answer::Right => {}
        Answer::Expired => return Err(Fault::ExpiredCode),
        Answer::Wrong => {
            return match pending::wrong(site, account).await? {
                Fault::WrongCode => Ok(challenge(request.session.clone(), Ask::MailedCode)),
                too_many => Err(too_many),
            };
        }
    }
    pending::right(site, sign_in, account).await?;
    next(site, &request.client_id, Some(account), &sign_in.lost, Ask::RecoveryCode).await
}

async fn answer_recovery_code(
    site: &Site,
    request: &RespondToAuthChallenge,
    sign_in: &SignIn,
    account: &Account,
    typed: &str,
) -> Result<AuthReply, Fault> {
    let (store, now) = (&site.cloud.store, site.cloud.now());
    if store.locked_until(&THROTTLE, account.id.as_str(), now).await?.is_some() {
        return Err(Fault::TooManyTries);
    }
    let Ok(code) = RecoveryCode::parse(typed) else { return again(site, request, sign_in, Ask::RecoveryCode).await };
    if store.recover(account, &code, &sign_in.lost, &notice(now), now).await? {
        store.note_right(&THROTTLE, account.id.as_str(), now).await?;
        return step::finish(site, &request.client_id, account).await;
    }
    match store.note_wrong(&THROTTLE, account.id.as_str(), now).await? {
        Some(_until) => Err(Fault::TooManyTries),
        None => again(site, request, sign_in, Ask::RecoveryCode).await,
    }
}

/// The factor that the pending sign-in waits for; all of them when it has not been said which.
async fn lost_factors(site: &Site, pending: &SignIn) -> Result<Vec<FactorKind>, Fault> {
    match (pending.stage, &pending.account) {
        (Stage::Factor(kind), Some(_)) => Ok(vec![kind]),
        (Stage::ChoiceOfFactor, Some(account)) => {
            Ok(site.cloud.store.factors(account).await?.into_iter().map(|factor| factor.kind).collect())
        }
        _no_second_factor_asked => Err(Fault::InvalidSession),
    }
}

async fn mail_code(site: &Site, account: &Account) -> Result<(), Fault> {
    let (store, now) = (&site.cloud.store, site.cloud.now());
    let code = store.code_to_send(&account.id, Purpose::RecoveryByMail, now.plus(LIFETIME), now).await?;
    let text = format!(
        "{} is your code to sign in without your second factor. It is valid for 15 minutes. You will also need your recovery \
         code. If you did not ask for this, somebody knows your password: change it now.",
        code.expose()
    );
    Ok(store.post(Channel::Mail, &account.email, &text, now).await?)
}

fn notice(now: Moment) -> String {
    format!(
        "Your account was signed in to with its recovery code at {}. The second factor that was asked for is now off, and the \
         recovery code is used up. If it was not you, change your password and sign out everywhere.",
        now.iso()
    )
}

/// Goes on with a session of its own.
async fn next(
    site: &Site,
    client: &str,
    account: Option<&Account>,
    lost: &[FactorKind],
    ask: Ask,
) -> Result<AuthReply, Fault> {
    let now = site.cloud.now();
    let stage = match ask {
        Ask::MailedCode => Stage::MailedCode,
        Ask::RecoveryCode => Stage::RecoveryCode,
    };
    let account = account.map(|account| &account.id);
    let new = NewSignIn { client_id: client, account, stage, lost, expires: now.plus(LIFETIME) };
    let session = site.cloud.store.begin_sign_in(new, now).await?;
    Ok(challenge(Some(session.expose().clone()), ask))
}

/// The same question once more, while the session bears it.
async fn again(site: &Site, request: &RespondToAuthChallenge, sign_in: &SignIn, ask: Ask) -> Result<AuthReply, Fault> {
    let borne = site.cloud.store.count_try(sign_in).await?;
    if borne { Ok(challenge(request.session.clone(), ask)) } else { Err(Fault::InvalidSession) }
}

fn challenge(session: Option<String>, ask: Ask) -> AuthReply {
    let kind = match ask {
        Ask::MailedCode => "EMAIL_CODE",
        Ask::RecoveryCode => "BACKUP_CODE",
    };
    let reply = AuthReply { challenge_name: Some("CUSTOM_CHALLENGE".to_owned()), session, ..AuthReply::default() };
    step::with_parameters(reply, [("challengeType", kind.to_owned())])
}
