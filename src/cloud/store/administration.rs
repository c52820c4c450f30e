//! What the operator of the service sees of accounts, and does to them.

use sqlx::Row as _;

use super::{Account, Error, FactorKind, Store};
use crate::cloud::ids::AccountId;
use crate::cloud::moment::Moment;

/// An account in a list.
pub(crate) struct Listed {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) created: Moment,
    pub(crate) last_sign_in: Option<Moment>,
    pub(crate) disabled: Option<Moment>,
    pub(crate) factors: i64,
    key: String,
}

/// What one account has.
pub(crate) struct Holdings {
    pub(crate) access_keys: i64,
    /// Sign-ins that still stand.
    pub(crate) sessions: i64,
    pub(crate) recovery_codes: i64,
    pub(crate) disabled: Option<Moment>,
}

impl Store {
    /// The next accounts by e-mail address; `after`: the last one that was listed.
    pub(crate) async fn list_accounts(&self, after: Option<&Listed>, most: i64) -> Result<Vec<Listed>, Error> {
        let rows = sqlx::query(
            "SELECT id, email, email_key, created, last_sign_in, disabled, \
             (SELECT COUNT(*) FROM factors WHERE account_id = accounts.id) AS factors \
             FROM accounts WHERE email_key > $1 ORDER BY email_key LIMIT $2",
        )
        .bind(after.map_or("", |last| last.key.as_str()))
        .bind(most)
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(Listed {
                    id: row.try_get("id")?,
                    email: row.try_get("email")?,
                    created: row.try_get("created")?,
                    last_sign_in: row.try_get("last_sign_in")?,
                    disabled: row.try_get("disabled")?,
                    factors: row.try_get("factors")?,
                    key: row.try_get("email_key")?,
                })
            })
            .collect()
    }

    pub(crate) async fn holdings(&self, account: &AccountId, now: Moment) -> Result<Holdings, Error> {
        let row = sqlx::query(
            "SELECT disabled, (SELECT COUNT(*) FROM access_keys WHERE account_id = $1) AS access_keys, \
             (SELECT COUNT(*) FROM token_families WHERE account_id = $1 AND revoked IS NULL AND expires > $2) AS sessions, \
             (SELECT COUNT(*) FROM recovery_codes WHERE account_id = $1 AND used IS NULL) AS recovery_codes \
             FROM accounts WHERE id = $1",
        )
        .bind(account)
        .bind(now)
        .fetch_one(&self.pool)
        .await?;
        Ok(Holdings {
            access_keys: row.try_get("access_keys")?,
            sessions: row.try_get("sessions")?,
            recovery_codes: row.try_get("recovery_codes")?,
            disabled: row.try_get("disabled")?,
        })
    }

    /// Nobody gets in, and whoever is in is out. `false`: it was so already.
    pub(crate) async fn disable_account(&self, account: &AccountId, now: Moment) -> Result<bool, Error> {
        let mut transaction = self.begin().await?;
        let done = sqlx::query("UPDATE accounts SET disabled = $2 WHERE id = $1 AND disabled IS NULL")
            .bind(account)
            .bind(now)
            .execute(&mut *transaction)
            .await?;
        sqlx::query("UPDATE token_families SET revoked = $2 WHERE account_id = $1 AND revoked IS NULL")
            .bind(account)
            .bind(now)
            .execute(&mut *transaction)
            .await?;
        sqlx::query("DELETE FROM sign_ins WHERE account_id = $1").bind(account).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    /// `false`: it was so already.
    pub(crate) async fn enable_account(&self, account: &AccountId) -> Result<bool, Error> {
        let done = sqlx::query("UPDATE accounts SET disabled = NULL WHERE id = $1 AND disabled IS NOT NULL")
            .bind(account)
            .execute(&self.pool)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// With everything that belongs to it.
    pub(crate) async fn remove_account(&self, account: &AccountId) -> Result<(), Error> {
        sqlx::query("DELETE FROM accounts WHERE id = $1").bind(account).execute(&self.pool).await?;
        Ok(())
    }

    /// Every second factor, with the recovery codes that stood in for them and the sign-ins that wait for one.
    pub(crate) async fn remove_factors(&self, account: &Account) -> Result<Vec<FactorKind>, Error> {
        let mut transaction = self.begin().await?;
        let names: Vec<String> = sqlx::query_scalar("DELETE FROM factors WHERE account_id = $1 RETURNING kind")
            .bind(&account.id)
            .fetch_all(&mut *transaction)
            .await?;
        for statement in
            ["DELETE FROM recovery_codes WHERE account_id = $1", "DELETE FROM sign_ins WHERE account_id = $1"]
        {
            sqlx::query(statement).bind(&account.id).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(names.iter().filter_map(|name| FactorKind::named(name)).collect())
    }
}
