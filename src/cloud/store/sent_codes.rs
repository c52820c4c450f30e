//! Codes that were sent by text message or mail: one per account and purpose, repeated until it expires (SMS-05), used once.
//! Thus the newest is the only one that counts, and an older message holds either the same code or one that is over.

use sqlx::Row as _;

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

struct Waiting {
    code: Secret<String>,
    expires: Moment,
    /// As it rests: no two are alike, so it stands for this code and no later one.
    sealed: Vec<u8>,
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
    /// The code to send and until when it counts: the one that still does, or a new one that will until `expires`.
    pub(crate) async fn code_to_send(
        &self,
        account: &AccountId,
        purpose: Purpose,
        expires: Moment,
        now: Moment,
    ) -> Result<(Secret<String>, Moment), Error> {
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
        let waiting = self.waiting_code(account, purpose, now).await?;
        Ok(waiting.map_or((fresh, expires), |waiting| (waiting.code, waiting.expires)))
    }

    /// Until when a code that is on its way still counts, if there is one.
    pub(crate) async fn code_waits(
        &self,
        account: &AccountId,
        purpose: Purpose,
        now: Moment,
    ) -> Result<Option<Moment>, Error> {
        Ok(self.waiting_code(account, purpose, now).await?.map(|waiting| waiting.expires))
    }

    /// Compares, and uses the code up when it is right.
    pub(crate) async fn answer_code(
        &self,
        account: &AccountId,
        purpose: Purpose,
        typed: &str,
        now: Moment,
    ) -> Result<Answer, Error> {
        let Some(waiting) = self.waiting_code(account, purpose, now).await? else { return Ok(Answer::Expired) };
        if !waiting.code.matches(typed.as_bytes()) {
            return Ok(Answer::Wrong);
        }
        let done = sqlx::query("DELETE FROM sent_codes WHERE account_id = $1 AND purpose = $2 AND sealed_code = $3")
            .bind(account)
            .bind(purpose.name())
            .bind(waiting.sealed)
            .execute(&self.pool)
            .await?;
        Ok(if done.rows_affected() == 1 { Answer::Right } else { Answer::Expired })
    }

    async fn waiting_code(&self, account: &AccountId, purpose: Purpose, now: Moment) -> Result<Option<Waiting>, Error> {
        let row = sqlx::query(
            "SELECT sealed_code, expires FROM sent_codes WHERE account_id = $1 AND purpose = $2 AND expires > $3",
        )
        .bind(account)
        .bind(purpose.name())
        .bind(now)
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let sealed: Vec<u8> = row.try_get("sealed_code")?;
        let code = self
            .vault
            .unseal(&kind(account, purpose), &sealed)
            .map_err(|_other_key| Error::Unreadable("a code that was sent"))?;
        let code = String::from_utf8(code.expose().clone()).map_err(|_| Error::Unreadable("a code"))?;
        Ok(Some(Waiting { code: Secret::new(code), expires: row.try_get("expires")?, sealed }))
    }
}

fn kind(account: &AccountId, purpose: Purpose) -> String {
    format!("{} of {}", purpose.name(), account.as_str())
}
