//! The portal as a house of the account screens: every act goes to the file of its noun.

use axum::response::Response;

use super::Portal;
use super::visit::Memory;
use crate::cloud::site::Site;
use crate::panel::screens::form::Mark;
use crate::panel::screens::room::Tab;
use crate::panel::screens::rooms::{
    Act, Activity, ActivityWish, Enrolment, FactorChange, House, KeyChange, Keys, ListedSignIn, Look, Occupant,
    Profile, Shown, TwoFactor,
};
use crate::panel::screens::{Outcome, Problem, Visitor, page_after_proof};

const TABS: [(Tab, &str); 5] = [
    (Tab::Profile, "./"),
    (Tab::TwoFactor, "two-factor"),
    (Tab::Keys, "keys"),
    (Tab::Security, "security"),
    (Tab::Activity, "activity"),
];

impl House for Portal {
    fn tabs(&self) -> &'static [(Tab, &'static str)] {
        &TABS
    }

    fn perform<'a>(&'a self, visitor: &'a Visitor, mark: Mark, act: Act) -> Look<'a, Outcome> {
        let (site, who) = (self.site_for(visitor), visitor.clone());
        Box::pin(self.once(visitor, mark, move |portal, mut memory| async move {
            let result = portal.act(&site, &who, &mut memory, act).await;
            (memory, result)
        }))
    }

    fn typed_email<'a>(&'a self, visitor: &'a Visitor) -> Look<'a, String> {
        Box::pin(async move { Ok(self.memory(visitor).await?.email) })
    }

    fn occupant<'a>(&'a self, visitor: &'a Visitor) -> Look<'a, Occupant> {
        Box::pin(self.occupant_of(visitor))
    }

    fn profile<'a>(&'a self, visitor: &'a Visitor) -> Look<'a, Profile> {
        Box::pin(self.profile_of(visitor))
    }

    fn two_factor<'a>(&'a self, visitor: &'a Visitor) -> Look<'a, TwoFactor> {
        Box::pin(self.two_factor_of(visitor))
    }

    fn enrolment<'a>(&'a self, visitor: &'a Visitor) -> Look<'a, Option<Enrolment>> {
        Box::pin(self.enrolment_of(visitor))
    }

    fn keys<'a>(&'a self, visitor: &'a Visitor) -> Look<'a, Keys> {
        Box::pin(self.keys_of(visitor))
    }

    fn sign_ins<'a>(&'a self, visitor: &'a Visitor) -> Look<'a, Vec<ListedSignIn>> {
        Box::pin(self.sign_ins_of(visitor))
    }

    fn activity<'a>(&'a self, visitor: &'a Visitor, wish: ActivityWish) -> Look<'a, Activity> {
        Box::pin(self.log_of(visitor, wish))
    }

    fn activity_table<'a>(&'a self, visitor: &'a Visitor, wish: ActivityWish) -> Look<'a, Response> {
        Box::pin(self.table_of(visitor, wish))
    }

    fn shown<'a>(&'a self, visitor: &'a Visitor) -> Look<'a, Option<Shown>> {
        Box::pin(self.shown_to(visitor))
    }
}

impl Portal {
    async fn act(&self, site: &Site, visitor: &Visitor, memory: &mut Memory, act: Act) -> Result<Outcome, Problem> {
        if let Act::Reach(reach) = act {
            return self.reach_account(site, memory, reach).await;
        }
        let owner = self.owner(visitor).await?;
        if let Some(page) = page_after_proof(self, &act)
            && !owner.is_fresh(self.now())
        {
            return Ok(prove_first(memory, &owner.account().email, &page));
        }
        if shows_a_secret(&act)
            && let Some(page) = self.unsaved(&owner).await?
        {
            return Ok(Outcome::Elsewhere(page.to_owned()));
        }
        match act {
            Act::Reach(reach) => self.reach_account(site, memory, reach).await,
            Act::Profile(change) => self.change_profile(site, &owner, change).await,
            Act::Factors(change) => self.change_factors(site, &owner, memory, change).await,
            Act::Keys(change) => self.change_keys(site, &owner, change).await,
            Act::Security(change) => self.change_security(site, &owner, change).await,
            Act::Saved => self.saved(&owner).await,
        }
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

/// The person signs in again, and comes back to `page`.
pub(super) fn prove_first(memory: &mut Memory, email: &str, page: &str) -> Outcome {
    memory.then = Some(page.to_owned());
    email.clone_into(&mut memory.email);
    Outcome::Elsewhere("sign-in".to_owned())
}
