//! A challenge that the person answers, and what becomes of the answer.

use std::time::Duration;

use super::faults::{self, During};
use super::renewal::Renewal;
use super::sign_in::{self, Person};
use super::{paused, recovery, set_up};
use crate::account::provider::{Asking, Now, Outcome, Refused, Reply, Request, Step, Waiting};
use crate::account::{Answer, Ask, Channel, Error};
use crate::base::Secret;
use crate::protocol::cognito::Parameters;

#[derive(Debug)]
pub(super) struct Question {
    pub(super) person: Person,
    pub(super) session: Option<Secret<String>>,
    pub(super) ask: Ask,
}

impl Asking for Question {
    fn ask(&self) -> &Ask {
        &self.ask
    }

    fn email(&self) -> &str {
        &self.person.email
    }

    fn deadline(&self) -> Option<Duration> {
        self.person.deadline
    }

    fn code_ends(&self) -> Option<Duration> {
        self.person.code_ends
    }

    fn can_recover(&self) -> bool {
        During::of(&self.ask) == During::Code && !matches!(self.ask, Ask::EnrolAuthenticator { .. })
    }

    fn can_send_again(&self) -> bool {
        self.person.pool.resend_text && matches!(self.ask, Ask::SmsCode { .. })
    }

    fn others(&self) -> Vec<Channel> {
        let Some(asked) = asked_channel(&self.ask).filter(|_| self.person.pool.switch_factor) else {
            return Vec::new();
        };
        self.person.factors.iter().copied().filter(|channel| *channel != asked).collect()
    }

    fn answer(self: Box<Self>, answer: Answer) -> Outcome {
        if let (Ask::EnrolAuthenticator { .. }, Answer::Code(code)) = (&self.ask, &answer) {
            return Ok(set_up::verify(self, code));
        }
        match self.response(&answer) {
            Some(request) => {
                let renewal = Renewal::by(&self.ask, &answer);
                Ok(Step::Send(request, Box::new(Answered { question: self, renewal })))
            }
            None => Err(Refused { error: Error::OutOfTurn, again: Some(self) }),
        }
    }

    fn recover(self: Box<Self>) -> Outcome {
        if self.can_recover() {
            Ok(recovery::start(self))
        } else {
            Err(Refused { error: Error::OutOfTurn, again: Some(self) })
        }
    }

    fn write_down(&self) -> Option<Secret<String>> {
        paused::write_down(self)
    }
}

impl Question {
    /// The message for an answer that fits the question.
    fn response(&self, answer: &Answer) -> Option<Request> {
        let username = self.person.username();
        let (challenge, responses) = match (&self.ask, answer) {
            (Ask::AuthenticatorCode, Answer::Code(code)) => {
                ("SOFTWARE_TOKEN_MFA", username.with("SOFTWARE_TOKEN_MFA_CODE", code.expose()))
            }
            (Ask::SmsCode { .. }, Answer::Code(code)) => ("SMS_MFA", username.with("SMS_MFA_CODE", code.expose())),
            (Ask::EmailCode { .. }, Answer::Code(code)) => {
                ("EMAIL_OTP", username.with("EMAIL_OTP_CODE", code.expose()))
            }
            (Ask::ChooseFactor(offered), Answer::Factor(channel)) if offered.contains(channel) => {
                ("SELECT_MFA_TYPE", username.with("ANSWER", wire_name(*channel)))
            }
            (_, Answer::Factor(channel)) if self.others().contains(channel) => {
                ("SELECT_MFA_TYPE", username.with("ANSWER", wire_name(*channel)))
            }
            (Ask::SmsCode { .. }, Answer::SendAgain) if self.can_send_again() => {
                ("SMS_MFA", username.with("RESEND", "true"))
            }
            (Ask::NewPassword { .. }, Answer::NewPassword { password, attributes }) => {
                let responses = username.with("NEW_PASSWORD", password.expose());
                let with_attribute = |responses: Parameters, (name, value): &(String, String)| {
                    responses.with(&format!("{ATTRIBUTE_PREFIX}{name}"), value)
                };
                ("NEW_PASSWORD_REQUIRED", attributes.iter().fold(responses, with_attribute))
            }
            (Ask::MailedCode, Answer::MailedCode(code)) => {
                ("CUSTOM_CHALLENGE", username.with("ANSWER", code.expose().trim()))
            }
            (Ask::RecoveryCode, Answer::RecoveryCode(code)) => {
                ("CUSTOM_CHALLENGE", username.with("ANSWER", code.expose()))
            }
            _ => return None,
        };
        Some(self.person.pool.respond(challenge, self.session.as_ref(), responses))
    }
}

/// An answer is out; the question is kept, because a wrong answer does not use up the session (COG-10).
#[derive(Debug)]
struct Answered {
    question: Box<Question>,
    renewal: Renewal,
}

impl Waiting for Answered {
    fn on_reply(self: Box<Self>, reply: Result<Reply, Error>, now: Now) -> Outcome {
        let Self { question, renewal } = *self;
        let reply = match faults::read(reply, During::of(&question.ask)) {
            Ok(reply) => reply,
            Err(error) => return Err(faults::refused(error, question)),
        };
        let wrong = recovery::wrong_code(&question.ask, &reply);
        let person = if wrong.is_some() { question.person } else { renewal.of(question.person, now) };
        match (wrong, sign_in::follow(person, question.session, reply, now)?) {
            (Some(error), Step::Ask(again)) => Err(Refused { error, again: Some(again) }),
            (_, step) => Ok(step),
        }
    }
}

/// In the order in which they are offered.
const CHANNELS: [Channel; 3] = [Channel::Authenticator, Channel::Sms, Channel::Email];
const ATTRIBUTE_PREFIX: &str = "userAttributes.";

/// The names in `requiredAttributes`, as a person would read them.
pub(super) fn attributes(json: &str) -> Vec<String> {
    let names: Vec<String> = serde_json::from_str(json).unwrap_or_default();
    names.iter().map(|name| name.strip_prefix(ATTRIBUTE_PREFIX).unwrap_or(name).to_owned()).collect()
}

/// The factors in `MFAS_CAN_CHOOSE` that Latchkey knows.
pub(super) fn channels(json: &str) -> Result<Vec<Channel>, Error> {
    let names: Vec<String> = serde_json::from_str(json).unwrap_or_default();
    let offered = |channel: &Channel| names.iter().any(|name| name == wire_name(*channel));
    let known: Vec<Channel> = CHANNELS.into_iter().filter(offered).collect();
    if known.is_empty() { Err(Error::UnsupportedChallenge(format!("SELECT_MFA_TYPE {json}"))) } else { Ok(known) }
}

fn asked_channel(ask: &Ask) -> Option<Channel> {
    match ask {
        Ask::AuthenticatorCode => Some(Channel::Authenticator),
        Ask::SmsCode { .. } => Some(Channel::Sms),
        Ask::EmailCode { .. } => Some(Channel::Email),
        Ask::ChooseFactor(_)
        | Ask::NewPassword { .. }
        | Ask::EnrolAuthenticator { .. }
        | Ask::MailedCode
        | Ask::RecoveryCode
        | Ask::MakeRoomForKey(_) => None,
    }
}

/// The factor that Cognito, and the auth API beside it, call so.
pub(in crate::account) fn channel_named(name: &str) -> Option<Channel> {
    CHANNELS.into_iter().find(|channel| wire_name(*channel) == name)
}

pub(super) fn wire_name(channel: Channel) -> &'static str {
    match channel {
        Channel::Authenticator => "SOFTWARE_TOKEN_MFA",
        Channel::Sms => "SMS_MFA",
        Channel::Email => "EMAIL_OTP",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::bench::*;
    use super::*;
    use crate::protocol::recovery_code::RecoveryCode;

    #[test]
    fn every_answer_goes_out_under_the_name_that_the_pool_expects() {
        let new_password = Answer::NewPassword {
            password: Secret::from("new secret 12! "),
            attributes: vec![("name".to_owned(), "Ann".to_owned())],
        };
        let recovery_code = Answer::RecoveryCode(RecoveryCode::parse(RECOVERY_CODE).unwrap());
        let choices = json!({ "MFAS_CAN_CHOOSE": "[\"SMS_MFA\",\"EMAIL_OTP\"]" });
        let custom = |kind: &str| json!({ "challengeType": kind });
        for (name, parameters, answer, responses) in [
            ("SOFTWARE_TOKEN_MFA", json!({}), code("123456"), json!({ "SOFTWARE_TOKEN_MFA_CODE": "123456" })),
            ("SMS_MFA", json!({}), code("123456"), json!({ "SMS_MFA_CODE": "123456" })),
            ("EMAIL_OTP", json!({}), code("123456"), json!({ "EMAIL_OTP_CODE": "123456" })),
            ("SELECT_MFA_TYPE", choices, Answer::Factor(Channel::Email), json!({ "ANSWER": "EMAIL_OTP" })),
            (
                "NEW_PASSWORD_REQUIRED",
                json!({}),
                new_password,
                json!({ "NEW_PASSWORD": "new secret 12! ", "userAttributes.name": "Ann" }),
            ),
            (
                "CUSTOM_CHALLENGE",
                custom("EMAIL_CODE"),
                Answer::MailedCode(Secret::from(" 654321\n")),
                json!({ "ANSWER": "654321" }),
            ),
            ("CUSTOM_CHALLENGE", custom("BACKUP_CODE"), recovery_code, json!({ "ANSWER": RECOVERY_CODE })),
        ] {
            let (operation, message, _) = sent(at_challenge(name, parameters).answer(answer));
            let mut expected = responses;
            expected["USERNAME"] = json!(USER);
            assert_eq!((operation.as_str(), &message["ChallengeName"]), ("RespondToAuthChallenge", &json!(name)));
            assert_eq!((&message["Session"], &message["ClientId"]), (&json!("session-1"), &json!("client1")));
            assert_eq!(message["ChallengeResponses"], expected, "{name}");
        }
    }

    #[test]
    fn an_answer_to_another_question_harms_nothing() {
        let out_of_turn = [
            ("SOFTWARE_TOKEN_MFA", json!({}), Answer::MailedCode(Secret::from("123456"))),
            ("SELECT_MFA_TYPE", json!({ "MFAS_CAN_CHOOSE": "[\"SMS_MFA\"]" }), Answer::Factor(Channel::Email)),
            ("CUSTOM_CHALLENGE", json!({ "challengeType": "EMAIL_CODE" }), code("123456")),
        ];
        for (name, parameters, answer) in out_of_turn {
            let asking = at_challenge(name, parameters);
            let ask = asking.ask().clone();
            let refused = refused(asking.answer(answer));
            assert!(matches!(refused.error, Error::OutOfTurn));
            assert_eq!(refused.again.unwrap().ask(), &ask);
        }
    }

    #[test]
    fn wrong_wrong_right_signs_in_with_the_same_session() {
        let mut asking = at_challenge("SOFTWARE_TOKEN_MFA", json!({}));
        for _ in 0..2 {
            let (_, message, waiting) = sent(asking.answer(code("000000")));
            assert_eq!(message["Session"], "session-1");
            let wrong = fault("CodeMismatchException", "Invalid code received for user");
            let refused = refused(waiting.on_reply(wrong, at(10)));
            assert!(matches!(refused.error, Error::WrongCode), "{:?}", refused.error);
            asking = refused.again.unwrap();
        }
        let (_, message, waiting) = sent(asking.answer(code("123456")));
        assert_eq!(message["Session"], "session-1");
        tokens_of(waiting.on_reply(reply(200, &some_tokens()), at(20)));
    }

    #[test]
    fn a_new_session_replaces_the_old_one_and_a_missing_one_does_not() {
        let choose = at_challenge("SELECT_MFA_TYPE", json!({ "MFAS_CAN_CHOOSE": "[\"SMS_MFA\"]" }));
        let sms = |session: Value| json!({ "ChallengeName": "SMS_MFA", "Session": session, "ChallengeParameters": {} });
        let (_, _, waiting) = sent(choose.answer(Answer::Factor(Channel::Sms)));
        let asking = asked(waiting.on_reply(reply(200, &sms(json!("session-2"))), at(1)));
        let (_, message, waiting) = sent(asking.answer(code("123456")));
        assert_eq!(message["Session"], "session-2");
        let asking = asked(waiting.on_reply(reply(200, &sms(Value::Null)), at(2)));
        assert_eq!(sent(asking.answer(code("123456"))).1["Session"], "session-2");
    }

    #[test]
    fn a_code_that_gets_no_answer_can_be_tried_again() {
        let waiting = sent(at_challenge("SMS_MFA", json!({})).answer(code("123456"))).2;
        let refused = refused(waiting.on_reply(unreachable(), at(10)));
        assert!(matches!(refused.error, Error::Unreachable(_)));
        assert_eq!(sent(refused.again.unwrap().answer(code("123456"))).1["Session"], "session-1");
    }

    #[test]
    fn three_minutes_after_the_password_the_sign_in_is_over_whatever_the_wall_clock_does() {
        for (second, left) in [(0, 180), (175, 5), (179, 1), (180, 0), (185, 0)] {
            let asking = at_challenge("SMS_MFA", json!({}));
            let deadline = asking.deadline().unwrap();
            assert_eq!(deadline.saturating_sub(Duration::from_secs(second)), Duration::from_secs(left));
        }
        let waiting = sent(at_challenge("SMS_MFA", json!({})).answer(code("123456"))).2;
        let over = fault("NotAuthorizedException", "Invalid session for the user, session is expired.");
        let refused = refused(waiting.on_reply(over, at(185)));
        assert!(matches!(refused.error, Error::SignInExpired));
        assert!(refused.again.is_none());
    }

    #[test]
    fn a_retry_does_not_prolong_the_sign_in() {
        let waiting = sent(at_challenge("SMS_MFA", json!({})).answer(code("123456"))).2;
        let again = refused(waiting.on_reply(fault("CodeMismatchException", ""), at(100))).again.unwrap();
        assert_eq!(again.deadline(), Some(Duration::from_secs(180)));
    }

    #[test]
    fn an_expired_code_is_told_from_a_wrong_one() {
        let waiting = sent(at_challenge("SMS_MFA", json!({})).answer(code("123456"))).2;
        let late = fault("ExpiredCodeException", "Invalid code provided, please request a code again.");
        assert!(matches!(refused(waiting.on_reply(late, at(100))).error, Error::CodeExpired));
    }

    #[test]
    fn a_password_against_the_policy_can_be_replaced_by_a_better_one() {
        let better = || Answer::NewPassword { password: Secret::from("x"), attributes: Vec::new() };
        let waiting = sent(at_challenge("NEW_PASSWORD_REQUIRED", json!({})).answer(better())).2;
        let refused = refused(waiting.on_reply(fault("InvalidPasswordException", "Password not long enough"), at(1)));
        assert!(matches!(&refused.error, Error::PasswordPolicy(why) if why == "Password not long enough"));
        tokens_of(sent(refused.again.unwrap().answer(better())).2.on_reply(reply(200, &some_tokens()), at(2)));
    }
}
