//! Authenticator secrets that were handed out and are not a factor yet. One per account: asking again replaces it, and leaves
//! a factor that is already on alone.

use sqlx::Row as _;

use super::factors::totp_kind;
use super::{Error, Store};
use crate::cloud::ids::AccountId;
use crate::cloud::moment::Moment;
use crate::protocol::totp::{Step, TotpSecret};

impl Store {
    pub(crate) async fn begin_enrolment(
        &self,
        account: &AccountId,
        secret: &TotpSecret,
        now: Moment,
    ) -> Result<(), Error> {
        sqlx::query(
            "INSERT INTO enrolments (account_id, sealed_secret, created) VALUES ($1, $2, $3) \
             ON CONFLICT (account_id) DO UPDATE SET \
             sealed_secret = excluded.sealed_secret, created = excluded.created, verified_step = NULL",
        )
        .bind(account)
        .bind(self.vault.seal(&totp_kind(account), secret.bytes()))
        .bind(now)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// The secret, and the step whose code proved it (`None`: not proved yet).
    pub(crate) async fn enrolment(&self, account: &AccountId) -> Result<Option<(TotpSecret, Option<Step>)>, Error> {
        let row = sqlx::query("SELECT sealed_secret, verified_step FROM enrolments WHERE account_id = $1")
            .bind(account)
            .fetch_optional(&self.pool)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let sealed: Vec<u8> = row.try_get("sealed_secret")?;
        let secret = self
            .vault
            .unseal(&totp_kind(account), &sealed)
            .map_err(|_other_key| Error::Unreadable("an authenticator secret"))?;
        let step = row.try_get::<Option<i64>, _>("verified_step")?.and_then(|step| u64::try_from(step).ok()).map(Step);
        Ok(Some((TotpSecret::from_bytes(secret.expose().clone()), step)))
    }

    pub(crate) async fn prove_enrolment(&self, account: &AccountId, step: Step) -> Result<(), Error> {
        sqlx::query("UPDATE enrolments SET verified_step = $2 WHERE account_id = $1")
            .bind(account)
            .bind(i64::try_from(step.0).unwrap_or(i64::MAX))
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    pub(crate) async fn end_enrolment(&self, account: &AccountId) -> Result<(), Error> {
        sqlx::query("DELETE FROM enrolments WHERE account_id = $1").bind(account).execute(&self.pool).await?;
        Ok(())
    }
}
