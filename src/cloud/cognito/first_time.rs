//! What an owner may have to do before a sign-in succeeds: set an own password, set up a second factor.

use super::fault::Fault;
use super::{fields, pending, step};
use crate::base::Secret;
use crate::cloud::factors;
use crate::cloud::site::Site;
use crate::cloud::store::{Account, FactorKind, Proof, Stage};
use crate::protocol::cognito::{AuthReply, RespondToAuthChallenge};

/// NEW_PASSWORD_REQUIRED
pub(super) async fn set_password(site: &Site, request: &RespondToAuthChallenge) -> Result<AuthReply, Fault> {
    let (sign_in, account) = pending::find(site, request, Stage::NewPassword).await?;
    let password = Secret::from(fields::required(&request.challenge_responses, "NEW_PASSWORD")?);
    site.cloud.check_password(&password, &account.email).await?;
    let password = site.cloud.keep_password(&account.id, password).await?;
    if !site.cloud.store.end_sign_in(&sign_in).await? {
        return Err(Fault::InvalidSession);
    }
    site.cloud.store.set_password(&account.id, &password).await?;
    let account = Account { must_set_password: false, ..account };
    step::after_password(site, &request.client_id, &account).await
}

/// MFA_SETUP, after AssociateSoftwareToken and VerifySoftwareToken with the same session.
pub(super) async fn finish_enrolment(site: &Site, request: &RespondToAuthChallenge) -> Result<AuthReply, Fault> {
    let (sign_in, account) = pending::find(site, request, Stage::Enrolment).await?;
    let enrolment = site.cloud.store.enrolment(&account.id, sign_in.id(), site.cloud.now()).await?;
    enrolment.and_then(|enrolment| enrolment.proved).ok_or(Fault::NoSoftwareToken)?;
    if !site.cloud.store.end_sign_in(&sign_in).await? {
        return Err(Fault::InvalidSession);
    }
    factors::set_up(site, &account, sign_in.id()).await.map_err(|error| {
        // Another sign-in was faster: this one has to pass what that one set up.
        if matches!(error, factors::Error::NotFresh(_)) { Fault::InvalidSession } else { Fault::Factors(error) }
    })?;
    step::finish(site, &request.client_id, &account, Proof::Factor(FactorKind::SoftwareToken)).await
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::cloud::Requirement;
    use crate::cloud::bench::{Bench, EMAIL};
    use crate::protocol::totp::TotpSecret;

    #[tokio::test]
    async fn a_new_password_must_fit_and_then_replaces_the_old_one() {
        let bench = Bench::new().await;
        let ann = bench.ann(None, None).await;
        bench.cloud.require(&ann.id, Requirement::NewPassword).await.unwrap();
        let begun = bench.begin().await;
        assert_eq!(begun.challenge(), "NEW_PASSWORD_REQUIRED");
        let set =
            |password: &str| bench.respond("NEW_PASSWORD_REQUIRED", begun.session(), json!({"NEW_PASSWORD": password}));
        for bad in ["short", "with a blank", "password1", &"x".repeat(257)] {
            assert_eq!(set(bad).await.fault(), "InvalidPasswordException");
        }
        assert!(set("another-password").await.signed_in());
        assert_eq!(set("another-password").await.fault(), "NotAuthorizedException");
        assert_eq!(bench.begin().await.message(), "Incorrect username or password.");
        let proof = bench.proof(EMAIL, "another-password").await;
        assert!(bench.prove(&proof).await.signed_in());
    }

    #[tokio::test]
    async fn an_app_is_set_up_within_the_sign_in_and_its_first_code_is_spent() {
        let bench = Bench::new().await;
        let ann = bench.ann(None, None).await;
        bench.cloud.require(&ann.id, Requirement::SecondFactor).await.unwrap();
        let begun = bench.begin().await;
        assert_eq!(begun.challenge(), "MFA_SETUP");
        assert_eq!(begun.body["ChallengeParameters"]["MFAS_CAN_SETUP"], r#"["SOFTWARE_TOKEN_MFA"]"#);
        let session = begun.session();
        let early = bench.respond("MFA_SETUP", session, json!({})).await;
        assert_eq!(early.fault(), "SoftwareTokenMFANotFoundException");
        let associated = bench.cognito("AssociateSoftwareToken", &json!({"Session": session})).await;
        let secret = TotpSecret::parse(associated.body["SecretCode"].as_str().unwrap()).unwrap();
        let unproved = bench.respond("MFA_SETUP", session, json!({})).await;
        assert_eq!(unproved.fault(), "SoftwareTokenMFANotFoundException");
        let verify = |code: Value| json!({"Session": session, "UserCode": code});
        let wrong = bench.cognito("VerifySoftwareToken", &verify("000000".into())).await;
        assert_eq!((wrong.fault(), wrong.message()), ("EnableSoftwareTokenMFAException", "Code mismatch"));
        let code = secret.code_at(bench.unix()).expose().clone();
        let verified = bench.cognito("VerifySoftwareToken", &verify(code.clone().into())).await;
        assert_eq!(verified.body["Status"], "SUCCESS");
        let session = verified.session();
        assert!(bench.respond("MFA_SETUP", session, json!({})).await.signed_in());
        let next = bench.begin().await;
        assert_eq!(next.challenge(), "SOFTWARE_TOKEN_MFA");
        let reused =
            bench.respond("SOFTWARE_TOKEN_MFA", next.session(), json!({"SOFTWARE_TOKEN_MFA_CODE": code})).await;
        assert_eq!(reused.fault(), "CodeMismatchException");
    }

    #[tokio::test]
    async fn an_account_that_is_not_there_cannot_be_required_anything() {
        let bench = Bench::new().await;
        for requirement in [Requirement::NewPassword, Requirement::SecondFactor] {
            let refused = bench.cloud.require("nobody", requirement).await.unwrap_err();
            assert_eq!(refused.to_string(), "There is no account nobody.");
        }
    }
}
