//! Mail and text messages: waiting, sent, or given up. Sealed, since they hold codes, and wiped once they are sent.

use sqlx::Row as _;

use super::{Database, Error, Store};
use crate::base::Secret;
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

/// Which channels lead out of the house; what the others should carry is kept for people to look at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Carried {
    pub(crate) mail: bool,
    pub(crate) sms: bool,
}

/// A message that was taken up: nobody else tries it for a while.
pub(crate) struct Due {
    pub(crate) id: String,
    pub(crate) channel: Channel,
    pub(crate) to: String,
    pub(crate) text: Secret<String>,
    pub(crate) at: Moment,
    /// With this one.
    pub(crate) tries: i64,
    pub(crate) awaited: bool,
}

impl Channel {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Sms => "sms",
        }
    }

    fn named(name: &str) -> Option<Self> {
        [Self::Mail, Self::Sms].into_iter().find(|channel| channel.name() == name)
    }
}

impl Carried {
    pub(crate) fn has(self, channel: Channel) -> bool {
        match channel {
            Channel::Mail => self.mail,
            Channel::Sms => self.sms,
        }
    }
}

impl Store {
    /// A message that nobody waits for: it goes out soon, and is tried again where it cannot.
    pub(crate) async fn post(&self, channel: Channel, to: &str, text: &str, now: Moment) -> Result<(), Error> {
        let mut connection = self.pool.acquire().await?;
        self.post_within(&mut connection, channel, to, text, now).await?;
        self.posted.notify_one();
        Ok(())
    }

    /// Returns when this instance has posted something since it was last asked.
    pub(crate) async fn posted(&self) {
        self.posted.notified().await;
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
        let id = uuid(self.entropy.bytes());
        let state = if self.carried.has(channel) { "waiting" } else { "kept" };
        self.insert(connection, &id, (channel, to, text), now, (state, 0, now)).await
    }

    /// A message that somebody waits for, taken up from the start until `until`. `None`: it is kept, nothing carries it.
    pub(crate) async fn post_awaited(
        &self,
        channel: Channel,
        to: &str,
        text: &str,
        now: Moment,
        until: Moment,
    ) -> Result<Option<Due>, Error> {
        let id = uuid(self.entropy.bytes());
        let mut connection = self.pool.acquire().await?;
        if !self.carried.has(channel) {
            self.insert(&mut connection, &id, (channel, to, text), now, ("kept", 1, now)).await?;
            return Ok(None);
        }
        self.insert(&mut connection, &id, (channel, to, text), now, ("waiting", 1, until)).await?;
        let (to, text) = (to.to_owned(), Secret::from(text));
        Ok(Some(Due { id, channel, to, text, at: now, tries: 1, awaited: true }))
    }

    async fn insert(
        &self,
        connection: &mut <Database as sqlx::Database>::Connection,
        id: &str,
        (channel, to, text): (Channel, &str, &str),
        now: Moment,
        (state, awaited, next_try): (&str, i64, Moment),
    ) -> Result<(), Error> {
        sqlx::query(
            "INSERT INTO outbox (id, place, at, kind, recipient, sealed_text, state, awaited, tries, next_try) \
             SELECT $1, COALESCE(MAX(place), 0) + 1, $2, $3, $4, $5, $6, $7, $7, $8 FROM outbox",
        )
        .bind(id)
        .bind(now)
        .bind(channel.name())
        .bind(to)
        .bind(self.vault.seal(KIND, text.as_bytes()))
        .bind(state)
        .bind(awaited)
        .bind(next_try)
        .execute(connection)
        .await?;
        Ok(())
    }

    /// Takes up to `most` messages that are due, so that no other instance tries them before `until`.
    pub(crate) async fn take_up(&self, most: i64, now: Moment, until: Moment) -> Result<Vec<Due>, Error> {
        let ids: Vec<String> = sqlx::query_scalar(
            "SELECT id FROM outbox WHERE state = 'waiting' AND next_try <= $1 ORDER BY next_try LIMIT $2",
        )
        .bind(now)
        .bind(most)
        .fetch_all(&self.pool)
        .await?;
        let mut taken = Vec::new();
        for id in ids {
            let row = sqlx::query(
                "UPDATE outbox SET tries = tries + 1, next_try = $3 \
                 WHERE id = $1 AND state = 'waiting' AND next_try <= $2 RETURNING *",
            )
            .bind(&id)
            .bind(now)
            .bind(until)
            .fetch_optional(&self.pool)
            .await?;
            taken.extend(row.map(|row| self.read_due(&row)).transpose()?);
        }
        Ok(taken)
    }

    /// It is gone, and its text with it.
    pub(crate) async fn note_sent(&self, due: &Due) -> Result<(), Error> {
        sqlx::query("UPDATE outbox SET state = 'sent', reason = '', sealed_text = $3 WHERE id = $1 AND tries = $2")
            .bind(&due.id)
            .bind(due.tries)
            .bind(self.vault.seal(KIND, b""))
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// It could not leave; `next`: when it is tried again, or never. What only somebody waiting could use is wiped.
    pub(crate) async fn note_unsent(&self, due: &Due, reason: &str, next: Option<Moment>) -> Result<(), Error> {
        let text: &[u8] = if next.is_none() && due.awaited { b"" } else { due.text.expose().as_bytes() };
        sqlx::query(
            "UPDATE outbox SET state = $3, reason = $4, next_try = $5, sealed_text = $6 WHERE id = $1 AND tries = $2",
        )
        .bind(&due.id)
        .bind(due.tries)
        .bind(if next.is_some() { "waiting" } else { "failed" })
        .bind(reason)
        .bind(next.unwrap_or(due.at))
        .bind(self.vault.seal(KIND, text))
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Forgets messages of before.
    pub(crate) async fn forget_messages(&self, before: Moment) -> Result<u64, Error> {
        let done = sqlx::query("DELETE FROM outbox WHERE at < $1").bind(before).execute(&self.pool).await?;
        Ok(done.rows_affected())
    }

    /// How many wait to leave.
    pub(crate) async fn messages_waiting(&self) -> Result<i64, Error> {
        Ok(sqlx::query_scalar("SELECT COUNT(*) FROM outbox WHERE state = 'waiting'").fetch_one(&self.pool).await?)
    }

    /// Newest last.
    pub(crate) async fn outbox(&self) -> Result<Vec<OutboxMessage>, Error> {
        let rows = sqlx::query("SELECT * FROM outbox ORDER BY place, at").fetch_all(&self.pool).await?;
        rows.iter()
            .map(|row| {
                Ok(OutboxMessage {
                    at: row.try_get::<Moment, _>("at")?.system_time(),
                    kind: row.try_get("kind")?,
                    to: row.try_get("recipient")?,
                    text: self.read_text(row)?.expose().clone(),
                    state: row.try_get("state")?,
                    reason: row.try_get("reason")?,
                })
            })
            .collect()
    }

    fn read_due(&self, row: &<Database as sqlx::Database>::Row) -> Result<Due, Error> {
        let kind: String = row.try_get("kind")?;
        Ok(Due {
            id: row.try_get("id")?,
            channel: Channel::named(&kind).ok_or(Error::Unreadable("a message"))?,
            to: row.try_get("recipient")?,
            text: self.read_text(row)?,
            at: row.try_get("at")?,
            tries: row.try_get("tries")?,
            awaited: row.try_get::<i64, _>("awaited")? != 0,
        })
    }

    fn read_text(&self, row: &<Database as sqlx::Database>::Row) -> Result<Secret<String>, Error> {
        let sealed: Vec<u8> = row.try_get("sealed_text")?;
        let text = self.vault.unseal(KIND, &sealed).map_err(|_other_key| Error::Unreadable("a message"))?;
        Ok(Secret::new(String::from_utf8_lossy(text.expose()).into_owned()))
    }
}
