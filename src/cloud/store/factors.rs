//! Second factors that are on.

use sqlx::Row as _;

use super::{Database, Error, Store};
use crate::cloud::ids::AccountId;
use crate::cloud::moment::Moment;
use crate::protocol::totp::{Step, TotpSecret};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FactorKind {
    SoftwareToken,
    Sms,
}

/// A factor that is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Factor {
    pub(crate) kind: FactorKind,
    /// Asked for without a choice when the other one is on too.
    pub(crate) preferred: bool,
    /// When it was turned on, or its secret replaced.
    pub(crate) since: Moment,
}

impl FactorKind {
    /// The recommended one first: texts can be intercepted, and do not arrive everywhere (reference §7, R8).
    pub(crate) const ALL: [Self; 2] = [Self::SoftwareToken, Self::Sms];

    /// The name of its challenge on the wire, also its name in the database.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::SoftwareToken => "SOFTWARE_TOKEN_MFA",
            Self::Sms => "SMS_MFA",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl Store {
    /// Their kinds, the recommended one first.
    pub(crate) async fn factors(&self, account: &AccountId) -> Result<Vec<FactorKind>, Error> {
        Ok(self.factors_on(account).await?.into_iter().map(|factor| factor.kind).collect())
    }

    /// The recommended one first.
    pub(crate) async fn factors_on(&self, account: &AccountId) -> Result<Vec<Factor>, Error> {
        let mut connection = self.pool.acquire().await?;
        self.factors_within(&mut connection, account).await
    }

    /// As part of a transaction.
    pub(super) async fn factors_within(
        &self,
        connection: &mut <Database as sqlx::Database>::Connection,
        account: &AccountId,
    ) -> Result<Vec<Factor>, Error> {
        let rows = sqlx::query("SELECT kind, preferred, created FROM factors WHERE account_id = $1 ORDER BY kind DESC")
            .bind(account)
            .fetch_all(connection)
            .await?;
        let read = |row: &<Database as sqlx::Database>::Row| {
            Ok(Factor {
                kind: FactorKind::named(row.try_get("kind")?).ok_or(Error::Unreadable("a second factor"))?,
                preferred: row.try_get::<i64, _>("preferred")? != 0,
                since: row.try_get("created")?,
            })
        };
        rows.iter().map(read).collect()
    }

    pub(crate) async fn add_sms_factor(&self, account: &AccountId, now: Moment) -> Result<(), Error> {
        sqlx::query("INSERT INTO factors (account_id, kind, created) VALUES ($1, $2, $3)")
            .bind(account)
            .bind(FactorKind::Sms.name())
            .bind(now)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// For an account that is being added.
    pub(crate) async fn add_totp_factor(
        &self,
        account: &AccountId,
        secret: &TotpSecret,
        now: Moment,
    ) -> Result<(), Error> {
        sqlx::query("INSERT INTO factors (account_id, kind, sealed_secret, created) VALUES ($1, $2, $3, $4)")
            .bind(account)
            .bind(FactorKind::SoftwareToken.name())
            .bind(self.vault.seal(&totp_kind(account), secret.bytes()))
            .bind(now)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// The authenticator's secret and the last step that was used.
    pub(crate) async fn totp_factor(&self, account: &AccountId) -> Result<Option<(TotpSecret, Option<Step>)>, Error> {
        let row = sqlx::query("SELECT sealed_secret, last_step FROM factors WHERE account_id = $1 AND kind = $2")
            .bind(account)
            .bind(FactorKind::SoftwareToken.name())
            .fetch_optional(&self.pool)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let sealed: Vec<u8> = row.try_get("sealed_secret")?;
        let secret = self
            .vault
            .unseal(&totp_kind(account), &sealed)
            .map_err(|_other_key| Error::Unreadable("an authenticator secret"))?;
        let last = u64::try_from(row.try_get::<i64, _>("last_step")?).ok().map(Step);
        Ok(Some((TotpSecret::from_bytes(secret.expose().clone()), last)))
    }

    /// Uses up one time step; `false` when it, or a later one, was used before (TOTP-06).
    pub(crate) async fn use_step(&self, account: &AccountId, step: Step) -> Result<bool, Error> {
        let done =
            sqlx::query("UPDATE factors SET last_step = $3 WHERE account_id = $1 AND kind = $2 AND last_step < $3")
                .bind(account)
                .bind(FactorKind::SoftwareToken.name())
                .bind(column(step))
                .execute(&self.pool)
                .await?;
        Ok(done.rows_affected() == 1)
    }
}

pub(super) fn column(step: Step) -> i64 {
    i64::try_from(step.0).unwrap_or(i64::MAX)
}

pub(super) fn totp_kind(account: &AccountId) -> String {
    format!("authenticator of {}", account.as_str())
}
