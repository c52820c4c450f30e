//! Recovery codes, as marks, each used once.

use super::outbox::Channel;
use super::{Account, Error, FactorKind, Store};
use crate::cloud::ids::AccountId;
use crate::cloud::moment::Moment;
use crate::protocol::recovery_code::RecoveryCode;

impl Store {
    /// Makes this the account's only recovery code.
    pub(crate) async fn set_recovery_code(
        &self,
        account: &AccountId,
        code: &RecoveryCode,
        now: Moment,
    ) -> Result<(), Error> {
        let mut transaction = self.begin().await?;
        sqlx::query("DELETE FROM recovery_codes WHERE account_id = $1")
            .bind(account)
            .execute(&mut *transaction)
            .await?;
        sqlx::query("INSERT INTO recovery_codes (account_id, hash, created) VALUES ($1, $2, $3)")
            .bind(account)
            .bind(self.recovery_mark(account, code))
            .bind(now)
            .execute(&mut *transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    /// Uses the code up and, in the same moment, turns the lost factors off, ends every half-done sign-in and tells the owner.
    /// `false` when the code is not one of the account's, or was used (REC-01).
    pub(crate) async fn recover(
        &self,
        account: &Account,
        code: &RecoveryCode,
        lost: &[FactorKind],
        notice: &str,
        now: Moment,
    ) -> Result<bool, Error> {
        let mut transaction = self.begin().await?;
        let used =
            sqlx::query("UPDATE recovery_codes SET used = $3 WHERE account_id = $1 AND hash = $2 AND used IS NULL")
                .bind(&account.id)
                .bind(self.recovery_mark(&account.id, code))
                .bind(now)
                .execute(&mut *transaction)
                .await?;
        if used.rows_affected() == 0 {
            return Ok(false);
        }
        for kind in lost {
            sqlx::query("DELETE FROM factors WHERE account_id = $1 AND kind = $2")
                .bind(&account.id)
                .bind(kind.name())
                .execute(&mut *transaction)
                .await?;
        }
        sqlx::query("DELETE FROM sign_ins WHERE account_id = $1").bind(&account.id).execute(&mut *transaction).await?;
        self.post_within(&mut transaction, Channel::Mail, &account.email, notice, now).await?;
        transaction.commit().await?;
        Ok(true)
    }

    fn recovery_mark(&self, account: &AccountId, code: &RecoveryCode) -> String {
        self.vault.mark(&format!("recovery code of {}", account.as_str()), code.expose().as_bytes())
    }
}
