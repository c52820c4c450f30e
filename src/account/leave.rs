//! Coming with a key alone, and leaving: the key is deleted at the service and here.

use super::conversation::aside;
use super::provider::Credential;
use super::{Account, Error, SignedOut};
use crate::base::report;
use crate::protocol::access_key::AccessKey;
use crate::protocol::graphql::Owner;

impl Account {
    /// Signs in with an access key alone (pasted, or from a credentials file): tested with one signed request before it is kept.
    pub async fn adopt(&self, key: AccessKey) -> Result<Owner, Error> {
        let owner = self.whose(Credential::Key(key.clone())).await?;
        self.keep(owner.clone(), key).await?;
        Ok(owner)
    }

    /// Deletes the key here and at the service (signed by itself). Here first: when the disk refuses, nothing has changed
    /// anywhere. Without the service it is gone here, and the outcome says what remains there.
    pub async fn sign_out(&self) -> Result<SignedOut, Error> {
        let kept = self.0.keeper.kept().ok_or(Error::SignedOut)?;
        let account = self.clone();
        aside(move || account.0.keeper.remove()).await?;
        if kept.service != self.0.directory.name() {
            return Ok(SignedOut::HereOnly);
        }
        let id = kept.key.id.clone();
        let deleted = async { self.graphql_as(Credential::Key(kept.key)).await?.delete_key(&id).await }.await;
        match deleted {
            Ok(()) | Err(Error::KeyRefused(_)) => Ok(SignedOut::Everywhere),
            Err(error) => {
                tracing::warn!(error = report::chain(&error), "the access key remains at the service");
                Ok(SignedOut::HereOnly)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::bench::{ANN, BOB, Key, World, key};
    use super::*;
    use crate::account::KeyState;

    #[tokio::test]
    async fn signing_out_deletes_the_key_here_and_there() {
        let world = World::signed_in().await;
        assert_eq!(world.account.sign_out().await.unwrap(), SignedOut::Everywhere);
        assert!(world.service().keys.is_empty());
        assert_eq!(world.account.status().state, KeyState::Absent);
        assert!(matches!(world.restarted().key(), Err(Error::SignedOut)));
        assert!(matches!(world.account.sign_out().await, Err(Error::SignedOut)));
    }

    #[tokio::test]
    async fn signing_out_without_the_service_says_that_the_key_remains_there() {
        let world = World::signed_in().await;
        world.service().down = true;
        assert_eq!(world.account.sign_out().await.unwrap(), SignedOut::HereOnly);
        assert!(matches!(world.restarted().key(), Err(Error::SignedOut)));
    }

    #[tokio::test]
    async fn a_disk_that_refuses_leaves_everything_as_it_was() {
        let world = World::signed_in().await;
        world.fill_disk();
        assert!(matches!(world.account.sign_out().await, Err(Error::Keystore(_))));
        assert_eq!(world.service().keys.len(), 1);
        assert!(world.account.key().is_ok());
    }

    #[tokio::test]
    async fn a_pasted_key_is_tested_and_kept() {
        let world = World::new().await;
        assert!(matches!(world.account.adopt(key("NOSUCHKEY")).await, Err(Error::KeyRefused(_))));
        assert_eq!(world.account.status().state, KeyState::Absent);
        world.service().keys.push(Key { id: "PASTED".to_owned(), owner: ANN, enabled: true });
        assert_eq!(world.account.adopt(key("PASTED")).await.unwrap().email, ANN.1);
        assert_eq!(world.restarted().key().unwrap().id.as_str(), "PASTED");
    }

    #[tokio::test]
    async fn a_pasted_key_of_somebody_else_does_not_take_the_device() {
        let world = World::signed_in().await;
        world.service().keys.push(Key { id: "BOBSKEY".to_owned(), owner: BOB, enabled: true });
        assert!(matches!(world.account.adopt(key("BOBSKEY")).await, Err(Error::OwnedByAnother)));
        assert_eq!(world.account.status().owner.unwrap().id, ANN.0);
    }

    #[tokio::test]
    async fn a_forgotten_session_loses_its_tokens_and_the_key_stays() {
        let world = World::new().await;
        let Ok(crate::account::Progress::SignedIn(session)) = world.sign_in().await else { panic!("not signed in") };
        world.account.forget(session).await;
        assert_eq!(world.service().revoked, ["refresh"]);
        assert_eq!(world.account.status().state, KeyState::Fresh);
    }
}
