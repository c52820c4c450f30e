//! What each source address owes for failures and costly requests. Time pays it off; whoever owes too much waits, each time
//! longer. A source that never fails has no row, and asking about it writes nothing.

use std::time::Duration;

use sqlx::Row as _;

use super::{Error, Store};
use crate::cloud::moment::Moment;

/// How much a source may owe, and how long it waits when it owes more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Credit {
    /// Time pays one failure off in that time.
    pub(crate) pays: Duration,
    /// So much may be owed without waiting.
    pub(crate) limit: Duration,
    /// The first wait; each one doubles, until everything is paid off.
    pub(crate) first: Duration,
    pub(crate) longest: Duration,
}

impl Store {
    /// How long the source must wait yet; `None`: not at all.
    pub(crate) async fn source_wait(&self, source: &str, now: Moment) -> Result<Option<Duration>, Error> {
        let until: Option<Moment> = sqlx::query_scalar("SELECT until FROM sources WHERE source = $1 AND until > $2")
            .bind(source)
            .bind(now)
            .fetch_optional(&self.pool)
            .await?;
        Ok(until.map(|until| now.until(until)))
    }

    /// Charges `failures`; `false` when the source had to wait already, so that what it just tried must not be told.
    ///
    /// In one statement, since many instances and many tries at once share the row: the debt grows from now or from what was
    /// owed; a debt over the limit is a strike, and each strike doubles the wait.
    pub(crate) async fn charge_source(
        &self,
        credit: &Credit,
        source: &str,
        failures: u32,
        now: Moment,
    ) -> Result<bool, Error> {
        let cost = millis(credit.pays.saturating_mul(failures));
        let limit = now.plus(credit.limit);
        let row = sqlx::query(
            "INSERT INTO sources (source, owes, strikes, until) VALUES ($1, $2 + $3, 0, 0) \
             ON CONFLICT (source) DO UPDATE SET \
             owes = CASE WHEN sources.owes > $2 THEN sources.owes ELSE $2 END + $3, \
             strikes = CASE WHEN sources.owes <= $2 THEN 0 WHEN sources.owes + $3 > $4 THEN sources.strikes + 1 \
                 ELSE sources.strikes END, \
             until = CASE WHEN sources.owes + $3 <= $4 THEN 0 WHEN sources.strikes >= 16 THEN $2 + $6 \
                 WHEN $5 * (1 << CAST(sources.strikes AS INTEGER)) < $6 \
                 THEN $2 + $5 * (1 << CAST(sources.strikes AS INTEGER)) ELSE $2 + $6 END \
             WHERE sources.until <= $2 RETURNING strikes",
        )
        .bind(source)
        .bind(now)
        .bind(cost)
        .bind(limit)
        .bind(millis(credit.first))
        .bind(millis(credit.longest))
        .fetch_optional(&self.pool)
        .await?;
        row.map(|row| row.try_get::<i64, _>("strikes")).transpose().map(|row| row.is_some()).map_err(Error::from)
    }

    /// Forgets whoever owes nothing any more.
    pub(crate) async fn forget_paid_sources(&self, now: Moment) -> Result<(), Error> {
        sqlx::query("DELETE FROM sources WHERE owes <= $1 AND until <= $1").bind(now).execute(&self.pool).await?;
        Ok(())
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::bench::Bench;

    const CREDIT: Credit = Credit {
        pays: Duration::from_secs(60),
        limit: Duration::from_secs(180),
        first: Duration::from_secs(5),
        longest: Duration::from_secs(15),
    };

    #[tokio::test]
    async fn whoever_owes_too_much_waits_each_time_longer_and_time_pays() {
        let bench = Bench::new().await;
        let (store, mut now) = (&bench.cloud.store, bench.cloud.now());
        for _ in 0..3 {
            assert!(store.charge_source(&CREDIT, "a", 1, now).await.unwrap());
            assert_eq!(store.source_wait("a", now).await.unwrap(), None);
        }
        for wait in [5, 10, 15, 15] {
            assert!(store.charge_source(&CREDIT, "a", 1, now).await.unwrap());
            assert_eq!(store.source_wait("a", now).await.unwrap(), Some(Duration::from_secs(wait)));
            assert!(!store.charge_source(&CREDIT, "a", 1, now).await.unwrap(), "who waits is told nothing");
            assert_eq!(store.source_wait("b", now).await.unwrap(), None);
            now = now.plus(Duration::from_secs(wait));
        }
        now = now.plus(Duration::from_secs(360));
        for _ in 0..2 {
            assert!(store.charge_source(&CREDIT, "a", 1, now).await.unwrap());
            assert_eq!(store.source_wait("a", now).await.unwrap(), None);
        }
        store.forget_paid_sources(now.plus(Duration::from_secs(3600))).await.unwrap();
        let rows: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM sources").fetch_one(&store.pool).await.unwrap();
        assert_eq!(rows, 0);
    }

    #[tokio::test]
    async fn a_costly_request_counts_as_several_failures() {
        let bench = Bench::new().await;
        let (store, now) = (&bench.cloud.store, bench.cloud.now());
        store.charge_source(&CREDIT, "a", 3, now).await.unwrap();
        assert_eq!(store.source_wait("a", now).await.unwrap(), None);
        store.charge_source(&CREDIT, "a", 3, now).await.unwrap();
        assert_eq!(store.source_wait("a", now).await.unwrap(), Some(CREDIT.first));
    }
}
