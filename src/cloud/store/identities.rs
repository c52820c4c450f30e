//! Accounts at OpenID providers, by issuer and subject, and the account here that each one leads to. An address of e-mail may
//! change hands; a subject does not.

use serde::{Deserialize, Serialize};
use sqlx::Row as _;

use super::{Database, Error, NewRow, Store, accounts, email_key};
use crate::cloud::ids::AccountId;
use crate::cloud::moment::Moment;

/// Somebody, as a provider knows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    /// The provider's name here, such as `Google`.
    pub(crate) provider: String,
    pub(crate) issuer: String,
    pub(crate) subject: String,
    /// As it was when the identity was linked.
    pub(crate) email: String,
}

/// An identity that leads to an account.
#[derive(Clone, Debug)]
pub(crate) struct Linked {
    pub(crate) identity: Identity,
    pub(crate) account: AccountId,
    /// The account was opened by it.
    pub(crate) founder: bool,
    pub(crate) created: Moment,
}

impl Linked {
    /// The name of an account that was opened by a provider (reference: Cognito's `Google_<sub>`).
    pub(crate) fn username(&self) -> Option<String> {
        self.founder.then(|| format!("{}_{}", self.identity.provider, self.identity.subject))
    }
}

impl Store {
    pub(crate) async fn identity(&self, issuer: &str, subject: &str) -> Result<Option<Linked>, Error> {
        let row = sqlx::query("SELECT * FROM identities WHERE issuer = $1 AND subject = $2")
            .bind(issuer)
            .bind(subject)
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(read).transpose()
    }

    pub(crate) async fn identities_of(&self, account: &AccountId) -> Result<Vec<Linked>, Error> {
        let rows = sqlx::query("SELECT * FROM identities WHERE account_id = $1 ORDER BY created, issuer")
            .bind(account)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(read).collect()
    }

    /// A new account that this identity leads to; `false` when somebody else has the address of e-mail, or the identity leads
    /// somewhere already.
    pub(crate) async fn found_account(&self, row: NewRow<'_>, identity: &Identity, now: Moment) -> Result<bool, Error> {
        let (kind, sealed) = self.seal_password(row.id, row.password);
        let mut transaction = self.begin().await?;
        let opened = accounts::add_within(&mut transaction, &row, kind, &sealed, now).await?
            && add_within(&mut transaction, row.id, identity, true, now).await?;
        if opened {
            sqlx::query("DELETE FROM sign_ups WHERE email_key = $1")
                .bind(email_key(row.email))
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
        }
        Ok(opened)
    }

    /// `false` when the identity leads somewhere already, or the account has another one of that issuer.
    pub(crate) async fn add_identity(
        &self,
        account: &AccountId,
        identity: &Identity,
        now: Moment,
    ) -> Result<bool, Error> {
        let mut connection = self.pool.acquire().await?;
        add_within(&mut connection, account, identity, false, now).await
    }

    /// `false` when the account has none by that provider.
    pub(crate) async fn remove_identity(&self, account: &AccountId, provider: &str) -> Result<bool, Error> {
        let done = sqlx::query("DELETE FROM identities WHERE account_id = $1 AND provider = $2")
            .bind(account)
            .bind(provider)
            .execute(&self.pool)
            .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Signs the account out everywhere but in one family.
    pub(crate) async fn revoke_other_families(
        &self,
        account: &AccountId,
        kept: &str,
        now: Moment,
    ) -> Result<(), Error> {
        sqlx::query("UPDATE token_families SET revoked = $3 WHERE account_id = $1 AND id <> $2 AND revoked IS NULL")
            .bind(account)
            .bind(kept)
            .bind(now)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}

fn read(row: &<Database as sqlx::Database>::Row) -> Result<Linked, Error> {
    Ok(Linked {
        identity: Identity {
            provider: row.try_get("provider")?,
            issuer: row.try_get("issuer")?,
            subject: row.try_get("subject")?,
            email: row.try_get("email")?,
        },
        account: row.try_get("account_id")?,
        founder: row.try_get::<i64, _>("founder")? != 0,
        created: row.try_get("created")?,
    })
}

async fn add_within(
    connection: &mut <Database as sqlx::Database>::Connection,
    account: &AccountId,
    identity: &Identity,
    founder: bool,
    now: Moment,
) -> Result<bool, Error> {
    let done = sqlx::query(
        "INSERT INTO identities (issuer, subject, account_id, provider, email, founder, created) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
    )
    .bind(&identity.issuer)
    .bind(&identity.subject)
    .bind(account)
    .bind(&identity.provider)
    .bind(&identity.email)
    .bind(i64::from(founder))
    .bind(now)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}
