//! MFA_SETUP: the pool demands a second factor before it signs in (reference §1.5); an authenticator app is enrolled.

use serde::{Deserialize, Serialize};

use super::faults::{self, During};
use super::question::Question;
use super::sign_in::{Following, Person};
use crate::account::provider::{Now, Outcome, Reply, Step, Waiting};
use crate::account::{Ask, Error};
use crate::base::Secret;
use crate::protocol::code::Code;
use crate::protocol::totp::TotpSecret;

/// Asks the pool for a secret, when an authenticator is among what may be set up.
pub(super) fn associate(person: Person, session: Option<Secret<String>>, can_set_up: &str) -> Outcome {
    let offered: Vec<String> = serde_json::from_str(can_set_up).unwrap_or_default();
    if !offered.iter().any(|factor| factor == "SOFTWARE_TOKEN_MFA") {
        return Err(Error::UnsupportedChallenge(format!("MFA_SETUP {can_set_up}")).into());
    }
    let request = person.pool.call("AssociateSoftwareToken", &Associate { session: exposed(session.as_ref()) });
    Ok(Step::Send(request, Box::new(Associating { person, session })))
}

/// Shows the pool the first code of the new authenticator.
pub(super) fn verify(enrolment: Box<Question>, code: &Code) -> Step {
    let message = Verify { session: exposed(enrolment.session.as_ref()), user_code: code.expose() };
    let request = enrolment.person.pool.call("VerifySoftwareToken", &message);
    Step::Send(request, Box::new(Verifying(enrolment)))
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Associate<'a> {
    session: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Associated {
    secret_code: String,
    session: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Verify<'a> {
    session: &'a str,
    user_code: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Verified {
    status: String,
    session: Option<String>,
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
        let associated: Associated = faults::read(reply, During::Code)?;
        let secret =
            TotpSecret::parse(&associated.secret_code).map_err(|unusable| Error::ServiceFault(unusable.into()))?;
        let uri = secret.otpauth_uri(&person.pool.issuer, &person.email);
        let ask = Ask::EnrolAuthenticator { secret: secret.text().expose().clone(), uri: uri.expose().clone() };
        let session = associated.session.map(Secret::new).or(session);
        Ok(Step::Ask(Box::new(Question { person, session, ask })))
    }
}

/// The first code is out.
#[derive(Debug)]
struct Verifying(Box<Question>);

impl Waiting for Verifying {
    fn on_reply(self: Box<Self>, reply: Result<Reply, Error>, _now: Now) -> Outcome {
        let enrolment = self.0;
        match faults::read::<Verified>(reply, During::Code) {
            Ok(verified) if verified.status == "SUCCESS" => {
                let Question { person, session, .. } = *enrolment;
                let session = verified.session.map(Secret::new).or(session);
                let request = person.pool.respond("MFA_SETUP", session.as_ref(), person.username());
                Ok(Step::Send(request, Box::new(Following { person, session, during: During::Code })))
            }
            Ok(_) => Err(faults::refused(Error::WrongCode, enrolment)),
            Err(error) => Err(faults::refused(error, enrolment)),
        }
    }
}

fn exposed(session: Option<&Secret<String>>) -> &str {
    session.map(|session| session.expose().as_str()).unwrap_or_default()
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
