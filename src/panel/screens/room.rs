//! What all screens of a signed-in owner have in common: the way from one to another, who is signed in, what was just done.

use askama::Template;
use axum::response::Response;
use http::Uri;

use super::error::Problem;
use super::form::Form;
use super::gate::Visitor;
use super::page::{self, Frame};
use super::rooms::{Act, House, Occupant};
use super::step;

/// Around every such screen.
pub(crate) struct Room {
    pub(crate) occupant: Occupant,
    tab: Tab,
    tabs: &'static [(Tab, &'static str)],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tab {
    Overview,
    Keys,
    TwoFactor,
    Security,
    Activity,
    Profile,
    Device,
    Settings,
    About,
}

/// The way to the other rooms.
#[derive(Template)]
#[template(path = "navigation.html", config = "assets/askama.toml")]
pub(crate) struct Navigation {
    entries: Vec<Entry>,
}

struct Entry {
    link: &'static str,
    name: &'static str,
    is_here: bool,
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
    SignInWasOver,
    SentAgain,
    DaemonRestarted,
    OfflineUnlockOn,
    OfflineUnlockOff,
}

impl Room {
    pub(crate) async fn enter(home: &dyn House, visitor: &Visitor, tab: Tab) -> Result<Self, Problem> {
        Ok(Self { occupant: home.occupant(visitor).await?, tab, tabs: home.tabs() })
    }

    pub(crate) fn navigation(&self) -> Navigation {
        let entry = |&(tab, link): &(Tab, &'static str)| Entry { link, name: tab.name(), is_here: tab == self.tab };
        Navigation { entries: self.tabs.iter().map(entry).collect() }
    }

    fn name(&self) -> &'static str {
        self.tab.name()
    }

    /// The address of this page.
    pub(crate) fn here(&self) -> &'static str {
        self.tab.link_among(self.tabs)
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

/// Instead of a page that could not be made.
#[derive(Template)]
#[template(path = "trouble.html", config = "assets/askama.toml")]
struct TroublePage<'a> {
    frame: Frame,
    room: Room,
    problem: &'a Problem,
}

/// A page that could be made, or the one that says why not; the way to the other pages stays.
pub(super) async fn or_trouble(
    home: &dyn House,
    visitor: &Visitor,
    tab: Tab,
    page: Result<Response, Problem>,
) -> Response {
    let problem = match page {
        Ok(page) => return page,
        Err(problem) => problem,
    };
    match Room::enter(home, visitor, tab).await {
        Ok(room) => {
            let frame = Frame::new(Some(&problem));
            page::show(&TroublePage { frame, room, problem: &problem }, Some(&problem))
        }
        Err(_) => page::error(&problem, ""),
    }
}

impl Tab {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Keys => "Access keys",
            Self::TwoFactor => "Two-factor",
            Self::Security => "Security",
            Self::Activity => "Activity",
            Self::Profile => "Profile",
            Self::Device => "This Pi",
            Self::Settings => "Settings",
            Self::About => "About",
        }
    }

    pub(crate) fn link_among(self, tabs: &[(Self, &'static str)]) -> &'static str {
        tabs.iter().find(|(tab, _)| *tab == self).map_or("./", |(_, link)| link)
    }
}

impl Done {
    const ALL: [Self; 20] = [
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
        Self::SignInWasOver,
        Self::SentAgain,
        Self::DaemonRestarted,
        Self::OfflineUnlockOn,
        Self::OfflineUnlockOff,
    ];

    pub(crate) fn of(address: &Uri) -> Option<&'static str> {
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
            Self::SignInWasOver => "sign-in-was-over",
            Self::SentAgain => "sent-again",
            Self::DaemonRestarted => "daemon-restarted",
            Self::OfflineUnlockOn => "offline-unlock-on",
            Self::OfflineUnlockOff => "offline-unlock-off",
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
            Self::SignInWasOver => "That sign-in had ended before. What is listed here still stands.",
            Self::SentAgain => "A new code is on its way.",
            Self::DaemonRestarted => "The daemon is restarted.",
            Self::OfflineUnlockOn => "The offline unlock is on. Keep the passphrase where you find it.",
            Self::OfflineUnlockOff => "The offline unlock is off.",
        }
    }
}
