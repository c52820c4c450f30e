//! Where a sign-in stands, for a program: what to answer next, or that it is done.

use serde::Serialize;

use super::given;
use super::new_token::MadeToken;
use crate::account::{Ask, Channel};
use crate::panel::screens::step::Step;
use crate::panel::screens::token::Token;
use crate::protocol::graphql::{ListedKey, Owner};
use crate::protocol::recovery_code::{RecoveryCode, RecoveryCodes};

#[derive(Serialize)]
pub(super) struct Told {
    step: &'static str,
    /// Names the sign-in in the next answer; absent when it is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    sign_in: Option<String>,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in: Option<u64>,
    /// By which members it may be answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    answers: Option<Vec<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sent_to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    factors: Option<Vec<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keys: Option<Vec<ListedAs>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authenticator: Option<Authenticator>,
    #[serde(skip_serializing_if = "Option::is_none")]
    required_attributes: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<Owner>,
    /// A device token, when one was asked for; shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    /// What it is called: another name where the wanted one was taken meanwhile.
    #[serde(skip_serializing_if = "Option::is_none")]
    token_name: Option<String>,
    /// Why none was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    token_problem: Option<String>,
    /// Of an app that was set up on the way; shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery_codes: Option<Vec<String>>,
}

#[derive(Serialize)]
struct ListedAs {
    id: String,
    enabled: bool,
    created: String,
    last_used: Option<String>,
}

/// To be enrolled.
#[derive(Serialize)]
struct Authenticator {
    secret: String,
    uri: String,
}

impl Told {
    fn at(step: &'static str) -> Self {
        Self {
            step,
            sign_in: None,
            expires_in: None,
            answers: None,
            sent_to: None,
            factors: None,
            keys: None,
            authenticator: None,
            required_attributes: None,
            owner: None,
            token: None,
            token_name: None,
            token_problem: None,
            recovery_codes: None,
        }
    }

    pub(super) fn signed_in(owner: Option<Owner>, token: Option<MadeToken>, codes: Option<RecoveryCodes>) -> Self {
        let (token, token_name, token_problem) = match token {
            Some(MadeToken::Made(token, name)) => (Some(token), Some(name), None),
            Some(MadeToken::Not(why)) => (None, None, Some(why)),
            None => (None, None, None),
        };
        let text = |code: RecoveryCode| code.expose().to_owned();
        let recovery_codes = codes.map(|codes| std::iter::once(codes.long).chain(codes.short).map(text).collect());
        Self { owner, token, token_name, token_problem, recovery_codes, ..Self::at("signed_in") }
    }

    pub(super) fn asking(sign_in: &Token, step: Step) -> Self {
        let (answers, factors) = (given::answers(&step), factors(&step));
        let at = Self {
            sign_in: Some(sign_in.text().expose().clone()),
            expires_in: step.time.left.map(|left| left.as_secs()),
            answers: Some(answers),
            factors: (!factors.is_empty()).then(|| factors.into_iter().map(word).collect()),
            ..Self::at(name(&step.ask))
        };
        match step.ask {
            Ask::AuthenticatorCode | Ask::ChooseFactor(_) | Ask::MailedCode | Ask::RecoveryCode => at,
            Ask::SmsCode { sent_to } | Ask::EmailCode { sent_to } => Self { sent_to: Some(sent_to), ..at },
            Ask::NewPassword { required_attributes } => Self { required_attributes: Some(required_attributes), ..at },
            Ask::EnrolAuthenticator { secret, uri } => {
                Self { authenticator: Some(Authenticator { secret, uri }), ..at }
            }
            Ask::MakeRoomForKey(keys) => Self { keys: Some(keys.into_iter().map(ListedAs::from).collect()), ..at },
        }
    }
}

/// What a step is called.
pub(super) fn name(ask: &Ask) -> &'static str {
    match ask {
        Ask::AuthenticatorCode => "authenticator_code",
        Ask::SmsCode { .. } => "text_message_code",
        Ask::EmailCode { .. } => "mail_code",
        Ask::ChooseFactor(_) => "choose_factor",
        Ask::NewPassword { .. } => "new_password",
        Ask::EnrolAuthenticator { .. } => "set_up_authenticator",
        Ask::MailedCode => "mailed_code",
        Ask::RecoveryCode => "recovery_code",
        Ask::MakeRoomForKey(_) => "make_room",
    }
}

/// Which may be chosen: to begin with, or in place of the one that is asked for.
pub(super) fn factors(step: &Step) -> Vec<Channel> {
    match &step.ask {
        Ask::ChooseFactor(offered) => offered.clone(),
        Ask::AuthenticatorCode
        | Ask::SmsCode { .. }
        | Ask::EmailCode { .. }
        | Ask::NewPassword { .. }
        | Ask::EnrolAuthenticator { .. }
        | Ask::MailedCode
        | Ask::RecoveryCode
        | Ask::MakeRoomForKey(_) => step.others.clone(),
    }
}

impl From<ListedKey> for ListedAs {
    fn from(key: ListedKey) -> Self {
        Self { id: key.key, enabled: key.enabled, created: key.created, last_used: key.last_used }
    }
}

fn word(channel: Channel) -> &'static str {
    match channel {
        Channel::Authenticator => "authenticator",
        Channel::Sms => "text_message",
        Channel::Email => "mail",
    }
}

pub(super) fn channel(word: &str) -> Option<Channel> {
    match word {
        "authenticator" => Some(Channel::Authenticator),
        "text_message" => Some(Channel::Sms),
        "mail" => Some(Channel::Email),
        _unknown => None,
    }
}
