//! The panel as a house of the account screens: every look and every act goes to the file of its noun, which asks the account
//! service in its owner's name.

mod activity;
mod keys;
mod owner;
mod profile;
mod reach;
mod security;
mod sessions;
mod shown;
mod two_factor;

use std::sync::Arc;

use axum::extract::FromRef;
use axum::response::Response;

use super::Panel;
use super::place::Turn;
use super::play::Wanted;
use super::screens::form::Mark;
use super::screens::room::Tab;
use super::screens::rooms::{
    Act, Activity, ActivityWish, Enrolment, FactorChange, House, KeyChange, Keys, ListedSignIn, Look, Occupant,
    Profile, Shown, TwoFactor,
};
use super::screens::{Outcome, Problem, Visitor, page_after_proof};

const TABS: [(Tab, &str); 9] = [
    (Tab::Overview, "./"),
    (Tab::Keys, "keys"),
    (Tab::TwoFactor, "two-factor"),
    (Tab::Security, "security"),
    (Tab::Activity, "activity"),
    (Tab::Profile, "profile"),
    (Tab::Device, "device"),
    (Tab::Settings, "settings"),
    (Tab::About, "about"),
];

impl FromRef<Panel> for Arc<dyn House> {
    fn from_ref(panel: &Panel) -> Self {
        Arc::new(panel.clone())
    }
}

impl House for Panel {
    fn tabs(&self) -> &'static [(Tab, &'static str)] {
        &TABS
    }

    fn perform<'a>(&'a self, visitor: &'a Visitor, mark: Mark, act: Act) -> Look<'a, Outcome> {
        Box::pin(self.play_once(visitor, mark, Wanted::Act(act)))
    }

    fn typed_email<'a>(&'a self, visitor: &'a Visitor) -> Look<'a, String> {
        Box::pin(async move { Ok(self.progress_of(visitor).await.1) })
    }

    fn occupant<'a>(&'a self, visitor: &'a Visitor) -> Look<'a, Occupant> {
        Box::pin(async move { self.occupant_of(visitor) })
    }

    fn profile<'a>(&'a self, visitor: &'a Visitor) -> Look<'a, Profile> {
        Box::pin(self.profile_of(visitor))
    }

    fn two_factor<'a>(&'a self, visitor: &'a Visitor) -> Look<'a, TwoFactor> {
        Box::pin(self.two_factor_of(visitor))
    }

    fn enrolment<'a>(&'a self, visitor: &'a Visitor) -> Look<'a, Option<Enrolment>> {
        Box::pin(async move { Ok(self.drawer_of(visitor)?.enrolment()) })
    }

    fn keys<'a>(&'a self, visitor: &'a Visitor) -> Look<'a, Keys> {
        Box::pin(self.keys_of(visitor))
    }

    fn sign_ins<'a>(&'a self, visitor: &'a Visitor) -> Look<'a, Vec<ListedSignIn>> {
        Box::pin(async move { self.sign_ins_of(visitor) })
    }

    fn activity<'a>(&'a self, visitor: &'a Visitor, wish: ActivityWish) -> Look<'a, Activity> {
        Box::pin(self.activity_of(visitor, wish))
    }

    fn activity_table<'a>(&'a self, visitor: &'a Visitor, wish: ActivityWish) -> Look<'a, Response> {
        Box::pin(self.activity_table_of(visitor, wish))
    }

    fn shown<'a>(&'a self, visitor: &'a Visitor) -> Look<'a, Option<Shown>> {
        Box::pin(async move { Ok(self.drawer_of(visitor)?.shown(self.monotonic())) })
    }
}

impl Panel {
    /// One act of a visitor, played while nothing else of theirs is.
    pub(super) async fn act(&self, turn: &mut Turn, visitor: &Visitor, act: Act) -> Result<Outcome, Problem> {
        if let Act::Reach(reach) = act {
            return self.reach_account(turn, reach).await;
        }
        if let Act::Security(change) = act {
            return self.change_security(visitor, change).await;
        }
        let page = page_after_proof(self, &act);
        if matches!(act, Act::Saved) {
            return self.saved(visitor);
        }
        let Ok(owner) = self.owner(visitor, page_of(&act)) else {
            let page = page.as_deref().unwrap_or_else(|| page_of(&act));
            return Ok(owner::prove_first(&self.drawer_of(visitor)?, page));
        };
        if let Some(page) = page
            && !owner.is_fresh()
        {
            return Ok(owner.prove_first(&page));
        }
        if shows_a_secret(&act)
            && let Some(page) = self.unsaved(visitor)?
        {
            return Ok(Outcome::Elsewhere(page.to_owned()));
        }
        match act {
            Act::Reach(reach) => self.reach_account(turn, reach).await,
            Act::Profile(change) => self.change_profile(&owner, change).await,
            Act::Factors(change) => self.change_factors(&owner, change).await,
            Act::Keys(change) => self.change_keys(&owner, change).await,
            Act::Security(change) => self.change_security(visitor, change).await,
            Act::Saved => self.saved(visitor),
        }
    }
}

fn page_of(act: &Act) -> &'static str {
    match act {
        Act::Reach(_) | Act::Saved => "./",
        Act::Profile(_) => "profile",
        Act::Factors(_) => "two-factor",
        Act::Keys(_) => "keys",
        Act::Security(_) => "security",
    }
}

/// An earlier one that is not saved yet must not be lost by it.
fn shows_a_secret(act: &Act) -> bool {
    use FactorChange as F;
    matches!(
        act,
        Act::Keys(KeyChange::Create { .. })
            | Act::Factors(F::ConfirmAuthenticator(_) | F::ConfirmTexts(_) | F::MakeRecoveryCodes)
    )
}
