//! Access keys as the schema has them. `name`, `scope` and `expires` are ours: clients of remote.it never send or ask for them.

use juniper::{FieldError, FieldResult, GraphQLObject};

use super::schema::{Context, DateTime, failed};
use crate::cloud::access_keys::{Error, KeyWish};
use crate::cloud::permit::Deed;
use crate::cloud::store::StoredKey;

#[derive(GraphQLObject)]
#[graphql(context = Context)]
pub(super) struct AccessKey {
    key: String,
    enabled: bool,
    created: DateTime,
    last_used: Option<DateTime>,
    /// What the owner calls it.
    name: Option<String>,
    /// What it may do: `read`, `sign-in-device` or `full`.
    scope: String,
    /// Its end; null: never.
    expires: Option<DateTime>,
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
    pub(super) async fn create(context: &Context, wish: KeyWish) -> FieldResult<Self> {
        let account = &context.caller.account.id;
        let key = context.site.create_key(account, &context.caller.by, wish).await.map_err(refusal)?;
        Ok(Self { key: key.id.as_str().to_owned(), secret: key.secret_text().expose().clone() })
    }
}

impl AccessKey {
    pub(super) async fn all_of(context: &Context) -> FieldResult<Vec<Self>> {
        context.may(Deed::SeeKeys)?;
        let keys = context.site.cloud.store.keys_of(&context.caller.account.id).await.map_err(failed)?;
        Ok(keys.into_iter().map(Self::from).collect())
    }

    pub(super) async fn change(
        context: &Context,
        key: &str,
        enabled: Option<bool>,
        name: Option<&str>,
    ) -> FieldResult<Self> {
        let account = &context.caller.account.id;
        let changed = context.site.change_key(account, &context.caller.by, key, enabled, name).await;
        changed.map(Self::from).map_err(refusal)
    }

    pub(super) async fn delete(context: &Context, key: &str) -> FieldResult<bool> {
        let account = &context.caller.account.id;
        context.site.delete_key(account, &context.caller.by, key).await.map_err(refusal)?;
        Ok(true)
    }
}

impl From<StoredKey> for AccessKey {
    fn from(key: StoredKey) -> Self {
        Self {
            key: key.id,
            enabled: key.enabled,
            created: key.created.into(),
            last_used: key.last_used.map(DateTime::from),
            name: Some(key.name).filter(|name| !name.is_empty()),
            scope: key.scope.name().to_owned(),
            expires: key.expires.map(DateTime::from),
        }
    }
}

fn refusal(error: Error) -> FieldError {
    match error {
        Error::Store(error) => failed(error),
        Error::NotAllowed(refusal) => super::schema::not_allowed(refusal),
        Error::TooMany(_)
        | Error::Name
        | Error::Scope(_)
        | Error::NoDate(_)
        | Error::Past
        | Error::NoSuchKey
        | Error::StillEnabled
        | Error::NothingToChange => error.into(),
    }
}
