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
            Ok((owner, None)) => Ok(Progress::SignedIn(Session { owner, tokens })),
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
            | Answer::NewPassword { .. }
            | Answer::MailedCode(_)
            | Answer::RecoveryCode(_) => Err(Error::OutOfTurn),
        };
        match done {
            Ok(()) => Ok(Progress::SignedIn(Session { owner: enrolment.owner, tokens: enrolment.tokens })),
            Err(error) => {
                let attempt = Some(Attempt(attempt::Pending::Enrolment(Box::new(enrolment))));
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
                let listed = self.graphql_as(bearer).await?.list_keys().await?;
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
        let bearer = Credential::Bearer(self.bearer(&mut enrolment.tokens).await?);
        self.delete_key(&bearer, old).await?;
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
        let key = self.graphql_as(bearer.clone()).await?.create_key().await?;
        let id = key.id.clone();
        let kept = self.use_key(owner, key).await;
        if kept.is_err()
            && let Err(error) = self.delete_key(bearer, &id).await
        {
            tracing::warn!(
                key = id.as_str(),
                error = report::chain(&error),
                "a new key that is not kept remains at the service"
            );
        }
        kept
    }

    async fn delete_key(&self, bearer: &Credential, key: &KeyId) -> Result<(), Error> {
        let graphql = self.graphql_as(bearer.clone()).await?;
        graphql.disable_key(key).await?;
        graphql.delete_key(key).await
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
