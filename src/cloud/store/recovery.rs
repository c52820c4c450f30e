//! Recovery codes, as marks, each used once. An account has some only while a second factor is on.

use sqlx::Row as _;

use super::outbox::Channel;
use super::{Account, Database, Error, Factor, FactorKind, Store};
use crate::cloud::ids::AccountId;
use crate::cloud::moment::Moment;
use crate::protocol::recovery_code::{RecoveryCode, RecoveryCodes};

type Connection = <Database as sqlx::Database>::Connection;

/// What is left of an account's recovery codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CodesLeft {
    /// Of the short ones.
    pub(crate) short: u32,
    /// The one long code.
    pub(crate) long: bool,
    /// When they were made; `None`: the account has none.
    pub(crate) made: Option<Moment>,
}

/// A recovery that succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Recovered {
    /// What it turned off.
    pub(crate) off: Vec<FactorKind>,
    pub(crate) left: CodesLeft,
}

impl Store {
    /// Makes these the account's only recovery codes, if `may` says so of the factors that are on.
    pub(crate) async fn replace_recovery_codes(
        &self,
        account: &Account,
        codes: &RecoveryCodes,
        may: &(dyn Fn(&[Factor]) -> bool + Sync),
        notice: &str,
        now: Moment,
    ) -> Result<bool, Error> {
        let mut transaction = self.begin().await?;
        self.lock_account(&mut transaction, &account.id).await?;
        if !may(&self.factors_within(&mut transaction, &account.id).await?) {
            return Ok(false);
        }
        self.put_recovery_codes(&mut transaction, &account.id, codes, now).await?;
        self.post_within(&mut transaction, Channel::Mail, &account.email, notice, now).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// For an account that is being added.
    pub(crate) async fn set_recovery_codes(
        &self,
        account: &AccountId,
        codes: &RecoveryCodes,
        now: Moment,
    ) -> Result<(), Error> {
        let mut transaction = self.begin().await?;
        self.put_recovery_codes(&mut transaction, account, codes, now).await?;
        Ok(transaction.commit().await?)
    }

    pub(crate) async fn recovery_codes_left(&self, account: &AccountId) -> Result<CodesLeft, Error> {
        let mut connection = self.pool.acquire().await?;
        self.codes_left_within(&mut connection, account).await
    }

    /// Uses the code up and, in the same moment, turns the lost factors off, ends every half-done sign-in and tells the owner.
    /// `None` when the code is not one of the account's, or was used (REC-01).
    pub(crate) async fn recover(
        &self,
        account: &Account,
        code: &RecoveryCode,
        lost: &[FactorKind],
        notice: &(dyn Fn(&Recovered) -> String + Sync),
        now: Moment,
    ) -> Result<Option<Recovered>, Error> {
        let mut transaction = self.begin().await?;
        self.lock_account(&mut transaction, &account.id).await?;
        let used =
            sqlx::query("UPDATE recovery_codes SET used = $3 WHERE account_id = $1 AND hash = $2 AND used IS NULL")
                .bind(&account.id)
                .bind(self.recovery_mark(&account.id, code))
                .bind(now)
                .execute(&mut *transaction)
                .await?;
        if used.rows_affected() == 0 {
            return Ok(None);
        }
        for kind in lost {
            self.remove_factor(&mut transaction, &account.id, *kind).await?;
        }
        if self.factors_within(&mut transaction, &account.id).await?.is_empty() {
            self.drop_recovery_codes(&mut transaction, &account.id).await?;
        }
        self.end_half_done(&mut transaction, &account.id).await?;
        let left = self.codes_left_within(&mut transaction, &account.id).await?;
        let recovered = Recovered { off: lost.to_vec(), left };
        self.post_within(&mut transaction, Channel::Mail, &account.email, &notice(&recovered), now).await?;
        transaction.commit().await?;
        Ok(Some(recovered))
    }

    pub(super) async fn put_recovery_codes(
        &self,
        connection: &mut Connection,
        account: &AccountId,
        codes: &RecoveryCodes,
        now: Moment,
    ) -> Result<(), Error> {
        self.drop_recovery_codes(connection, account).await?;
        for (code, long) in std::iter::once((&codes.long, 1_i64)).chain(codes.short.iter().map(|code| (code, 0))) {
            sqlx::query("INSERT INTO recovery_codes (account_id, hash, long, created) VALUES ($1, $2, $3, $4)")
                .bind(account)
                .bind(self.recovery_mark(account, code))
                .bind(long)
                .bind(now)
                .execute(&mut *connection)
                .await?;
        }
        Ok(())
    }

    pub(super) async fn drop_recovery_codes(
        &self,
        connection: &mut Connection,
        account: &AccountId,
    ) -> Result<(), Error> {
        sqlx::query("DELETE FROM recovery_codes WHERE account_id = $1").bind(account).execute(connection).await?;
        Ok(())
    }

    async fn codes_left_within(&self, connection: &mut Connection, account: &AccountId) -> Result<CodesLeft, Error> {
        let rows = sqlx::query("SELECT long, used, created FROM recovery_codes WHERE account_id = $1")
            .bind(account)
            .fetch_all(connection)
            .await?;
        let mut left = CodesLeft { short: 0, long: false, made: None };
        for row in rows {
            left.made = Some(row.try_get("created")?);
            match (row.try_get::<Option<i64>, _>("used")?, row.try_get::<i64, _>("long")?) {
                (Some(_used), _) => {}
                (None, 0) => left.short += 1,
                (None, _) => left.long = true,
            }
        }
        Ok(left)
    }

    fn recovery_mark(&self, account: &AccountId, code: &RecoveryCode) -> String {
        self.vault.mark(&format!("recovery code of {}", account.as_str()), code.expose().as_bytes())
    }
}
