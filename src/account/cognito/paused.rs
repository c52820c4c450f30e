//! A question written down, so that a sign-in survives a restart: where, who, the pool's session, what is asked. Never a password,
//! never a token, never the secret of an authenticator: a question that needs one of these does not survive.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Pool;
use super::question::{Question, channel_named, wire_name};
use super::sign_in::Person;
use crate::account::provider::Asking;
use crate::account::{Ask, Channel};
use crate::base::Secret;
use crate::protocol::cognito::Confidential;

/// An older build may have written it: what came later has a default.
#[derive(Serialize, Deserialize)]
struct Paused {
    pool: Pool,
    email: String,
    user_id: String,
    session: Option<Confidential>,
    ask: PausedAsk,
    #[serde(default)]
    factors: Vec<String>,
    /// Seconds from the end of the code to that of the sign-in: the same whenever it is written.
    #[serde(default)]
    code_ends_before: Option<u64>,
}

#[derive(Serialize, Deserialize)]
enum PausedAsk {
    AuthenticatorCode,
    SmsCode { sent_to: String },
    EmailCode { sent_to: String },
    ChooseFactor { authenticator: bool, sms: bool, email: bool },
    NewPassword { required_attributes: Vec<String> },
    MailedCode,
    RecoveryCode,
}

/// `None` for what may not be kept.
pub(super) fn write_down(question: &Question) -> Option<Secret<String>> {
    let person = &question.person;
    let ends = person.deadline.zip(person.code_ends);
    let paused = Paused {
        pool: (*person.pool).clone(),
        email: person.email.clone(),
        user_id: person.user_id.clone(),
        session: question.session.as_ref().map(|session| session.expose().as_str().into()),
        ask: PausedAsk::of(&question.ask)?,
        factors: person.factors.iter().map(|factor| wire_name(*factor).to_owned()).collect(),
        code_ends_before: ends.map(|(sign_in, code)| sign_in.saturating_sub(code).as_secs()),
    };
    serde_json::to_string(&paused).ok().map(Secret::new)
}

/// The question again; the pool remembers it until `deadline`.
pub(in crate::account) fn take_up(written: &str, deadline: Option<Duration>) -> Option<Box<dyn Asking>> {
    let paused: Paused = serde_json::from_str(written).ok()?;
    let Paused { pool, email, user_id, session, ask, factors, code_ends_before } = paused;
    let code_ends = deadline.zip(code_ends_before).map(|(end, before)| end.saturating_sub(Duration::from_secs(before)));
    let factors = factors.iter().filter_map(|name| channel_named(name)).collect();
    let person = Person { factors, code_ends, ..Person::resumed(pool, email, user_id, deadline) };
    let session = session.map(|session| session.expose().into());
    Some(Box::new(Question { person, session, ask: ask.into() }))
}

impl PausedAsk {
    fn of(ask: &Ask) -> Option<Self> {
        Some(match ask {
            Ask::AuthenticatorCode => Self::AuthenticatorCode,
            Ask::SmsCode { sent_to } => Self::SmsCode { sent_to: sent_to.clone() },
            Ask::EmailCode { sent_to } => Self::EmailCode { sent_to: sent_to.clone() },
            Ask::ChooseFactor(offered) => Self::ChooseFactor {
                authenticator: offered.contains(&Channel::Authenticator),
                sms: offered.contains(&Channel::Sms),
                email: offered.contains(&Channel::Email),
            },
            Ask::NewPassword { required_attributes } => {
                Self::NewPassword { required_attributes: required_attributes.clone() }
            }
            Ask::MailedCode => Self::MailedCode,
            Ask::RecoveryCode => Self::RecoveryCode,
            Ask::EnrolAuthenticator { .. } | Ask::MakeRoomForKey(_) => return None,
        })
    }
}

impl From<PausedAsk> for Ask {
    fn from(paused: PausedAsk) -> Self {
        match paused {
            PausedAsk::AuthenticatorCode => Self::AuthenticatorCode,
            PausedAsk::SmsCode { sent_to } => Self::SmsCode { sent_to },
            PausedAsk::EmailCode { sent_to } => Self::EmailCode { sent_to },
            PausedAsk::ChooseFactor { authenticator, sms, email } => Self::ChooseFactor(
                [(Channel::Authenticator, authenticator), (Channel::Sms, sms), (Channel::Email, email)]
                    .into_iter()
                    .filter_map(|(channel, offered)| offered.then_some(channel))
                    .collect(),
            ),
            PausedAsk::NewPassword { required_attributes } => Self::NewPassword { required_attributes },
            PausedAsk::MailedCode => Self::MailedCode,
            PausedAsk::RecoveryCode => Self::RecoveryCode,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::bench::*;
    use super::*;

    #[test]
    fn every_question_that_may_be_kept_is_asked_again_as_it_was() {
        for (name, parameters) in [
            ("SOFTWARE_TOKEN_MFA", json!({})),
            ("SMS_MFA", json!({ "CODE_DELIVERY_DESTINATION": "+*******0100" })),
            ("EMAIL_OTP", json!({ "CODE_DELIVERY_DESTINATION": "a***@e***" })),
            ("SELECT_MFA_TYPE", json!({ "MFAS_CAN_CHOOSE": "[\"SMS_MFA\",\"SOFTWARE_TOKEN_MFA\"]" })),
            ("NEW_PASSWORD_REQUIRED", json!({ "requiredAttributes": "[\"userAttributes.name\"]" })),
            ("CUSTOM_CHALLENGE", json!({ "challengeType": "EMAIL_CODE" })),
            ("CUSTOM_CHALLENGE", json!({ "challengeType": "BACKUP_CODE" })),
        ] {
            let before = at_challenge(name, parameters);
            let written = before.write_down().unwrap();
            let after = take_up(written.expose(), Some(Duration::from_secs(100))).unwrap();
            assert_eq!((after.ask(), after.email()), (before.ask(), EMAIL), "{name}");
            assert_eq!(after.deadline(), Some(Duration::from_secs(100)));
            assert_eq!(after.can_recover(), before.can_recover());
        }
    }

    #[test]
    fn what_else_the_code_may_come_by_and_how_long_it_counts_is_kept() {
        let features = ["password-auth", "resend-text", "switch-factor"];
        let parameters = json!({
            "CODE_DELIVERY_DESTINATION": "+*******0100", "CODE_EXPIRES_IN": "80",
            "MFAS_CAN_CHOOSE": "[\"SOFTWARE_TOKEN_MFA\",\"SMS_MFA\"]",
        });
        let before = asked(after_password(&pool(&features), &challenge("SMS_MFA", "session-1", parameters)));
        let after = take_up(before.write_down().unwrap().expose(), Some(Duration::from_secs(150))).unwrap();
        assert_eq!((after.others(), after.can_send_again()), (vec![Channel::Authenticator], true));
        assert_eq!((before.code_ends(), after.code_ends()), (Some(at(80).monotonic), Some(at(50).monotonic)));
    }

    /// As the first build that kept sign-ins wrote them.
    #[test]
    fn a_sign_in_that_an_older_build_wrote_down_goes_on() {
        let pool = r#"{"endpoint":"https://idp.example.test/","client_id":"client1","name":"TestPool1","issuer":"example.test","password_auth":true,"bound_recovery":true}"#;
        let written = format!(
            r#"{{"pool":{pool},"email":"{EMAIL}","user_id":"{USER}","session":"session-1","ask":{{"SmsCode":{{"sent_to":"+*******0100"}}}}}}"#
        );
        let asking = take_up(&written, Some(Duration::from_secs(100))).unwrap();
        assert_eq!(asking.ask(), &Ask::SmsCode { sent_to: "+*******0100".to_owned() });
        assert!(!asking.can_send_again() && asking.others().is_empty() && asking.can_recover());
        let (_, message, waiting) = sent(asking.answer(code("123456")));
        assert_eq!(message["ChallengeResponses"], json!({ "USERNAME": USER, "SMS_MFA_CODE": "123456" }));
        tokens_of(waiting.on_reply(reply(200, &some_tokens()), at(3)));
    }

    #[test]
    fn an_answer_after_the_restart_goes_out_like_one_before_it() {
        let written = at_challenge("SOFTWARE_TOKEN_MFA", json!({})).write_down().unwrap();
        let after = take_up(written.expose(), Some(Duration::from_secs(100))).unwrap();
        let (operation, message, waiting) = sent(after.answer(code("123456")));
        assert_eq!((operation.as_str(), &message["Session"]), ("RespondToAuthChallenge", &json!("session-1")));
        let responses = json!({ "USERNAME": USER, "SOFTWARE_TOKEN_MFA_CODE": "123456" });
        assert_eq!(message["ChallengeResponses"], responses);
        tokens_of(waiting.on_reply(reply(200, &some_tokens()), at(3)));
    }

    #[test]
    fn neither_the_password_nor_an_authenticators_secret_is_written_down() {
        let written = at_challenge("SMS_MFA", json!({})).write_down().unwrap();
        assert!(!written.expose().contains("pass word"), "{}", written.expose());
        let can = json!({ "MFAS_CAN_SETUP": "[\"SOFTWARE_TOKEN_MFA\"]" });
        let waiting = sent(after_password(&pool(&["password-auth"]), &challenge("MFA_SETUP", "session-1", can))).2;
        let associated = json!({ "SecretCode": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "Session": "session-2" });
        assert!(asked(waiting.on_reply(reply(200, &associated), at(1))).write_down().is_none());
    }

    #[test]
    fn what_is_no_question_is_not_asked() {
        for text in ["", "{}", "null", "{\"ask\":\"Riddle\"}"] {
            assert!(take_up(text, None).is_none(), "{text}");
        }
    }
}
