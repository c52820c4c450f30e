//! The second step: a code of an authenticator app, or one that was texted. A wrong code keeps the session (COG-10).

use super::fault::Fault;
use super::{fields, pending, step};
use crate::cloud::factors::texts;
use crate::cloud::site::Site;
use crate::cloud::store::{Account, Answer, FactorKind, Proof, Purpose, SignIn, Stage};
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
    step::finish(site, &request.client_id, &account, Proof::Factor(FactorKind::SoftwareToken)).await
}

pub(super) async fn answer_sms(site: &Site, request: &RespondToAuthChallenge) -> Result<AuthReply, Fault> {
    let found = pending::find(site, request, Stage::Factor(FactorKind::Sms)).await;
    // The session and the code that was texted for it end together; the person is told about the code (SMS-08).
    let (sign_in, account) =
        found.map_err(|fault| if matches!(fault, Fault::SessionExpired) { Fault::ExpiredCode } else { fault })?;
    if request.challenge_responses.value("RESEND") == Some("true") {
        return send_again(site, request, &sign_in, &account).await;
    }
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
    texts::worked(site, &account).await?;
    step::finish(site, &request.client_id, &account, Proof::Factor(FactorKind::Sms)).await
}

/// SMS_MFA with `RESEND` = `true` in place of a code (feature `resend-text`): one more text, and three more minutes for the
/// session, whose tries count on.
async fn send_again(
    site: &Site,
    request: &RespondToAuthChallenge,
    sign_in: &SignIn,
    account: &Account,
) -> Result<AuthReply, Fault> {
    let sent = texts::send_again(site, account).await?;
    if !site.cloud.store.extend_sign_in(sign_in, site.cloud.now().plus(step::STEP_LIFETIME)).await? {
        return Err(Fault::InvalidSession);
    }
    let reply = AuthReply {
        challenge_name: Some(FactorKind::Sms.name().to_owned()),
        session: request.session.clone(),
        ..AuthReply::default()
    };
    Ok(step::with_parameters(reply, step::texted(site, sent)))
}

/// SELECT_MFA_TYPE: asked for by the service, or said by a person who wants the other factor than the one that the service asks
/// for (feature `switch-factor`).
pub(super) async fn choose(site: &Site, request: &RespondToAuthChallenge) -> Result<AuthReply, Fault> {
    let (sign_in, account) = pending::find_any(site, request, may_choose).await?;
    let factors = site.cloud.store.factors(&account.id).await?;
    if factors.len() < 2 && sign_in.stage != Stage::ChoiceOfFactor {
        return Err(Fault::InvalidSession);
    }
    let answer = fields::required(&request.challenge_responses, "ANSWER")?;
    let kind = FactorKind::named(answer).ok_or(Fault::Constraint("ANSWER", "Member must be one of MFAS_CAN_CHOOSE"))?;
    if !factors.contains(&kind) {
        return Err(Fault::NoSuchFactor);
    }
    // Asked first, so that a text which cannot be sent does not cost the session.
    let reply = step::ask_for_factor(site, &request.client_id, &account, kind).await?;
    if site.cloud.store.end_sign_in(&sign_in).await? { Ok(reply) } else { Err(Fault::InvalidSession) }
}

fn may_choose(stage: Stage) -> bool {
    match stage {
        Stage::ChoiceOfFactor | Stage::Factor(_) => true,
        Stage::NewPassword | Stage::Enrolment | Stage::MailedCode | Stage::RecoveryCode => false,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use crate::cloud::bench::{Bench, PHONE, Reply};
    use crate::protocol::totp::TotpSecret;

    const WRONG: &str = "000000";

    fn secret() -> TotpSecret {
        TotpSecret::from_bytes(b"12345678901234567890".to_vec())
    }

    /// What an app shows now.
    fn shown(bench: &Bench) -> String {
        secret().code_at(bench.unix()).expose().clone()
    }

    async fn totp(bench: &Bench, session: &str, code: &str) -> Reply {
        bench.respond("SOFTWARE_TOKEN_MFA", session, json!({"SOFTWARE_TOKEN_MFA_CODE": code})).await
    }

    async fn sms(bench: &Bench, session: &str, code: &str) -> Reply {
        bench.respond("SMS_MFA", session, json!({"SMS_MFA_CODE": code})).await
    }

    #[tokio::test]
    async fn after_wrong_codes_the_right_one_signs_in_and_ends_the_session() {
        let bench = Bench::new().await;
        bench.ann(Some(&secret()), None).await;
        let begun = bench.begin().await;
        assert_eq!(begun.challenge(), "SOFTWARE_TOKEN_MFA");
        for _ in 0..2 {
            assert_eq!(totp(&bench, begun.session(), WRONG).await.fault(), "CodeMismatchException");
        }
        let typed = shown(&bench);
        let typed = format!(" {} {}\n", &typed[..3], &typed[3..]);
        assert!(totp(&bench, begun.session(), &typed).await.signed_in());
        let again = totp(&bench, begun.session(), &shown(&bench)).await;
        assert_eq!((again.fault(), again.message()), ("NotAuthorizedException", "Invalid session for the user."));
    }

    #[tokio::test]
    async fn a_code_signs_in_once() {
        let bench = Bench::new().await;
        bench.ann(Some(&secret()), None).await;
        let code = shown(&bench);
        assert!(totp(&bench, bench.begin().await.session(), &code).await.signed_in());
        let second = bench.begin().await;
        let reused = totp(&bench, second.session(), &code).await;
        assert_eq!(reused.fault(), "CodeMismatchException");
        assert_eq!(reused.message(), "Your software token has already been used once. Wait for the next code.");
        bench.hand.pass(Duration::from_secs(30));
        assert!(totp(&bench, second.session(), &shown(&bench)).await.signed_in());
    }

    #[tokio::test]
    async fn a_session_lives_three_minutes() {
        let bench = Bench::new().await;
        bench.ann(Some(&secret()), None).await;
        let (in_time, late) = (bench.begin().await, bench.begin().await);
        bench.hand.pass(Duration::from_secs(175));
        assert!(totp(&bench, in_time.session(), &shown(&bench)).await.signed_in());
        bench.hand.pass(Duration::from_secs(10));
        let late = totp(&bench, late.session(), &shown(&bench)).await;
        assert_eq!(late.message(), "Invalid session for the user, session is expired.");
    }

    #[tokio::test]
    async fn the_sixth_answer_finds_no_session_and_a_new_one_waits() {
        let bench = Bench::new().await;
        bench.ann(Some(&secret()), None).await;
        let begun = bench.begin().await;
        for _ in 0..5 {
            assert_eq!(totp(&bench, begun.session(), WRONG).await.fault(), "CodeMismatchException");
        }
        assert_eq!(totp(&bench, begun.session(), &shown(&bench)).await.fault(), "NotAuthorizedException");
        let fresh = bench.begin().await;
        assert_eq!(totp(&bench, fresh.session(), &shown(&bench)).await.fault(), "LimitExceededException");
        bench.hand.pass(Duration::from_secs(1));
        assert!(totp(&bench, fresh.session(), &shown(&bench)).await.signed_in());
    }

    #[tokio::test]
    async fn what_is_no_code_does_not_count_as_a_guess() {
        let bench = Bench::new().await;
        bench.ann(Some(&secret()), None).await;
        let begun = bench.begin().await;
        for malformed in ["12345", "1234567", "12as56", "١٢٣٤٥٦", "101", ""] {
            assert_eq!(totp(&bench, begun.session(), malformed).await.fault(), "InvalidParameterException");
        }
        let number = json!({"SOFTWARE_TOKEN_MFA_CODE": 101});
        let number = bench.respond("SOFTWARE_TOKEN_MFA", begun.session(), number).await;
        assert_eq!(number.fault(), "SerializationException");
        assert!(totp(&bench, begun.session(), &shown(&bench)).await.signed_in());
    }

    #[tokio::test]
    async fn a_session_is_good_for_its_own_question_person_and_text_only() {
        let bench = Bench::new().await;
        bench.ann(Some(&secret()), None).await;
        let begun = bench.begin().await;
        let code = shown(&bench);
        for reply in [
            sms(&bench, begun.session(), &code).await,
            totp(&bench, &"x".repeat(64), &code).await,
            bench.respond("CUSTOM_CHALLENGE", begun.session(), json!({"ANSWER": code})).await,
            bench.respond("SELECT_MFA_TYPE", begun.session(), json!({"ANSWER": "SOFTWARE_TOKEN_MFA"})).await,
        ] {
            assert_eq!(reply.message(), "Invalid session for the user.");
        }
        let mut other = json!({
            "ChallengeName": "SOFTWARE_TOKEN_MFA", "ClientId": "client1", "Session": begun.session(),
            "ChallengeResponses": {"USERNAME": "bob@example.test", "SOFTWARE_TOKEN_MFA_CODE": code},
        });
        assert_eq!(bench.cognito("RespondToAuthChallenge", &other).await.fault(), "NotAuthorizedException");
        other["Session"] = Value::Null;
        assert_eq!(bench.cognito("RespondToAuthChallenge", &other).await.fault(), "InvalidParameterException");
    }

    #[tokio::test]
    async fn a_text_is_repeated_until_it_expires_three_minutes_after_the_first() {
        let bench = Bench::new().await;
        bench.ann(None, Some(PHONE)).await;
        let begun = bench.begin().await;
        assert_eq!(begun.challenge(), "SMS_MFA");
        assert_eq!(begun.body["ChallengeParameters"]["CODE_DELIVERY_DESTINATION"], "+*******0100");
        let first = bench.code_sent_to(PHONE).await;
        bench.hand.pass(Duration::from_secs(60));
        let again = bench.begin().await;
        assert_eq!(bench.code_sent_to(PHONE).await, first);
        bench.hand.pass(Duration::from_secs(119));
        let wrong = if first == WRONG { "111111" } else { WRONG };
        assert_eq!(sms(&bench, again.session(), wrong).await.fault(), "CodeMismatchException");
        bench.hand.pass(Duration::from_secs(2));
        for session in [begun.session(), again.session()] {
            assert_eq!(sms(&bench, session, &first).await.fault(), "ExpiredCodeException");
        }
        let fresh = bench.begin().await;
        assert!(sms(&bench, fresh.session(), &bench.code_sent_to(PHONE).await).await.signed_in());
    }

    #[tokio::test]
    async fn a_texted_code_is_right_at_179_seconds_and_only_once() {
        let bench = Bench::new().await;
        bench.ann(None, Some(PHONE)).await;
        let (first, second) = (bench.begin().await, bench.begin().await);
        let code = bench.code_sent_to(PHONE).await;
        bench.hand.pass(Duration::from_secs(179));
        assert!(sms(&bench, first.session(), &code).await.signed_in());
        assert_eq!(sms(&bench, second.session(), &code).await.fault(), "ExpiredCodeException");
    }

    #[tokio::test]
    async fn with_two_factors_the_person_chooses() {
        let bench = Bench::new().await;
        bench.ann(Some(&secret()), Some(PHONE)).await;
        let begun = bench.begin().await;
        assert_eq!(begun.challenge(), "SELECT_MFA_TYPE");
        assert_eq!(begun.body["ChallengeParameters"]["MFAS_CAN_CHOOSE"], r#"["SOFTWARE_TOKEN_MFA","SMS_MFA"]"#);
        assert!(bench.sent_to(PHONE).await.is_empty());
        let unknown = bench.respond("SELECT_MFA_TYPE", begun.session(), json!({"ANSWER": "EMAIL_OTP"})).await;
        assert_eq!(unknown.fault(), "InvalidParameterException");
        let chosen = bench.respond("SELECT_MFA_TYPE", begun.session(), json!({"ANSWER": "SMS_MFA"})).await;
        assert_eq!(chosen.challenge(), "SMS_MFA");
        assert!(sms(&bench, chosen.session(), &bench.code_sent_to(PHONE).await).await.signed_in());
    }
}
