//! Signing in without the second factor (reference §2.5): a mailed code, then the recovery code.
//!
//! Stricter than remote.it, whose recovery needs no password (reference §10.1): CUSTOM_AUTH must bring, as `SESSION` among the
//! AuthParameters, the session of a sign-in whose password was right. Without it the answers have the same form, no mail is
//! sent, and nothing that is answered ever succeeds; so it tells nobody which accounts exist.

use std::time::Duration;

use super::fault::Fault;
use super::{fields, pending, step};
use crate::cloud::factors::{notices, texts};
use crate::cloud::moment::Moment;
use crate::cloud::site::Site;
use crate::cloud::store::{
    Account, Answer, Channel, EventKind, FactorKind, NewSignIn, Policy, Proof, Purpose, Recovered, SignIn, Stage,
};
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
/// Counted apart from what strangers can cause, so that they cannot stand between an owner and the recovery.
const MAILS: Policy = Policy {
    kind: "recovery mail",
    free: 3,
    first: Duration::from_secs(60),
    longest: Duration::from_secs(900),
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
        site.charge_source(1).await?;
        let decoy = next(site, client, None, &[], Ask::MailedCode).await?;
        return Ok(step::with_parameters(decoy, [step::counts_until(site, site.cloud.now().plus(LIFETIME))]));
    };
    let pending = pending::by_session(site, Some(session), client).await?;
    let lost = lost_factors(site, &pending).await?;
    let account = pending::owner(site, &pending, username).await?;
    pending::check_age(site, &pending)?;
    let end = mail_code(site, &account).await?;
    let reply = next(site, client, Some(&account), &lost, Ask::MailedCode).await?;
    Ok(step::with_parameters(reply, [step::counts_until(site, end)]))
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
    pending::unlocked(store.lock_left(&THROTTLE, account.id.as_str(), now).await?)?;
    let Ok(code) = RecoveryCode::parse(typed) else { return Ok(None) };
    let notice = |recovered: &Recovered| notices::recovered(recovered, now);
    if let Some(recovered) = store.recover(&account, &code, &sign_in.lost, &notice, now).await? {
        store.note_right(&THROTTLE, account.id.as_str(), now).await?;
        note(site, &account, &recovered).await?;
        return step::finish(site, &sign_in.client_id, &account, Proof::Recovery).await.map(Some);
    }
    site.note_failure(&account.id, "wrong recovery code").await?;
    pending::unlocked(store.note_wrong(&THROTTLE, account.id.as_str(), now).await?)?;
    Ok(None)
}

/// The factor that the pending sign-in waits for; all of them when it has not been said which.
async fn lost_factors(site: &Site, pending: &SignIn) -> Result<Vec<FactorKind>, Fault> {
    match (pending.stage, &pending.account) {
        (Stage::Factor(kind), Some(_)) => Ok(vec![kind]),
        (Stage::ChoiceOfFactor, Some(account)) => Ok(site.cloud.store.factors(account).await?),
        _no_second_factor_asked => Err(Fault::InvalidSession),
    }
}

/// Until when the mailed code counts. So soon after other messages that none may be sent, the last one must do, if its code does.
async fn mail_code(site: &Site, account: &Account) -> Result<Moment, Fault> {
    let (store, now) = (&site.cloud.store, site.cloud.now());
    if let Some(wait) = store.note_wrong(&MAILS, account.id.as_str(), now).await? {
        let waits = store.code_waits(&account.id, Purpose::RecoveryByMail, now).await?;
        return waits.ok_or(Fault::TooManyTries(wait));
    }
    let (code, expires) = store.code_to_send(&account.id, Purpose::RecoveryByMail, now.plus(LIFETIME), now).await?;
    let text = format!(
        "{} is your code to sign in without your second factor. It is valid for {}. You will also need a recovery code. If \
         you did not ask for this, somebody knows your password: change it now.",
        code.expose(),
        texts::in_words(now.until(expires))
    );
    let sent = site.cloud.hand_over(Channel::Mail, &account.email, &text).await;
    if sent.is_err() {
        store.unnote(&MAILS, account.id.as_str()).await?;
    }
    sent?;
    Ok(expires)
}

async fn note(site: &Site, account: &Account, recovered: &Recovered) -> Result<(), Fault> {
    let (store, now) = (&site.cloud.store, site.cloud.now());
    store.note_event(&account.id, EventKind::RecoveryCodeUsed, &site.visitor, "", now).await?;
    for kind in &recovered.off {
        store.note_event(&account.id, EventKind::FactorTurnedOff, &site.visitor, notices::name(*kind), now).await?;
    }
    Ok(())
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
    let (account, expires) = (account.map(|account| &account.id), now.plus(LIFETIME));
    let new = NewSignIn { client_id: client, account, stage, lost, expires };
    let session = site.cloud.store.begin_sign_in(new, &site.visitor, now).await?;
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cloud::bench::{Bench, EMAIL, PHONE, Reply};
    use crate::protocol::totp::TotpSecret;

    const WRONG: &str = "00000000-0000-4000-8000-000000000000";

    /// Ann with an authenticator app and the recovery code that goes with it.
    async fn ann(bench: &Bench) -> String {
        let secret = TotpSecret::from_bytes(b"12345678901234567890".to_vec());
        bench.ann(Some(&secret), None).await.recovery_code.unwrap().expose().to_owned()
    }

    async fn start(bench: &Bench, session: &str) -> Reply {
        bench.initiate("CUSTOM_AUTH", json!({"USERNAME": EMAIL, "SESSION": session})).await
    }

    async fn say(bench: &Bench, session: &str, answer: &str) -> Reply {
        bench.respond("CUSTOM_CHALLENGE", session, json!({"ANSWER": answer})).await
    }

    /// Up to the question for the recovery code.
    async fn half_way(bench: &Bench) -> Reply {
        let started = start(bench, bench.begin().await.session()).await;
        say(bench, started.session(), &bench.code_sent_to(EMAIL).await).await
    }

    #[tokio::test]
    async fn mailed_code_and_recovery_code_sign_in_turn_the_factor_off_and_tell_the_owner() {
        let bench = Bench::new().await;
        let recovery_code = ann(&bench).await;
        let started = start(&bench, bench.begin().await.session()).await;
        assert_eq!((started.challenge(), started.asks_for()), ("CUSTOM_CHALLENGE", "EMAIL_CODE"));
        let mailed = bench.code_sent_to(EMAIL).await;
        assert_eq!(say(&bench, started.session(), &recovery_code).await.asks_for(), "EMAIL_CODE");
        let next = say(&bench, started.session(), &mailed).await;
        assert_eq!((next.challenge(), next.asks_for()), ("CUSTOM_CHALLENGE", "BACKUP_CODE"));
        assert_eq!(say(&bench, next.session(), WRONG).await.asks_for(), "BACKUP_CODE");
        let typed = format!(" {}. ", recovery_code.to_uppercase().replace('-', "–"));
        assert!(say(&bench, next.session(), &typed).await.signed_in());
        assert!(bench.sent_to(EMAIL).await.last().unwrap().contains("with a recovery code at 2024-01-02T03:04:05Z"));
        assert!(bench.begin().await.signed_in(), "the factor is off");
    }

    #[tokio::test]
    async fn a_short_code_recovers_too_and_those_of_an_account_without_a_factor_are_void() {
        let bench = Bench::new().await;
        let secret = TotpSecret::from_bytes(b"12345678901234567890".to_vec());
        let codes = bench.ann(Some(&secret), None).await.short_recovery_codes;
        let next = half_way(&bench).await;
        let typed = format!(" {}. ", codes[3].expose().to_lowercase().replace('-', " ").replace('0', "o"));
        let token = say(&bench, next.session(), &typed).await.access_token();
        let left = bench.auth_api(&token, "GET", "/v1/recoveryCodes", &json!(null)).await;
        assert_eq!(left.body["recoveryCodesLeft"], 0);
        bench.hand.pass(Duration::from_secs(30));
        bench.set_up_app(&token).await;
        assert!(bench.prefer(&token, "SOFTWARE_TOKEN_MFA").await.body["backupCode"].is_string());
        let next = half_way(&bench).await;
        for old in &codes[3..5] {
            assert_eq!(say(&bench, next.session(), old.expose()).await.asks_for(), "BACKUP_CODE");
        }
    }

    #[tokio::test]
    async fn asking_for_the_mail_over_and_over_sends_no_more_of_them_while_its_code_counts() {
        let bench = Bench::new().await;
        ann(&bench).await;
        let mut started = start(&bench, bench.begin().await.session()).await;
        for _ in 0..5 {
            started = start(&bench, bench.begin().await.session()).await;
        }
        assert_eq!(bench.sent_to(EMAIL).await.len(), 3);
        assert_eq!(say(&bench, started.session(), &bench.code_sent_to(EMAIL).await).await.asks_for(), "BACKUP_CODE");
    }

    #[tokio::test]
    async fn only_the_factor_that_was_asked_for_is_turned_off() {
        let bench = Bench::new().await;
        let secret = TotpSecret::from_bytes(b"12345678901234567890".to_vec());
        let code = bench.ann(Some(&secret), Some(PHONE)).await.short_recovery_codes.remove(0);
        let chosen = bench
            .respond("SELECT_MFA_TYPE", bench.begin().await.session(), json!({"ANSWER": "SOFTWARE_TOKEN_MFA"}))
            .await;
        let started = start(&bench, chosen.session()).await;
        let next = say(&bench, started.session(), &bench.code_sent_to(EMAIL).await).await;
        let token = say(&bench, next.session(), code.expose()).await.access_token();
        assert!(bench.sent_to(EMAIL).await.last().unwrap().contains("9 short recovery codes are left"));
        let left = bench.auth_api(&token, "GET", "/v1/recoveryCodes", &json!(null)).await;
        assert_eq!((&left.body["recoveryCodesLeft"], &left.body["backupCodeLeft"]), (&json!(9), &json!(true)));
        assert_eq!(bench.prefer(&token, "NO_MFA").await.status.as_u16(), 403, "a recovery is no proof of the other");
        assert_eq!(bench.begin().await.challenge(), "SMS_MFA");
        let later = start(&bench, bench.begin().await.session()).await;
        let again = say(&bench, later.session(), &bench.code_sent_to(EMAIL).await).await;
        assert_eq!(say(&bench, again.session(), code.expose()).await.asks_for(), "BACKUP_CODE", "used up");
    }

    #[tokio::test]
    async fn without_a_sign_in_whose_password_was_right_nothing_is_mailed_and_nothing_succeeds() {
        let bench = Bench::new().await;
        let recovery_code = ann(&bench).await;
        for name in [EMAIL, "nobody@example.test"] {
            let started = bench.initiate("CUSTOM_AUTH", json!({"USERNAME": name})).await;
            assert_eq!((started.challenge(), started.asks_for()), ("CUSTOM_CHALLENGE", "EMAIL_CODE"));
            for answer in [&recovery_code, "123456", "000000", "x", WRONG] {
                assert_eq!(say(&bench, started.session(), answer).await.asks_for(), "EMAIL_CODE");
            }
            assert_eq!(say(&bench, started.session(), "123456").await.fault(), "NotAuthorizedException");
        }
        assert!(bench.cloud.outbox().await.unwrap().is_empty());
        let made_up = start(&bench, &"x".repeat(64)).await;
        assert_eq!(made_up.message(), "Invalid session for the user.");
        let pending = bench.begin().await;
        let other = json!({"USERNAME": "bob@example.test", "SESSION": pending.session()});
        assert_eq!(bench.initiate("CUSTOM_AUTH", other).await.message(), "Invalid session for the user.");
        bench.hand.pass(step::STEP_LIFETIME);
        let late = start(&bench, pending.session()).await;
        assert_eq!(late.message(), "Invalid session for the user, session is expired.");
    }

    #[tokio::test]
    async fn the_sixth_recovery_code_in_an_hour_is_not_looked_at() {
        let bench = Bench::new().await;
        let recovery_code = ann(&bench).await;
        let (first, second) = (half_way(&bench).await, half_way(&bench).await);
        for _ in 0..5 {
            assert_eq!(say(&bench, first.session(), WRONG).await.asks_for(), "BACKUP_CODE");
        }
        assert_eq!(say(&bench, first.session(), &recovery_code).await.fault(), "NotAuthorizedException");
        assert_eq!(say(&bench, second.session(), &recovery_code).await.fault(), "LimitExceededException");
        bench.hand.pass(THROTTLE.longest);
        let third = half_way(&bench).await;
        assert!(say(&bench, third.session(), &recovery_code).await.signed_in());
    }

    #[tokio::test]
    async fn wrong_mailed_codes_end_the_session_and_a_late_one_is_expired() {
        let bench = Bench::new().await;
        ann(&bench).await;
        let started = start(&bench, bench.begin().await.session()).await;
        let mailed = bench.code_sent_to(EMAIL).await;
        let wrong = if mailed == "000000" { "111111" } else { "000000" };
        for _ in 0..5 {
            assert_eq!(say(&bench, started.session(), wrong).await.asks_for(), "EMAIL_CODE");
        }
        assert_eq!(say(&bench, started.session(), &mailed).await.fault(), "NotAuthorizedException");
        let again = start(&bench, bench.begin().await.session()).await;
        bench.hand.pass(LIFETIME);
        assert_eq!(say(&bench, again.session(), &mailed).await.fault(), "NotAuthorizedException");
    }
}
