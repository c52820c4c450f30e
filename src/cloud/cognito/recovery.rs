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
    pending::check_age(site, &pending)?;
    mail_code(site, &account).await?;
    next(site, client, Some(&account), &lost, Ask::MailedCode).await
}

/// CUSTOM_CHALLENGE
pub(super) async fn answer(site: &Site, request: &RespondToAuthChallenge) -> Result<AuthReply, Fault> {
    let username = fields::username(&request.challenge_responses)?;
    let typed = fields::required(&request.challenge_responses, "ANSWER")?;
    let sign_in = pending::by_session(site, request.session.as_deref(), &request.client_id).await?;
    pending::check_age(site, &sign_in)?;
    let ask = match sign_in.stage {
        Stage::MailedCode => Ask::MailedCode,
        Stage::RecoveryCode => Ask::RecoveryCode,
        Stage::NewPassword | Stage::Enrolment | Stage::ChoiceOfFactor | Stage::Factor(_) => {
            return Err(Fault::InvalidSession);
        }
    };
    pending::count_try(site, &sign_in).await?;
    let right = match (&sign_in.account, ask) {
        (None, _decoy) => None,
        (Some(_), Ask::MailedCode) => answer_mailed_code(site, &sign_in, username, typed).await?,
        (Some(_), Ask::RecoveryCode) => answer_recovery_code(site, &sign_in, username, typed).await?,
    };
    Ok(right.unwrap_or_else(|| challenge(request.session.clone(), ask)))
}

/// `None`: wrong.
async fn answer_mailed_code(
    site: &Site,
    sign_in: &SignIn,
    username: &str,
    typed: &str,
) -> Result<Option<AuthReply>, Fault> {
    let account = pending::owner(site, sign_in, username).await?;
    pending::check_lock(site, &account).await?;
    let Ok(code) = typed.parse::<Code>() else { return Ok(None) };
    match site.cloud.store.answer_code(&account.id, Purpose::RecoveryByMail, code.expose(), site.cloud.now()).await? {
        Answer::Right => {}
        Answer::Expired => return Err(Fault::ExpiredCode),
        Answer::Wrong => {
            pending::note_wrong(site, &account).await?;
            return Ok(None);
        }
    }
    pending::accept(site, sign_in, &account).await?;
    next(site, &sign_in.client_id, Some(&account), &sign_in.lost, Ask::RecoveryCode).await.map(Some)
}

/// `None`: wrong.
async fn answer_recovery_code(
    site: &Site,
    sign_in: &SignIn,
    username: &str,
    typed: &str,
) -> Result<Option<AuthReply>, Fault> {
    let account = pending::owner(site, sign_in, username).await?;
    let (store, now) = (&site.cloud.store, site.cloud.now());
    if store.locked_until(&THROTTLE, account.id.as_str(), now).await?.is_some() {
        return Err(Fault::TooManyTries);
    }
    let Ok(code) = RecoveryCode::parse(typed) else { return Ok(None) };
    if store.recover(&account, &code, &sign_in.lost, &notice(now), now).await? {
        store.note_right(&THROTTLE, account.id.as_str(), now).await?;
        return step::finish(site, &sign_in.client_id, &account).await.map(Some);
    }
    let locked = store.note_wrong(&THROTTLE, account.id.as_str(), now).await?;
    if locked.is_some() { Err(Fault::TooManyTries) } else { Ok(None) }
}

/// The factor that the pending sign-in waits for; all of them when it has not been said which.
async fn lost_factors(site: &Site, pending: &SignIn) -> Result<Vec<FactorKind>, Fault> {
    match (pending.stage, &pending.account) {
        (Stage::Factor(kind), Some(_)) => Ok(vec![kind]),
        (Stage::ChoiceOfFactor, Some(account)) => Ok(site.cloud.store.factors(account).await?),
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

fn challenge(session: Option<String>, ask: Ask) -> AuthReply {
    let kind = match ask {
        Ask::MailedCode => "EMAIL_CODE",
        Ask::RecoveryCode => "BACKUP_CODE",
    };
    let reply = AuthReply { challenge_name: Some("CUSTOM_CHALLENGE".to_owned()), session, ..AuthReply::default() };
    step::with_parameters(reply, [("challengeType", kind.to_owned())])
}
