//! Where an account's owner has signed in from: what a stranger does elsewhere must not keep the owner out there.

use std::time::Duration;

use super::{Error, Store};
use crate::cloud::ids::AccountId;
use crate::cloud::moment::Moment;

/// A source that the owner has not used for so long is forgotten.
const REMEMBERED: Duration = Duration::from_secs(90 * 24 * 3600);

impl Store {
    pub(crate) async fn note_source(&self, account: &AccountId, source: &str, now: Moment) -> Result<(), Error> {
        sqlx::query(
            "INSERT INTO known_sources (account_id, source, last) VALUES ($1, $2, $3) \
             ON CONFLICT (account_id, source) DO UPDATE SET last = excluded.last",
        )
        .bind(account)
        .bind(source)
        .bind(now)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    pub(crate) async fn knows_source(&self, account: &str, source: &str, now: Moment) -> Result<bool, Error> {
        let found: Option<i64> =
            sqlx::query_scalar("SELECT 1 FROM known_sources WHERE account_id = $1 AND source = $2 AND last > $3")
                .bind(account)
                .bind(source)
                .bind(now.minus(REMEMBERED))
                .fetch_optional(&self.pool)
                .await?;
        Ok(found.is_some())
    }

    pub(crate) async fn forget_old_sources(&self, now: Moment) -> Result<(), Error> {
        sqlx::query("DELETE FROM known_sources WHERE last <= $1")
            .bind(now.minus(REMEMBERED))
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}
