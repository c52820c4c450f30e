//! Codes that were mailed or texted to confirm something: one per matter, repeated while it has half of its time (SMS-05),
//! used once. There may be one for a name without an account, so that asking for it takes the same work.

use std::time::Duration;

use super::{Answer, ContactKind, Database, Error, Store};
use crate::base::Secret;
use crate::cloud::ids::AccountId;
use crate::cloud::moment::Moment;

/// What a code confirms, and whose it is.
#[derive(Clone, Copy)]
pub(crate) enum Confirming<'a> {
    SignUp(&'a AccountId),
    /// That somebody who forgot their password reads the account's mail.
    Reset(&'a AccountId),
    /// A new address or number: the code is worth nothing for any other.
    Contact(&'a AccountId, ContactKind, &'a str),
}

impl Confirming<'_> {
    pub(crate) fn lifetime(self) -> Duration {
        match self {
            Self::Reset(_) => Duration::from_secs(3600),
            Self::SignUp(_) | Self::Contact(..) => Duration::from_secs(24 * 3600),
        }
    }

    fn subject(self) -> String {
        match self {
            Self::SignUp(id) => format!("sign-up {}", id.as_str()),
            Self::Reset(id) => format!("reset {}", id.as_str()),
            Self::Contact(id, kind, value) => format!("{} {} {value}", kind.name(), id.as_str()),
        }
    }
}

impl Store {
    /// The code to send. `account`: whose deletion takes the code along.
    pub(crate) async fn confirmation_code(
        &self,
        what: Confirming<'_>,
        account: Option<&AccountId>,
        now: Moment,
    ) -> Result<Secret<String>, Error> {
        let fresh = Secret::new(format!("{:06}", u64::from_be_bytes(self.entropy.bytes()) % 1_000_000));
        let subject = self.confirmation_mark(what);
        sqlx::query(
            "INSERT INTO confirmations (subject, account_id, sealed_code, expires) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (subject) DO UPDATE SET sealed_code = excluded.sealed_code, expires = excluded.expires \
             WHERE confirmations.expires <= $5",
        )
        .bind(&subject)
        .bind(account)
        .bind(self.vault.seal(&kind(&subject), fresh.expose().as_bytes()))
        .bind(now.plus(what.lifetime()))
        .bind(now.plus(what.lifetime() / 2))
        .execute(&self.pool)
        .await?;
        Ok(self.waiting_confirmation(&subject, now).await?.unwrap_or(fresh))
    }

    /// Compares, and uses the code up when it is right.
    pub(crate) async fn confirm(&self, what: Confirming<'_>, typed: &str, now: Moment) -> Result<Answer, Error> {
        let subject = self.confirmation_mark(what);
        let Some(code) = self.waiting_confirmation(&subject, now).await? else { return Ok(Answer::Expired) };
        if !code.matches(typed.as_bytes()) {
            return Ok(Answer::Wrong);
        }
        let mut connection = self.pool.acquire().await?;
        let used = forget_within(&mut connection, &subject).await?;
        Ok(if used { Answer::Right } else { Answer::Expired })
    }

    /// Those whose time is over.
    pub(crate) async fn forget_confirmations(&self, now: Moment) -> Result<(), Error> {
        sqlx::query("DELETE FROM confirmations WHERE expires <= $1").bind(now).execute(&self.pool).await?;
        Ok(())
    }

    /// What writing a message costs, for a message that nobody gets.
    pub(crate) async fn post_to_nobody(&self, text: &str) -> Result<(), Error> {
        sqlx::query(
            "INSERT INTO unsent (id, sealed_text) VALUES ('last', $1) \
             ON CONFLICT (id) DO UPDATE SET sealed_text = excluded.sealed_text",
        )
        .bind(self.vault.seal("unsent", text.as_bytes()))
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    async fn waiting_confirmation(&self, subject: &str, now: Moment) -> Result<Option<Secret<String>>, Error> {
        const UNREADABLE: Error = Error::Unreadable("a code that was sent");
        let sealed: Option<Vec<u8>> =
            sqlx::query_scalar("SELECT sealed_code FROM confirmations WHERE subject = $1 AND expires > $2")
                .bind(subject)
                .bind(now)
                .fetch_optional(&self.pool)
                .await?;
        let Some(sealed) = sealed else { return Ok(None) };
        let code = self.vault.unseal(&kind(subject), &sealed).map_err(|_other_key| UNREADABLE)?;
        String::from_utf8(code.expose().clone()).map(|code| Some(Secret::new(code))).map_err(|_| UNREADABLE)
    }

    pub(super) fn confirmation_mark(&self, what: Confirming<'_>) -> String {
        self.vault.mark("confirmation", what.subject().as_bytes())
    }
}

/// As part of a transaction; `false` when there is none (any more).
pub(super) async fn forget_within(
    connection: &mut <Database as sqlx::Database>::Connection,
    subject: &str,
) -> Result<bool, Error> {
    let done = sqlx::query("DELETE FROM confirmations WHERE subject = $1").bind(subject).execute(connection).await?;
    Ok(done.rows_affected() == 1)
}

fn kind(subject: &str) -> String {
    format!("code of {subject}")
}
