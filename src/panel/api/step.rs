//! Where a sign-in stands, for a program: what to answer next, or that it is done.

use serde::Serialize;

use crate::account::{Ask, Channel};
use crate::panel::screens::step::Step;
use crate::panel::screens::token::Token;
use crate::protocol::graphql::{ListedKey, Owner};

#[derive(Serialize)]
pub(super) struct Told {
    step: &'static str,
    /// Names the sign-in in the next answer; absent when it is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    sign_in: Option<String>,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in: Option<u64>,
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
            sent_to: None,
            factors: None,
            keys: None,
            authenticator: None,
            required_attributes: None,
            owner: None,
            token: None,
        }
    }

    pub(super) fn signed_in(owner: Option<Owner>, token: Option<String>) -> Self {
        Self { owner, token, ..Self::at("signed_in") }
    }

    pub(super) fn asking(sign_in: &Token, step: Step) -> Self {
        let asked = match step.ask {
            Ask::AuthenticatorCode => Self::at("authenticator_code"),
            Ask::SmsCode { sent_to } => Self { sent_to: Some(sent_to), ..Self::at("text_message_code") },
            Ask::EmailCode { sent_to } => Self { sent_to: Some(sent_to), ..Self::at("mail_code") },
            Ask::ChooseFactor(channels) => {
                Self { factors: Some(channels.into_iter().map(word).collect()), ..Self::at("choose_factor") }
            }
            Ask::NewPassword { required_attributes } => {
                Self { required_attributes: Some(required_attributes), ..Self::at("new_password") }
            }
            Ask::EnrolAuthenticator { secret, uri } => {
                Self { authenticator: Some(Authenticator { secret, uri }), ..Self::at("set_up_authenticator") }
            }
            Ask::MailedCode => Self::at("mailed_code"),
            Ask::RecoveryCode => Self::at("recovery_code"),
            Ask::MakeRoomForKey(keys) => {
                Self { keys: Some(keys.into_iter().map(ListedAs::from).collect()), ..Self::at("make_room") }
            }
        };
        let expires_in = step.left.map(|left| left.as_secs());
        Self { sign_in: Some(sign_in.text().expose().clone()), expires_in, ..asked }
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
