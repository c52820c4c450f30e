//! Authenticator secrets that were handed out and are not a factor yet. One per account and holder (the sign-in, or the token
//! family, that asked for it): asking again replaces it, and leaves a factor that is already on alone.

use std::time::Duration;

use sqlx::Row as _;

use super::factors::{column, totp_kind};
use super::{Database, Error, Store};
use crate::cloud::ids::AccountId;
use crate::cloud::moment::Moment;
use crate::protocol::totp::{Step, TotpSecret};

/// A secret that nobody proved in that time is forgotten: it was shown on a screen, and may still be in its history.
const LIFETIME: Duration = Duration::from_secs(3600);

pub(crate) struct Enrolment {
    pub(crate) secret: TotpSecret,
    /// The step whose code proved it.
    pub(crate) proved: Option<Step>,
    sealed: Vec<u8>,
}

/// A proved secret that is about to become a factor.
pub(super) struct Taken {
    pub(super) sealed: Vec<u8>,
    pub(super) last_step: i64,
}

impl Store {
    pub(crate) async fn begin_enrolment(
        &self,
        account: &AccountId,
        holder: &str,
        secret: &TotpSecret,
        now: Moment,
    ) -> Result<(), Error> {
        sqlx::query("DELETE FROM enrolments WHERE created <= $1").bind(now.minus(LIFETIME)).execute(&self.pool).await?;
        sqlx::query(
            "INSERT INTO enrolments (account_id, holder, sealed_secret, created) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (account_id, holder) DO UPDATE SET \
             sealed_secret = excluded.sealed_secret, created = excluded.created, verified_step = NULL",
        )
        .bind(account)
        .bind(holder)
        .bind(self.vault.seal(&totp_kind(account), secret.bytes()))
        .bind(now)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    pub(crate) async fn enrolment(
        &self,
        account: &AccountId,
        holder: &str,
        now: Moment,
    ) -> Result<Option<Enrolment>, Error> {
        let row = sqlx::query(
            "SELECT sealed_secret, verified_step FROM enrolments WHERE account_id = $1 AND holder = $2 AND created > $3",
        )
        .bind(account)
        .bind(holder)
        .bind(now.minus(LIFETIME))
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let sealed: Vec<u8> = row.try_get("sealed_secret")?;
        let secret = self
            .vault
            .unseal(&totp_kind(account), &sealed)
            .map_err(|_other_key| Error::Unreadable("an authenticator secret"))?;
        let proved =
            row.try_get::<Option<i64>, _>("verified_step")?.and_then(|step| u64::try_from(step).ok()).map(Step);
        Ok(Some(Enrolment { secret: TotpSecret::from_bytes(secret.expose().clone()), proved, sealed }))
    }

    /// `false` when the step was used before, or another secret was handed out meanwhile.
    pub(crate) async fn prove_enrolment(
        &self,
        account: &AccountId,
        holder: &str,
        enrolment: &Enrolment,
        step: Step,
    ) -> Result<bool, Error> {
        let done = sqlx::query(
            "UPDATE enrolments SET verified_step = $3 WHERE account_id = $1 AND holder = $2 AND sealed_secret = $4 \
             AND (verified_step IS NULL OR verified_step < $3)",
        )
        .bind(account)
        .bind(holder)
        .bind(column(step))
        .bind(&enrolment.sealed)
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// The proved secret of that holder, out of the table.
    pub(super) async fn take_enrolment(
        &self,
        connection: &mut <Database as sqlx::Database>::Connection,
        account: &AccountId,
        holder: &str,
        now: Moment,
    ) -> Result<Option<Taken>, Error> {
        let row = sqlx::query(
            "DELETE FROM enrolments WHERE account_id = $1 AND holder = $2 AND verified_step IS NOT NULL AND created > $3 \
             RETURNING sealed_secret, verified_step",
        )
        .bind(account)
        .bind(holder)
        .bind(now.minus(LIFETIME))
        .fetch_optional(connection)
        .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(Taken { sealed: row.try_get("sealed_secret")?, last_step: row.try_get("verified_step")? }))
    }
}
