//! The GraphQL documents that Latchkey sends and the replies it reads (reference §3.2).

use serde::{Deserialize, Serialize};

use crate::base::Secret;
use crate::protocol::access_key::AccessKey;

/// Who is signed in. With an access token, or a signed request.
pub const WHO_AM_I: &str = "query { login { id email } }";
pub const ACCESS_KEYS: &str = "query { login { accessKeys { key enabled created lastUsed } } }";
pub const CREATE_ACCESS_KEY: &str = "mutation { createAccessKey { key secret } }";
pub const ENABLE_ACCESS_KEY: &str =
    "mutation($key:String!,$enabled:Boolean!){ updateAccessKey(key:$key, enabled:$enabled){ key enabled } }";
pub const DELETE_ACCESS_KEY: &str = "mutation($key:String!){ deleteAccessKey(key:$key) }";

/// The account's owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Stable; e-mail may change.
    pub id: String,
    pub email: String,
}

/// One key of the account, as listed; times as ISO 8601 text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListedKey {
    pub key: String,
    pub enabled: bool,
    pub created: String,
    #[serde(default)]
    pub last_used: Option<String>,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// `errors[0].message`, and how many more.
    #[error("{0}")]
    Refused(String),
    #[error("the answer has not the expected form")]
    Unreadable,
}

/// The JSON body of a request.
pub fn body(query: &str, variables: Option<serde_json::Value>) -> Vec<u8> {
    todo!("{query} {variables:?}")
}

pub fn read_owner(body: &[u8]) -> Result<Owner, Error> {
    todo!("{body:?}")
}
pub fn read_access_keys(body: &[u8]) -> Result<Vec<ListedKey>, Error> {
    todo!("{body:?}")
}
/// The created key; its secret is only ever in this reply.
pub fn read_created_key(body: &Secret<Vec<u8>>) -> Result<AccessKey, Error> {
    todo!("{body:?}")
}
/// For mutations whose result does not matter beyond success.
pub fn read_success(body: &[u8]) -> Result<(), Error> {
    todo!("{body:?}")
}
