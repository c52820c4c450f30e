//! Questions and orders for the service's GraphQL (reference §3.2), in the name of a signed-in person or of an access key.

use serde_json::json;

use super::Error;
use super::provider::{Credential, Repeat, Reply, Request};
use super::transport::Transport;
use crate::base::Secret;
use crate::protocol::access_key::{AccessKey, KeyId};
use crate::protocol::graphql::{self, KeyWish, ListedKey, Log, Owner};

/// The GraphQL of one service, spoken to with one credential.
pub(super) struct GraphQl<'a> {
    pub transport: &'a Transport,
    pub url: String,
    pub credential: Credential,
}

impl GraphQl<'_> {
    pub(super) async fn who_am_i(&self) -> Result<Owner, Error> {
        let reply = self.ask(graphql::body(graphql::WHO_AM_I, None), Repeat::Harmless).await?;
        graphql::read_owner(reply.body.expose()).map_err(meaning)
    }

    /// With fields that only some services have.
    pub(super) async fn list_keys_with(&self, fields: &[&str]) -> Result<Vec<ListedKey>, Error> {
        let reply = self.ask(graphql::body(&graphql::access_keys_with(fields), None), Repeat::Harmless).await?;
        graphql::read_access_keys(reply.body.expose()).map_err(meaning)
    }

    pub(super) async fn create_key_with(&self, wish: &KeyWish) -> Result<AccessKey, Error> {
        let (query, variables) = graphql::create_access_key_with(wish);
        let reply = self.ask(graphql::body(&query, Some(variables)), Repeat::Never).await?;
        graphql::read_created_key(&reply.body).map_err(meaning)
    }

    pub(super) async fn switch_key(&self, key: &KeyId, on: bool) -> Result<(), Error> {
        let variables = json!({ "key": key.as_str(), "enabled": on });
        self.change(graphql::SWITCH_ACCESS_KEY, variables).await
    }

    /// Of one that is off.
    pub(super) async fn drop_key(&self, key: &KeyId) -> Result<(), Error> {
        self.change(graphql::DROP_ACCESS_KEY, json!({ "key": key.as_str() })).await
    }

    /// Since when the account exists.
    pub(super) async fn created(&self) -> Result<String, Error> {
        let reply = self.ask(graphql::body(graphql::CREATED, None), Repeat::Harmless).await?;
        graphql::read_created(reply.body.expose()).map_err(meaning)
    }

    pub(super) async fn create_key(&self) -> Result<AccessKey, Error> {
        let reply = self.ask(graphql::body(graphql::CREATE_ACCESS_KEY, None), Repeat::Never).await?;
        graphql::read_created_key(&reply.body).map_err(meaning)
    }

    /// As [`graphql::events`] asks.
    pub(super) async fn log(&self, query: &str, variables: serde_json::Value) -> Result<Log, Error> {
        let reply = self.ask(graphql::body(query, Some(variables)), Repeat::Harmless).await?;
        graphql::read_log(reply.body.expose()).map_err(meaning)
    }

    /// In one request, so that a key can do it to itself.
    pub(super) async fn delete_key(&self, key: &KeyId) -> Result<(), Error> {
        self.change(graphql::DELETE_ACCESS_KEY, json!({ "key": key.as_str() })).await
    }

    async fn change(&self, query: &str, variables: serde_json::Value) -> Result<(), Error> {
        let reply = self.ask(graphql::body(query, Some(variables)), Repeat::Never).await?;
        graphql::read_success(reply.body.expose()).map_err(meaning)
    }

    /// A caller's own body; its answer goes back as it is, unless the credential itself was refused.
    pub(super) async fn forward(&self, body: Vec<u8>) -> Result<Reply, Error> {
        let reply = self.transport.send(&self.request(body, Repeat::Never)).await?;
        match reply.status {
            401 | 403 => Err(self.refusal(&reply)),
            _ => Ok(reply),
        }
    }

    async fn ask(&self, body: Vec<u8>, repeat: Repeat) -> Result<Reply, Error> {
        let reply = self.transport.send(&self.request(body, repeat)).await?;
        match reply.status {
            200 => Ok(reply),
            500.. => Err(Error::ServiceFault(format!("GraphQL answered with status {}", reply.status).into())),
            _ => Err(self.refusal(&reply)),
        }
    }

    fn request(&self, body: Vec<u8>, repeat: Repeat) -> Request {
        Request {
            url: self.url.clone(),
            headers: vec![("content-type", "application/json".to_owned())],
            credential: self.credential.clone(),
            body: Some(Secret::new(body)),
            repeat,
        }
    }

    fn refusal(&self, reply: &Reply) -> Error {
        let reason = reason(reply);
        match (&self.credential, reply.status) {
            (Credential::Key(_), 401 | 403) => Error::KeyRefused(reason),
            (Credential::Bearer(_), 401) => Error::SignInExpired,
            _ => Error::Refused(reason),
        }
    }
}

fn meaning(error: graphql::Error) -> Error {
    match error {
        graphql::Error::Refused(message) => Error::Refused(message),
        graphql::Error::Unreadable => Error::ServiceFault(error.into()),
    }
}

/// What a refusal says, for a person: one short line.
pub(super) fn reason(reply: &Reply) -> String {
    let text = String::from_utf8_lossy(reply.body.expose());
    let json: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    let said = ["/message", "/errors/0/message", "/reason", "/error"].iter().find_map(|at| json.pointer(at)?.as_str());
    let line = said.unwrap_or_else(|| text.lines().next().unwrap_or_default()).trim();
    let line: String = line.chars().filter(|c| !c.is_control()).take(200).collect();
    if line.is_empty() { format!("status {}", reply.status) } else { line }
}
