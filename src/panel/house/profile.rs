//! E-mail, phone and linked accounts, as their owner sees and changes them.

use super::owner::Owner;
use crate::account::{self, Changed, Contact};
use crate::panel::Panel;
use crate::panel::screens::room::Done;
use crate::panel::screens::rooms::{Identity, Profile, ProfileChange};
use crate::panel::screens::{Outcome, Problem, Visitor, words};

const PAGE: &str = "profile";

impl Panel {
    pub(super) async fn profile_of(&self, visitor: &Visitor) -> Result<Profile, Problem> {
        let owner = self.owner(visitor, PAGE)?;
        let found = owner.account.profile(&owner.user).await.map_err(|error| owner.troubled(error, PAGE))?;
        // What this browser asked for is forgotten by a restart, and not known to others.
        let asked_here = || account::Waiting {
            email: owner.drawer.new_email(),
            phone: owner.drawer.new_phone().or(found.unverified_phone),
        };
        let waiting = found.waiting.unwrap_or_else(asked_here);
        Ok(Profile {
            email: found.email,
            new_email: waiting.email,
            phone: found.phone,
            new_phone: waiting.phone,
            created: words::service_date(&found.created),
            identities: found.identities.into_iter().map(identity).collect(),
            // An account at a provider is linked at the service's own pages.
            providers: Vec::new(),
            has_password: found.has_password,
        })
    }

    pub(super) async fn change_profile(&self, owner: &Owner, act: ProfileChange) -> Result<Outcome, Problem> {
        let (account, user) = (&owner.account, &owner.user);
        let changed = match act {
            ProfileChange::ChangeEmail(email) => return change_contact(owner, Contact::Email, email, PAGE).await,
            ProfileChange::SetPhone(number) => return change_contact(owner, Contact::Phone, number, PAGE).await,
            ProfileChange::ConfirmEmail(code) => {
                let confirmed = account.confirm_contact(user, Contact::Email, &code).await;
                confirmed.map(|()| self.contact_confirmed(owner, Contact::Email)).map_err(|error| (error, "email-code"))
            }
            ProfileChange::ConfirmPhone(code) => {
                let confirmed = account.confirm_contact(user, Contact::Phone, &code).await;
                confirmed.map(|()| self.contact_confirmed(owner, Contact::Phone)).map_err(|error| (error, "phone-code"))
            }
            ProfileChange::SendEmailCodeAgain => {
                let sent = account.send_contact_code(user, Contact::Email).await;
                sent.map(|()| Done::SentAgain).map_err(|error| (error, "email-code"))
            }
            ProfileChange::SendPhoneCodeAgain => {
                let sent = account.send_contact_code(user, Contact::Phone).await;
                sent.map(|()| Done::SentAgain).map_err(|error| (error, "phone-code"))
            }
            ProfileChange::RemovePhone => {
                let removed = account.set_contact(user, Contact::Phone, "").await;
                owner.drawer.set_new_phone(None);
                removed.map(|_| Done::PhoneRemoved).map_err(|error| (error, "phone"))
            }
            ProfileChange::Unlink(provider) => {
                let unlinked = account.unlink(user, &provider).await;
                unlinked.map(|()| Done::Unlinked).map_err(|error| (error, "provider"))
            }
        };
        match changed {
            Ok(done) => Ok(Outcome::Ask(done.at(PAGE))),
            Err((error, field)) => owner.refused(error, PAGE).map_err(|problem| problem.at(field)),
        }
    }

    /// The new one is in force.
    fn contact_confirmed(&self, owner: &Owner, contact: Contact) -> Done {
        match contact {
            Contact::Email => {
                owner.drawer.set_new_email(None);
                // Whose device this is, is told with the new address from now on.
                let account = self.0.account.clone();
                self.in_background(async move {
                    account.confirm().await;
                });
                Done::EmailChanged
            }
            Contact::Phone => {
                owner.drawer.set_new_phone(None);
                Done::PhoneChanged
            }
        }
    }
}

/// What is new counts from when its code was typed, at `page`.
pub(super) async fn change_contact(
    owner: &Owner,
    contact: Contact,
    value: String,
    page: &str,
) -> Result<Outcome, Problem> {
    match owner.account.set_contact(&owner.user, contact, &value).await {
        Ok(changed) => {
            let waiting = (changed == Changed::CodeSent).then_some(value);
            match contact {
                Contact::Email => owner.drawer.set_new_email(waiting),
                Contact::Phone => owner.drawer.set_new_phone(waiting),
            }
            Ok(Outcome::Ask(page.to_owned()))
        }
        Err(error) => {
            let field = match contact {
                Contact::Email => "email",
                Contact::Phone => "phone",
            };
            owner.refused(error, page).map_err(|problem| problem.at(field))
        }
    }
}

fn identity(linked: account::Identity) -> Identity {
    Identity { provider: linked.provider, email: linked.email, since: words::service_date(&linked.since) }
}
