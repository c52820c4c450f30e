//! What people tell about themselves, and the address and number they can be reached by. A new one comes into force only once
//! a code proves it; until then the old one stays.

use sqlx::Row as _;

use super::{Account, Database, Error, Store, email_key};
use crate::cloud::ids::AccountId;
use crate::cloud::moment::Moment;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ContactKind {
    Email,
    Phone,
}

impl ContactKind {
    /// The attribute's name on the wire, also its name in the database.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone_number",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Email, Self::Phone].into_iter().find(|kind| kind.name() == name)
    }
}

/// How putting a contact in force went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InForce {
    Yes,
    /// Another account has the address.
    Taken,
    /// Another one was asked for meanwhile.
    No,
}

impl Store {
    /// By name.
    pub(crate) async fn attributes(&self, account: &AccountId) -> Result<Vec<(String, String)>, Error> {
        let rows = sqlx::query("SELECT name, value FROM attributes WHERE account_id = $1 ORDER BY name")
            .bind(account)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(|row| Ok((row.try_get("name")?, row.try_get("value")?))).collect()
    }

    /// All of them or none; an empty value removes.
    pub(crate) async fn set_attributes(
        &self,
        account: &AccountId,
        attributes: &[(String, String)],
    ) -> Result<(), Error> {
        let mut transaction = self.begin().await?;
        set_within(&mut transaction, account, attributes).await?;
        Ok(transaction.commit().await?)
    }

    pub(crate) async fn pending_contact(
        &self,
        account: &AccountId,
        kind: ContactKind,
    ) -> Result<Option<String>, Error> {
        Ok(sqlx::query_scalar("SELECT value FROM pending_contacts WHERE account_id = $1 AND kind = $2")
            .bind(account)
            .bind(kind.name())
            .fetch_optional(&self.pool)
            .await?)
    }

    pub(crate) async fn set_pending_contact(
        &self,
        account: &AccountId,
        kind: ContactKind,
        value: &str,
        now: Moment,
    ) -> Result<(), Error> {
        let mut connection = self.pool.acquire().await?;
        set_pending_within(&mut connection, account, kind, value, now).await
    }

    pub(crate) async fn drop_pending_contact(&self, account: &AccountId, kind: ContactKind) -> Result<(), Error> {
        sqlx::query("DELETE FROM pending_contacts WHERE account_id = $1 AND kind = $2")
            .bind(account)
            .bind(kind.name())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// The number is gone, unless text messages to it are a second factor (`false`).
    pub(crate) async fn remove_phone(&self, account: &AccountId) -> Result<bool, Error> {
        let done = sqlx::query(
            "UPDATE accounts SET phone = NULL WHERE id = $1 AND NOT EXISTS \
             (SELECT 1 FROM factors WHERE factors.account_id = accounts.id AND factors.kind = 'SMS_MFA')",
        )
        .bind(account)
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// The pending one, which was proved, replaces what was in force.
    pub(crate) async fn put_in_force(
        &self,
        account: &Account,
        kind: ContactKind,
        value: &str,
    ) -> Result<InForce, Error> {
        let mut transaction = self.begin().await?;
        let still = sqlx::query("DELETE FROM pending_contacts WHERE account_id = $1 AND kind = $2 AND value = $3")
            .bind(&account.id)
            .bind(kind.name())
            .bind(value)
            .execute(&mut *transaction)
            .await?;
        if still.rows_affected() == 0 {
            return Ok(InForce::No);
        }
        let change = match kind {
            ContactKind::Phone => {
                sqlx::query("UPDATE accounts SET phone = $2 WHERE id = $1").bind(&account.id).bind(value)
            }
            ContactKind::Email => sqlx::query("UPDATE accounts SET email = $2, email_key = $3 WHERE id = $1")
                .bind(&account.id)
                .bind(value)
                .bind(email_key(value)),
        };
        match change.execute(&mut *transaction).await {
            Ok(_) => {}
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => return Ok(InForce::Taken),
            Err(error) => return Err(error.into()),
        }
        transaction.commit().await?;
        Ok(InForce::Yes)
    }
}

/// As part of a transaction.
pub(super) async fn set_within(
    connection: &mut <Database as sqlx::Database>::Connection,
    account: &AccountId,
    attributes: &[(String, String)],
) -> Result<(), Error> {
    for (name, value) in attributes {
        let statement = if value.is_empty() {
            "DELETE FROM attributes WHERE account_id = $1 AND name = $2 AND value <> $3"
        } else {
            "INSERT INTO attributes (account_id, name, value) VALUES ($1, $2, $3) \
             ON CONFLICT (account_id, name) DO UPDATE SET value = excluded.value"
        };
        sqlx::query(statement).bind(account).bind(name).bind(value).execute(&mut *connection).await?;
    }
    Ok(())
}

/// As part of a transaction.
pub(super) async fn set_pending_within(
    connection: &mut <Database as sqlx::Database>::Connection,
    account: &AccountId,
    kind: ContactKind,
    value: &str,
    now: Moment,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO pending_contacts (account_id, kind, value, created) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (account_id, kind) DO UPDATE SET value = excluded.value, created = excluded.created",
    )
    .bind(account)
    .bind(kind.name())
    .bind(value)
    .bind(now)
    .execute(connection)
    .await?;
    Ok(())
}
