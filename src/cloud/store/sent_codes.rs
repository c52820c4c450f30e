//! Codes that were sent by text message or mail: one per account and purpose, repeated until it expires (SMS-05), used once.

use super::{Error, Store};
use crate::base::Secret;
use crate::cloud::ids::AccountId;
use crate::cloud::moment::Moment;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    SignInBySms,
    RecoveryByMail,
}

/// How an answer compares with the code that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Right,
    Wrong,
    /// The code's time is over, or none is waiting.
    Expired,
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Self::SignInBySms => "sign-in by sms",
            Self::RecoveryByMail => "recovery by mail",
        }
    }
}

impl Store {
    /// The code to send: the one that still counts, or a new one that counts until `expires`.
    pub(crate) async fn code_to_send(
        &self,
        account: &AccountId,
        purpose: Purpose,
        expires: Moment,
        now: Moment,
    ) -> Result<Secret<String>, Error> {
        let fresh = Secret::new(format!("{:06}", u64::from_be_bytes(self.entropy.bytes()) % 1_000_000));
        sqlx::query(
            "INSERT INTO sent_codes (account_id, purpose, sealed_code, expires) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (account_id, purpose) DO UPDATE SET sealed_code = excluded.sealed_code, expires = excluded.expires \
             WHERE sent_codes.expires <= $5",
        )
        .bind(account)
        .bind(purpose.name())
        .bind(self.vault.seal(&kind(account, purpose), fresh.expose().as_bytes()))
        .bind(expires)
        .bind(now)
        .execute(&self.pool)
        .await?;
        Ok(self.waiting_code(account, purpose, now).await?.unwrap_or(fresh))
    }

    /// Compares, and uses the code up when it is right.
    pub(crate) async fn answer_code(
        &self,
        account: &AccountId,
        purpose: Purpose,
        typed: &str,
        now: Moment,
    ) -> Result<Answer, Error> {
        let Some(code) = self.waiting_code(account, purpose, now).await? else { return Ok(Answer::Expired) };
        if !code.matches(typed.as_bytes()) {
            return Ok(Answer::Wrong);
        }
        let done = sqlx::query("DELETE FROM sent_codes WHERE account_id = $1 AND purpose = $2")
            .bind(account)
            .bind(purpose.name())
            .execute(&self.pool)
            .await?;
        Ok(if done.rows_affected() == 1 { Answer::Right } else { Answer::Expired })
    }

    async fn waiting_code(
        &self,
        account: &AccountId,
        purpose: Purpose,
        now: Moment,
    ) -> Result<Option<Secret<String>>, Error> {
        let sealed: Option<Vec<u8>> = sqlx::query_scalar(
            "SELECT sealed_code FROM sent_codes WHERE account_id = $1 AND purpose = $2 AND expires > $3",
        )
        .bind(account)
        .bind(purpose.name())
        .bind(now)
        .fetch_optional(&self.pool)
        .await?;
        let Some(sealed) = sealed else { return Ok(None) };
        let code = self
            .vault
            .unseal(&kind(account, purpose), &sealed)
            .map_err(|_other_key| Error::Unreadable("a code that was sent"))?;
        String::from_utf8(code.expose().clone())
            .map(|code| Some(Secret::new(code)))
            .map_err(|_| Error::Unreadable("a code"))
    }
}

fn kind(account: &AccountId, purpose: Purpose) -> String {
    format!("{} of {}", purpose.name(), account.as_str())
}
