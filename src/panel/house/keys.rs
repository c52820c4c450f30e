//! Access keys, as their owner sees and changes them.

use http::StatusCode;

use super::owner::Owner;
use crate::account;
use crate::panel::Panel;
use crate::panel::screens::room::Done;
use crate::panel::screens::rooms::{KeyChange, Keys, ListedKey, Shown};
use crate::panel::screens::{Error, Outcome, Problem, Visitor, words};
use crate::protocol::access_key::KeyId;
use crate::protocol::graphql::{self, KeyWish};

const PAGE: &str = "keys";

impl Panel {
    /// The device's own key shows the list to an owner who is not signed in to the account.
    pub(super) async fn keys_of(&self, visitor: &Visitor) -> Result<Keys, Problem> {
        let drawer = self.drawer_of(visitor)?;
        let user = drawer.user();
        if user.is_none() {
            drawer.come_back_to(PAGE);
        }
        let found = match self.0.account.keys(user.as_ref()).await {
            Ok(found) => found,
            Err(error) => match self.owner(visitor, PAGE) {
                Ok(owner) => return Err(owner.troubled(error, PAGE)),
                Err(problem) => return Err(problem),
            },
        };
        let status = self.0.account.status();
        let own = status.key.as_ref().map(KeyId::as_str);
        let now = self.times(&status).service.unwrap_or_else(|| self.0.clock.wall());
        Ok(Keys {
            list: found.list.into_iter().map(|key| listed(key, own, now)).collect(),
            at_most: found.at_most,
            names: found.names,
            scopes: found.scopes,
            ends: found.ends,
            read_only: user.is_none(),
        })
    }

    pub(super) async fn change_keys(&self, owner: &Owner, act: KeyChange) -> Result<Outcome, Problem> {
        match act {
            KeyChange::Create { name, scope, expires } => self.create_key(owner, name, scope, expires).await,
            KeyChange::Switch { id, on, sure } => {
                let key = known(&id)?;
                let is_own = self.0.account.status().key.as_ref() == Some(&key);
                if is_own && !on && !sure {
                    let sentence = "Tick the box to confirm: this device uses that key itself.";
                    return Err(Error::Missing(sentence).problem().at("sure"));
                }
                let switched = owner.account.switch_key(&owner.user, &key, on).await;
                let done = if on { Done::KeyOn } else { Done::KeyOff };
                self.key_changed(owner, switched, is_own, done).await
            }
            KeyChange::Delete(id) => {
                let key = known(&id)?;
                let is_own = self.0.account.status().key.as_ref() == Some(&key);
                let deleted = owner.account.delete_key(&owner.user, &key).await;
                self.key_changed(owner, deleted, is_own, Done::KeyDeleted).await
            }
        }
    }

    async fn create_key(
        &self,
        owner: &Owner,
        name: String,
        scope: String,
        expires: String,
    ) -> Result<Outcome, Problem> {
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let wish = KeyWish { name: given(&name), scope: given(&scope), expires: given(&expires) };
        match owner.account.create_key(&owner.user, &wish).await {
            Ok(key) => {
                owner.drawer.show(Shown::Key { key, name }, owner.now);
                Ok(Outcome::Ask("new-key".to_owned()))
            }
            Err(account::Error::Refused(said)) => Err(not_made(said)),
            Err(error) => owner.refused(error, PAGE),
        }
    }

    /// What becomes of the device's own key is seen at once.
    async fn key_changed(
        &self,
        owner: &Owner,
        changed: Result<(), account::Error>,
        is_own: bool,
        done: Done,
    ) -> Result<Outcome, Problem> {
        match changed {
            Ok(()) => {
                if is_own {
                    self.0.account.confirm().await;
                }
                Ok(Outcome::Ask(done.at(PAGE)))
            }
            Err(account::Error::Refused(said)) => Err(Problem::new(StatusCode::CONFLICT, said)),
            Err(error) => owner.refused(error, PAGE),
        }
    }
}

fn known(id: &str) -> Result<KeyId, Problem> {
    KeyId::parse(id).map_err(|error| Error::from(error).problem())
}

/// The service says why in words; the field is the one that they name.
fn not_made(said: String) -> Problem {
    let problem = |status, field| Problem::new(status, said.clone()).at(field);
    match () {
        () if said.contains("access keys") => Problem::new(StatusCode::CONFLICT, said),
        () if said.contains("name") => problem(StatusCode::BAD_REQUEST, "name"),
        () if said.contains("scope") => problem(StatusCode::BAD_REQUEST, "scope"),
        () => problem(StatusCode::BAD_REQUEST, "expires"),
    }
}

fn listed(key: graphql::ListedKey, own: Option<&str>, now: std::time::SystemTime) -> ListedKey {
    let scope = match key.scope.as_deref() {
        Some("read") => "Only look",
        Some("sign-in-device") => "Sign a device in, and connect it",
        Some(_) | None => "Everything that a key can do",
    };
    ListedKey {
        is_own: own == Some(key.key.as_str()),
        scope,
        created: words::service_date(&key.created),
        last_used: key.last_used.as_deref().map(words::service_date),
        expired: key.expires.as_deref().is_some_and(|end| words::is_past(end, now)),
        expires: key.expires.as_deref().map(words::service_date),
        enabled: key.enabled,
        id: key.key,
        name: key.name.unwrap_or_default(),
    }
}
