//! E-mail, phone and linked accounts, as their owner sees and changes them.

use http::StatusCode;
use serde_json::{Value, json};

use super::Portal;
use super::door::troubled;
use super::owner::Owner;
use super::people::ask;
use crate::cloud::openid;
use crate::cloud::site::Site;
use crate::cloud::store::{ContactKind, Linked};
use crate::panel::screens::room::Done;
use crate::panel::screens::rooms::{Identity, Occupant, Profile, ProfileChange};
use crate::panel::screens::{During, Outcome, Problem, Visitor, words};
use crate::protocol::code::Code;

impl Portal {
    pub(super) async fn occupant_of(&self, visitor: &Visitor) -> Result<Occupant, Problem> {
        let owner = self.owner(visitor).await?;
        Ok(Occupant { email: owner.account().email.clone(), unsaved: self.unsaved(&owner).await? })
    }

    pub(super) async fn profile_of(&self, visitor: &Visitor) -> Result<Profile, Problem> {
        let owner = self.owner(visitor).await?;
        let store = &self.0.site.cloud.store;
        let account = owner.account();
        let new_email = store.pending_contact(&account.id, ContactKind::Email).await.map_err(troubled)?;
        let new_phone = store.pending_contact(&account.id, ContactKind::Phone).await.map_err(troubled)?;
        let identities = store.identities_of(&account.id).await.map_err(troubled)?;
        Ok(Profile {
            email: account.email.clone(),
            new_email,
            phone: account.phone.clone(),
            new_phone,
            created: words::service_date(&account.created.iso()),
            providers: self.not_linked(&identities),
            identities: identities.into_iter().map(identity).collect(),
            has_password: account.has_password(),
        })
    }

    fn not_linked(&self, linked: &[Linked]) -> Vec<String> {
        let names = self.0.site.cloud.providers.iter().map(|provider| provider.name());
        let is_new = |name: &&str| !linked.iter().any(|one| one.identity.provider == *name);
        names.filter(is_new).map(str::to_owned).collect()
    }

    pub(super) async fn change_profile(
        &self,
        site: &Site,
        owner: &Owner,
        act: ProfileChange,
    ) -> Result<Outcome, Problem> {
        let done = |done: Done| Ok(Outcome::Ask(done.at("./")));
        match act {
            ProfileChange::ChangeEmail(email) => {
                update(site, owner, "email", &email).await.map_err(|problem| problem.at("email"))?;
                Ok(Outcome::Ask("./".to_owned()))
            }
            ProfileChange::SetPhone(number) => {
                update(site, owner, "phone_number", &number).await.map_err(|problem| problem.at("phone"))?;
                Ok(Outcome::Ask("./".to_owned()))
            }
            ProfileChange::ConfirmEmail(code) => {
                verify(site, owner, "email", &code).await.map_err(|problem| problem.at("email-code"))?;
                done(Done::EmailChanged)
            }
            ProfileChange::ConfirmPhone(code) => {
                verify(site, owner, "phone_number", &code).await.map_err(|problem| problem.at("phone-code"))?;
                done(Done::PhoneChanged)
            }
            ProfileChange::SendEmailCodeAgain => {
                send_code(site, owner, "email").await?;
                done(Done::SentAgain)
            }
            ProfileChange::SendPhoneCodeAgain => {
                send_code(site, owner, "phone_number").await?;
                done(Done::SentAgain)
            }
            ProfileChange::RemovePhone => {
                update(site, owner, "phone_number", "").await?;
                done(Done::PhoneRemoved)
            }
            ProfileChange::Unlink(provider) => {
                openid::unlink(site, owner.account(), &provider).await.map_err(not_unlinked)?;
                done(Done::Unlinked)
            }
        }
    }
}

/// Texts or mails a code where that is needed.
pub(super) async fn update(site: &Site, owner: &Owner, name: &str, value: &str) -> Result<Value, Problem> {
    let attributes = json!([{ "Name": name, "Value": value }]);
    let request = json!({ "AccessToken": owner.access_token(site)?, "UserAttributes": attributes });
    ask(site, "UpdateUserAttributes", &request, During::Code).await
}

pub(super) async fn verify(site: &Site, owner: &Owner, name: &str, code: &Code) -> Result<Value, Problem> {
    let token = owner.access_token(site)?;
    let request = json!({ "AccessToken": token, "AttributeName": name, "Code": code.expose() });
    ask(site, "VerifyUserAttribute", &request, During::Code).await
}

pub(super) async fn send_code(site: &Site, owner: &Owner, name: &str) -> Result<Value, Problem> {
    let request = json!({ "AccessToken": owner.access_token(site)?, "AttributeName": name });
    ask(site, "GetUserAttributeVerificationCode", &request, During::Code).await
}

fn identity(linked: Linked) -> Identity {
    Identity {
        provider: linked.identity.provider,
        email: linked.identity.email,
        since: words::service_date(&linked.created.iso()),
    }
}

fn not_unlinked(error: openid::UnlinkError) -> Problem {
    Problem::new(StatusCode::CONFLICT, error.to_string())
}
