//! Accounts and their passwords (as sealed verifiers).

use sqlx::Row as _;

use super::{Database, Error, Store};
use crate::cloud::ids::AccountId;
use crate::cloud::moment::Moment;
use crate::protocol::srp::Verifier;

pub(crate) struct Account {
    pub(crate) id: AccountId,
    pub(crate) email: String,
    pub(crate) verifier: Verifier,
    /// E.164.
    pub(crate) phone: Option<String>,
    pub(crate) must_set_password: bool,
    pub(crate) must_enrol: bool,
    pub(crate) created: Moment,
    pub(crate) last_sign_in: Option<Moment>,
}

pub(crate) struct NewRow<'a> {
    pub(crate) id: &'a AccountId,
    pub(crate) email: &'a str,
    pub(crate) verifier: &'a Verifier,
    pub(crate) phone: Option<&'a str>,
}

impl Account {
    /// Is this what the person typed, or the id that the service gave back (COG-13: case does not matter)?
    pub(crate) fn is_named(&self, username: &str) -> bool {
        let name = email_key(username);
        name == self.id.as_str() || name == email_key(&self.email)
    }
}

impl Store {
    /// `false` when the e-mail address is taken.
    pub(crate) async fn add_account(&self, row: NewRow<'_>, now: Moment) -> Result<bool, Error> {
        let done = sqlx::query(
            "INSERT INTO accounts (id, email, email_key, sealed_verifier, phone, created) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (email_key) DO NOTHING",
        )
        .bind(row.id)
        .bind(row.email)
        .bind(email_key(row.email))
        .bind(self.vault.seal(&verifier_kind(row.id), row.verifier.to_bytes().expose()))
        .bind(row.phone)
        .bind(now)
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// By e-mail address or id.
    pub(crate) async fn account_named(&self, username: &str) -> Result<Option<Account>, Error> {
        let row = sqlx::query("SELECT * FROM accounts WHERE email_key = $1 OR id = $1")
            .bind(email_key(username))
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| self.read_account(&row)).transpose()
    }

    pub(crate) async fn account(&self, id: &AccountId) -> Result<Option<Account>, Error> {
        self.account_named(id.as_str()).await
    }

    pub(crate) async fn set_password(&self, id: &AccountId, verifier: &Verifier) -> Result<(), Error> {
        sqlx::query("UPDATE accounts SET sealed_verifier = $2, must_set_password = 0 WHERE id = $1")
            .bind(id)
            .bind(self.vault.seal(&verifier_kind(id), verifier.to_bytes().expose()))
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// `false` when there is no such account.
    pub(crate) async fn require_new_password(&self, id: &AccountId) -> Result<bool, Error> {
        let done =
            sqlx::query("UPDATE accounts SET must_set_password = 1 WHERE id = $1").bind(id).execute(&self.pool).await?;
        Ok(done.rows_affected() == 1)
    }

    /// `false` when there is no such account.
    pub(crate) async fn require_enrolment(&self, id: &AccountId) -> Result<bool, Error> {
        let done = sqlx::query("UPDATE accounts SET must_enrol = 1 WHERE id = $1").bind(id).execute(&self.pool).await?;
        Ok(done.rows_affected() == 1)
    }

    pub(crate) async fn note_sign_in(&self, id: &AccountId, now: Moment) -> Result<(), Error> {
        sqlx::query("UPDATE accounts SET last_sign_in = $2 WHERE id = $1")
            .bind(id)
            .bind(now)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    fn read_account(&self, row: &<Database as sqlx::Database>::Row) -> Result<Account, Error> {
        let id: AccountId = row.try_get("id")?;
        let sealed: Vec<u8> = row.try_get("sealed_verifier")?;
        let bytes = self
            .vault
            .unseal(&verifier_kind(&id), &sealed)
            .map_err(|_other_key| Error::Unreadable("a password verifier"))?;
        Ok(Account {
            verifier: Verifier::from_bytes(bytes.expose()).ok_or(Error::Unreadable("a password verifier"))?,
            id,
            email: row.try_get("email")?,
            phone: row.try_get("phone")?,
            must_set_password: row.try_get::<i64, _>("must_set_password")? != 0,
            must_enrol: row.try_get::<i64, _>("must_enrol")? != 0,
            created: row.try_get("created")?,
            last_sign_in: row.try_get("last_sign_in")?,
        })
    }
}

/// E-mail addresses are the same whatever their case; everything else in them counts (COG-13).
fn email_key(text: &str) -> String {
    text.trim().to_lowercase()
}

fn verifier_kind(id: &AccountId) -> String {
    format!("verifier of {}", id.as_str())
}
