//! The portal as a house of the account screens: every act goes to the file of its noun.

use axum::response::Response;

use super::Portal;
use super::visit::Memory;
use crate::cloud::site::Site;
use crate::panel::screens::form::Mark;
use crate::panel::screens::rooms::{
    Act, Activity, ActivityWish, Enrolment, House, Keys, ListedSignIn, Look, Profile, Shown, TwoFactor,
};
use crate::panel::screens::{Outcome, Problem, Visitor};

impl House for Portal {
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
        if let Act::SignUp { .. }
        | Act::ConfirmSignUp { .. }
        | Act::SendConfirmationAgain { .. }
        | Act::ForgotPassword { .. }
        | Act::ResetPassword { .. } = act
        {
            return self.reach_account(site, memory, act).await;
        }
        let owner = self.owner(visitor).await?;
        if let Some(page) = guarded(&act)
            && !owner.is_fresh(self.now())
        {
            return Ok(prove_first(memory, &owner.account().email, page));
        }
        if let Act::CreateKey { .. } | Act::ConfirmAuthenticator(_) | Act::ConfirmTexts(_) | Act::MakeRecoveryCodes =
            act
            && let Some(page) = self.unsaved(&owner).await?
        {
            return Ok(Outcome::Elsewhere(page.to_owned()));
        }
        match act {
            Act::ChangeEmail(_)
            | Act::ConfirmEmail(_)
            | Act::SendEmailCodeAgain
            | Act::SetPhone(_)
            | Act::ConfirmPhone(_)
            | Act::SendPhoneCodeAgain
            | Act::RemovePhone
            | Act::Unlink(_) => self.change_profile(site, &owner, act).await,
            Act::CreateKey { .. } | Act::SwitchKey { .. } | Act::DeleteKey(_) => {
                self.change_keys(site, &owner, act).await
            }
            Act::ChangePassword { .. } | Act::EndSignIn(_) | Act::SignOutEverywhere => {
                self.change_security(site, &owner, act).await
            }
            Act::Saved => self.saved(&owner).await,
            act => self.change_factors(site, &owner, memory, act).await,
        }
    }
}

/// The page that leads to an act which a sign-in of hours ago is not enough for.
fn guarded(act: &Act) -> Option<&'static str> {
    match act {
        Act::ChangeEmail(_) | Act::SetPhone(_) | Act::RemovePhone | Act::Unlink(_) => Some("./"),
        Act::BeginAuthenticator => Some("turn-on"),
        Act::BeginTexts(_) => Some("set-up-texts?number"),
        Act::TurnOffTwoFactor | Act::MakeRecoveryCodes => Some("two-factor"),
        Act::CreateKey { .. } => Some("keys"),
        _harmless_or_proved_by_itself => None,
    }
}

/// The person signs in again, and comes back to `page`.
pub(super) fn prove_first(memory: &mut Memory, email: &str, page: &str) -> Outcome {
    memory.then = Some(page.to_owned());
    email.clone_into(&mut memory.email);
    Outcome::Elsewhere("sign-in".to_owned())
}
