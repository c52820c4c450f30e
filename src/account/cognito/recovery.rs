//! "Can't access your two-factor device?": a mailed code, then the recovery code (reference §2.5). A repeated EMAIL_CODE
//! challenge says that the mailed code was wrong; the recovery code is not sent before the mailed one was right.

use super::faults::{self, During};
use super::question::Question;
use super::sign_in;
use crate::account::provider::{Now, Outcome, Reply, Step, Waiting};
use crate::account::{Ask, Error};
use crate::protocol::cognito::{AuthFlow, AuthReply, Parameters};

/// Out of a pending second factor; a service that binds recovery to it is shown the pending session.
pub(super) fn start(question: Box<Question>) -> Step {
    let person = &question.person;
    let username = Parameters::new().with("USERNAME", &person.email);
    let parameters = match &question.session {
        Some(session) if person.pool.bound_recovery => username.with("SESSION", session.expose()),
        _ => username,
    };
    let request = person.pool.initiate(AuthFlow::Custom, parameters);
    Step::Send(request, Box::new(Starting(question)))
}

/// What a CUSTOM_CHALLENGE asks for.
pub(super) fn ask(challenge_type: &str) -> Result<Ask, Error> {
    match challenge_type {
        EMAIL_CODE => Ok(Ask::MailedCode),
        BACKUP_CODE => Ok(Ask::RecoveryCode),
        unknown => Err(Error::UnsupportedChallenge(format!("CUSTOM_CHALLENGE {unknown}"))),
    }
}

/// A wrong code is answered with one more challenge, not with an error.
pub(super) fn wrong_code(asked: &Ask, reply: &AuthReply) -> Option<Error> {
    let custom = reply.challenge_name.as_deref() == Some("CUSTOM_CHALLENGE");
    let mail_again = reply.challenge_parameters.get("challengeType").is_some_and(|kind| kind == EMAIL_CODE);
    if *asked == Ask::MailedCode && custom && mail_again {
        Some(Error::WrongMailedCode)
    } else if *asked == Ask::RecoveryCode && custom {
        Some(Error::WrongRecoveryCode)
    } else {
        None
    }
}

const EMAIL_CODE: &str = "EMAIL_CODE";
const BACKUP_CODE: &str = "BACKUP_CODE";

/// The service is asked to mail a code; until it has, the second factor stays possible.
#[derive(Debug)]
struct Starting(Box<Question>);

impl Waiting for Starting {
    fn on_reply(self: Box<Self>, reply: Result<Reply, Error>, now: Now) -> Outcome {
        let question = self.0;
        match faults::read(reply, During::Code) {
            Ok(reply) => sign_in::follow(question.person.recovering(), None, reply, now),
            Err(error) => Err(faults::refused(error, question)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::bench::*;
    use super::*;
    use crate::account::Answer;
    use crate::account::provider::{Asking, Outcome};
    use crate::base::Secret;
    use crate::protocol::recovery_code::RecoveryCode;

    fn custom(kind: &str, session: &str) -> Value {
        challenge("CUSTOM_CHALLENGE", session, json!({ "challengeType": kind }))
    }

    fn at_unbound_code() -> Box<dyn Asking> {
        asked(after_password(&pool(&["password-auth"]), &challenge("SMS_MFA", "session-1", json!({}))))
    }

    /// A recovery whose mail was sent at second 60.
    fn at_mailed_code() -> Box<dyn Asking> {
        let waiting = sent(at_challenge("SOFTWARE_TOKEN_MFA", json!({})).recover()).2;
        asked(waiting.on_reply(reply(200, &custom("EMAIL_CODE", "recovery-1")), at(60)))
    }

    fn mailed(asking: Box<dyn Asking>, next: &Value) -> Outcome {
        let (_, message, waiting) = sent(asking.answer(Answer::MailedCode(Secret::from("654321"))));
        assert_eq!(message["ChallengeResponses"], json!({ "USERNAME": USER, "ANSWER": "654321" }));
        waiting.on_reply(reply(200, next), at(70))
    }

    fn recovery_code() -> Answer {
        Answer::RecoveryCode(RecoveryCode::parse(RECOVERY_CODE).unwrap())
    }

    #[test]
    fn mailed_code_and_recovery_code_sign_in() {
        let asking = asked(mailed(at_mailed_code(), &custom("BACKUP_CODE", "recovery-2")));
        assert_eq!(asking.ask(), &Ask::RecoveryCode);
        let (_, message, waiting) = sent(asking.answer(recovery_code()));
        assert_eq!(message["Session"], "recovery-2");
        assert_eq!(message["ChallengeResponses"], json!({ "USERNAME": USER, "ANSWER": RECOVERY_CODE }));
        tokens_of(waiting.on_reply(reply(200, &some_tokens()), at(80)));
    }

    #[test]
    fn a_wrong_mailed_code_is_asked_again_and_the_recovery_code_is_not_sent() {
        let refused = refused(mailed(at_mailed_code(), &custom("EMAIL_CODE", "recovery-2")));
        assert!(matches!(refused.error, Error::WrongMailedCode), "{:?}", refused.error);
        let again = refused.again.unwrap();
        assert_eq!(again.ask(), &Ask::MailedCode);
        assert_eq!(sent(again.answer(Answer::MailedCode(Secret::from("1")))).1["Session"], "recovery-2");
    }

    #[test]
    fn a_wrong_recovery_code_can_be_typed_again() {
        let asking = asked(mailed(at_mailed_code(), &custom("BACKUP_CODE", "recovery-2")));
        let waiting = sent(asking.answer(recovery_code())).2;
        let refused = refused(waiting.on_reply(reply(200, &custom("BACKUP_CODE", "recovery-3")), at(80)));
        assert!(matches!(refused.error, Error::WrongRecoveryCode), "{:?}", refused.error);
        assert_eq!(sent(refused.again.unwrap().answer(recovery_code())).1["Session"], "recovery-3");
    }

    #[test]
    fn recovery_starts_with_the_pending_session_where_the_service_binds_the_two() {
        let (operation, message, _) = sent(at_challenge("SMS_MFA", json!({})).recover());
        assert_eq!((operation.as_str(), &message["AuthFlow"]), ("InitiateAuth", &json!("CUSTOM_AUTH")));
        assert_eq!(message["AuthParameters"], json!({ "USERNAME": EMAIL, "SESSION": "session-1" }));
        assert_eq!(sent(at_unbound_code().recover()).1["AuthParameters"], json!({ "USERNAME": EMAIL }));
    }

    #[test]
    fn a_recovery_that_cannot_start_leaves_the_second_factor_possible() {
        for reply in [unreachable(), fault("CodeDeliveryFailureException", "no mail today")] {
            let waiting = sent(at_challenge("SMS_MFA", json!({})).recover()).2;
            let again = refused(waiting.on_reply(reply, at(60))).again.unwrap();
            assert_eq!(again.ask(), &Ask::SmsCode { sent_to: String::new() });
        }
    }

    #[test]
    fn the_mailed_code_has_its_own_three_minutes_or_what_the_service_gives() {
        assert_eq!(at_mailed_code().deadline(), None);
        let waiting = sent(at_unbound_code().recover()).2;
        let unbound = asked(waiting.on_reply(reply(200, &custom("EMAIL_CODE", "recovery-1")), at(60)));
        assert_eq!(unbound.deadline(), Some(at(240).monotonic));
    }

    #[test]
    fn recovery_is_offered_for_a_second_factor_and_not_inside_recovery() {
        assert!(at_challenge("SOFTWARE_TOKEN_MFA", json!({})).can_recover());
        assert!(!at_challenge("NEW_PASSWORD_REQUIRED", json!({})).can_recover());
        let recovering = at_mailed_code();
        assert!(!recovering.can_recover());
        assert_eq!(refused(recovering.recover()).again.unwrap().ask(), &Ask::MailedCode);
    }
}
