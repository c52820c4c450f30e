//! What the portal remembers of a browser between two pages, and whose turn it is: a form that is sent twice is played once,
//! also when the two reach different instances.

use std::time::Duration;

use sqlx::Row as _;

use super::{Error, Store};
use crate::base::Secret;
use crate::cloud::moment::Moment;

/// A browser that does nothing is forgotten after this.
const REMEMBERED: Duration = Duration::from_secs(3600);
/// Whoever has the turn has lost it after this: its instance was stopped.
const LONGEST_TURN: Duration = Duration::from_secs(30);

/// Names a visit; the browser's own random bytes, as their hash.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VisitKey(pub(crate) [u8; 32]);

#[derive(Debug, Default)]
pub(crate) struct Visit {
    pub(crate) content: Option<Secret<Vec<u8>>>,
    /// Turns that ended so far.
    pub(crate) turns: i64,
    pub(crate) latest: Option<LatestTurn>,
}

#[derive(Debug)]
pub(crate) struct LatestTurn {
    pub(crate) mark: String,
    pub(crate) at: Moment,
    pub(crate) outcome: Secret<Vec<u8>>,
}

impl Store {
    pub(crate) async fn visit(&self, key: VisitKey, now: Moment) -> Result<Visit, Error> {
        let id = self.visit_id(key);
        let row = sqlx::query("SELECT * FROM portal_visits WHERE id = $1 AND expires > $2")
            .bind(&id)
            .bind(now)
            .fetch_optional(&self.pool)
            .await?;
        let Some(row) = row else { return Ok(Visit::default()) };
        let unseal = |sealed: Vec<u8>| {
            self.vault
                .unseal(&visit_kind(&id), &sealed)
                .map_err(|_other_key| Error::Unreadable("a visit of the portal"))
        };
        let content = row.try_get::<Option<Vec<u8>>, _>("sealed")?.map(unseal).transpose()?;
        let latest = match row.try_get::<Option<Vec<u8>>, _>("sealed_latest")? {
            None => None,
            Some(sealed) => Some(LatestTurn {
                mark: row.try_get("latest_mark")?,
                at: row.try_get("latest_at")?,
                outcome: unseal(sealed)?,
            }),
        };
        Ok(Visit { content, turns: row.try_get("turns")?, latest })
    }

    /// `false` while somebody else has the turn.
    pub(crate) async fn take_turn(&self, key: VisitKey, now: Moment) -> Result<bool, Error> {
        sqlx::query("INSERT INTO portal_visits (id, expires) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING")
            .bind(self.visit_id(key))
            .bind(now.plus(REMEMBERED))
            .execute(&self.pool)
            .await?;
        let done = sqlx::query("UPDATE portal_visits SET playing_until = $2 WHERE id = $1 AND playing_until <= $3")
            .bind(self.visit_id(key))
            .bind(now.plus(LONGEST_TURN))
            .bind(now)
            .execute(&self.pool)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Ends a turn with what is remembered from now on, and what it led to.
    pub(crate) async fn end_turn(
        &self,
        key: VisitKey,
        content: &Secret<Vec<u8>>,
        latest: &LatestTurn,
        now: Moment,
    ) -> Result<(), Error> {
        let id = self.visit_id(key);
        sqlx::query(
            "UPDATE portal_visits SET sealed = $2, playing_until = 0, turns = turns + 1, latest_mark = $3, latest_at = $4, \
             sealed_latest = $5, expires = $6 WHERE id = $1",
        )
        .bind(&id)
        .bind(self.vault.seal(&visit_kind(&id), content.expose()))
        .bind(&latest.mark)
        .bind(latest.at)
        .bind(self.vault.seal(&visit_kind(&id), latest.outcome.expose()))
        .bind(now.plus(REMEMBERED))
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Gives a turn back in which nothing was played.
    pub(crate) async fn leave_turn(&self, key: VisitKey) -> Result<(), Error> {
        sqlx::query("UPDATE portal_visits SET playing_until = 0 WHERE id = $1")
            .bind(self.visit_id(key))
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    fn visit_id(&self, key: VisitKey) -> String {
        self.vault.mark("portal visit", &key.0)
    }
}

fn visit_kind(id: &str) -> String {
    format!("portal visit {id}")
}
