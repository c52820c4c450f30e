//! What happened to the account: the service's log, newest first (reference §3.2).

use super::{Account, Error, Session};
use crate::protocol::graphql::{self, Log};

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

impl Account {
    pub async fn log(&self, user: &Session, mut wish: LogWish) -> Result<Log, Error> {
        let ours = self.offers("events").await?;
        if !ours {
            wish.kinds.get_or_insert_with(|| OF_REMOTE_IT.to_vec()).retain(|kind| OF_REMOTE_IT.contains(kind));
        }
        if wish.kinds.as_ref().is_some_and(Vec::is_empty) {
            return Ok(Log { items: Vec::new(), has_more: false, last: None, total: 0 });
        }
        let (query, variables) = graphql::events(wish.after.as_deref(), wish.at_most, wish.kinds.as_deref(), ours);
        self.graphql_of(user).await?.log(&query, variables).await.map_err(|error| self.doubtful(error))
    }
}
