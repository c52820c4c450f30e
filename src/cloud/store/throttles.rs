//! Growing delays after wrong tries, per subject. Applied to accounts that do not exist as well, so that a delay tells nothing.

use std::time::Duration;

use super::{Error, Store};
use crate::cloud::moment::Moment;

/// How many tries are free, and how long the delays are after that.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Policy {
    pub(crate) kind: &'static str,
    pub(crate) free: i64,
    pub(crate) first: Duration,
    pub(crate) longest: Duration,
    /// After so long without a wrong try all is forgotten.
    pub(crate) forget: Duration,
}

impl Policy {
    /// As Cognito does it: five wrong tries are free, then 1 s, doubling to 15 min.
    pub(crate) const fn guesses(kind: &'static str) -> Self {
        const DAY: Duration = Duration::from_secs(24 * 3600);
        Self { kind, free: 5, first: Duration::from_secs(1), longest: Duration::from_secs(900), forget: DAY }
    }

    fn delay(&self, failures: i64) -> Duration {
        let doublings = u32::try_from(failures - self.free).ok();
        doublings.map_or(Duration::ZERO, |doublings| {
            self.first.saturating_mul(2_u32.saturating_pow(doublings.min(20))).min(self.longest)
        })
    }
}

impl Store {
    /// How long the subject must wait yet; `None`: not at all.
    pub(crate) async fn lock_left(
        &self,
        policy: &Policy,
        subject: &str,
        now: Moment,
    ) -> Result<Option<Duration>, Error> {
        let until: Option<Moment> = sqlx::query_scalar("SELECT until FROM throttles WHERE subject = $1 AND until > $2")
            .bind(key(policy, subject))
            .bind(now)
            .fetch_optional(&self.pool)
            .await?;
        Ok(until.map(|until| now.until(until)))
    }

    /// Notes a wrong try. Whoever tries many at once is not told about more of them than the policy allows: `Some` means
    /// that the subject was locked before this try counted, so its verdict must not be told.
    pub(crate) async fn note_wrong(
        &self,
        policy: &Policy,
        subject: &str,
        now: Moment,
    ) -> Result<Option<Duration>, Error> {
        let mut transaction = self.begin().await?;
        let failures: Option<i64> = sqlx::query_scalar(
            "INSERT INTO throttles (subject, failures, until, forget) VALUES ($1, 1, 0, $2) \
             ON CONFLICT (subject) DO UPDATE SET \
             failures = CASE WHEN throttles.forget <= $3 THEN 1 ELSE throttles.failures + 1 END \
             WHERE throttles.until <= $3 \
             RETURNING failures",
        )
        .bind(key(policy, subject))
        .bind(now.plus(policy.forget))
        .bind(now)
        .fetch_optional(&mut *transaction)
        .await?;
        if let Some(failures) = failures {
            let until = now.plus(policy.delay(failures));
            sqlx::query("UPDATE throttles SET until = $2, forget = $3 WHERE subject = $1")
                .bind(key(policy, subject))
                .bind(until)
                .bind(until.max(now.plus(policy.forget)))
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        if failures.is_some() { Ok(None) } else { self.lock_left(policy, subject, now).await }
    }

    /// Takes one note back: what it stood for did not happen.
    pub(crate) async fn unnote(&self, policy: &Policy, subject: &str) -> Result<(), Error> {
        sqlx::query("UPDATE throttles SET failures = failures - 1, until = 0 WHERE subject = $1 AND failures > 0")
            .bind(key(policy, subject))
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Forgets every wrong try.
    pub(crate) async fn forget_wrong(&self, policy: &Policy, subject: &str) -> Result<(), Error> {
        sqlx::query("DELETE FROM throttles WHERE subject = $1").bind(key(policy, subject)).execute(&self.pool).await?;
        Ok(())
    }

    pub(crate) async fn forget_throttles(&self, now: Moment) -> Result<(), Error> {
        sqlx::query("DELETE FROM throttles WHERE forget <= $1").bind(now).execute(&self.pool).await?;
        Ok(())
    }

    /// Notes a right try; `Some` when the subject was locked, so that it does not count.
    pub(crate) async fn note_right(
        &self,
        policy: &Policy,
        subject: &str,
        now: Moment,
    ) -> Result<Option<Duration>, Error> {
        let locked = self.lock_left(policy, subject, now).await?;
        if locked.is_none() {
            sqlx::query("DELETE FROM throttles WHERE subject = $1 AND until <= $2")
                .bind(key(policy, subject))
                .bind(now)
                .execute(&self.pool)
                .await?;
        }
        Ok(locked)
    }
}

fn key(policy: &Policy, subject: &str) -> String {
    format!("{} {subject}", policy.kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOURLY: Policy = Policy {
        kind: "recovery code",
        free: 2,
        first: Duration::from_secs(3600),
        longest: Duration::from_secs(3600),
        forget: Duration::from_secs(3600),
    };

    #[tokio::test]
    async fn a_lock_holds_one_subject_in_one_matter_until_its_time_is_over() {
        let bench = crate::cloud::bench::Bench::new().await;
        let (store, now) = (&bench.cloud.store, bench.cloud.now());
        for _ in 0..2 {
            assert_eq!(store.note_wrong(&HOURLY, "ann", now).await.unwrap(), None);
        }
        let hour = Duration::from_secs(3600);
        assert_eq!(store.note_wrong(&HOURLY, "ann", now).await.unwrap(), Some(hour));
        assert_eq!(store.note_right(&HOURLY, "ann", now).await.unwrap(), Some(hour));
        let other_matter = Policy { kind: "password", ..HOURLY };
        assert_eq!(store.lock_left(&HOURLY, "bob", now).await.unwrap(), None);
        assert_eq!(store.lock_left(&other_matter, "ann", now).await.unwrap(), None);
        let later = now.plus(hour);
        assert_eq!(store.note_wrong(&HOURLY, "ann", later).await.unwrap(), None);
        assert_eq!(store.lock_left(&HOURLY, "ann", later).await.unwrap(), None, "what is over is forgotten");
    }

    #[test]
    fn delays_start_after_the_free_tries_and_double_up_to_the_longest() {
        let policy = Policy {
            kind: "password",
            free: 5,
            first: Duration::from_secs(1),
            longest: Duration::from_secs(900),
            forget: Duration::from_secs(86_400),
        };
        let delays: Vec<u64> = [1, 4, 5, 6, 7, 14, 15, 1000].map(|failures| policy.delay(failures).as_secs()).to_vec();
        assert_eq!(delays, [0, 0, 1, 2, 4, 512, 900, 900]);
    }
}
