//! Access keys as the schema has them.

use juniper::{FieldError, FieldResult, GraphQLObject};

use super::schema::{Context, DateTime, failed};
use crate::cloud::store::{Created, StoredKey};

#[derive(GraphQLObject)]
#[graphql(context = Context)]
pub(super) struct AccessKey {
    key: String,
    enabled: bool,
    created: DateTime,
    last_used: Option<DateTime>,
}

#[derive(GraphQLObject)]
#[graphql(context = Context)]
pub(super) struct AccessKeyResponse {
    key: String,
    secret: String,
}

#[derive(GraphQLObject)]
#[graphql(name = "APIKey", context = Context)]
pub(super) struct ApiKey {
    key: String,
    updated: DateTime,
}

impl AccessKeyResponse {
    pub(super) async fn create(context: &Context) -> FieldResult<Self> {
        let cloud = &context.site.cloud;
        let at_most = cloud.plan.access_keys_per_account;
        match cloud.store.create_key(&context.account.id, at_most, cloud.now()).await.map_err(failed)? {
            Created::Key(key) => {
                Ok(Self { key: key.id.as_str().to_owned(), secret: key.secret_text().expose().clone() })
            }
            Created::TooMany => Err(FieldError::from(format!(
                "The account has {at_most} access keys, which is the limit; disable one and delete it first."
            ))),
        }
    }
}

impl AccessKey {
    pub(super) async fn all_of(context: &Context) -> FieldResult<Vec<Self>> {
        let keys = context.site.cloud.store.keys_of(&context.account.id).await.map_err(failed)?;
        Ok(keys.into_iter().map(Self::from).collect())
    }

    pub(super) async fn enable(context: &Context, key: &str, enabled: bool) -> FieldResult<Self> {
        let key = context.site.cloud.store.enable_key(&context.account.id, key, enabled).await.map_err(failed)?;
        key.map(Self::from).ok_or_else(no_such_key)
    }

    pub(super) async fn delete(context: &Context, key: &str) -> FieldResult<bool> {
        let (store, account) = (&context.site.cloud.store, &context.account.id);
        if store.delete_disabled_key(account, key).await.map_err(failed)? {
            return Ok(true);
        }
        let keys = store.keys_of(account).await.map_err(failed)?;
        let enabled = keys.iter().any(|own| own.id == key);
        Err(if enabled { "Disable the access key before you delete it.".into() } else { no_such_key() })
    }
}

impl From<StoredKey> for AccessKey {
    fn from(key: StoredKey) -> Self {
        Self {
            key: key.id,
            enabled: key.enabled,
            created: key.created.into(),
            last_used: key.last_used.map(DateTime::from),
        }
    }
}

fn no_such_key() -> FieldError {
    "The account has no such access key.".into()
}
