//! What the screens of a signed-in owner ask, beyond signing in: looks at the account, and acts that change it. What is only to be
//! read comes in words already, since a house knows best what its dates and programs are called.

use axum::response::Response;

use super::error::Problem;
use super::form::Mark;
use super::gate::Visitor;
use super::house::{Later, Outcome, Reception};
use super::room::Tab;
use crate::account::Channel;
use crate::base::Secret;
use crate::protocol::access_key::AccessKey;
use crate::protocol::code::Code;
use crate::protocol::recovery_code::RecoveryCode;

pub(crate) type Look<'a, T> = Later<'a, Result<T, Problem>>;

pub(crate) trait House: Reception {
    /// The navigation: what there is, and where.
    fn tabs(&self) -> &'static [(Tab, &'static str)];
    /// Does it for a visitor; the same form sent twice is done once.
    fn perform<'a>(&'a self, visitor: &'a Visitor, mark: Mark, act: Act) -> Look<'a, Outcome>;
    /// The e-mail address that was typed last in this browser.
    fn typed_email<'a>(&'a self, visitor: &'a Visitor) -> Look<'a, String>;
    /// For the head of every page.
    fn occupant<'a>(&'a self, visitor: &'a Visitor) -> Look<'a, Occupant>;
    fn profile<'a>(&'a self, visitor: &'a Visitor) -> Look<'a, Profile>;
    fn two_factor<'a>(&'a self, visitor: &'a Visitor) -> Look<'a, TwoFactor>;
    /// An authenticator app that is being set up.
    fn enrolment<'a>(&'a self, visitor: &'a Visitor) -> Look<'a, Option<Enrolment>>;
    fn keys<'a>(&'a self, visitor: &'a Visitor) -> Look<'a, Keys>;
    fn sign_ins<'a>(&'a self, visitor: &'a Visitor) -> Look<'a, Vec<ListedSignIn>>;
    fn activity<'a>(&'a self, visitor: &'a Visitor, wish: ActivityWish) -> Look<'a, Activity>;
    /// The same as a table to be downloaded.
    fn activity_table<'a>(&'a self, visitor: &'a Visitor, wish: ActivityWish) -> Look<'a, Response>;
    /// What its owner may look at for a few minutes, and never again.
    fn shown<'a>(&'a self, visitor: &'a Visitor) -> Look<'a, Option<Shown>>;
}

/// Something that changes an account.
#[derive(Debug)]
pub(crate) enum Act {
    Reach(Reach),
    Profile(ProfileChange),
    Factors(FactorChange),
    Keys(KeyChange),
    Security(SecurityChange),
    /// What was shown is saved; it is not shown any more.
    Saved,
}

/// By somebody who is not signed in.
#[derive(Debug)]
pub(crate) enum Reach {
    SignUp { email: String, password: Secret<String> },
    ConfirmSignUp { email: String, code: Code },
    SendConfirmationAgain { email: String },
    ForgotPassword { email: String },
    ResetPassword { email: String, code: Code, password: Secret<String> },
}

impl Reach {
    /// As typed.
    pub(crate) fn email(&self) -> &str {
        match self {
            Self::SignUp { email, .. }
            | Self::ConfirmSignUp { email, .. }
            | Self::SendConfirmationAgain { email }
            | Self::ForgotPassword { email }
            | Self::ResetPassword { email, .. } => email,
        }
    }
}

#[derive(Debug)]
pub(crate) enum ProfileChange {
    ChangeEmail(String),
    ConfirmEmail(Code),
    SendEmailCodeAgain,
    SetPhone(String),
    ConfirmPhone(Code),
    SendPhoneCodeAgain,
    RemovePhone,
    /// The link with the account at this provider.
    Unlink(String),
}

#[derive(Debug)]
pub(crate) enum FactorChange {
    BeginAuthenticator,
    ConfirmAuthenticator(Code),
    /// Text messages to this number as second factor.
    BeginTexts(String),
    ConfirmTexts(Code),
    SendTextAgain,
    TurnOff,
    MakeRecoveryCodes,
}

#[derive(Debug)]
pub(crate) enum KeyChange {
    Create {
        name: String,
        scope: String,
        expires: String,
    },
    /// `sure`: of a key that this device itself uses.
    Switch {
        id: String,
        on: bool,
        sure: bool,
    },
    Delete(String),
}

#[derive(Debug)]
pub(crate) enum SecurityChange {
    ChangePassword { present: Secret<String>, new: Secret<String> },
    EndSignIn(String),
    SignOutEverywhere,
}

/// Who is signed in.
#[derive(Clone, Debug)]
pub(crate) struct Occupant {
    pub(crate) email: String,
    /// Something waits to be saved: a new key, recovery codes. Its page.
    pub(crate) unsaved: Option<&'static str>,
}

#[derive(Clone, Debug)]
pub(crate) struct Profile {
    pub(crate) email: String,
    /// A new address that waits for its code.
    pub(crate) new_email: Option<String>,
    pub(crate) phone: Option<String>,
    /// A new number that waits for its code.
    pub(crate) new_phone: Option<String>,
    pub(crate) created: String,
    pub(crate) identities: Vec<Identity>,
    /// Whose accounts can be linked yet.
    pub(crate) providers: Vec<String>,
    pub(crate) has_password: bool,
}

/// An account at an OpenID provider that may sign in to this one.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) provider: String,
    pub(crate) email: String,
    pub(crate) since: String,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct TwoFactor {
    pub(crate) on: Vec<FactorOn>,
    /// How many recovery codes are left; `None`: there are none, since no factor is on.
    pub(crate) codes_left: Option<u32>,
    /// The account has no password: this provider asks for second factors, not this service.
    pub(crate) provider: Option<String>,
    pub(crate) phone: Option<String>,
    /// New recovery codes can be had without turning anything on.
    pub(crate) makes_codes: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct FactorOn {
    pub(crate) channel: Channel,
    /// Empty where it is not known.
    pub(crate) since: String,
}

#[derive(Clone)]
pub(crate) struct Enrolment {
    pub(crate) secret: String,
    pub(crate) uri: String,
}

#[derive(Clone, Debug)]
pub(crate) struct Keys {
    pub(crate) list: Vec<ListedKey>,
    /// 0: any number.
    pub(crate) at_most: u32,
    /// What a key can be given here.
    pub(crate) names: bool,
    pub(crate) scopes: bool,
    pub(crate) ends: bool,
    /// Looked at by the device alone: changes need a sign-in first.
    pub(crate) read_only: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct ListedKey {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) scope: &'static str,
    pub(crate) created: String,
    pub(crate) last_used: Option<String>,
    pub(crate) expires: Option<String>,
    pub(crate) enabled: bool,
    pub(crate) expired: bool,
    /// The device that shows the page uses it.
    pub(crate) is_own: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct ListedSignIn {
    pub(crate) id: String,
    /// The one that is looking.
    pub(crate) is_this: bool,
    pub(crate) program: String,
    pub(crate) address: String,
    pub(crate) began: String,
    pub(crate) seen: Option<String>,
}

/// Which part of the log is wanted.
#[derive(Clone, Debug, Default)]
pub(crate) struct ActivityWish {
    pub(crate) kind: ActivityKind,
    /// Only older lines than that one.
    pub(crate) after: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ActivityKind {
    #[default]
    All,
    SignIns,
    Changes,
    Keys,
}

#[derive(Clone, Debug)]
pub(crate) struct Activity {
    pub(crate) lines: Vec<ActivityLine>,
    pub(crate) total: i64,
    /// Where the next, older page begins.
    pub(crate) more_after: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct ActivityLine {
    pub(crate) what: &'static str,
    pub(crate) detail: String,
    pub(crate) at: String,
    /// More than once, the last time then.
    pub(crate) again: Option<(i64, String)>,
    pub(crate) address: String,
    pub(crate) program: String,
    /// Somebody should look twice.
    pub(crate) is_warning: bool,
}

/// A secret on its way to its owner.
#[derive(Clone, Debug)]
pub(crate) enum Shown {
    Codes { long: RecoveryCode, short: Vec<RecoveryCode> },
    Key { key: AccessKey, name: String },
}

impl ActivityKind {
    pub(crate) const ALL: [Self; 4] = [Self::All, Self::SignIns, Self::Changes, Self::Keys];

    /// In the address of the page.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::SignIns => "sign-ins",
            Self::Changes => "changes",
            Self::Keys => "keys",
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::All => "Everything",
            Self::SignIns => "Sign-ins",
            Self::Changes => "Changes of the account",
            Self::Keys => "Access keys",
        }
    }
}
