//! Becoming a user: SignUp, ConfirmSignUp, ResendConfirmationCode.
//!
//! An address that has an account is answered exactly as one that has none, after the same work; only its owner is told, by mail.

use super::fault::Fault;
use super::{fields, named, sending, written};
use crate::base::Secret;
use crate::cloud::ids::AccountId;
use crate::cloud::site::Site;
use crate::cloud::store::{self, Confirming, EventKind};
use crate::protocol::cognito::{ByUsername, CodeDelivered, CodeDeliveryDetails, ConfirmSignUp, SignUp, SignedUp};
use sending::MESSAGES;
use written::{NewPhone, Written};

pub(crate) async fn sign_up(site: &Site, request: &SignUp) -> Result<SignedUp, Fault> {
    fields::client(site, &request.client_id)?;
    let email = written::email(fields::name(&request.username)?)?;
    let attributes = attributes(&email, request)?;
    let password = Secret::from(request.password.expose());
    site.cloud.check_password(&password, &email).await?;
    let named = named::find(site, &email).await?;
    sending::count_message(site, &MESSAGES, &named.subject).await?;
    let id = AccountId::new(&site.cloud.entropy);
    let password = site.cloud.keep_password(&id, password).await?;
    let (store, now) = (&site.cloud.store, site.cloud.now());
    let phone = attributes.phone.and_then(NewPhone::number);
    let sign_up = store::SignUp { id, email, password, phone, attributes: attributes.plain };
    store.add_sign_up(&sign_up, now).await?;
    let code = store.confirmation_code(Confirming::SignUp(&sign_up.id), None, now).await?;
    let (to, text) = match &named.account {
        Some(account) => (&account.email, taken()),
        None => (&sign_up.email, welcome(site, &code)),
    };
    sending::post(site, Some(to), &text).await?;
    Ok(SignedUp {
        user_confirmed: false,
        user_sub: sign_up.id.as_str().to_owned(),
        code_delivery_details: Some(by_mail(&sign_up.email)),
    })
}

/// The code says which sign-up of that address it was: that one's password counts.
pub(crate) async fn confirm(site: &Site, request: &ConfirmSignUp) -> Result<(), Fault> {
    fields::client(site, &request.client_id)?;
    let named = named::find(site, fields::name(&request.username)?).await?;
    let matters: Vec<_> = named.sign_ups.iter().map(|sign_up| Confirming::SignUp(&sign_up.id)).collect();
    let confirmed = sending::confirm(site, &named.subject, &matters, &request.confirmation_code).await?;
    let sign_up =
        named.sign_ups.iter().find(|sign_up| matches!(confirmed, Confirming::SignUp(id) if *id == sign_up.id));
    let sign_up = sign_up.ok_or(Fault::ExpiredCode)?;
    let (store, now) = (&site.cloud.store, site.cloud.now());
    if !store.confirm_sign_up(sign_up, now).await? {
        return Err(Fault::ExpiredCode);
    }
    Ok(store.note_event(&sign_up.id, EventKind::SignedUp, &site.visitor, "", now).await?)
}

pub(crate) async fn resend(site: &Site, request: &ByUsername) -> Result<CodeDelivered, Fault> {
    fields::client(site, &request.client_id)?;
    let username = fields::name(&request.username)?;
    let named = named::find(site, username).await?;
    sending::count_message(site, &MESSAGES, &named.subject).await?;
    let (store, now) = (&site.cloud.store, site.cloud.now());
    let id = named.sign_ups.first().map_or(&named.id, |sign_up| &sign_up.id);
    let code = store.confirmation_code(Confirming::SignUp(id), None, now).await?;
    let (to, text) = match (&named.account, named.sign_ups.first()) {
        (Some(account), _) => (Some(account.email.as_str()), taken()),
        (None, sign_up) => (sign_up.map(|sign_up| sign_up.email.as_str()), welcome(site, &code)),
    };
    sending::post(site, to, &text).await?;
    Ok(CodeDelivered { code_delivery_details: by_mail(username) })
}

pub(super) fn by_mail(username: &str) -> CodeDeliveryDetails {
    CodeDeliveryDetails {
        destination: named::masked_email(username),
        delivery_medium: "EMAIL".to_owned(),
        attribute_name: "email".to_owned(),
    }
}

/// The address is the name; said again as an attribute it must be the same.
fn attributes(email: &str, request: &SignUp) -> Result<Written, Fault> {
    let written = written::read(request.user_attributes.as_deref().unwrap_or_default())?;
    let same = written.email.as_deref().is_none_or(|said| store::email_key(said) == store::email_key(email));
    if same { Ok(written) } else { Err(Fault::Parameter("Username should be the same as the email attribute.".into())) }
}

fn welcome(site: &Site, code: &Secret<String>) -> String {
    format!(
        "{} is your code to confirm your new account. It is valid for 24 hours. The account was asked for at {} from {}; if that \
         was not you, do nothing: without this code there will be none.",
        code.expose(),
        site.cloud.now().iso(),
        site.visitor.address,
    )
}

fn taken() -> String {
    "Somebody, perhaps you, tried to make an account with this address, which has one already. Nothing was changed. Sign in \
     with the password you have; if you forgot it, ask for a new one with 'forgot password'."
        .to_owned()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use crate::cloud::bench::{Bench, CLIENT, EMAIL, PASSWORD, Reply};

    const NEW: &str = "Bob+Pi@example.test";
    const OTHER_PASSWORD: &str = "mallory-was-here";

    async fn signs_up(bench: &Bench, email: &str, password: &str) -> Reply {
        let body = json!({"ClientId": CLIENT, "Username": email, "Password": password,
                          "UserAttributes": [{"Name": "custom:brand", "Value": "remoteit"}]});
        bench.cognito("SignUp", &body).await
    }

    async fn confirms(bench: &Bench, username: &str, code: &str) -> Reply {
        let body = json!({"ClientId": CLIENT, "Username": username, "ConfirmationCode": code});
        bench.cognito("ConfirmSignUp", &body).await
    }

    async fn resends(bench: &Bench, username: &str) -> Reply {
        bench.cognito("ResendConfirmationCode", &json!({"ClientId": CLIENT, "Username": username})).await
    }

    async fn signs_in(bench: &Bench, email: &str, password: &str) -> Reply {
        bench.initiate("USER_PASSWORD_AUTH", json!({"USERNAME": email, "PASSWORD": password})).await
    }

    /// Six digits other than these.
    fn wrong(code: &str) -> String {
        format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
    }

    #[tokio::test]
    async fn a_person_signs_up_confirms_by_the_mailed_code_and_signs_in() {
        let bench = Bench::new().await;
        let reply = signs_up(&bench, NEW, PASSWORD).await;
        assert_eq!(reply.body["UserConfirmed"], false);
        let details = json!({"Destination": "B***@e***", "DeliveryMedium": "EMAIL", "AttributeName": "email"});
        assert_eq!(reply.body["CodeDeliveryDetails"], details);
        assert_eq!(signs_in(&bench, NEW, PASSWORD).await.fault(), "UserNotConfirmedException");
        let proof = bench.proof(NEW, PASSWORD).await;
        assert_eq!(bench.prove(&proof).await.fault(), "UserNotConfirmedException");
        assert_eq!(signs_in(&bench, NEW, "wrong-password").await.message(), "Incorrect username or password.");
        let code = bench.code_sent_to(NEW).await;
        assert_eq!(confirms(&bench, NEW, &wrong(&code)).await.fault(), "CodeMismatchException");
        let typed = format!(" {} {}", &code[..3], &code[3..]);
        assert_eq!(confirms(&bench, "bob+pi@EXAMPLE.test", &typed).await.body, json!({}));
        let signed_in = signs_in(&bench, NEW, PASSWORD).await;
        assert!(signed_in.signed_in());
        let token = &signed_in.body["AuthenticationResult"]["AccessToken"];
        let user = bench.cognito("GetUser", &json!({"AccessToken": token})).await;
        assert_eq!(user.body["Username"], reply.body["UserSub"]);
        let attributes = user.body["UserAttributes"].as_array().unwrap();
        assert!(attributes.contains(&json!({"Name": "custom:brand", "Value": "remoteit"})));
        assert!(attributes.contains(&json!({"Name": "email", "Value": NEW})), "stored as typed");
        assert_eq!(confirms(&bench, NEW, &code).await.fault(), "ExpiredCodeException", "a code counts once");
        assert_eq!(signs_in(&bench, "bob@example.test", PASSWORD).await.fault(), "NotAuthorizedException");
    }

    #[tokio::test]
    async fn a_taken_address_is_answered_like_a_new_one_and_its_owner_is_told() {
        let bench = Bench::new().await;
        bench.ann(None, None).await;
        let mut answers = Vec::new();
        for email in [EMAIL, "Abe+Pi@example.test"] {
            let mut said = Vec::new();
            let mut note = |reply: Reply| {
                let mut body = reply.body;
                if let Some(sub) = body.get_mut("UserSub") {
                    *sub = sub.as_str().unwrap().len().into();
                }
                said.push((reply.status.as_u16(), body));
            };
            note(confirms(&bench, email, "000000").await);
            note(signs_up(&bench, email, OTHER_PASSWORD).await);
            for code in ["000000", "000000", "no code"] {
                note(confirms(&bench, email, code).await);
            }
            note(resends(&bench, email).await);
            note(signs_up(&bench, email, OTHER_PASSWORD).await);
            note(signs_up(&bench, email, OTHER_PASSWORD).await);
            note(resends(&bench, email).await);
            for _ in 0..4 {
                note(confirms(&bench, email, "000000").await);
            }
            answers.push(said);
        }
        assert_eq!(answers[0], answers[1]);
        assert!(bench.sent_to(EMAIL).await[0].starts_with("Somebody, perhaps you, tried"));
        assert!(bench.begin().await.signed_in());
        assert_eq!(signs_in(&bench, EMAIL, OTHER_PASSWORD).await.message(), "Incorrect username or password.");
    }

    #[tokio::test]
    async fn nobody_can_slip_a_password_under_somebody_elses_sign_up() {
        let bench = Bench::new().await;
        let mine = signs_up(&bench, NEW, PASSWORD).await;
        let code = bench.code_sent_to(NEW).await;
        bench.hand.pass(Duration::from_secs(1));
        signs_up(&bench, NEW, OTHER_PASSWORD).await;
        let others = bench.code_sent_to(NEW).await;
        let id = mine.body["UserSub"].as_str().unwrap();
        if others != code {
            assert_eq!(confirms(&bench, id, &others).await.fault(), "CodeMismatchException");
        }
        assert_eq!(confirms(&bench, NEW, &code).await.body, json!({}));
        assert!(signs_in(&bench, NEW, PASSWORD).await.signed_in());
        assert_eq!(signs_in(&bench, NEW, OTHER_PASSWORD).await.fault(), "NotAuthorizedException");
        assert_eq!(confirms(&bench, NEW, &others).await.fault(), "ExpiredCodeException");
    }

    #[tokio::test]
    async fn a_code_is_repeated_until_half_of_its_day_is_over_and_dies_with_the_day() {
        let bench = Bench::new().await;
        signs_up(&bench, NEW, PASSWORD).await;
        let first = bench.code_sent_to(NEW).await;
        bench.hand.pass(Duration::from_secs(11 * 3600));
        resends(&bench, NEW).await;
        assert_eq!(bench.code_sent_to(NEW).await, first);
        bench.hand.pass(Duration::from_secs(13 * 3600));
        assert_eq!(confirms(&bench, NEW, &first).await.fault(), "ExpiredCodeException");
        resends(&bench, NEW).await;
        let second = bench.code_sent_to(NEW).await;
        if second != first {
            assert_eq!(confirms(&bench, NEW, &first).await.fault(), "CodeMismatchException", "only the newest counts");
        }
        bench.hand.pass(Duration::from_secs(24 * 3600 - 1));
        assert_eq!(confirms(&bench, NEW, &second).await.body, json!({}));
    }

    #[tokio::test]
    async fn the_fourth_mail_in_a_row_waits_and_says_how_long() {
        let bench = Bench::new().await;
        signs_up(&bench, NEW, PASSWORD).await;
        for name in [NEW, NEW, "nobody@example.test", "nobody@example.test", "nobody@example.test"] {
            assert_eq!(resends(&bench, name).await.fault(), "");
        }
        for name in [NEW, "nobody@example.test"] {
            let refused = resends(&bench, name).await;
            assert_eq!((refused.fault(), refused.status.as_u16()), ("LimitExceededException", 400));
            assert_eq!(refused.headers["retry-after"], "60");
        }
        assert_eq!(signs_up(&bench, NEW, PASSWORD).await.fault(), "LimitExceededException");
        bench.hand.pass(Duration::from_secs(60));
        assert_eq!(resends(&bench, NEW).await.fault(), "");
        assert!(bench.sent_to("nobody@example.test").await.is_empty());
    }

    #[tokio::test]
    async fn five_wrong_codes_make_the_next_wait_even_if_it_is_right() {
        let bench = Bench::new().await;
        signs_up(&bench, NEW, PASSWORD).await;
        let code = bench.code_sent_to(NEW).await;
        for _ in 0..5 {
            assert_eq!(confirms(&bench, NEW, &wrong(&code)).await.fault(), "CodeMismatchException");
        }
        let waits = confirms(&bench, NEW, &code).await;
        assert_eq!((waits.fault(), &waits.headers["retry-after"]), ("LimitExceededException", &"1".parse().unwrap()));
        bench.hand.pass(Duration::from_secs(1));
        assert_eq!(confirms(&bench, NEW, &code).await.body, json!({}));
    }

    #[tokio::test]
    async fn an_unfit_password_or_name_is_refused_with_what_to_do() {
        let bench = Bench::new().await;
        for (password, says) in [
            ("short", "7 to 256 characters"),
            ("with blanks in it", "must not contain blanks"),
            ("password1", "take several unrelated words"),
            ("bob+pi@example.test", "take several unrelated words"),
        ] {
            let reply = signs_up(&bench, NEW, password).await;
            assert_eq!(reply.fault(), "InvalidPasswordException", "{password}");
            assert!(reply.message().contains(says), "{}", reply.message());
        }
        for name in ["bob", "@example.test", "bob@", "b ob@example.test"] {
            assert_eq!(signs_up(&bench, name, PASSWORD).await.fault(), "InvalidParameterException", "{name}");
        }
        let other = |attribute: Value| json!({"ClientId": CLIENT, "Username": NEW, "Password": PASSWORD, "UserAttributes": [attribute]});
        let other_email = other(json!({"Name": "email", "Value": "eve@example.test"}));
        assert_eq!(bench.cognito("SignUp", &other_email).await.fault(), "InvalidParameterException");
        let verified = other(json!({"Name": "email_verified", "Value": "true"}));
        assert_eq!(bench.cognito("SignUp", &verified).await.fault(), "NotAuthorizedException");
        assert!(bench.cloud.outbox().await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_number_given_at_the_sign_up_counts_only_once_it_is_verified() {
        let bench = Bench::new().await;
        let body = json!({"ClientId": CLIENT, "Username": NEW, "Password": PASSWORD,
                          "UserAttributes": [{"Name": "phone_number", "Value": "+1 206 555 0100"}]});
        bench.cognito("SignUp", &body).await;
        confirms(&bench, NEW, &bench.code_sent_to(NEW).await).await;
        let token = signs_in(&bench, NEW, PASSWORD).await.body["AuthenticationResult"]["AccessToken"].take();
        let user = bench.cognito("GetUser", &json!({"AccessToken": token})).await.body["UserAttributes"].to_string();
        assert!(user.contains(r#"{"Name":"phone_number_verified","Value":"false"}"#), "{user}");
        assert!(user.contains("+12065550100"), "{user}");
        assert!(bench.sent_to("+12065550100").await.is_empty());
    }
}
