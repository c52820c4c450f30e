//! Mail and text messages that were to be delivered. Sealed: they hold codes.

use sqlx::Row as _;

use super::{Database, Error, Store};
use crate::cloud::OutboxMessage;
use crate::cloud::ids::uuid;
use crate::cloud::moment::Moment;

const KIND: &str = "outbox message";

/// How a message travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Channel {
    Mail,
    Sms,
}

impl Channel {
    fn name(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Sms => "sms",
        }
    }
}

impl Store {
    pub(crate) async fn post(&self, channel: Channel, to: &str, text: &str, now: Moment) -> Result<(), Error> {
        let mut connection = self.pool.acquire().await?;
        self.post_within(&mut connection, channel, to, text, now).await
    }

    /// As part of a transaction.
    pub(super) async fn post_within(
        &self,
        connection: &mut <Database as sqlx::Database>::Connection,
        channel: Channel,
        to: &str,
        text: &str,
        now: Moment,
    ) -> Result<(), Error> {
        sqlx::query(
            "INSERT INTO outbox (id, place, at, kind, recipient, sealed_text) \
             SELECT $1, COALESCE(MAX(place), 0) + 1, $2, $3, $4, $5 FROM outbox",
        )
        .bind(uuid(self.entropy.bytes()))
        .bind(now)
        .bind(channel.name())
        .bind(to)
        .bind(self.vault.seal(KIND, text.as_bytes()))
        .execute(connection)
        .await?;
        Ok(())
    }

    /// Newest last.
    pub(crate) async fn outbox(&self) -> Result<Vec<OutboxMessage>, Error> {
        let rows = sqlx::query("SELECT at, kind, recipient, sealed_text FROM outbox ORDER BY place, at")
            .fetch_all(&self.pool)
            .await?;
        rows.iter()
            .map(|row| {
                let sealed: Vec<u8> = row.try_get("sealed_text")?;
                let text = self.vault.unseal(KIND, &sealed).map_err(|_other_key| Error::Unreadable("a message"))?;
                Ok(OutboxMessage {
                    at: row.try_get::<Moment, _>("at")?.system_time(),
                    kind: row.try_get("kind")?,
                    to: row.try_get("recipient")?,
                    text: String::from_utf8_lossy(text.expose()).into_owned(),
                })
            })
            .collect()
    }
}
