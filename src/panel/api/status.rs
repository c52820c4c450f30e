//! `GET /api/v1/status`: whose device this is, how its key stands, and what needs attention.

use std::time::SystemTime;

use axum::extract::State;
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::answer::{Answer, Sent};
use crate::account::KeyState;
use crate::panel::Panel;
use crate::protocol::graphql::Owner;

#[derive(Serialize)]
pub(super) struct Told {
    device: String,
    service: String,
    owner: Option<Owner>,
    key: Key,
    /// Positive: this device's clock is ahead of the service's.
    clock_ahead_seconds: Option<i64>,
    notices: Vec<String>,
}

#[derive(Serialize)]
struct Key {
    id: Option<String>,
    state: &'static str,
    because: Option<String>,
    last_confirmed: Option<String>,
}

pub(super) async fn tell(State(panel): State<Panel>) -> Answer<Told> {
    let status = panel.0.account.status();
    let notices = status.notices.iter().cloned();
    let notices = notices.chain(panel.0.sessions.trouble()).chain(panel.0.device_tokens.trouble()).collect();
    let (state, because) = match status.state {
        KeyState::Absent => ("absent", None),
        KeyState::Fresh => ("fresh", None),
        KeyState::Leased { because } => ("leased", Some(because)),
        KeyState::Revoked { because } => ("revoked", Some(because)),
    };
    let key = Key {
        id: status.key.map(|key| key.as_str().to_owned()),
        state,
        because,
        last_confirmed: status.last_confirmed.and_then(moment),
    };
    Ok(Sent(Told {
        device: panel.0.device_name.clone(),
        service: status.service,
        owner: status.owner,
        key,
        clock_ahead_seconds: status.clock_ahead,
        notices,
    }))
}

/// RFC 3339, whole seconds.
pub(super) fn moment(time: SystemTime) -> Option<String> {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
    OffsetDateTime::from_unix_timestamp(i64::try_from(seconds).ok()?).ok()?.format(&Rfc3339).ok()
}
