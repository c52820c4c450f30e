//! What an answer does to the time that is left: of the sign-in, and of a code that was sent for it.

use super::sign_in::Person;
use crate::account::provider::Now;
use crate::account::{Answer, Ask, Channel};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Renewal {
    Nothing,
    /// The service waits anew, for as long as after the password.
    OfSignIn,
    /// The same; what is sent may be the code of before, which ends when it would have (SMS-05).
    OfSignInAlone,
}

impl Renewal {
    pub(super) fn by(asked: &Ask, answer: &Answer) -> Self {
        match (asked, answer) {
            (Ask::SmsCode { .. } | Ask::AuthenticatorCode, Answer::Factor(Channel::Authenticator)) => Self::OfSignIn,
            (Ask::SmsCode { .. } | Ask::AuthenticatorCode, Answer::SendAgain | Answer::Factor(_)) => {
                Self::OfSignInAlone
            }
            _goes_on => Self::Nothing,
        }
    }

    /// Once the service has taken the answer; what it tells by itself counts more.
    pub(super) fn of(self, person: Person, now: Now) -> Person {
        match self {
            Self::Nothing => Person { code_ends: None, ..person },
            Self::OfSignIn => Person { code_ends: None, deadline: None, ..person },
            Self::OfSignInAlone => {
                let earlier = [person.deadline, person.code_ends].into_iter().flatten().min();
                Person { deadline: None, code_ends: earlier.filter(|end| *end > now.monotonic), ..person }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::bench::*;
    use super::*;
    use crate::account::provider::Asking;

    /// A text asked for again at second 100.
    fn sent_again(parameters: Value) -> Box<dyn Asking> {
        let waiting = sent(at_offered_text().answer(Answer::SendAgain)).2;
        asked(waiting.on_reply(reply(200, &challenge("SMS_MFA", "session-1", parameters)), at(100)))
    }

    fn at_offered_text() -> Box<dyn Asking> {
        let pool = pool(&["password-auth", "resend-text"]);
        asked(after_password(&pool, &challenge("SMS_MFA", "session-1", json!({}))))
    }

    #[test]
    fn a_code_that_is_sent_again_ends_when_the_service_says_and_else_when_the_first_one_would_have() {
        let told = sent_again(json!({ "CODE_EXPIRES_IN": "80" }));
        assert_eq!((told.deadline(), told.code_ends()), (Some(at(280).monotonic), Some(at(180).monotonic)));
        let untold = sent_again(json!({}));
        assert_eq!((untold.deadline(), untold.code_ends()), (Some(at(280).monotonic), Some(at(180).monotonic)));
        let waiting = sent(untold.answer(Answer::SendAgain)).2;
        let after_its_end = asked(waiting.on_reply(reply(200, &challenge("SMS_MFA", "s", json!({}))), at(200)));
        assert_eq!(
            (after_its_end.deadline(), after_its_end.code_ends()),
            (Some(at(380).monotonic), None),
            "a new code"
        );
    }
}
