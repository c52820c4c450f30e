//! What must hold when many things happen at once, on one instance or several.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::Preference;
use crate::cloud::bench::{Bench, CLIENT, EMAIL, PHONE, cognito};
use crate::cloud::ids::AccountId;
use crate::cloud::store::{Change, FactorKind, NewSignIn, Stage, Wanted, Wish};
use crate::cloud::visitor::Visitor;
use crate::protocol::totp::TotpSecret;

fn secret() -> TotpSecret {
    TotpSecret::from_bytes(b"12345678901234567890".to_vec())
}

/// How many of fifty sign-ins that wait for the same, on two instances, succeed with one answer.
async fn succeed_with(bench: Bench, id: &str, (stage, challenge): (Stage, &str), answer: Value) -> usize {
    let (bench, id) = (Arc::new(bench), AccountId::from_text(id));
    let routers = [bench.beside(|_same| {}).await, bench.beside(|_same| {}).await];
    let now = bench.cloud.now();
    let mut tries = JoinSet::new();
    for number in 0..50 {
        let expires = now.plus(Duration::from_secs(180));
        let new =
            NewSignIn { client_id: CLIENT, account: Some(&id), stage, lost: &[FactorKind::SoftwareToken], expires };
        let session = bench.cloud.store.begin_sign_in(new, &Visitor::nobody(), now).await.unwrap();
        let mut responses = answer.clone();
        responses["USERNAME"] = EMAIL.into();
        let body = json!({
            "ChallengeName": challenge, "ClientId": CLIENT, "Session": session.expose(),
            "ChallengeResponses": responses,
        });
        let router = routers[number % 2].clone();
        tries.spawn(async move { cognito(&router, "RespondToAuthChallenge", body.to_string()).await });
    }
    let replies = tries.join_all().await;
    assert!(replies.iter().all(|reply| reply.status.as_u16() < 500));
    replies.iter().filter(|reply| reply.signed_in()).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_sign_ins_at_once_with_one_code_of_an_app_one_succeeds() {
    let bench = Bench::new().await;
    let ann = bench.ann(Some(&secret()), None).await;
    let answer = json!({"SOFTWARE_TOKEN_MFA_CODE": secret().code_at(bench.unix()).expose()});
    let waits = (Stage::Factor(FactorKind::SoftwareToken), "SOFTWARE_TOKEN_MFA");
    assert_eq!(succeed_with(bench, &ann.id, waits, answer).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_recoveries_at_once_with_one_code_one_succeeds() {
    for short in [false, true] {
        let bench = Bench::new().await;
        let mut ann = bench.ann(Some(&secret()), None).await;
        let code = if short { ann.short_recovery_codes.pop() } else { ann.recovery_code.take() };
        let answer = json!({"ANSWER": code.unwrap().expose()});
        assert_eq!(succeed_with(bench, &ann.id, (Stage::RecoveryCode, "CUSTOM_CHALLENGE"), answer).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_sign_ins_at_once_with_one_texted_code_one_succeeds() {
    let bench = Bench::new().await;
    let ann = bench.ann(None, Some(PHONE)).await;
    bench.begin().await;
    let answer = json!({"SMS_MFA_CODE": bench.code_sent_to(PHONE).await});
    let waits = (Stage::Factor(FactorKind::Sms), "SMS_MFA");
    assert_eq!(succeed_with(bench, &ann.id, waits, answer).await, 1);
}

/// One of the two is always on, whatever is changed into what.
#[tokio::test(flavor = "multi_thread")]
async fn while_factors_change_there_is_no_moment_without_one() {
    let bench = Arc::new(Bench::new().await);
    let ann = bench.ann(Some(&secret()), Some(PHONE)).await;
    let id = AccountId::from_text(ann.id);
    let mut tasks = JoinSet::new();
    let changing = (bench.clone(), id.clone());
    tasks.spawn(async move {
        let (bench, id) = changing;
        for round in 0..40 {
            change(&bench, &id, FactorKind::ALL[round % 2]).await;
        }
        0
    });
    tasks.spawn(async move {
        let mut moments_without = 0;
        for _ in 0..400 {
            moments_without += usize::from(bench.cloud.store.factors(&id).await.unwrap().is_empty());
        }
        moments_without
    });
    assert_eq!(tasks.join_all().await.iter().sum::<usize>(), 0);
}

/// `kind`, newly set up, becomes the only factor.
async fn change(bench: &Bench, id: &AccountId, kind: FactorKind) {
    let (store, now) = (&bench.cloud.store, bench.cloud.now());
    if kind == FactorKind::SoftwareToken {
        store.begin_enrolment(id, "holder", &secret(), now).await.unwrap();
        let enrolment = store.enrolment(id, "holder", now).await.unwrap().unwrap();
        let code = secret().code_at(bench.unix()).expose().parse().unwrap();
        let step = enrolment.secret.check(&code, bench.unix(), None).unwrap();
        assert!(store.prove_enrolment(id, "holder", &enrolment, step).await.unwrap());
    }
    let account = store.account(id).await.unwrap().unwrap();
    let wish = |wished| Wish { on: Some(kind == wished), preferred: None };
    let wanted = Wanted { authenticator: wish(FactorKind::SoftwareToken), sms: wish(FactorKind::Sms) };
    let change =
        Change { account: &account, holder: "holder", wanted, may: &|_| true, codes: None, notice: &|_| String::new() };
    store.change_factors(change, now).await.unwrap();
    assert_eq!(Preference::of(&store.factors_on(id).await.unwrap()), Preference::Only(kind));
}

/// The proof is asked for under the lock, not before: whoever turned the first factor on decides from then on.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_turn_the_first_factor_on_at_once_with_only_the_password_one_succeeds() {
    let bench = Arc::new(Bench::new().await);
    bench.ann(None, None).await;
    let tokens = [bench.access_token().await, bench.access_token().await];
    for token in &tokens {
        bench.set_up_app(token).await;
    }
    let mut turning = JoinSet::new();
    for token in tokens {
        let bench = bench.clone();
        turning.spawn(async move { bench.prefer(&token, "SOFTWARE_TOKEN_MFA").await });
    }
    let replies = turning.join_all().await;
    let with_codes = replies.iter().filter(|reply| reply.body["backupCode"].is_string()).count();
    assert_eq!(with_codes, 1, "{:?}", replies.iter().map(|reply| reply.body.clone()).collect::<Vec<_>>());
}
