//! Authorization codes, as marks, each used once. A code that comes twice was stolen by one of the two: what it gave is taken
//! back (RFC 6749 §4.1.2).

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use sqlx::Row as _;

use super::{Error, Store};
use crate::base::Secret;
use crate::cloud::ids::AccountId;
use crate::cloud::moment::Moment;

/// A used or expired code is still known for so long.
const REMEMBERED: Duration = Duration::from_secs(3600);

/// What a code stands for; whether it still counts is for [`Store::use_code`] to say.
pub(crate) struct StandsFor {
    pub(crate) account: AccountId,
    pub(crate) content: Secret<Vec<u8>>,
}

impl Store {
    pub(crate) async fn begin_code(
        &self,
        account: &AccountId,
        content: &[u8],
        expires: Moment,
    ) -> Result<Secret<String>, Error> {
        let code = Secret::new(BASE64URL_NOPAD.encode(self.entropy.secret::<32>().expose()));
        let id = self.code_id(code.expose());
        sqlx::query("INSERT INTO authorization_codes (id, account_id, sealed, expires) VALUES ($1, $2, $3, $4)")
            .bind(&id)
            .bind(account)
            .bind(self.vault.seal(&id, content))
            .bind(expires)
            .execute(&self.pool)
            .await?;
        Ok(code)
    }

    pub(crate) async fn code(&self, code: &str) -> Result<Option<StandsFor>, Error> {
        let id = self.code_id(code);
        let row = sqlx::query("SELECT account_id, sealed FROM authorization_codes WHERE id = $1")
            .bind(&id)
            .fetch_optional(&self.pool)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let sealed: Vec<u8> = row.try_get("sealed")?;
        let content =
            self.vault.unseal(&id, &sealed).map_err(|_other_key| Error::Unreadable("an authorization code"))?;
        Ok(Some(StandsFor { account: row.try_get("account_id")?, content }))
    }

    /// Uses the code up; `false` when it was used before, or its time is over.
    pub(crate) async fn use_code(&self, code: &str, now: Moment) -> Result<bool, Error> {
        let done =
            sqlx::query("UPDATE authorization_codes SET used = $2 WHERE id = $1 AND used IS NULL AND expires > $2")
                .bind(self.code_id(code))
                .bind(now)
                .execute(&self.pool)
                .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Writes down which family a code gave; `false` when somebody brought the code again meanwhile.
    pub(crate) async fn note_code_family(&self, code: &str, family: &str) -> Result<bool, Error> {
        let replayed: Option<i64> =
            sqlx::query_scalar("UPDATE authorization_codes SET family_id = $2 WHERE id = $1 RETURNING replayed")
                .bind(self.code_id(code))
                .bind(family)
                .fetch_optional(&self.pool)
                .await?;
        Ok(replayed == Some(0))
    }

    /// Somebody brought a code that was used: the family that it gave, if it is known yet.
    pub(crate) async fn note_code_replay(&self, code: &str) -> Result<Option<String>, Error> {
        let family: Option<Option<String>> = sqlx::query_scalar(
            "UPDATE authorization_codes SET replayed = 1 WHERE id = $1 AND used IS NOT NULL RETURNING family_id",
        )
        .bind(self.code_id(code))
        .fetch_optional(&self.pool)
        .await?;
        Ok(family.flatten())
    }

    pub(crate) async fn forget_codes(&self, now: Moment) -> Result<(), Error> {
        sqlx::query("DELETE FROM authorization_codes WHERE expires < $1")
            .bind(now.minus(REMEMBERED))
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    fn code_id(&self, code: &str) -> String {
        self.vault.mark("authorization code", code.as_bytes())
    }
}
