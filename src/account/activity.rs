//! What happened to the account: the service's log, newest first (reference §3.2).

use serde::Deserialize;
use serde_json::json;

use super::{Account, Error, Session};
use crate::protocol::graphql;

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

/// Which part of the log.
#[derive(Clone, Debug, Default)]
pub struct LogWish {
    pub after: Option<String>,
    pub at_most: u32,
    /// `None`: every kind.
    pub kinds: Option<Vec<&'static str>>,
}

/// The kinds that remote.it has for accounts; a service that announces `events` has all of ours.
const OF_REMOTE_IT: [&str; 7] = [
    "AUTH_LOGIN",
    "AUTH_LOGIN_ATTEMPT",
    "AUTH_PASSWORD_CHANGE",
    "AUTH_PASSWORD_RESET",
    "AUTH_PHONE_CHANGE",
    "AUTH_MFA_ENABLED",
    "AUTH_MFA_DISABLED",
];

#[derive(Deserialize)]
struct Answer {
    data: Option<Data>,
    #[serde(default)]
    errors: Vec<Complaint>,
}

#[derive(Deserialize)]
struct Data {
    login: Option<Login>,
}

#[derive(Deserialize)]
struct Login {
    events: Log,
}

#[derive(Deserialize)]
struct Complaint {
    message: String,
}

impl Account {
    pub async fn log(&self, user: &Session, mut wish: LogWish) -> Result<Log, Error> {
        let ours = self.offers("events").await?;
        if !ours {
            wish.kinds.get_or_insert_with(|| OF_REMOTE_IT.to_vec()).retain(|kind| OF_REMOTE_IT.contains(kind));
        }
        if wish.kinds.as_ref().is_some_and(Vec::is_empty) {
            return Ok(Log { items: Vec::new(), has_more: false, last: None, total: 0 });
        }
        let further = if ours { " last count address program detail" } else { "" };
        let query = format!(
            "query Events($after: ID, $size: Int!, $types: [EventType!]) {{ login {{ \
             events(after: $after, size: $size, types: $types) {{ total hasMore last items {{ type timestamp{further} }} }} }} }}"
        );
        let variables = json!({ "after": wish.after, "size": wish.at_most, "types": wish.kinds });
        let reply = self.graphql_of(user).await?.forward(graphql::body(&query, Some(variables))).await;
        let reply = reply.map_err(|error| self.doubtful(error))?;
        read(reply.body.expose())
    }
}

fn read(body: &[u8]) -> Result<Log, Error> {
    let answer: Answer = serde_json::from_slice(body)
        .map_err(|_malformed| Error::ServiceFault("GraphQL sent a log that cannot be read".into()))?;
    match (answer.data.and_then(|data| data.login), answer.errors.into_iter().next()) {
        (Some(login), None) => Ok(login.events),
        (_, Some(complaint)) => Err(Error::Refused(complaint.message)),
        (None, None) => Err(Error::ServiceFault("GraphQL sent no log".into())),
    }
}

const fn once() -> i64 {
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_read_with_and_without_what_only_our_service_tells() {
        let bare = br#"{"data":{"login":{"events":{"total":1,"hasMore":true,"last":"e1","items":[{"type":"AUTH_LOGIN","timestamp":"2024-01-02T03:04:05Z"}]}}}}"#;
        let log = read(bare).unwrap();
        assert_eq!(
            (log.items[0].kind.as_str(), log.items[0].count, log.items[0].detail.as_str()),
            ("AUTH_LOGIN", 1, "")
        );
        assert!(log.has_more && log.last.as_deref() == Some("e1"));
        let refused = read(br#"{"data":null,"errors":[{"message":"Not now."}]}"#);
        assert!(matches!(refused, Err(Error::Refused(said)) if said == "Not now."));
        assert!(matches!(read(b"<html>"), Err(Error::ServiceFault(_))));
    }
}
