//! ChangePassword, by somebody who is signed in and knows the old one.

use super::fault::Fault;
use super::fields;
use super::pending::unlocked;
use crate::base::Secret;
use crate::cloud::guesses;
use crate::cloud::site::Site;
use crate::cloud::store::{Account, Channel, EventKind};
use crate::protocol::cognito::{ChangePassword, Confidential};

pub(super) async fn by_token(site: &Site, request: &ChangePassword) -> Result<(), Fault> {
    let (account, access) = site.bearer(fields::token(request.access_token.expose(), "accessToken")?).await?;
    let previous = request.previous_password.as_ref().map(Confidential::expose);
    let proposed = Secret::from(request.proposed_password.expose());
    change(site, &account, &access.family, previous.map(Secret::from), proposed).await
}

/// `family`: the sign-in that changes it, and goes on; every other one ends. Access keys go on working.
pub(crate) async fn change(
    site: &Site,
    account: &Account,
    family: &str,
    previous: Option<Secret<String>>,
    proposed: Secret<String>,
) -> Result<(), Fault> {
    if !account.has_password() {
        let none = "This account has no password yet; set its first one with 'forgot password'.";
        return Err(Fault::Parameter(none.into()));
    }
    let previous = previous.ok_or(Fault::Missing("PreviousPassword"))?;
    site.cloud.check_password(&proposed, &account.email).await?;
    prove(site, account, &previous).await?;
    let kept = site.cloud.keep_password(&account.id, proposed).await?;
    let (store, now) = (&site.cloud.store, site.cloud.now());
    store.change_password(&account.id, &kept, Some(family), now).await?;
    store.note_event(&account.id, EventKind::PasswordChanged, &site.visitor, "", now).await?;
    let notice = format!(
        "Your password was changed at {}. Every other sign-in has ended; access keys go on working. If it was not you, ask for a \
         new password with 'forgot password' now.",
        now.iso()
    );
    Ok(store.post(Channel::Mail, &account.email, &notice, now).await?)
}

/// As many wrong tries as at the sign-in, counted together with those.
async fn prove(site: &Site, account: &Account, password: &Secret<String>) -> Result<(), Fault> {
    if password.expose().chars().count() > 256 {
        return Err(Fault::Constraint("previousPassword", "Member must have length less than or equal to 256"));
    }
    let id = account.id.as_str();
    unlocked(site.guess_wait(&guesses::PASSWORD, id).await?)?;
    if site.cloud.is_password(&account.id, account.password.as_ref(), password).await? {
        return unlocked(site.note_right_guess(&guesses::PASSWORD, id).await?);
    }
    unlocked(site.note_wrong_guess(&guesses::PASSWORD, id).await?)?;
    Err(Fault::WrongPassword)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use crate::cloud::bench::{Bench, EMAIL, PASSWORD, Reply};

    const NEW_PASSWORD: &str = "tröt-zebra-9";

    async fn changes(bench: &Bench, token: &Value, previous: &str, proposed: &str) -> Reply {
        let body = json!({"AccessToken": token, "PreviousPassword": previous, "ProposedPassword": proposed});
        bench.cognito("ChangePassword", &body).await
    }

    async fn refreshed(bench: &Bench, tokens: &Value) -> bool {
        bench.initiate("REFRESH_TOKEN_AUTH", json!({"REFRESH_TOKEN": tokens["RefreshToken"]})).await.signed_in()
    }

    #[tokio::test]
    async fn a_changed_password_ends_every_other_sign_in_and_no_access_key() {
        let bench = Bench::new().await;
        bench.ann(None, None).await;
        let here = bench.begin().await.body["AuthenticationResult"].take();
        let there = bench.begin().await.body["AuthenticationResult"].take();
        let token = here["AccessToken"].as_str().unwrap();
        let key = bench.graphql(token, "mutation { createAccessKey { key secret } }").await;
        assert_eq!(changes(&bench, &here["AccessToken"], PASSWORD, NEW_PASSWORD).await.body, json!({}));
        assert!(refreshed(&bench, &here).await);
        assert!(!refreshed(&bench, &there).await);
        assert_eq!(bench.begin().await.fault(), "NotAuthorizedException");
        assert!(bench.prove(&bench.proof(EMAIL, NEW_PASSWORD).await).await.signed_in());
        assert!(
            bench.sent_to(EMAIL).await.last().unwrap().starts_with("Your password was changed at 2024-01-02T03:04")
        );
        let keys = bench.graphql(token, "{ login { accessKeys { key enabled } } }").await.body.to_string();
        assert!(keys.contains(r#""enabled":true"#), "{keys} {}", key.body);
    }

    #[tokio::test]
    async fn the_old_password_must_be_right_and_guesses_count_as_at_the_sign_in() {
        let bench = Bench::new().await;
        bench.ann(None, None).await;
        let token = Value::from(bench.access_token().await);
        for _ in 0..5 {
            let reply = changes(&bench, &token, "wrong-guess", NEW_PASSWORD).await;
            assert_eq!((reply.fault(), reply.message()), ("NotAuthorizedException", "Incorrect username or password."));
        }
        let locked = changes(&bench, &token, PASSWORD, NEW_PASSWORD).await;
        assert_eq!((locked.fault(), &locked.headers["retry-after"]), ("LimitExceededException", &"1".parse().unwrap()));
        assert!(bench.begin().await.message().starts_with("Password attempts exceeded. Try again in "));
        bench.hand.pass(Duration::from_secs(1));
        assert_eq!(changes(&bench, &token, PASSWORD, "password1").await.fault(), "InvalidPasswordException");
        let without = json!({"AccessToken": token, "ProposedPassword": NEW_PASSWORD});
        assert_eq!(bench.cognito("ChangePassword", &without).await.fault(), "InvalidParameterException");
        assert_eq!(changes(&bench, &token, PASSWORD, NEW_PASSWORD).await.body, json!({}));
    }
}
