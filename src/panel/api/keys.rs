//! `GET /api/v1/keys`: the access keys of the account, as the service lists them to this device's own key; never a secret.

use axum::extract::State;
use http::StatusCode;
use serde::Serialize;

use super::answer::{Answer, Refusal, Sent};
use crate::panel::Panel;
use crate::panel::screens::Error;
use crate::protocol::graphql;

#[derive(Serialize)]
pub(super) struct Listed {
    keys: Vec<Key>,
}

#[derive(Serialize)]
struct Key {
    id: String,
    enabled: bool,
    /// As the service tells it.
    created: String,
    last_used: Option<String>,
    /// The one that this device keeps.
    is_here: bool,
}

pub(super) async fn list(State(panel): State<Panel>) -> Answer<Listed> {
    let query = graphql::body(graphql::ACCESS_KEYS, None);
    let (_status, answer) = panel.0.account.graphql(query).await.map_err(Error::from)?;
    let keys = graphql::read_access_keys(&answer).map_err(|error| {
        tracing::info!(%error, "the service does not list access keys to a device");
        let message = "The account service does not list its access keys to this device. Look at the account's page.";
        Refusal::new(StatusCode::BAD_GATEWAY, "service_failed", message)
    })?;
    let here = panel.0.account.status().key;
    let listed = |key: graphql::ListedKey| Key {
        is_here: here.as_ref().is_some_and(|here| here.as_str() == key.key),
        id: key.key,
        enabled: key.enabled,
        created: key.created,
        last_used: key.last_used,
    };
    Ok(Sent(Listed { keys: keys.into_iter().map(listed).collect() }))
}
