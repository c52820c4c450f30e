//! Access keys, as their owner sees and changes them.

use http::StatusCode;

use super::Portal;
use super::door::troubled;
use super::owner::Owner;
use crate::base::report;
use crate::cloud::access_keys::{self, KeyWish};
use crate::cloud::moment::Moment;
use crate::cloud::permit::{By, KeyScope};
use crate::cloud::site::Site;
use crate::cloud::store::StoredKey;
use crate::panel::screens::room::Done;
use crate::panel::screens::rooms::{KeyChange, Keys, ListedKey, Shown};
use crate::panel::screens::{Error, Outcome, Problem, Visitor, words};

impl Portal {
    pub(super) async fn keys_of(&self, visitor: &Visitor) -> Result<Keys, Problem> {
        let owner = self.owner(visitor).await?;
        let cloud = &self.0.site.cloud;
        let list = cloud.store.keys_of(owner.id()).await.map_err(troubled)?;
        let now = self.now();
        Ok(Keys {
            list: list.into_iter().map(|key| listed(key, now)).collect(),
            at_most: cloud.plan.access_keys_per_account,
            names: true,
            scopes: true,
            ends: true,
            read_only: false,
        })
    }

    pub(super) async fn change_keys(&self, site: &Site, owner: &Owner, act: KeyChange) -> Result<Outcome, Problem> {
        let done = |done: Done| Ok(Outcome::Ask(done.at("keys")));
        match act {
            KeyChange::Create { name, scope, expires } => {
                let given = |text: String| Some(text).filter(|text| !text.is_empty());
                let wish = KeyWish { name: given(name.clone()), scope: given(scope), expires: given(expires) };
                let key = site.create_key(owner.id(), &By::Token, wish).await.map_err(problem)?;
                self.show(owner, &Shown::Key { key, name }).await?;
                Ok(Outcome::Ask("new-key".to_owned()))
            }
            KeyChange::Switch { id, on, sure: _ } => {
                site.change_key(owner.id(), &By::Token, &id, Some(on), None).await.map_err(problem)?;
                done(if on { Done::KeyOn } else { Done::KeyOff })
            }
            KeyChange::Delete(id) => {
                site.delete_key(owner.id(), &By::Token, &id).await.map_err(problem)?;
                done(Done::KeyDeleted)
            }
        }
    }
}

fn listed(key: StoredKey, now: Moment) -> ListedKey {
    let date = |moment: Moment| words::service_date(&moment.iso());
    ListedKey {
        scope: match key.scope {
            KeyScope::Read => "Only look",
            KeyScope::SignInDevice => "Sign a device in, and connect it",
            KeyScope::Full => "Everything that a key can do",
        },
        created: date(key.created),
        last_used: key.last_used.map(date),
        expired: key.expires.is_some_and(|end| end <= now),
        expires: key.expires.map(date),
        enabled: key.enabled,
        is_own: false,
        id: key.id,
        name: key.name,
    }
}

fn problem(error: access_keys::Error) -> Problem {
    use access_keys::Error as E;
    let told = |status| Problem::new(status, error.to_string());
    match &error {
        E::Name => told(StatusCode::BAD_REQUEST).at("name"),
        E::Scope(_) => told(StatusCode::BAD_REQUEST).at("scope"),
        E::NoDate(_) | E::Past => told(StatusCode::BAD_REQUEST).at("expires"),
        E::TooMany(_) | E::StillEnabled => told(StatusCode::CONFLICT),
        E::NoSuchKey => told(StatusCode::NOT_FOUND),
        E::NothingToChange => told(StatusCode::BAD_REQUEST),
        E::NotAllowed(_) => told(StatusCode::FORBIDDEN),
        E::Store(_) => {
            tracing::warn!(error = report::chain(&error), "the portal cannot change access keys");
            Error::Trouble.problem()
        }
    }
}
