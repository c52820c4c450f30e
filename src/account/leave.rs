//! Coming with a key alone, and leaving: the key is deleted at the service and here.

use super::conversation::aside;
use super::provider::Credential;
use super::{Account, Error, SignedOut};
use crate::base::report;
use crate::protocol::access_key::AccessKey;
use crate::protocol::graphql::Owner;

impl Account {
    pub(super) async fn take_over(&self, key: AccessKey) -> Result<Owner, Error> {
        let owner = self.whose(Credential::Key(key.clone())).await?;
        self.keep(owner.clone(), key).await?;
        Ok(owner)
    }

    /// Here first: when the disk refuses, nothing has changed anywhere.
    pub(super) async fn leave(&self) -> Result<SignedOut, Error> {
        let kept = self.0.keeper.kept().ok_or(Error::SignedOut)?;
        let account = self.clone();
        aside(move || account.0.keeper.remove()).await?;
        if kept.service != self.0.directory.name() {
            return Ok(SignedOut::HereOnly);
        }
        match self.delete_by_itself(kept.key).await {
            Ok(()) | Err(Error::KeyRefused(_)) => Ok(SignedOut::Everywhere),
            Err(error) => {
                tracing::warn!(error = report::chain(&error), "the access key remains at the service");
                Ok(SignedOut::HereOnly)
            }
        }
    }

    /// A disabled key cannot sign its own deletion, so deletion comes first. Where only disabled keys may be deleted, the
    /// key is at least disabled, but still listed.
    async fn delete_by_itself(&self, key: AccessKey) -> Result<(), Error> {
        let id = key.id.clone();
        let graphql = self.graphql_as(Credential::Key(key)).await?;
        match graphql.delete_key(&id).await {
            Err(Error::Refused(reason)) => {
                graphql.disable_key(&id).await?;
                Err(Error::Refused(reason))
            }
            outcome => outcome,
        }
    }
}
