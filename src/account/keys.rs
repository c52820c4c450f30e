//! The account's access keys: which there are, a new one, on and off, gone.

use super::provider::Credential;
use super::{Account, Error, Session};
use crate::protocol::access_key::{AccessKey, KeyId};
use crate::protocol::graphql::{KeyWish, ListedKey};

/// What the service says when it says nothing (remote.it).
const USUALLY_AT_MOST: u32 = 2;

/// The keys, and what a new one can be given.
#[derive(Clone, Debug)]
pub struct Keys {
    pub list: Vec<ListedKey>,
    pub names: bool,
    pub scopes: bool,
    pub ends: bool,
    /// 0: any number.
    pub at_most: u32,
}

impl Account {
    /// Without a signed-in person as far as the device's own key may look.
    pub async fn keys(&self, user: Option<&Session>) -> Result<Keys, Error> {
        let features = self.description().await?.features.clone();
        let offers = |feature: &str| features.iter().any(|offered| offered == feature);
        let (names, scopes, ends) = (offers("key-names"), offers("key-scopes"), offers("key-expiry"));
        let at_most = features.iter().find_map(|word| word.strip_prefix("access-keys-at-most:")?.parse().ok());
        let fields = [(names, "name"), (scopes, "scope"), (ends, "expires")];
        let fields: Vec<&str> = fields.into_iter().filter_map(|(has, field)| has.then_some(field)).collect();
        let graphql = match user {
            Some(user) => self.graphql_of(user).await?,
            None => self.graphql_as(Credential::Key(self.key()?)).await?,
        };
        let list = graphql.list_keys_with(&fields).await.map_err(|error| self.doubtful(error))?;
        Ok(Keys { list, names, scopes, ends, at_most: at_most.unwrap_or(USUALLY_AT_MOST) })
    }

    /// The secret is in this answer and never again.
    pub async fn create_key(&self, user: &Session, wish: &KeyWish) -> Result<AccessKey, Error> {
        self.graphql_of(user).await?.create_key_with(wish).await.map_err(|error| self.doubtful(error))
    }

    pub async fn switch_key(&self, user: &Session, key: &KeyId, on: bool) -> Result<(), Error> {
        self.graphql_of(user).await?.switch_key(key, on).await.map_err(|error| self.doubtful(error))
    }

    /// Only one that is off.
    pub async fn delete_key(&self, user: &Session, key: &KeyId) -> Result<(), Error> {
        self.graphql_of(user).await?.drop_key(key).await.map_err(|error| self.doubtful(error))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Progress;
    use super::super::bench::{ANN, Key, World, minutes};
    use super::*;
    use crate::account::KeyState;

    async fn signed_in(world: &World) -> Session {
        let Ok(Progress::SignedIn(session)) = world.sign_in().await else { panic!("not signed in") };
        session
    }

    fn ids(keys: &Keys) -> Vec<&str> {
        keys.list.iter().map(|key| key.key.as_str()).collect()
    }

    #[tokio::test]
    async fn keys_are_made_switched_and_deleted_in_the_persons_name() {
        let world = World::new().await;
        let user = signed_in(&world).await;
        let made = world.account.create_key(&user, &KeyWish::default()).await.unwrap();
        let keys = world.account.keys(Some(&user)).await.unwrap();
        assert_eq!(ids(&keys), ["MADE0000000000000001", made.id.as_str()]);
        assert!(!keys.names && !keys.scopes && keys.at_most == 2, "{keys:?}");
        world.account.switch_key(&user, &made.id, false).await.unwrap();
        assert!(!world.account.keys(Some(&user)).await.unwrap().list[1].enabled);
        world.account.delete_key(&user, &made.id).await.unwrap();
        assert_eq!(ids(&world.account.keys(Some(&user)).await.unwrap()), ["MADE0000000000000001"]);
    }

    #[tokio::test]
    async fn without_a_person_the_devices_own_key_looks() {
        let world = World::signed_in().await;
        world.service().keys.push(Key { id: "OTHER".to_owned(), owner: ANN, enabled: false });
        assert_eq!(ids(&world.account.keys(None).await.unwrap()), ["MADE0000000000000001", "OTHER"]);
        world.account.sign_out().await.unwrap();
        assert!(matches!(world.account.keys(None).await, Err(Error::SignedOut)));
    }

    #[tokio::test]
    async fn tokens_whose_time_is_over_are_renewed_once_for_everybody_who_waits() {
        let world = World::new().await;
        let user = signed_in(&world).await;
        world.hand.pass(minutes(61));
        let (first, second) = tokio::join!(world.account.keys(Some(&user)), world.account.keys(Some(&user)));
        assert!(first.is_ok() && second.is_ok());
        let renewals = world.server.heard().iter().filter(|heard| heard.body.contains("REFRESH_TOKEN_AUTH")).count();
        assert_eq!(renewals, 1);
    }

    #[tokio::test]
    async fn a_token_that_the_service_refuses_ends_the_sign_in_and_not_the_key() {
        let world = World::new().await;
        let user = signed_in(&world).await;
        world.service().refuses_tokens = true;
        assert!(matches!(world.account.keys(Some(&user)).await, Err(Error::SignInExpired)));
        assert_eq!(world.account.status().state, KeyState::Fresh);
    }
}
