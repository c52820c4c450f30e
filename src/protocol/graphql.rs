//! The GraphQL documents that Latchkey sends and the replies it reads (reference §3.2).

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::base::Secret;
use crate::protocol::access_key::AccessKey;

/// Who is signed in. With an access token, or a signed request.
pub const WHO_AM_I: &str = "query { login { id email } }";
pub const ACCESS_KEYS: &str = "query { login { accessKeys { key enabled created lastUsed } } }";
pub const CREATE_ACCESS_KEY: &str = "mutation { createAccessKey { key secret } }";
pub const SWITCH_ACCESS_KEY: &str = "mutation($key:String!,$enabled:Boolean!){ \
    updateAccessKey(key:$key, enabled:$enabled){ key enabled } }";
pub const DROP_ACCESS_KEY: &str = "mutation($key:String!){ deleteAccessKey(key:$key) }";
/// Since when the account exists.
pub const CREATED: &str = "query { login { created } }";
/// Only a disabled key may be deleted, and a disabled key signs no second request: one document does both, so that a key
/// can delete itself.
pub const DELETE_ACCESS_KEY: &str = "mutation($key:String!){ \
    updateAccessKey(key:$key, enabled:false){ key enabled } deleteAccessKey(key:$key) }";

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
    /// What follows only some services have.
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub scope: Option<String>,
    #[serde(default)]
    pub expires: Option<String>,
}

/// One page of the log.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Log {
    pub items: Vec<LogLine>,
    #[serde(default)]
    pub has_more: bool,
    /// Where the next, older page begins.
    #[serde(default)]
    pub last: Option<String>,
    #[serde(default)]
    pub total: i64,
}

/// What a service beyond remote.it tells is empty where it does not.
#[derive(Clone, Debug, Deserialize)]
pub struct LogLine {
    /// Such as `AUTH_LOGIN`.
    #[serde(rename = "type")]
    pub kind: String,
    /// ISO 8601.
    #[serde(rename = "timestamp")]
    pub at: String,
    /// The last of `count` times.
    #[serde(default)]
    pub last: String,
    #[serde(default = "once")]
    pub count: i64,
    #[serde(default)]
    pub address: String,
    #[serde(default)]
    pub program: String,
    #[serde(default)]
    pub detail: String,
}

/// What a new key shall be, where the service lets one say; `None` is not sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyWish {
    pub name: Option<String>,
    pub scope: Option<String>,
    pub expires: Option<String>,
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
pub fn body(query: &str, variables: Option<Value>) -> Vec<u8> {
    let body = match variables {
        Some(variables) => json!({ "query": query, "variables": variables }),
        None => json!({ "query": query }),
    };
    body.to_string().into_bytes()
}

/// [`ACCESS_KEYS`] with fields that only some services have.
pub fn access_keys_with(fields: &[&str]) -> String {
    let further: String = fields.iter().map(|field| format!(" {field}")).collect();
    ACCESS_KEYS.replace("lastUsed", &format!("lastUsed{further}"))
}

/// [`CREATE_ACCESS_KEY`] with what is wished; its variables.
pub fn create_access_key_with(wish: &KeyWish) -> (String, Value) {
    let given =
        [("name", "String", &wish.name), ("scope", "String", &wish.scope), ("expires", "DateTime", &wish.expires)];
    let given: Vec<_> =
        given.into_iter().filter_map(|(name, kind, value)| Some((name, kind, value.as_ref()?))).collect();
    if given.is_empty() {
        return (CREATE_ACCESS_KEY.to_owned(), json!({}));
    }
    let list = |each: fn(&str, &str) -> String| {
        given.iter().map(|(name, kind, _)| each(name, kind)).collect::<Vec<_>>().join(", ")
    };
    let declared = list(|name, kind| format!("${name}:{kind}"));
    let passed = list(|name, _| format!("{name}:${name}"));
    let query = format!("mutation({declared}){{ createAccessKey({passed}) {{ key secret }} }}");
    let variables = given.iter().map(|(name, _, value)| ((*name).to_owned(), json!(value))).collect();
    (query, Value::Object(variables))
}

/// What happened to the account, newest first, and the variables of that query; `ours`: with what only a service of ours tells.
pub fn events(after: Option<&str>, at_most: u32, kinds: Option<&[&str]>, ours: bool) -> (String, Value) {
    let further = if ours { " last count address program detail" } else { "" };
    let query = format!(
        "query Events($after: ID, $size: Int!, $types: [EventType!]) {{ login {{ \
         events(after: $after, size: $size, types: $types) {{ total hasMore last items {{ type timestamp{further} }} }} }} }}"
    );
    (query, json!({ "after": after, "size": at_most, "types": kinds }))
}

pub fn read_log(body: &[u8]) -> Result<Log, Error> {
    Ok(data::<Login<Events>>(body)?.login.events)
}

pub fn read_created(body: &[u8]) -> Result<String, Error> {
    Ok(data::<Login<Since>>(body)?.login.created)
}

pub fn read_owner(body: &[u8]) -> Result<Owner, Error> {
    Ok(data::<Login<Owner>>(body)?.login)
}

pub fn read_access_keys(body: &[u8]) -> Result<Vec<ListedKey>, Error> {
    Ok(data::<Login<AccessKeys>>(body)?.login.access_keys)
}

/// The created key; its secret is only ever in this reply.
pub fn read_created_key(body: &Secret<Vec<u8>>) -> Result<AccessKey, Error> {
    let created = data::<Created>(body.expose())?.create_access_key;
    let secret = Secret::new(created.secret);
    AccessKey::parse(&created.key, secret.expose()).map_err(|_| Error::Unreadable)
}

/// For mutations whose result does not matter beyond success.
pub fn read_success(body: &[u8]) -> Result<(), Error> {
    let results: BTreeMap<String, Value> = data(body)?;
    if results.values().any(|result| matches!(result, Value::Null | Value::Bool(false))) {
        return Err(Error::Refused("The service says that nothing was changed.".to_owned()));
    }
    Ok(())
}

#[derive(Deserialize)]
struct Login<T> {
    login: T,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AccessKeys {
    access_keys: Vec<ListedKey>,
}

#[derive(Deserialize)]
struct Events {
    events: Log,
}

const fn once() -> i64 {
    1
}

#[derive(Deserialize)]
struct Since {
    created: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Created {
    create_access_key: CreatedKey,
}

#[derive(Deserialize)]
struct CreatedKey {
    key: String,
    secret: String,
}

#[derive(Deserialize)]
struct Reply<T> {
    data: Option<T>,
}

#[derive(Deserialize)]
struct Refusals {
    errors: Option<Vec<Refusal>>,
}

#[derive(Deserialize)]
struct Refusal {
    message: String,
}

/// Errors are looked for first: with them `data` may have any form.
fn data<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    let refusals: Refusals = serde_json::from_slice(body).map_err(|_| Error::Unreadable)?;
    match refusals.errors.as_deref() {
        Some([only]) => return Err(Error::Refused(only.message.clone())),
        Some([first, more @ ..]) => return Err(Error::Refused(format!("{} (+{} more)", first.message, more.len()))),
        Some([]) | None => {}
    }
    let reply: Reply<T> = serde_json::from_slice(body).map_err(|_| Error::Unreadable)?;
    reply.data.ok_or(Error::Unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_travel_only_when_there_are_any() {
        assert_eq!(body(WHO_AM_I, None), br#"{"query":"query { login { id email } }"}"#);
        let disable = body("mutation", Some(json!({"enabled": false})));
        assert_eq!(disable, br#"{"query":"mutation","variables":{"enabled":false}}"#);
    }

    #[test]
    fn the_owner_is_read_whatever_else_is_told() {
        let reply = json!({"data": {"login": {"id": "1-2-3", "email": "ann@example.test", "admin": false}}});
        let owner = Owner { id: "1-2-3".into(), email: "ann@example.test".into() };
        assert_eq!(read_owner(reply.to_string().as_bytes()), Ok(owner));
    }

    #[test]
    fn listed_keys_may_never_have_been_used() {
        let reply = json!({"data": {"login": {"accessKeys": [
            {"key": "AAAA", "enabled": true, "created": "2024-01-02T03:04:05Z", "lastUsed": null},
            {"key": "BBBB", "enabled": false, "created": "2024-01-02T03:04:05Z", "lastUsed": "2024-02-03T04:05:06Z"},
        ]}}});
        let keys = read_access_keys(reply.to_string().as_bytes()).unwrap();
        assert_eq!((keys[0].key.as_str(), keys[0].enabled, keys[0].last_used.as_deref()), ("AAAA", true, None));
        assert_eq!(keys[1].last_used.as_deref(), Some("2024-02-03T04:05:06Z"));
    }

    #[test]
    fn a_log_is_read_with_and_without_what_only_our_service_tells() {
        let bare = br#"{"data":{"login":{"events":{"total":1,"hasMore":true,"last":"e1","items":[{"type":"AUTH_LOGIN","timestamp":"2024-01-02T03:04:05Z"}]}}}}"#;
        let log = read_log(bare).unwrap();
        assert_eq!(
            (log.items[0].kind.as_str(), log.items[0].count, log.items[0].detail.as_str()),
            ("AUTH_LOGIN", 1, "")
        );
        assert!(log.has_more && log.last.as_deref() == Some("e1"));
        let refused = read_log(br#"{"data":null,"errors":[{"message":"Not now."}]}"#);
        assert!(matches!(refused, Err(Error::Refused(said)) if said == "Not now."));
        assert!(matches!(read_log(b"<html>"), Err(Error::Unreadable)));
        let asked = |ours| events(None, 25, None, ours).0;
        assert!(asked(true).contains("timestamp last count") && asked(false).contains("timestamp }"));
    }

    #[test]
    fn a_wish_travels_only_as_far_as_it_is_given() {
        assert_eq!(create_access_key_with(&KeyWish::default()), (CREATE_ACCESS_KEY.to_owned(), json!({})));
        let wish = KeyWish { name: Some("Shed".into()), expires: Some("2030-01-01".into()), scope: None };
        let (query, variables) = create_access_key_with(&wish);
        let expected =
            "mutation($name:String, $expires:DateTime){ createAccessKey(name:$name, expires:$expires) { key secret } }";
        assert_eq!((query.as_str(), variables), (expected, json!({"name": "Shed", "expires": "2030-01-01"})));
        assert!(access_keys_with(&["name"]).contains("lastUsed name }"));
    }

    #[test]
    fn a_created_key_comes_with_its_decoded_secret() {
        let key = created("EXAMPLEKEYID00000001", "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e").unwrap();
        assert_eq!(key.id.as_str(), "EXAMPLEKEYID00000001");
        assert_eq!(key.secret_bytes(), (1..=30).collect::<Vec<u8>>());
        assert_eq!(created("EXAMPLEKEYID00000001", "%%%").unwrap_err(), Error::Unreadable);
    }

    #[test]
    fn a_refusal_is_told_in_the_services_own_words() {
        let reply = json!({"data": {"login": null}, "errors": [{"message": "You already have 2 keys."}]});
        let refused = Error::Refused("You already have 2 keys.".into());
        assert_eq!(read_owner(reply.to_string().as_bytes()), Err(refused));
        let reply = json!({"errors": [{"message": "First."}, {"message": "Second."}, {"message": "Third."}]});
        assert_eq!(read_success(reply.to_string().as_bytes()), Err(Error::Refused("First. (+2 more)".into())));
    }

    #[test]
    fn a_mutation_that_did_nothing_is_not_a_success() {
        assert_eq!(read_success(br#"{"data":{"deleteAccessKey":true}}"#), Ok(()));
        assert_eq!(read_success(br#"{"data":{"updateAccessKey":{"key":"A","enabled":false}},"errors":[]}"#), Ok(()));
        for nothing in ["false", "null"] {
            let reply = format!(r#"{{"data":{{"deleteAccessKey":{nothing}}}}}"#);
            assert!(matches!(read_success(reply.as_bytes()), Err(Error::Refused(_))), "{nothing}");
        }
    }

    #[test]
    fn what_is_no_graphql_reply_is_unreadable() {
        for text in ["", "Unauthorized", "<html></html>", "[]", "{}", r#"{"data":null}"#, r#"{"message":"Forbidden"}"#]
        {
            assert_eq!(read_owner(text.as_bytes()), Err(Error::Unreadable), "{text}");
            assert_eq!(read_success(text.as_bytes()), Err(Error::Unreadable), "{text}");
        }
    }

    fn created(key: &str, secret: &str) -> Result<AccessKey, Error> {
        let reply = json!({"data": {"createAccessKey": {"key": key, "secret": secret}}});
        read_created_key(&Secret::new(reply.to_string().into_bytes()))
    }
}
