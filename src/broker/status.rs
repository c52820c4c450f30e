//! `GET /v1/status`: what panel and command line show, for programs.

use std::time::SystemTime;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Broker;
use crate::account::{KeyState, Status};
use crate::protocol::graphql::Owner;

/// `state` is `absent`, `fresh`, `leased` or `revoked`; a key is handed out while it is fresh or leased.
#[derive(Serialize)]
pub(super) struct Told {
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<String>,
    owner: Option<Owner>,
    key: Option<String>,
    /// RFC 3339, by the service's clock.
    last_confirmed: Option<String>,
    clock_ahead_seconds: Option<i64>,
    notices: Vec<String>,
    service: String,
}

pub(super) async fn tell(State(broker): State<Broker>) -> Json<Told> {
    Json(Told::from(broker.account.status()))
}

impl From<Status> for Told {
    fn from(status: Status) -> Self {
        let (state, because) = match status.state {
            KeyState::Absent => ("absent", None),
            KeyState::Fresh => ("fresh", None),
            KeyState::Leased { because } => ("leased", Some(because)),
            KeyState::Revoked { because } => ("revoked", Some(because)),
        };
        Self {
            state,
            because,
            owner: status.owner,
            key: status.key.map(|key| key.as_str().to_owned()),
            last_confirmed: status.last_confirmed.and_then(to_the_second),
            clock_ahead_seconds: status.clock_ahead,
            notices: status.notices,
            service: status.service,
        }
    }
}

/// The service's clock is known to the second; what is reckoned from it has more digits that mean nothing.
fn to_the_second(at: SystemTime) -> Option<String> {
    OffsetDateTime::from(at).replace_nanosecond(0).ok()?.format(&Rfc3339).ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn times_have_no_digits_that_mean_nothing() {
        let at = SystemTime::UNIX_EPOCH + Duration::new(1_700_000_000, 78_367);
        assert_eq!(to_the_second(at).as_deref(), Some("2023-11-14T22:13:20Z"));
    }
}
