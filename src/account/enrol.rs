//! From a signed-in person to a kept key: who is it, may they have this device, is there a good key already, else a new
//! one, verified by one signed request before it is kept. Nothing is left at the service that could not be kept here.

use super::conversation::aside;
use super::graphql::GraphQl;
use super::kept::Kept;
use super::provider::{Credential, Tokens};
use super::{Account, Answer, Attempt, Error, Failed, Progress, Session, attempt};
use crate::base::report;
use crate::protocol::access_key::{AccessKey, KeyId};
use crate::protocol::graphql::{ListedKey, Owner};

/// A signed-in person whose account holds its maximum of keys.
#[derive(Debug)]
pub(super) struct Enrolment {
    pub owner: Owner,
    pub listed: Vec<ListedKey>,
    tokens: Tokens,
}

impl Account {
    pub(super) async fn enrol(&self, mut tokens: Tokens) -> Result<Progress, Failed> {
        match self.enrol_with(&mut tokens).await {
            Ok((owner, None)) => Ok(Progress::SignedIn(Session::new(owner, tokens))),
            Ok((owner, Some(listed))) => Ok(crowded(Enrolment { owner, listed, tokens })),
            Err(error) => {
                self.0.directory.doubt_after(&error);
                self.retire(&tokens).await;
                Err(Failed { error, attempt: None })
            }
        }
    }

    /// What the person decided when there was no room for one more key.
    pub(super) async fn make_room(&self, mut enrolment: Enrolment, answer: Answer) -> Result<Progress, Failed> {
        let done = match answer {
            Answer::ReplaceKey(old) if enrolment.listed.iter().any(|listed| listed.key == old.as_str()) => {
                self.replace(&mut enrolment, &old).await
            }
            Answer::UseKey(key) => self.use_key(&enrolment.owner, key).await,
            Answer::ReplaceKey(_)
            | Answer::Code(_)
            | Answer::Factor(_)
            | Answer::SendAgain
            | Answer::NewPassword { .. }
            | Answer::MailedCode(_)
            | Answer::RecoveryCode(_) => Err(Error::OutOfTurn),
        };
        match done {
            Ok(()) => Ok(Progress::SignedIn(Session::new(enrolment.owner, enrolment.tokens))),
            Err(error) => {
                let over = matches!(error, Error::SignInExpired | Error::OwnedByAnother);
                let attempt = (!over).then(|| Attempt(attempt::Pending::Enrolment(Box::new(enrolment))));
                Err(Failed { error, attempt })
            }
        }
    }

    /// The owner, and the account's keys when there is no room for one more.
    async fn enrol_with(&self, tokens: &mut Tokens) -> Result<(Owner, Option<Vec<ListedKey>>), Error> {
        let bearer = Credential::Bearer(self.bearer(tokens).await?);
        let owner = self.whose(bearer.clone()).await?;
        let kept = self.0.keeper.kept();
        if kept.as_ref().is_some_and(|kept| kept.owner.id != owner.id) {
            return Err(Error::OwnedByAnother);
        }
        if let Some(kept) = kept
            && self.still_good(kept).await?
        {
            return Ok((owner, None));
        }
        match self.add_key(&owner, &bearer).await {
            Ok(()) => Ok((owner, None)),
            Err(Error::Refused(reason)) => {
                let listed = self.graphql_as(bearer).await?.list_keys_with(&[]).await?;
                if is_full(&listed, &reason) { Ok((owner, Some(listed))) } else { Err(Error::Refused(reason)) }
            }
            Err(error) => Err(error),
        }
    }

    /// Does the key that is kept here already serve? When the service cannot say, it stays as it is.
    async fn still_good(&self, kept: Kept) -> Result<bool, Error> {
        if kept.service != self.0.directory.name() {
            return Ok(false);
        }
        match self.whose(Credential::Key(kept.key.clone())).await {
            Ok(owner) if owner.id == kept.owner.id => {
                let (account, at) = (self.clone(), self.0.transport.now().service);
                aside(move || account.0.keeper.confirmed(&kept.key.id, owner, at)).await;
                Ok(true)
            }
            Ok(_) | Err(Error::KeyRefused(_)) => Ok(false),
            Err(error) if kept.revoked.is_some() => Err(error),
            Err(_) => Ok(true),
        }
    }

    async fn replace(&self, enrolment: &mut Enrolment, old: &KeyId) -> Result<(), Error> {
        let account = self.clone();
        aside(move || account.0.keeper.rehearse()).await?;
        let bearer = Credential::Bearer(self.bearer(&mut enrolment.tokens).await?);
        self.graphql_as(bearer.clone()).await?.delete_key(old).await?;
        enrolment.listed.retain(|listed| listed.key != old.as_str());
        self.add_key(&enrolment.owner, &bearer).await
    }

    async fn use_key(&self, owner: &Owner, key: AccessKey) -> Result<(), Error> {
        if self.whose(Credential::Key(key.clone())).await?.id != owner.id {
            return Err(Error::KeyOfAnotherAccount);
        }
        self.keep(owner.clone(), key).await
    }

    /// Makes a key and keeps it; what cannot be verified and kept is deleted again.
    async fn add_key(&self, owner: &Owner, bearer: &Credential) -> Result<(), Error> {
        let graphql = self.graphql_as(bearer.clone()).await?;
        let key = graphql.create_key().await?;
        let id = key.id.clone();
        let kept = self.use_key(owner, key).await;
        if kept.is_err()
            && let Err(error) = graphql.delete_key(&id).await
        {
            tracing::warn!(
                key = id.as_str(),
                error = report::chain(&error),
                "a new key that is not kept remains at the service"
            );
        }
        kept
    }

    pub(super) async fn whose(&self, credential: Credential) -> Result<Owner, Error> {
        self.graphql_as(credential).await?.who_am_i().await
    }

    pub(super) async fn graphql_as(&self, credential: Credential) -> Result<GraphQl<'_>, Error> {
        let discovery = self.0.directory.find(&self.0.transport).await?;
        Ok(GraphQl { transport: &self.0.transport, url: discovery.graphql.clone(), credential })
    }

    /// Seals a key that the service has just confirmed.
    pub(super) async fn keep(&self, owner: Owner, key: AccessKey) -> Result<(), Error> {
        let confirmed = Some(self.0.transport.now().service);
        let kept = Kept { owner, key, service: self.0.directory.name(), confirmed, revoked: None };
        let account = self.clone();
        aside(move || account.0.keeper.keep(kept)).await
    }
}

fn crowded(enrolment: Enrolment) -> Progress {
    Progress::Ask(Attempt(attempt::Pending::Enrolment(Box::new(enrolment))))
}

/// Was a key refused because there are too many? Services word it differently; remote.it allows two.
fn is_full(listed: &[ListedKey], reason: &str) -> bool {
    let reason = reason.to_lowercase();
    listed.len() >= 2
        || (!listed.is_empty() && ["limit", "max", "at most", "too many"].iter().any(|w| reason.contains(w)))
}

#[cfg(test)]
mod tests {
    use super::super::bench::{ANN, BOB, Key, World, key, minutes};
    use super::*;
    use crate::account::{Ask, KeyState};

    fn attempt_of(outcome: Result<Progress, Failed>) -> Attempt {
        match outcome {
            Ok(Progress::Ask(attempt)) | Err(Failed { attempt: Some(attempt), .. }) => attempt,
            Ok(Progress::SignedIn(_)) | Err(Failed { attempt: None, .. }) => panic!("nothing is asked"),
        }
    }

    /// Ann holds two keys already.
    async fn crowded_world() -> (World, Attempt) {
        let world = World::new().await;
        let held = |id: &str, owner| Key { id: id.to_owned(), owner, enabled: true };
        world.service().keys = vec![held("OLDKEY1", ANN), held("OLDKEY2", ANN), held("BOBSKEY", BOB)];
        let attempt = attempt_of(world.sign_in().await);
        (world, attempt)
    }

    fn ids(world: &World) -> Vec<String> {
        world.service().keys.iter().map(|key| key.id.clone()).collect()
    }

    #[tokio::test]
    async fn a_sign_in_ends_with_a_key_that_is_kept_and_confirmed() {
        let world = World::new().await;
        let Ok(Progress::SignedIn(session)) = world.sign_in().await else { panic!("not signed in") };
        assert_eq!((session.owner.id.as_str(), session.owner.email.as_str()), ANN);
        let status = world.account.status();
        assert_eq!((status.state, status.notices), (KeyState::Fresh, Vec::new()));
        assert_eq!(world.account.key().unwrap().id.as_str(), ids(&world)[0]);
        assert_eq!(world.restarted().key().unwrap().id, world.account.key().unwrap().id);
    }

    #[tokio::test]
    async fn the_owner_who_signs_in_again_keeps_the_key() {
        let world = World::signed_in().await;
        assert!(matches!(world.sign_in().await, Ok(Progress::SignedIn(_))));
        assert_eq!(world.service().made, 1);
    }

    #[tokio::test]
    async fn a_kept_key_that_the_service_refuses_is_replaced() {
        let world = World::signed_in().await;
        world.service().keys[0].enabled = false;
        assert!(matches!(world.sign_in().await, Ok(Progress::SignedIn(_))));
        assert_eq!(world.account.key().unwrap().id.as_str(), ids(&world)[1]);
    }

    #[tokio::test]
    async fn nobody_but_the_owner_gets_in_and_their_tokens_are_taken_back() {
        let world = World::signed_in().await;
        world.service().person = BOB;
        let failed = world.sign_in().await.unwrap_err();
        assert!(matches!(failed.error, Error::OwnedByAnother) && failed.attempt.is_none());
        assert_eq!(world.service().revoked, ["refresh"]);
        assert_eq!(world.account.status().owner.unwrap().id, ANN.0);
        assert_eq!(world.service().made, 1);
    }

    #[tokio::test]
    async fn a_full_account_is_asked_which_key_to_replace() {
        let (world, attempt) = crowded_world().await;
        let Ask::MakeRoomForKey(listed) = attempt.ask() else { panic!("{attempt:?}") };
        assert_eq!(listed.iter().map(|key| key.key.as_str()).collect::<Vec<_>>(), ["OLDKEY1", "OLDKEY2"]);
        let old = KeyId::parse("OLDKEY1").unwrap();
        assert!(matches!(world.account.answer(attempt, Answer::ReplaceKey(old)).await, Ok(Progress::SignedIn(_))));
        assert_eq!(ids(&world), ["OLDKEY2", "BOBSKEY", "MADE0000000000000001"]);
    }

    #[tokio::test]
    async fn a_full_account_can_bring_one_of_its_keys() {
        let (world, attempt) = crowded_world().await;
        let done = world.account.answer(attempt, Answer::UseKey(key("OLDKEY2"))).await;
        assert!(matches!(done, Ok(Progress::SignedIn(_))));
        assert_eq!(world.account.key().unwrap().id.as_str(), "OLDKEY2");
        assert_eq!(world.service().made, 0);
    }

    #[tokio::test]
    async fn keys_that_do_not_fit_are_refused_and_another_can_be_tried() {
        let (world, mut attempt) = crowded_world().await;
        for (answer, expected) in [
            (Answer::UseKey(key("BOBSKEY")), "That access key belongs to another account."),
            (
                Answer::UseKey(key("NOSUCHKEY")),
                "The service refused the access key: The access key is unknown or disabled.",
            ),
            (
                Answer::ReplaceKey(KeyId::parse("BOBSKEY").unwrap()),
                "That is not what the sign-in is waiting for. Reload and follow the page.",
            ),
        ] {
            let failed = world.account.answer(attempt, answer).await.unwrap_err();
            assert_eq!(failed.error.to_string(), expected);
            attempt = failed.attempt.unwrap();
        }
        assert_eq!(ids(&world), ["OLDKEY1", "OLDKEY2", "BOBSKEY"]);
        assert_eq!(world.account.status().state, KeyState::Absent);
    }

    #[tokio::test]
    async fn somebody_who_thinks_long_about_keys_gets_new_tokens() {
        let (world, attempt) = crowded_world().await;
        world.hand.pass(minutes(90));
        let old = KeyId::parse("OLDKEY1").unwrap();
        assert!(matches!(world.account.answer(attempt, Answer::ReplaceKey(old)).await, Ok(Progress::SignedIn(_))));
        let bearers: Vec<_> =
            world.server.heard().iter().filter_map(|heard| heard.header("authorization").map(str::to_owned)).collect();
        assert_eq!(bearers.iter().filter(|line| *line == "Bearer access-2").count(), 2);
    }

    #[tokio::test]
    async fn a_key_that_cannot_be_kept_is_deleted_again() {
        let world = World::new().await;
        world.fill_disk();
        let failed = world.sign_in().await.unwrap_err();
        assert!(matches!(failed.error, Error::Keystore(_)), "{:?}", failed.error);
        assert_eq!(world.service().made, 1);
        assert_eq!(ids(&world), Vec::<String>::new());
        assert_eq!(world.service().revoked, ["refresh"]);
    }

    #[tokio::test]
    async fn no_key_is_replaced_by_one_that_could_not_be_kept() {
        let (world, attempt) = crowded_world().await;
        world.fill_disk();
        let old = KeyId::parse("OLDKEY1").unwrap();
        let failed = world.account.answer(attempt, Answer::ReplaceKey(old)).await.unwrap_err();
        assert!(matches!(failed.error, Error::Keystore(_)), "{:?}", failed.error);
        assert_eq!(ids(&world), ["OLDKEY1", "OLDKEY2", "BOBSKEY"]);
        assert!(failed.attempt.is_some());
    }

    #[tokio::test]
    async fn a_key_that_does_not_verify_is_not_kept() {
        let world = World::new().await;
        world.service().refuses_signed = Some((401, "The signature is not right for this request and key."));
        let failed = world.sign_in().await.unwrap_err();
        assert!(matches!(failed.error, Error::KeyRefused(_)), "{:?}", failed.error);
        assert_eq!(ids(&world), Vec::<String>::new());
        assert_eq!(world.account.status().state, KeyState::Absent);
    }
}
