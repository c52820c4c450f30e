//! Secrets on their way to their owner: sealed beside the session for a few minutes, so that the page can be reloaded and the file
//! downloaded, and gone as soon as they are said to be saved.

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

use super::Portal;
use super::door::troubled;
use super::owner::Owner;
use crate::base::Secret;
use crate::panel::screens::room::Done;
use crate::panel::screens::rooms::Shown;
use crate::panel::screens::{Error, Outcome, Problem, Visitor};
use crate::protocol::access_key::{AccessKey, KeyId};
use crate::protocol::recovery_code::RecoveryCode;

#[derive(Serialize, Deserialize)]
enum Kept {
    Codes { long: String, short: Vec<String> },
    Key { id: String, secret: String, name: String },
}

impl Portal {
    pub(super) async fn show(&self, owner: &Owner, shown: &Shown) -> Result<(), Problem> {
        let kept = match shown {
            Shown::Codes { long, short } => Kept::Codes {
                long: long.expose().to_owned(),
                short: short.iter().map(|code| code.expose().to_owned()).collect(),
            },
            Shown::Key { key, name } => Kept::Key {
                id: key.id.as_str().to_owned(),
                secret: BASE64.encode(key.secret_bytes()),
                name: name.clone(),
            },
        };
        let text = Secret::new(serde_json::to_vec(&kept).unwrap_or_default());
        self.0.site.cloud.store.show_in_portal(&owner.session.id, &text, self.now()).await.map_err(troubled)
    }

    pub(super) async fn shown_to(&self, visitor: &Visitor) -> Result<Option<Shown>, Problem> {
        let owner = self.owner(visitor).await?;
        self.shown_to_owner(&owner).await
    }

    /// The page of what is not saved yet.
    pub(super) async fn unsaved(&self, owner: &Owner) -> Result<Option<&'static str>, Problem> {
        Ok(self.shown_to_owner(owner).await?.map(|shown| match shown {
            Shown::Codes { .. } => "recovery-codes",
            Shown::Key { .. } => "new-key",
        }))
    }

    pub(super) async fn saved(&self, owner: &Owner) -> Result<Outcome, Problem> {
        let shown = self.shown_to_owner(owner).await?;
        self.0.site.cloud.store.hide_in_portal(&owner.session.id).await.map_err(troubled)?;
        Ok(Outcome::Ask(match shown {
            Some(Shown::Codes { .. }) => Done::CodesSaved.at("two-factor"),
            Some(Shown::Key { .. }) => Done::KeySaved.at("keys"),
            None => "./".to_owned(),
        }))
    }

    async fn shown_to_owner(&self, owner: &Owner) -> Result<Option<Shown>, Problem> {
        let store = &self.0.site.cloud.store;
        let Some(text) = store.shown_in_portal(&owner.session.id, self.now()).await.map_err(troubled)? else {
            return Ok(None);
        };
        read(&text).map(Some).ok_or_else(|| Error::Trouble.problem())
    }
}

fn read(text: &Secret<Vec<u8>>) -> Option<Shown> {
    Some(match serde_json::from_slice(text.expose()).ok()? {
        Kept::Codes { long, short } => Shown::Codes {
            long: RecoveryCode::parse(&long).ok()?,
            short: short.iter().map(|code| RecoveryCode::parse(code).ok()).collect::<Option<_>>()?,
        },
        Kept::Key { id, secret, name } => {
            let key = AccessKey::from_bytes(KeyId::parse(&id).ok()?, BASE64.decode(secret.as_bytes()).ok()?);
            Shown::Key { key, name }
        }
    })
}
