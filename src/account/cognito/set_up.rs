//! MFA_SETUP: the pool demands a second factor before it signs in (reference §1.5); an authenticator app is enrolled.

use super::faults::{self, During};
use super::question::Question;
use super::sign_in::{Following, Person};
use crate::account::provider::{Now, Outcome, Reply, Step, Waiting};
use crate::account::{Ask, Error};
use crate::base::Secret;
use crate::protocol::code::Code;
use crate::protocol::cognito::{
    AssociateSoftwareToken, AssociatedSoftwareToken, Confidential, VerifiedSoftwareToken, VerifySoftwareToken,
};
use crate::protocol::totp::TotpSecret;

/// Asks the pool for a secret, when an authenticator is among what may be set up.
pub(super) fn associate(person: Person, session: Option<Secret<String>>, can_set_up: &str) -> Outcome {
    let offered: Vec<String> = serde_json::from_str(can_set_up).unwrap_or_default();
    if !offered.iter().any(|factor| factor == "SOFTWARE_TOKEN_MFA") {
        return Err(Error::UnsupportedChallenge(format!("MFA_SETUP {can_set_up}")).into());
    }
    let message = AssociateSoftwareToken { session: confidential(session.as_ref()), access_token: None };
    let request = person.pool.call("AssociateSoftwareToken", &message);
    Ok(Step::Send(request, Box::new(Associating { person, session })))
}

/// Shows the pool the first code of the new authenticator.
pub(super) fn verify(enrolment: Box<Question>, code: &Code) -> Step {
    let message = VerifySoftwareToken {
        access_token: None,
        session: confidential(enrolment.session.as_ref()),
        user_code: code.expose().into(),
        friendly_device_name: None,
    };
    let request = enrolment.person.pool.call("VerifySoftwareToken", &message);
    Step::Send(request, Box::new(Verifying(enrolment)))
}

/// The secret is asked for.
#[derive(Debug)]
struct Associating {
    person: Person,
    session: Option<Secret<String>>,
}

impl Waiting for Associating {
    fn on_reply(self: Box<Self>, reply: Result<Reply, Error>, _now: Now) -> Outcome {
        let Self { person, session } = *self;
        let associated: AssociatedSoftwareToken = faults::read(reply, During::Code)?;
        let secret = TotpSecret::parse(associated.secret_code.expose())
            .map_err(|unusable| Error::ServiceFault(unusable.into()))?;
        let uri = secret.otpauth_uri(&person.pool.issuer, &person.email);
        let ask = Ask::EnrolAuthenticator { secret: secret.text().expose().clone(), uri: uri.expose().clone() };
        let session = associated.session.map(kept).or(session);
        Ok(Step::Ask(Box::new(Question { person, session, ask })))
    }
}

/// The first code is out.
#[derive(Debug)]
struct Verifying(Box<Question>);

impl Waiting for Verifying {
    fn on_reply(self: Box<Self>, reply: Result<Reply, Error>, _now: Now) -> Outcome {
        let enrolment = self.0;
        match faults::read::<VerifiedSoftwareToken>(reply, During::Code) {
            Ok(verified) if verified.status == "SUCCESS" => {
                let Question { person, session, .. } = *enrolment;
                let session = verified.session.map(kept).or(session);
                let request = person.pool.respond("MFA_SETUP", session.as_ref(), person.username());
                Ok(Step::Send(request, Box::new(Following { person, session, during: During::Code })))
            }
            Ok(_) => Err(faults::refused(Error::WrongCode, enrolment)),
            Err(error) => Err(faults::refused(error, enrolment)),
        }
    }
}

fn confidential(session: Option<&Secret<String>>) -> Option<Confidential> {
    session.map(|session| session.expose().as_str().into())
}

fn kept(session: Confidential) -> Secret<String> {
    session.expose().into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::bench::*;
    use super::*;

    #[test]
    fn a_demanded_authenticator_is_enrolled_on_the_way_in() {
        let can = json!({ "MFAS_CAN_SETUP": "[\"SMS_MFA\",\"SOFTWARE_TOKEN_MFA\"]", "USER_ID_FOR_SRP": USER });
        let wanted = after_password(&pool(&["password-auth"]), &challenge("MFA_SETUP", "session-1", can));
        let (operation, message, waiting) = sent(wanted);
        assert_eq!((operation.as_str(), message), ("AssociateSoftwareToken", json!({ "Session": "session-1" })));
        let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        let associated = reply(200, &json!({ "SecretCode": secret, "Session": "session-2" }));
        let mut asking = asked(waiting.on_reply(associated, at(1)));
        let Ask::EnrolAuthenticator { secret: shown, uri } = asking.ask().clone() else { panic!("{asking:?}") };
        assert_eq!(shown, secret);
        assert!(uri.starts_with("otpauth://totp/") && uri.contains(secret), "{uri}");

        for wrong in ["EnableSoftwareTokenMFAException", "CodeMismatchException"] {
            let waiting = sent(asking.answer(code("000000"))).2;
            let refused = refused(waiting.on_reply(fault(wrong, "Code mismatch"), at(2)));
            assert!(matches!(refused.error, Error::WrongCode), "{wrong}: {:?}", refused.error);
            asking = refused.again.unwrap();
        }
        let (operation, message, waiting) = sent(asking.answer(code("123456")));
        assert_eq!(operation, "VerifySoftwareToken");
        assert_eq!(message, json!({ "Session": "session-2", "UserCode": "123456" }));
        let verified = reply(200, &json!({ "Status": "SUCCESS", "Session": "session-3" }));
        let (_, message, waiting) = sent(waiting.on_reply(verified, at(3)));
        assert_eq!((&message["ChallengeName"], &message["Session"]), (&json!("MFA_SETUP"), &json!("session-3")));
        assert_eq!(message["ChallengeResponses"], json!({ "USERNAME": USER }));
        tokens_of(waiting.on_reply(reply(200, &some_tokens()), at(4)));
    }
}
