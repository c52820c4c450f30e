//! What all screens of a signed-in owner have in common: the way from one to another, who is signed in, what was just done.

use axum::response::Response;
use http::Uri;

use super::error::Problem;
use super::form::Form;
use super::gate::Visitor;
use super::page;
use super::rooms::{Act, House, Occupant};
use super::step;

/// Around every such screen.
pub(crate) struct Room {
    pub(crate) occupant: Occupant,
    tab: Tab,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tab {
    Profile,
    TwoFactor,
    Keys,
    Security,
    Activity,
}

/// One entry of the navigation.
pub(crate) struct Entry {
    pub(crate) link: &'static str,
    pub(crate) name: &'static str,
    pub(crate) is_here: bool,
}

/// What was just done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    EmailChanged,
    PhoneChanged,
    PhoneRemoved,
    Linked,
    Unlinked,
    TurnedOn,
    TurnedOff,
    SetUpAnew,
    CodesSaved,
    KeySaved,
    KeyOn,
    KeyOff,
    KeyDeleted,
    PasswordChanged,
    SignInEnded,
    SentAgain,
}

impl Room {
    pub(crate) async fn enter(home: &dyn House, visitor: &Visitor, tab: Tab) -> Result<Self, Problem> {
        Ok(Self { occupant: home.occupant(visitor).await?, tab })
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        let entry = |tab: Tab| Entry { link: tab.link(), name: tab.name(), is_here: tab == self.tab };
        Tab::ALL.map(entry).into()
    }
}

/// Does what a form asks for and leads on.
pub(super) async fn perform(
    home: &dyn House,
    visitor: &Visitor,
    form: &Form,
    act: Result<Act, Problem>,
) -> Result<Response, Problem> {
    let outcome = home.perform(visitor, form.mark, act?).await?;
    Ok(step::lead_on(home, visitor, outcome))
}

/// A page that could be made, or the one that says why not.
pub(super) fn or_trouble(page: Result<Response, Problem>) -> Response {
    page.unwrap_or_else(|problem| page::error(&problem, ""))
}

impl Tab {
    const ALL: [Self; 5] = [Self::Profile, Self::TwoFactor, Self::Keys, Self::Security, Self::Activity];

    fn link(self) -> &'static str {
        match self {
            Self::Profile => "./",
            Self::TwoFactor => "two-factor",
            Self::Keys => "keys",
            Self::Security => "security",
            Self::Activity => "activity",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Profile => "Profile",
            Self::TwoFactor => "Two-factor",
            Self::Keys => "Access keys",
            Self::Security => "Security",
            Self::Activity => "Activity",
        }
    }
}

impl Done {
    const ALL: [Self; 16] = [
        Self::EmailChanged,
        Self::PhoneChanged,
        Self::PhoneRemoved,
        Self::Linked,
        Self::Unlinked,
        Self::TurnedOn,
        Self::TurnedOff,
        Self::SetUpAnew,
        Self::CodesSaved,
        Self::KeySaved,
        Self::KeyOn,
        Self::KeyOff,
        Self::KeyDeleted,
        Self::PasswordChanged,
        Self::SignInEnded,
        Self::SentAgain,
    ];

    pub(super) fn of(address: &Uri) -> Option<&'static str> {
        let word = address.query()?.strip_prefix("done=")?;
        Self::ALL.into_iter().find(|done| done.word() == word).map(Self::sentence)
    }

    /// `page`, which will say so.
    pub(crate) fn at(self, page: &str) -> String {
        format!("{page}?done={}", self.word())
    }

    fn word(self) -> &'static str {
        match self {
            Self::EmailChanged => "email-changed",
            Self::PhoneChanged => "phone-changed",
            Self::PhoneRemoved => "phone-removed",
            Self::Linked => "linked",
            Self::Unlinked => "unlinked",
            Self::TurnedOn => "turned-on",
            Self::TurnedOff => "turned-off",
            Self::SetUpAnew => "set-up-anew",
            Self::CodesSaved => "codes-saved",
            Self::KeySaved => "key-saved",
            Self::KeyOn => "key-on",
            Self::KeyOff => "key-off",
            Self::KeyDeleted => "key-deleted",
            Self::PasswordChanged => "password-changed",
            Self::SignInEnded => "sign-in-ended",
            Self::SentAgain => "sent-again",
        }
    }

    fn sentence(self) -> &'static str {
        match self {
            Self::EmailChanged => "Your e-mail address is changed. Sign in with it from now on.",
            Self::PhoneChanged => "Your phone number is verified.",
            Self::PhoneRemoved => "Your phone number is removed.",
            Self::Linked => "The accounts are linked: both ways sign in here now.",
            Self::Unlinked => "The link is removed. That account does not sign in here any more.",
            Self::TurnedOn => "Two-factor authentication is on.",
            Self::TurnedOff => "Two-factor authentication is off. Your recovery codes are void.",
            Self::SetUpAnew => "Your authenticator app is set up anew. Codes of the old set-up no longer work.",
            Self::CodesSaved => "Good. Keep the recovery codes where you find them without your phone.",
            Self::KeySaved => "Good. The secret of a key is never shown again.",
            Self::KeyOn => "The access key is on.",
            Self::KeyOff => "The access key is off. Whatever uses it stops working at once.",
            Self::KeyDeleted => "The access key is deleted.",
            Self::PasswordChanged => "Your password is changed.",
            Self::SignInEnded => "That sign-in is ended.",
            Self::SentAgain => "A new code is on its way.",
        }
    }
}
