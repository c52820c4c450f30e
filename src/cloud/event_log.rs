//! What happened to an account, for its owner, page by page.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::Cloud;
use super::caller;
use super::ids::AccountId;
use super::moment::Moment;
use super::store::{self, EventKind, EventPage, EventQuery};
use crate::base::report;
use crate::panel::screens::events;

const LARGEST_PAGE: u32 = 1000;

/// Which part of the log somebody asks for.
#[derive(Clone, Debug, Default)]
pub(crate) struct LogWish {
    /// Only what is older than this event.
    pub(crate) after: Option<String>,
    pub(crate) skip: i64,
    pub(crate) at_most: i64,
    pub(crate) since: Option<String>,
    pub(crate) to: Option<String>,
    pub(crate) kinds: Option<Vec<EventKind>>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Caller(#[from] caller::Error),
    #[error("Ask for 1 to {LARGEST_PAGE} events at a time.")]
    Size,
    #[error("The number of events to skip cannot be negative.")]
    Skip,
    #[error("'{0}' is not a date; write one like 2030-12-31 or 2030-12-31T12:00:00Z.")]
    NoDate(String),
    #[error("There is no kind of event called '{0}'.")]
    NoKind(String),
    #[error("Something went wrong in the service.")]
    Table(#[source] csv::Error),
    #[error("Something went wrong in the service.")]
    Store(#[from] store::Error),
}

impl Cloud {
    /// Newest first.
    pub(crate) async fn log_of(&self, account: &AccountId, wish: LogWish) -> Result<EventPage, Error> {
        let at_most = u32::try_from(wish.at_most).ok().filter(|size| (1..=LARGEST_PAGE).contains(size));
        let query = EventQuery {
            after: wish.after,
            skip: u32::try_from(wish.skip).map_err(|_negative| Error::Skip)?,
            at_most: at_most.ok_or(Error::Size)?,
            from: date(wish.since)?,
            to: date(wish.to)?,
            kinds: wish.kinds,
        };
        Ok(self.store.events(account, &query).await?)
    }
}

pub(super) fn date(text: Option<String>) -> Result<Option<Moment>, Error> {
    text.map(|text| Moment::parse(&text).ok_or(Error::NoDate(text))).transpose()
}

pub(super) fn kind(name: &str) -> Result<EventKind, Error> {
    EventKind::named(name.trim()).ok_or_else(|| Error::NoKind(name.to_owned()))
}

impl EventKind {
    /// What it is called for people.
    pub(crate) fn words(self) -> &'static str {
        events::words(self.name()).unwrap_or_default()
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::Caller(caller::Error::Store(_)) | Self::Table(_) | Self::Store(_) => {
                tracing::warn!(error = report::chain(&self), "the log of an account cannot be told");
                StatusCode::INTERNAL_SERVER_ERROR
            }
            Self::Caller(_) => StatusCode::UNAUTHORIZED,
            Self::Size | Self::Skip | Self::NoDate(_) | Self::NoKind(_) => StatusCode::BAD_REQUEST,
        };
        (status, Json(json!({ "message": self.to_string() }))).into_response()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::cloud::bench::{Bench, EMAIL};
    use crate::cloud::bench_keys::{WHO, ask, error, new_key_with};
    use crate::cloud::visitor::Visitor;
    use crate::protocol::access_key::AccessKey;

    const ALL: &str = "{ login { events { total hasMore last items { id type timestamp count last address detail \
                       actor { email } owner { email } } } } }";

    async fn events(bench: &Bench, token: &str, query: &str) -> Value {
        let reply = bench.graphql(token, query).await;
        assert_eq!(error(&reply), "");
        reply.body["data"]["login"]["events"].clone()
    }

    fn column<'v>(events: &'v Value, name: &str) -> Vec<&'v str> {
        events["items"].as_array().unwrap().iter().map(|event| event[name].as_str().unwrap()).collect()
    }

    #[tokio::test]
    async fn the_owner_sees_sign_ins_failures_keys_and_signing_out() {
        let bench = Bench::new().await;
        bench.ann(None, None).await;
        let token = bench.access_token().await;
        let key = new_key_with(&bench, &token, "(name: \"attic\")").await;
        let wrong = serde_json::json!({"USERNAME": EMAIL, "PASSWORD": "wrong-password"});
        for _ in 0..3 {
            bench.initiate("USER_PASSWORD_AUTH", wrong.clone()).await;
            ask(&bench, &key, WHO).await;
        }
        let other = AccessKey::from_bytes(key.id.clone(), vec![7; 30]);
        ask(&bench, &other, WHO).await;
        let id = key.id.as_str();
        bench
            .graphql(&token, &format!("mutation {{ updateAccessKey(key: \"{id}\", enabled: false) {{ key }} }}"))
            .await;
        bench.graphql(&token, &format!("mutation {{ deleteAccessKey(key: \"{id}\") }}")).await;
        bench.cognito("GlobalSignOut", &serde_json::json!({"AccessToken": token})).await;
        let token = bench.access_token().await;
        let log = events(&bench, &token, ALL).await;
        let seen = [
            "AUTH_LOGIN",
            "AUTH_LOGOUT",
            "ACCESS_KEY_DELETED",
            "ACCESS_KEY_CHANGED",
            "ACCESS_KEY_REFUSED",
            "ACCESS_KEY_USED",
            "AUTH_LOGIN_ATTEMPT",
            "ACCESS_KEY_CREATED",
            "AUTH_LOGIN",
        ];
        assert_eq!(column(&log, "type"), seen);
        assert_eq!((log["total"].as_i64(), log["hasMore"].as_bool()), (Some(9), Some(false)));
        let used = &log["items"][5];
        assert_eq!(
            (used["count"].as_i64(), used["detail"].as_str()),
            (Some(3), Some(format!("{id} (attic)").as_str()))
        );
        assert_eq!(log["items"][4]["detail"], format!("{id} (attic): WRONG_SIGNATURE"));
        assert_eq!((log["items"][6]["count"].as_i64(), &log["items"][6]["actor"]), (Some(3), &Value::Null));
        assert_eq!(log["items"][0]["actor"]["email"], EMAIL);
        assert_eq!(log["items"][0]["timestamp"], "2024-01-02T03:04:05Z");
    }

    #[tokio::test]
    async fn the_log_is_read_page_by_page_and_by_kind_and_time() {
        let bench = Bench::new().await;
        bench.ann(None, None).await;
        for _ in 0..5 {
            bench.hand.pass(std::time::Duration::from_secs(1));
            bench.access_token().await;
        }
        let token = bench.access_token().await;
        bench.cognito("GlobalSignOut", &serde_json::json!({"AccessToken": token})).await;
        let token = bench.access_token().await;
        let some = |arguments: &str| {
            format!("{{ login {{ events({arguments}) {{ total hasMore last items {{ id type }} }} }} }}")
        };
        let all = events(&bench, &token, &some("size: 1000")).await;
        let ids = column(&all, "id");
        let first = events(&bench, &token, &some("size: 3")).await;
        assert_eq!((column(&first, "id"), &first["hasMore"]), (ids[..3].to_vec(), &Value::Bool(true)));
        let next = format!("size: 3, after: \"{}\"", first["last"].as_str().unwrap());
        assert_eq!(column(&events(&bench, &token, &some(&next)).await, "id"), ids[3..6]);
        assert_eq!(column(&events(&bench, &token, &some("size: 3, from: 6")).await, "id"), ids[6..]);
        let out = events(&bench, &token, &some("types: [AUTH_LOGOUT, DEVICE_STATE]")).await;
        assert_eq!((column(&out, "type"), out["total"].as_i64()), (vec!["AUTH_LOGOUT"], Some(1)));
        let range = some("minDate: \"2024-01-02T03:04:07Z\", maxDate: \"2024-01-02T03:04:08Z\"");
        assert_eq!(events(&bench, &token, &range).await["total"], 2);
        for bad in ["size: 0", "size: 1001", "from: -1", "minDate: \"soon\""] {
            assert!(!error(&bench.graphql(&token, &some(bad)).await).is_empty(), "{bad}");
        }
        bench.person("bob@example.test", None, None).await;
        let foreign = serde_json::json!({"USERNAME": "bob@example.test", "PASSWORD": crate::cloud::bench::PASSWORD});
        let bob = bench.initiate("USER_PASSWORD_AUTH", foreign).await;
        let bob = bob.body["AuthenticationResult"]["AccessToken"].as_str().unwrap();
        assert_eq!(events(&bench, bob, ALL).await["total"], 1, "everybody sees only their own");
    }

    #[tokio::test]
    async fn every_kind_of_event_can_be_asked_for() {
        let bench = Bench::new().await;
        bench.ann(None, None).await;
        let token = bench.access_token().await;
        let kinds = bench.graphql(&token, "{ __type(name: \"EventType\") { enumValues { name } } }").await;
        let listed = kinds.body["data"]["__type"]["enumValues"].to_string();
        for kind in EventKind::ALL {
            assert!(listed.contains(&format!("\"{}\"", kind.name())), "{}", kind.name());
        }
    }

    #[tokio::test]
    async fn a_crowd_of_strangers_cannot_flood_the_log() {
        let bench = Bench::new().await;
        let ann = AccountId::from_text(bench.ann(None, None).await.id);
        let token = bench.access_token().await;
        for number in 0..300_u32 {
            let address = std::net::Ipv4Addr::from(0xc633_6400 + number).into();
            let visitor = Visitor { address, program: format!("guesser {number}") };
            let kind = EventKind::SignInFailed;
            bench.cloud.store.count_event(&ann, kind, &visitor, "wrong password", bench.cloud.now()).await.unwrap();
        }
        let log = events(&bench, &token, &ALL.replace("events {", "events(types: [AUTH_LOGIN_ATTEMPT]) {")).await;
        let lines = log["items"].as_array().unwrap();
        assert!(lines.len() <= 64, "{}", lines.len());
        assert_eq!(lines.iter().map(|line| line["count"].as_i64().unwrap()).sum::<i64>(), 300);
        assert!(lines.iter().all(|line| line["count"] == 1 || line["address"] == "several"));
        bench.hand.pass(std::time::Duration::from_secs(3600));
        let visitor = Visitor::nobody();
        bench.cloud.store.count_event(&ann, EventKind::KeyUsed, &visitor, "K", bench.cloud.now()).await.unwrap();
        bench.hand.pass(std::time::Duration::from_secs(60));
        bench.cloud.store.count_event(&ann, EventKind::KeyUsed, &visitor, "K", bench.cloud.now()).await.unwrap();
        let token = bench.access_token().await;
        let log = events(&bench, &token, &ALL.replace("events {", "events(types: [ACCESS_KEY_USED]) {")).await;
        assert_eq!((log["total"].as_i64(), log["items"][0]["count"].as_i64()), (Some(1), Some(2)));
        assert_eq!(log["items"][0]["last"], "2024-01-02T04:05:05Z");
    }
}
