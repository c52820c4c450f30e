//! What a program answers to the question of a sign-in, held against the question that stands.

use std::collections::BTreeMap;

use http::StatusCode;
use serde::Deserialize;

use super::answer::Refusal;
use super::new_token::NewToken;
use super::step;
use crate::account::{Answer, Ask};
use crate::base::Secret;
use crate::panel::screens::step::Step;
use crate::panel::screens::{Error, Move};
use crate::protocol::access_key::{AccessKey, KeyId};
use crate::protocol::recovery_code::RecoveryCode;

/// With one of the answers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Answering {
    pub(super) sign_in: String,
    code: Option<String>,
    factor: Option<String>,
    send_again: Option<bool>,
    recover: Option<bool>,
    mailed_code: Option<String>,
    recovery_code: Option<String>,
    new_password: Option<NewPassword>,
    replace_key: Option<String>,
    use_key: Option<KeyPair>,
    pub(super) token: Option<NewToken>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPassword {
    password: String,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

/// An access key as its file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyPair {
    id: String,
    secret: String,
}

/// One answer.
pub(super) enum Given {
    Code(String),
    Factor(String),
    SendAgain,
    Recover,
    MailedCode(String),
    RecoveryCode(String),
    NewPassword(NewPasswordGiven),
    ReplaceKey(String),
    UseKey(KeyPair),
}

pub(super) type NewPasswordGiven = (Secret<String>, Vec<(String, String)>);

/// By which names a step may be answered.
pub(super) fn answers(step: &Step) -> Vec<&'static str> {
    let to_the_question: &[&'static str] = match &step.ask {
        Ask::AuthenticatorCode | Ask::SmsCode { .. } | Ask::EmailCode { .. } | Ask::EnrolAuthenticator { .. } => {
            &["code"]
        }
        Ask::ChooseFactor(_) => &["factor"],
        Ask::NewPassword { .. } => &["new_password"],
        Ask::MailedCode => &["mailed_code"],
        Ask::RecoveryCode => &["recovery_code"],
        Ask::MakeRoomForKey(_) => &["replace_key", "use_key"],
    };
    let instead =
        [("factor", !step.others.is_empty()), ("send_again", step.can_send_again), ("recover", step.can_recover)];
    let instead = instead.into_iter().filter_map(|(name, is_possible)| is_possible.then_some(name));
    to_the_question.iter().copied().chain(instead).collect()
}

impl Answering {
    /// The answer in it; one that is `false` is none.
    pub(super) fn only(self) -> Result<Given, Refusal> {
        let new_password = |new: NewPassword| (Secret::new(new.password), new.attributes.into_iter().collect());
        let every = [
            self.code.map(Given::Code),
            self.factor.map(Given::Factor),
            self.send_again.filter(|yes| *yes).map(|_yes| Given::SendAgain),
            self.recover.filter(|yes| *yes).map(|_yes| Given::Recover),
            self.mailed_code.map(Given::MailedCode),
            self.recovery_code.map(Given::RecoveryCode),
            self.new_password.map(new_password).map(Given::NewPassword),
            self.replace_key.map(Given::ReplaceKey),
            self.use_key.map(Given::UseKey),
        ];
        let mut given = every.into_iter().flatten();
        match (given.next(), given.next()) {
            (Some(only), None) => Ok(only),
            (_, _) => Err(Error::Missing("Send one answer: one of those that the step names in 'answers'.").into()),
        }
    }
}

impl Given {
    /// The move that it is, where it fits the step.
    pub(super) fn at(self, step: &Step) -> Result<Move, Refusal> {
        let possible = answers(step);
        if !possible.contains(&self.name()) {
            let (at, possible) = (step::name(&step.ask), possible.join("' or '"));
            let message = format!("The sign-in is at the step '{at}', which takes '{possible}'.");
            return Err(Refusal::new(StatusCode::CONFLICT, "wrong_step", message));
        }
        Ok(Move::Answer(match self {
            Self::Recover => return Ok(Move::Recover),
            Self::SendAgain => return Ok(Move::SendAgain),
            Self::Code(code) => Answer::Code(Secret::new(code).expose().parse().map_err(Error::from)?),
            Self::Factor(word) => {
                let unknown = Error::Missing("Send one of the factors that the step named.");
                let offered = |channel: &_| step::factors(step).contains(channel);
                Answer::Factor(step::channel(&word).filter(offered).ok_or(unknown)?)
            }
            Self::MailedCode(code) => Answer::MailedCode(Secret::new(code)),
            Self::RecoveryCode(code) => {
                Answer::RecoveryCode(RecoveryCode::parse(Secret::new(code).expose()).map_err(Error::from)?)
            }
            Self::NewPassword((password, attributes)) => Answer::NewPassword { password, attributes },
            Self::ReplaceKey(id) => Answer::ReplaceKey(listed(&id, step)?),
            Self::UseKey(key) => Answer::UseKey(key.read()?),
        }))
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Code(_) => "code",
            Self::Factor(_) => "factor",
            Self::SendAgain => "send_again",
            Self::Recover => "recover",
            Self::MailedCode(_) => "mailed_code",
            Self::RecoveryCode(_) => "recovery_code",
            Self::NewPassword(_) => "new_password",
            Self::ReplaceKey(_) => "replace_key",
            Self::UseKey(_) => "use_key",
        }
    }
}

fn listed(id: &str, step: &Step) -> Result<KeyId, Refusal> {
    let key = KeyId::parse(id.trim()).map_err(Error::from)?;
    if let Ask::MakeRoomForKey(keys) = &step.ask
        && keys.iter().any(|one| one.key == key.as_str())
    {
        return Ok(key);
    }
    Err(Error::Missing("Send the id of one of the keys that the step named.").into())
}

impl KeyPair {
    pub(super) fn read(self) -> Result<AccessKey, Refusal> {
        let secret = Secret::new(self.secret);
        Ok(AccessKey::parse(self.id.trim(), secret.expose().trim()).map_err(Error::from)?)
    }
}
