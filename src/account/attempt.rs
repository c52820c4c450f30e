//! One sign-in under way, held by whoever asks the person (a panel visitor, the CLI).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;

use super::Error;
use super::enrol::Enrolment;
use super::provider::{Asking, Tokens};
use crate::base::Secret;
use crate::protocol::access_key::{AccessKey, KeyId};
use crate::protocol::code::Code;
use crate::protocol::graphql::{ListedKey, Owner};
use crate::protocol::recovery_code::RecoveryCode;

/// A pending sign-in: the state machine in its present state. Consumed by every answer.
#[derive(Debug)]
pub struct Attempt(pub(super) Pending);

/// Before and after the service knows who it is.
#[derive(Debug)]
pub(super) enum Pending {
    SignIn(Box<dyn Asking>),
    Enrolment(Box<Enrolment>),
}

impl Attempt {
    /// What the person must now be asked.
    pub fn ask(&self) -> Ask {
        match &self.0 {
            Pending::SignIn(asking) => asking.ask().clone(),
            Pending::Enrolment(enrolment) => Ask::MakeRoomForKey(enrolment.listed.clone()),
        }
    }

    /// As typed, for the page.
    pub fn email(&self) -> &str {
        match &self.0 {
            Pending::SignIn(asking) => asking.email(),
            Pending::Enrolment(enrolment) => &enrolment.owner.email,
        }
    }

    /// Until the service forgets this sign-in (3 minutes from the password), by monotonic time; `None` where nothing expires.
    pub fn expires_in(&self, monotonic: Duration) -> Option<Duration> {
        match &self.0 {
            Pending::SignIn(asking) => Some(asking.deadline()?.saturating_sub(monotonic)),
            Pending::Enrolment(_) => None,
        }
    }

    /// How long the code that was sent counts yet, where the service tells that it has an end of its own: one that is sent once
    /// more keeps its first.
    pub fn code_expires_in(&self, monotonic: Duration) -> Option<Duration> {
        match &self.0 {
            Pending::SignIn(asking) => Some(asking.code_ends()?.saturating_sub(monotonic)),
            Pending::Enrolment(_) => None,
        }
    }

    /// Is "Can't access your two-factor device?" possible here?
    pub fn can_recover(&self) -> bool {
        match &self.0 {
            Pending::SignIn(asking) => asking.can_recover(),
            Pending::Enrolment(_) => false,
        }
    }

    /// Can the code that is asked for be sent once more ([`Answer::SendAgain`])?
    pub fn can_send_again(&self) -> bool {
        match &self.0 {
            Pending::SignIn(asking) => asking.can_send_again(),
            Pending::Enrolment(_) => false,
        }
    }

    /// Which factors may be used ([`Answer::Factor`]) in place of the one that is asked for?
    pub fn others(&self) -> Vec<Channel> {
        match &self.0 {
            Pending::SignIn(asking) => asking.others(),
            Pending::Enrolment(_) => Vec::new(),
        }
    }
}

/// What the service wants next, in words of the product.
#[derive(Clone, PartialEq, Eq)]
pub enum Ask {
    /// A code from the authenticator app.
    AuthenticatorCode,
    /// A code from a text message; the masked number as the service gave it.
    SmsCode { sent_to: String },
    /// A code from an e-mail as second factor (EMAIL_OTP).
    EmailCode { sent_to: String },
    /// SELECT_MFA_TYPE.
    ChooseFactor(Vec<Channel>),
    /// NEW_PASSWORD_REQUIRED.
    NewPassword { required_attributes: Vec<String> },
    /// MFA_SETUP: scan `uri` (or type `secret`), then answer with the first code.
    EnrolAuthenticator { secret: String, uri: String },
    /// Recovery, first step: the code that was mailed.
    MailedCode,
    /// Recovery, second step.
    RecoveryCode,
    /// Signed in, but the account already holds its maximum of access keys: replace one of these, or bring an existing one.
    MakeRoomForKey(Vec<ListedKey>),
}

/// The name only: an authenticator's secret must not reach a log.
impl fmt::Debug for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AuthenticatorCode => "AuthenticatorCode",
            Self::SmsCode { .. } => "SmsCode",
            Self::EmailCode { .. } => "EmailCode",
            Self::ChooseFactor(_) => "ChooseFactor",
            Self::NewPassword { .. } => "NewPassword",
            Self::EnrolAuthenticator { .. } => "EnrolAuthenticator",
            Self::MailedCode => "MailedCode",
            Self::RecoveryCode => "RecoveryCode",
            Self::MakeRoomForKey(_) => "MakeRoomForKey",
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Channel {
    Authenticator,
    Sms,
    Email,
}

/// What the person gave; must fit the [`Ask`], else [`Error::OutOfTurn`] with the attempt unharmed.
#[derive(Debug)]
pub enum Answer {
    /// AuthenticatorCode, SmsCode, EmailCode, EnrolAuthenticator.
    Code(Code),
    Factor(Channel),
    /// Another text message with a code.
    SendAgain,
    NewPassword {
        password: Secret<String>,
        attributes: Vec<(String, String)>,
    },
    MailedCode(Secret<String>),
    RecoveryCode(RecoveryCode),
    /// Disables and deletes this key at the service, then makes a new one.
    ReplaceKey(KeyId),
    /// Must belong to the account that just signed in.
    UseKey(AccessKey),
}

#[derive(Debug)]
pub enum Progress {
    /// Ask the person [`Attempt::ask`].
    Ask(Attempt),
    /// The key is made (or was there), verified by a signed request, and kept.
    SignedIn(Session),
}

/// A signed-in person: who, and the user tokens (memory only) until the panel session ends. Cheap to clone; all clones have the
/// same tokens, of which one at a time is renewed.
#[derive(Clone, Debug)]
pub struct Session {
    pub owner: Owner,
    pub(super) tokens: Arc<Mutex<Tokens>>,
}

impl Session {
    pub(super) fn new(owner: Owner, tokens: Tokens) -> Self {
        Self { owner, tokens: Arc::new(Mutex::new(tokens)) }
    }
}

/// An answer that did not lead on.
#[derive(Debug)]
pub struct Failed {
    pub error: Error,
    /// The attempt, when the person may try again (wrong code, unreachable service); else the sign-in starts over.
    pub attempt: Option<Attempt>,
}
