//! A password that was forgotten: ForgotPassword, ConfirmForgotPassword. A name without an account gets the same answers, after
//! the same work, down to the code that waits; only nothing is mailed.

use super::fault::Fault;
use super::named::{self, Named};
use super::sending::MESSAGES;
use super::sign_up::by_mail;
use super::{fields, sending};
use crate::base::Secret;
use crate::cloud::guesses;
use crate::cloud::moment::Moment;
use crate::cloud::site::Site;
use crate::cloud::store::{Account, Channel, Confirming, EventKind};
use crate::protocol::cognito::{ByUsername, CodeDelivered, ConfirmForgotPassword};

pub(crate) async fn forgot(site: &Site, request: &ByUsername) -> Result<CodeDelivered, Fault> {
    fields::client(site, &request.client_id)?;
    let username = fields::name(&request.username)?;
    let named = named::find(site, username).await?;
    sending::count_message(site, &MESSAGES, &named.subject).await?;
    let (store, now) = (&site.cloud.store, site.cloud.now());
    let account = named.account.as_ref().map(|account| &account.id);
    let code = store.confirmation_code(Confirming::Reset(&named.subject), account, now).await?;
    let (to, text) = letter(&named, &code);
    sending::post(site, to, &text).await?;
    Ok(CodeDelivered { code_delivery_details: by_mail(username) })
}

/// Sets the new password, ends every sign-in and tells the owner. A second factor stays on, access keys go on working.
pub(crate) async fn confirm(site: &Site, request: &ConfirmForgotPassword) -> Result<(), Fault> {
    fields::client(site, &request.client_id)?;
    let username = fields::name(&request.username)?;
    let password = Secret::from(request.password.expose());
    site.cloud.check_password(&password, username).await?;
    let named = named::find(site, username).await?;
    let matter = Confirming::Reset(&named.subject);
    sending::confirm(site, &named.subject, &[matter], &request.confirmation_code).await?;
    let account = named.account.as_ref().ok_or(Fault::WrongConfirmation)?;
    reset(site, account, password).await
}

async fn reset(site: &Site, account: &Account, password: Secret<String>) -> Result<(), Fault> {
    let kept = site.cloud.keep_password(&account.id, password).await?;
    let (store, now) = (&site.cloud.store, site.cloud.now());
    store.change_password(&account.id, &kept, None, now).await?;
    // Whoever was locked out by somebody else's guesses has a new password now.
    site.forget_guesses(&guesses::PASSWORD, account.id.as_str()).await?;
    store.note_event(&account.id, EventKind::PasswordReset, &site.visitor, "", now).await?;
    Ok(store.post(Channel::Mail, &account.email, &notice(now), now).await?)
}

fn letter<'a>(named: &'a Named, code: &Secret<String>) -> (Option<&'a str>, String) {
    let with_code = format!(
        "{} is your code to set a new password. It is valid for 1 hour. If you did not ask for it, do nothing: your password \
         stays as it is.",
        code.expose()
    );
    let unconfirmed = "Somebody, perhaps you, asked for a new password of an account that was never confirmed. Sign up again, \
                       and then type the code that is mailed.";
    match (&named.account, named.sign_ups.first()) {
        (Some(account), _) => (Some(&account.email), with_code),
        (None, Some(sign_up)) => (Some(&sign_up.email), unconfirmed.to_owned()),
        (None, None) => (None, with_code),
    }
}

fn notice(now: Moment) -> String {
    format!(
        "Your password was set anew at {} with a code that was mailed to you. Every sign-in has ended; access keys go on working. \
         If it was not you, somebody reads your mail: secure your mailbox, then ask for a new password again.",
        now.iso()
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use crate::cloud::bench::{Bench, CLIENT, EMAIL, Reply};
    use crate::protocol::totp::TotpSecret;

    const NEW_PASSWORD: &str = "tröt-zebra-9";

    async fn forgets(bench: &Bench, username: &str) -> Reply {
        bench.cognito("ForgotPassword", &json!({"ClientId": CLIENT, "Username": username})).await
    }

    async fn resets(bench: &Bench, username: &str, code: &str, password: &str) -> Reply {
        let body = json!({"ClientId": CLIENT, "Username": username, "ConfirmationCode": code, "Password": password});
        bench.cognito("ConfirmForgotPassword", &body).await
    }

    async fn refreshed(bench: &Bench, tokens: &serde_json::Value) -> bool {
        let token = &tokens["AuthenticationResult"]["RefreshToken"];
        bench.initiate("REFRESH_TOKEN_AUTH", json!({"REFRESH_TOKEN": token})).await.signed_in()
    }

    #[tokio::test]
    async fn a_mailed_code_sets_a_new_password_and_ends_every_sign_in() {
        let bench = Bench::new().await;
        bench.ann(None, None).await;
        let before = bench.begin().await.body;
        let reply = forgets(&bench, "ann+pi@EXAMPLE.test").await;
        let details = json!({"Destination": "a***@E***", "DeliveryMedium": "EMAIL", "AttributeName": "email"});
        assert_eq!(reply.body, json!({ "CodeDeliveryDetails": details }));
        let code = bench.code_sent_to(EMAIL).await;
        assert_eq!(resets(&bench, EMAIL, &code, "password1").await.fault(), "InvalidPasswordException");
        assert_eq!(resets(&bench, EMAIL, &code, NEW_PASSWORD).await.body, json!({}));
        assert!(bench.sent_to(EMAIL).await.last().unwrap().starts_with("Your password was set anew"));
        assert!(!refreshed(&bench, &before).await);
        assert_eq!(bench.begin().await.fault(), "NotAuthorizedException");
        assert!(bench.prove(&bench.proof(EMAIL, NEW_PASSWORD).await).await.signed_in());
        assert_eq!(resets(&bench, EMAIL, &code, NEW_PASSWORD).await.fault(), "ExpiredCodeException");
    }

    #[tokio::test]
    async fn the_second_factor_stays_on_and_a_half_done_sign_in_does_not_survive() {
        let bench = Bench::new().await;
        let secret = TotpSecret::from_bytes(b"12345678901234567890".to_vec());
        bench.ann(Some(&secret), None).await;
        let half_done = bench.begin().await;
        forgets(&bench, EMAIL).await;
        resets(&bench, EMAIL, &bench.code_sent_to(EMAIL).await, NEW_PASSWORD).await;
        let code = json!({"SOFTWARE_TOKEN_MFA_CODE": secret.code_at(bench.unix()).expose()});
        let late = bench.respond("SOFTWARE_TOKEN_MFA", half_done.session(), code).await;
        assert_eq!(late.message(), "Invalid session for the user.");
        let again = bench.initiate("USER_PASSWORD_AUTH", json!({"USERNAME": EMAIL, "PASSWORD": NEW_PASSWORD})).await;
        assert_eq!(again.challenge(), "SOFTWARE_TOKEN_MFA");
    }

    #[tokio::test]
    async fn a_name_without_an_account_gets_the_same_answers_and_no_mail() {
        let bench = Bench::new().await;
        bench.ann(None, None).await;
        let mut answers = Vec::new();
        for email in [EMAIL, "Abe+Pi@example.test"] {
            let mut said = vec![resets(&bench, email, "000000", NEW_PASSWORD).await];
            for _ in 0..4 {
                said.push(forgets(&bench, email).await);
            }
            for code in ["000000", "000001", "no code", "000000", "000001", "000000"] {
                said.push(resets(&bench, email, code, NEW_PASSWORD).await);
            }
            said.push(resets(&bench, email, "000000", "weak").await);
            let said =
                said.into_iter().map(|reply| (reply.status, reply.headers.get("retry-after").cloned(), reply.body));
            answers.push(said.collect::<Vec<_>>());
            bench.hand.pass(Duration::from_secs(3600));
            assert_eq!(resets(&bench, email, "000000", NEW_PASSWORD).await.fault(), "ExpiredCodeException");
        }
        assert_eq!(answers[0], answers[1]);
        assert!(bench.sent_to("Abe+Pi@example.test").await.is_empty());
        assert_eq!(bench.sent_to(EMAIL).await.len(), 3);
    }

    #[tokio::test]
    async fn an_id_shows_nothing_of_the_address_it_belongs_to() {
        let bench = Bench::new().await;
        let ann = bench.ann(None, None).await;
        for id in [ann.id.as_str(), "11111111-2222-4333-8444-555555555555"] {
            let reply = forgets(&bench, id).await;
            assert_eq!(reply.body["CodeDeliveryDetails"]["Destination"], "***@***");
        }
        assert_eq!(bench.sent_to(EMAIL).await.len(), 1);
    }

    #[tokio::test]
    async fn whoever_was_locked_out_by_guesses_gets_in_with_the_new_password_at_once() {
        let bench = Bench::new().await;
        bench.ann(None, None).await;
        for _ in 0..6 {
            bench.initiate("USER_PASSWORD_AUTH", json!({"USERNAME": EMAIL, "PASSWORD": "wrong-guess"})).await;
        }
        assert!(bench.begin().await.message().starts_with("Password attempts exceeded. Try again in "));
        forgets(&bench, EMAIL).await;
        resets(&bench, EMAIL, &bench.code_sent_to(EMAIL).await, NEW_PASSWORD).await;
        assert!(bench.prove(&bench.proof(EMAIL, NEW_PASSWORD).await).await.signed_in());
    }

    #[tokio::test]
    async fn a_code_dies_after_its_hour() {
        let bench = Bench::new().await;
        bench.ann(None, None).await;
        forgets(&bench, EMAIL).await;
        let code = bench.code_sent_to(EMAIL).await;
        bench.hand.pass(Duration::from_secs(3599));
        assert_eq!(resets(&bench, EMAIL, &code, "weak").await.fault(), "InvalidPasswordException");
        bench.hand.pass(Duration::from_secs(1));
        assert_eq!(resets(&bench, EMAIL, &code, NEW_PASSWORD).await.fault(), "ExpiredCodeException");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn many_guesses_at_once_are_no_better_than_five() {
        let bench = std::sync::Arc::new(Bench::new().await);
        bench.ann(None, None).await;
        forgets(&bench, EMAIL).await;
        let mut guesses = tokio::task::JoinSet::new();
        for guess in 0..30 {
            let bench = bench.clone();
            guesses.spawn(async move { resets(&bench, EMAIL, &format!("{guess:06}"), NEW_PASSWORD).await });
        }
        let replies = guesses.join_all().await;
        let looked_at = replies.iter().filter(|reply| reply.fault() != "LimitExceededException").count();
        assert_eq!(looked_at, 5);
    }
}
