//! Signing in: password, then whatever the pool challenges with (reference §1.3 to §1.5), until there are tokens.

use std::sync::Arc;
use std::time::Duration;

use super::faults::{self, During};
use super::question::Question;
use super::{Pool, SIGN_IN_LIFETIME, question, recovery, set_up, tokens};
use crate::account::provider::{Now, Outcome, Reply, Step, Waiting};
use crate::account::{Ask, Channel, Error};
use crate::base::Secret;
use crate::protocol::cognito::{AuthFlow, AuthReply, Parameters};
use crate::protocol::srp;

pub(super) fn begin(pool: Arc<Pool>, email: &str, password: Secret<String>, random: &Secret<[u8; 128]>) -> Outcome {
    let email = email.trim().to_owned();
    let username = Parameters::new().with("USERNAME", &email);
    let person = Person {
        user_id: email.clone(),
        email,
        lifetime: Some(SIGN_IN_LIFETIME),
        deadline: None,
        code_ends: None,
        factors: Vec::new(),
        pool,
    };
    if person.pool.password_auth {
        let request = person.pool.initiate(AuthFlow::UserPassword, username.with("PASSWORD", password.expose()));
        return Ok(Step::Send(request, Box::new(Following { person, session: None, during: During::Password })));
    }
    let exchange = srp::Client::start(random).map_err(|error| Error::ServiceFault(error.into()))?;
    let request = person.pool.initiate(AuthFlow::UserSrp, username.with("SRP_A", exchange.public_hex()));
    Ok(Step::Send(request, Box::new(Verifier { person, exchange, password })))
}

/// Reads what the pool wants after a right answer. Without a new session the old one stays (COG-10).
pub(super) fn follow(person: Person, session: Option<Secret<String>>, reply: AuthReply, now: Now) -> Outcome {
    if let Some(result) = reply.authentication_result {
        return Ok(Step::SignedIn(tokens(result, now)));
    }
    let person = person.challenged(&reply, now);
    let session = reply.session.map(Secret::new).or(session);
    let parameter = |name: &str| reply.challenge_parameters.get(name).cloned().unwrap_or_default();
    let ask = match reply.challenge_name.as_deref() {
        Some("SOFTWARE_TOKEN_MFA") => Ask::AuthenticatorCode,
        Some("SMS_MFA") => Ask::SmsCode { sent_to: parameter("CODE_DELIVERY_DESTINATION") },
        Some("EMAIL_OTP") => Ask::EmailCode { sent_to: parameter("CODE_DELIVERY_DESTINATION") },
        Some("SELECT_MFA_TYPE") => Ask::ChooseFactor(question::channels(&parameter("MFAS_CAN_CHOOSE"))?),
        Some("NEW_PASSWORD_REQUIRED") => {
            Ask::NewPassword { required_attributes: question::attributes(&parameter("requiredAttributes")) }
        }
        Some("CUSTOM_CHALLENGE") => recovery::ask(&parameter("challengeType"))?,
        Some("MFA_SETUP") => return set_up::associate(person, session, &parameter("MFAS_CAN_SETUP")),
        Some(unknown) => return Err(Error::UnsupportedChallenge(unknown.to_owned()).into()),
        None => return Err(faults::unreadable("neither tokens nor a challenge").into()),
    };
    Ok(Step::Ask(Box::new(Question { person, session, ask })))
}

/// Who signs in, and where.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) pool: Arc<Pool>,
    pub(super) email: String,
    /// USER_ID_FOR_SRP once the pool has told it (COG-04); before that, what was typed.
    pub(super) user_id: String,
    /// How long the service remembers, from its first challenge.
    pub(super) lifetime: Option<Duration>,
    pub(super) deadline: Option<Duration>,
    /// The code that was sent, where its time is known and another.
    pub(super) code_ends: Option<Duration>,
    /// Those that the service said can be chosen.
    pub(super) factors: Vec<Channel>,
}

impl Person {
    /// After a restart, with what the pool still remembers of the time. Without a deadline the pool has not said how long that is.
    pub(super) fn resumed(pool: Pool, email: String, user_id: String, deadline: Option<Duration>) -> Self {
        Self {
            pool: Arc::new(pool),
            email,
            user_id,
            lifetime: deadline.map(|_| SIGN_IN_LIFETIME),
            deadline,
            code_ends: None,
            factors: Vec::new(),
        }
    }

    pub(super) fn username(&self) -> Parameters {
        Parameters::new().with("USERNAME", &self.user_id)
    }

    /// Recovery is a sign-in of its own. A service that binds it gives it longer, but does not say how long.
    pub(super) fn recovering(self) -> Self {
        let lifetime = self.lifetime.filter(|_| !self.pool.bound_recovery);
        Self { lifetime, deadline: None, code_ends: None, ..self }
    }

    fn challenged(self, reply: &AuthReply, now: Now) -> Self {
        let told = reply.challenge_parameters.get("USER_ID_FOR_SRP").cloned();
        let code_lasts = reply.challenge_parameters.get("CODE_EXPIRES_IN").and_then(|seconds| seconds.parse().ok());
        let code_ends = code_lasts.map(|seconds| now.monotonic.saturating_add(Duration::from_secs(seconds)));
        let factors = reply.challenge_parameters.get("MFAS_CAN_CHOOSE").and_then(|json| question::channels(json).ok());
        Self {
            factors: factors.unwrap_or(self.factors),
            user_id: told.unwrap_or(self.user_id),
            deadline: self.deadline.or_else(|| Some(now.monotonic + self.lifetime?)),
            code_ends: code_ends.or(self.code_ends),
            ..self
        }
    }
}

/// The first half of SRP is out.
#[derive(Debug)]
struct Verifier {
    person: Person,
    exchange: srp::Client,
    password: Secret<String>,
}

impl Waiting for Verifier {
    fn on_reply(self: Box<Self>, reply: Result<Reply, Error>, now: Now) -> Outcome {
        let Self { mut person, exchange, password } = *self;
        let reply: AuthReply = faults::read(reply, During::Password)?;
        if reply.challenge_name.as_deref() != Some("PASSWORD_VERIFIER") {
            return follow(person, None, reply, now);
        }
        let parameter = |name: &str| reply.challenge_parameters.get(name).map(String::as_str).unwrap_or_default();
        person.user_id = parameter("USER_ID_FOR_SRP").to_owned();
        let challenge = srp::Challenge {
            pool_name: &person.pool.name,
            user_id: &person.user_id,
            salt_hex: parameter("SALT"),
            server_public_hex: parameter("SRP_B"),
            secret_block_base64: parameter("SECRET_BLOCK"),
        };
        let proof = exchange
            .prove(&challenge, &password, now.for_proof()?)
            .map_err(|unusable| Error::ServiceFault(unusable.into()))?;
        let responses = person
            .username()
            .with("PASSWORD_CLAIM_SECRET_BLOCK", challenge.secret_block_base64)
            .with("PASSWORD_CLAIM_SIGNATURE", proof.signature)
            .with("TIMESTAMP", proof.timestamp);
        let session = reply.session.map(Secret::new);
        let request = person.pool.respond("PASSWORD_VERIFIER", session.as_ref(), responses);
        Ok(Step::Send(request, Box::new(Following { person, session, during: During::Password })))
    }
}

/// Whatever the pool wants next is followed.
#[derive(Debug)]
pub(super) struct Following {
    pub(super) person: Person,
    pub(super) session: Option<Secret<String>>,
    pub(super) during: During,
}

impl Waiting for Following {
    fn on_reply(self: Box<Self>, reply: Result<Reply, Error>, now: Now) -> Outcome {
        follow(self.person, self.session, faults::read(reply, self.during)?, now)
    }
}

#[cfg(test)]
mod tests {
    use base64ct::{Base64, Encoding};
    use serde_json::json;

    use super::super::bench::*;
    use super::*;
    use crate::account::Channel;
    use crate::account::provider::Provider;

    #[test]
    fn the_password_is_proved_as_the_reference_vector_says() {
        use crate::protocol::srp::{Exchange, Verifier};
        let private = |tail: &str| {
            let tail = base16ct::lower::decode_vec(tail.as_bytes()).unwrap();
            let mut bytes = [0; 128];
            bytes[128 - tail.len()..].copy_from_slice(&tail);
            Secret::new(bytes)
        };
        let a = private("47ea62826f7f2d7e7460c8b099fb43715faedefab9a8d630a5e3a6a813f964a5");
        let b = private("398a81da3558b15e724c046e013428f0a21833c10e7c40b6d04eaf3530a95522");
        let password = Secret::from("Hunter2-hunter2!");
        let salt = 0x8f01_0203_0405_0607_0809_0a0b_0c0d_0e0f_u128.to_be_bytes();
        let secret_block = Base64::encode_string(&(0..=0x3f).collect::<Vec<u8>>());

        let (_, message, waiting) = sent(pool(&[]).begin(EMAIL, password.clone(), &a));
        assert_eq!(message["AuthFlow"], "USER_SRP_AUTH");
        let verifier = Verifier::new("TestPool1", USER, &password, salt);
        let srp_a = message["AuthParameters"]["SRP_A"].as_str().unwrap();
        let srp_b = Exchange::answer(&verifier, srp_a, &b).unwrap().public_hex;
        let parameters = json!({ "SALT": "8f0102030405060708090a0b0c0d0e0f", "SRP_B": srp_b, "SECRET_BLOCK": secret_block,
            "USERNAME": USER, "USER_ID_FOR_SRP": USER });
        let verify = json!({ "ChallengeName": "PASSWORD_VERIFIER", "ChallengeParameters": parameters });

        let (operation, message, _) = sent(waiting.on_reply(reply(200, &verify), at(0)));
        assert_eq!(
            (operation.as_str(), &message["ChallengeName"]),
            ("RespondToAuthChallenge", &json!("PASSWORD_VERIFIER"))
        );
        assert_eq!(
            message["ChallengeResponses"],
            json!({ "USERNAME": USER, "PASSWORD_CLAIM_SECRET_BLOCK": secret_block,
                "TIMESTAMP": "Tue Jan 2 03:04:05 UTC 2024",
                "PASSWORD_CLAIM_SIGNATURE": "q46R2kAJFgnxVFyKANY2Qr85oA2H6MdgbXBI2bWu3yU=" })
        );
    }

    #[test]
    fn a_verifier_that_is_garbage_is_a_fault_of_the_service() {
        for (salt, srp_b, block) in
            [("xyz", "1f", "AAAA"), ("1f", "", "AAAA"), ("1f", "1f", "%%%"), ("1f", "0", "AAAA")]
        {
            let begun = pool(&[]).begin(EMAIL, Secret::from("password"), &Secret::new([7; 128]));
            let parameters = json!({ "SALT": salt, "SRP_B": srp_b, "SECRET_BLOCK": block, "USER_ID_FOR_SRP": USER });
            let verify = json!({ "ChallengeName": "PASSWORD_VERIFIER", "ChallengeParameters": parameters });
            let refused = refused(sent(begun).2.on_reply(reply(200, &verify), at(0)));
            assert!(matches!(refused.error, Error::ServiceFault(_)), "{salt} {srp_b} {block}: {:?}", refused.error);
        }
    }

    #[test]
    fn a_clock_that_was_never_set_is_called_wrong_and_not_the_password() {
        let begun = pool(&[]).begin(EMAIL, Secret::from("password"), &Secret::new([7; 128]));
        let parameters = json!({ "SALT": "1f", "SRP_B": "1f", "SECRET_BLOCK": "AAAA", "USER_ID_FOR_SRP": USER });
        let verify = json!({ "ChallengeName": "PASSWORD_VERIFIER", "ChallengeParameters": parameters });
        let in_1970 = Now { service: std::time::SystemTime::UNIX_EPOCH, monotonic: Duration::ZERO };
        let refused = refused(sent(begun).2.on_reply(reply(200, &verify), in_1970));
        assert!(matches!(refused.error, Error::ClockWrong { ahead_seconds: ..-1_000_000 }), "{:?}", refused.error);
    }

    #[test]
    fn without_a_second_factor_the_password_is_enough() {
        let tokens = tokens_of(after_password(&pool(&["password-auth"]), &some_tokens()));
        assert_eq!(tokens.access.expose(), "access");
        assert_eq!(tokens.expires, Duration::from_secs(3600));
    }

    #[test]
    fn every_challenge_asks_the_person_what_it_should() {
        for (name, parameters, expected) in [
            ("SOFTWARE_TOKEN_MFA", json!({ "FRIENDLY_DEVICE_NAME": "phone" }), Ask::AuthenticatorCode),
            (
                "SMS_MFA",
                json!({ "CODE_DELIVERY_DELIVERY_MEDIUM": "SMS", "CODE_DELIVERY_DESTINATION": "+*******0100" }),
                Ask::SmsCode { sent_to: "+*******0100".to_owned() },
            ),
            (
                "EMAIL_OTP",
                json!({ "CODE_DELIVERY_DESTINATION": "a***@e***" }),
                Ask::EmailCode { sent_to: "a***@e***".to_owned() },
            ),
            (
                "SELECT_MFA_TYPE",
                json!({ "MFAS_CAN_CHOOSE": "[\"SMS_MFA\",\"SOFTWARE_TOKEN_MFA\",\"PIGEON\"]" }),
                Ask::ChooseFactor(vec![Channel::Authenticator, Channel::Sms]),
            ),
            (
                "NEW_PASSWORD_REQUIRED",
                json!({ "userAttributes": "{}", "requiredAttributes": "[\"userAttributes.name\"]" }),
                Ask::NewPassword { required_attributes: vec!["name".to_owned()] },
            ),
            ("CUSTOM_CHALLENGE", json!({ "challengeType": "EMAIL_CODE" }), Ask::MailedCode),
            ("CUSTOM_CHALLENGE", json!({ "challengeType": "BACKUP_CODE" }), Ask::RecoveryCode),
        ] {
            assert_eq!(at_challenge(name, parameters).ask(), &expected, "{name}");
        }
    }

    #[test]
    fn a_challenge_that_is_not_known_is_named() {
        for (name, parameters, named) in [
            ("WEB_AUTHN", json!({}), "WEB_AUTHN"),
            ("CUSTOM_CHALLENGE", json!({ "challengeType": "RIDDLE" }), "CUSTOM_CHALLENGE RIDDLE"),
            ("SELECT_MFA_TYPE", json!({ "MFAS_CAN_CHOOSE": "[\"PIGEON\"]" }), "SELECT_MFA_TYPE [\"PIGEON\"]"),
            ("MFA_SETUP", json!({ "MFAS_CAN_SETUP": "[\"SMS_MFA\"]" }), "MFA_SETUP [\"SMS_MFA\"]"),
        ] {
            let refused = refused(after_password(&pool(&["password-auth"]), &challenge(name, "s", parameters)));
            assert!(
                matches!(&refused.error, Error::UnsupportedChallenge(what) if what == named),
                "{:?}",
                refused.error
            );
            assert!(refused.again.is_none());
        }
    }
}
