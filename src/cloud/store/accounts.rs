//! Accounts and their passwords (as sealed verifiers or hashes).

use sqlx::Row as _;

use super::confirmations::{Confirming, forget_within};
use super::{Database, Error, Store};
use crate::base::Secret;
use crate::cloud::ids::AccountId;
use crate::cloud::moment::Moment;
use crate::cloud::passwords::KeptPassword;
use crate::protocol::srp::Verifier;

pub(crate) struct Account {
    pub(crate) id: AccountId,
    pub(crate) email: String,
    /// `None`: its owner signs in by another way only.
    pub(crate) password: Option<KeptPassword>,
    /// E.164.
    pub(crate) phone: Option<String>,
    pub(crate) must_set_password: bool,
    pub(crate) must_enrol: bool,
    /// By the operator; nobody gets in.
    pub(crate) disabled: bool,
    pub(crate) created: Moment,
    pub(crate) last_sign_in: Option<Moment>,
}

pub(crate) struct NewRow<'a> {
    pub(crate) id: &'a AccountId,
    pub(crate) email: &'a str,
    pub(crate) password: Option<&'a KeptPassword>,
    pub(crate) phone: Option<&'a str>,
}

impl Account {
    /// Is this what the person typed, or the id that the service gave back (COG-13: case does not matter)?
    pub(crate) fn is_named(&self, username: &str) -> bool {
        let name = email_key(username);
        name == self.id.as_str() || name == email_key(&self.email)
    }

    pub(crate) fn has_password(&self) -> bool {
        self.password.is_some()
    }
}

impl Store {
    /// `false` when the e-mail address is taken.
    pub(crate) async fn add_account(&self, row: NewRow<'_>, now: Moment) -> Result<bool, Error> {
        let mut connection = self.pool.acquire().await?;
        let (kind, sealed) = self.seal_password(row.id, row.password);
        add_within(&mut connection, &row, kind, &sealed, now).await
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

    pub(crate) async fn set_password(&self, id: &AccountId, password: &KeptPassword) -> Result<(), Error> {
        let (kind, sealed) = self.seal_password(id, Some(password));
        sqlx::query(
            "UPDATE accounts SET password_kind = $2, sealed_verifier = $3, must_set_password = 0 WHERE id = $1",
        )
        .bind(id)
        .bind(kind)
        .bind(sealed)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// A new password that its owner chose: every sign-in ends, finished or not, but for the family `keep`, and so do codes that
    /// would set yet another.
    pub(crate) async fn change_password(
        &self,
        id: &AccountId,
        password: &KeptPassword,
        keep: Option<&str>,
        now: Moment,
    ) -> Result<(), Error> {
        let (kind, sealed) = self.seal_password(id, Some(password));
        let mut transaction = self.begin().await?;
        sqlx::query(
            "UPDATE accounts SET password_kind = $2, sealed_verifier = $3, must_set_password = 0 WHERE id = $1",
        )
        .bind(id)
        .bind(kind)
        .bind(sealed)
        .execute(&mut *transaction)
        .await?;
        sqlx::query("UPDATE token_families SET revoked = $2 WHERE account_id = $1 AND revoked IS NULL AND id <> $3")
            .bind(id)
            .bind(now)
            .bind(keep.unwrap_or_default())
            .execute(&mut *transaction)
            .await?;
        sqlx::query("DELETE FROM sign_ins WHERE account_id = $1").bind(id).execute(&mut *transaction).await?;
        forget_within(&mut transaction, &self.confirmation_mark(Confirming::Reset(id))).await?;
        Ok(transaction.commit().await?)
    }

    /// The same password, kept in another way, unless it was changed meanwhile.
    pub(crate) async fn keep_password_anew(
        &self,
        id: &AccountId,
        before: &KeptPassword,
        anew: &KeptPassword,
    ) -> Result<(), Error> {
        let (kind, sealed) = self.seal_password(id, Some(anew));
        sqlx::query(
            "UPDATE accounts SET password_kind = $3, sealed_verifier = $4 WHERE id = $1 AND password_kind = $2",
        )
        .bind(id)
        .bind(before.kind())
        .bind(kind)
        .bind(sealed)
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

    /// With everything that belongs to it; `false` when there is none (any more).
    pub(crate) async fn delete_account(&self, id: &AccountId) -> Result<bool, Error> {
        let done = sqlx::query("DELETE FROM accounts WHERE id = $1").bind(id).execute(&self.pool).await?;
        Ok(done.rows_affected() == 1)
    }

    /// Every kind of password that the database was opened for, this one among them.
    pub(crate) async fn note_password_kind(&self, kind: &str) -> Result<Vec<String>, Error> {
        sqlx::query("INSERT INTO password_kinds (kind) VALUES ($1) ON CONFLICT (kind) DO NOTHING")
            .bind(kind)
            .execute(&self.pool)
            .await?;
        Ok(sqlx::query_scalar("SELECT kind FROM password_kinds").fetch_all(&self.pool).await?)
    }

    /// Its kind, and the bytes to keep.
    pub(super) fn seal_password(&self, id: &AccountId, password: Option<&KeptPassword>) -> (&'static str, Vec<u8>) {
        match password {
            None => (NO_PASSWORD, Vec::new()),
            Some(KeptPassword::Srp(verifier)) => {
                (KeptPassword::SRP, self.vault.seal(&sealed_kind(KeptPassword::SRP, id), verifier.to_bytes().expose()))
            }
            Some(KeptPassword::Argon2id(hash)) => {
                let kind = KeptPassword::ARGON2ID;
                (kind, self.vault.seal(&sealed_kind(kind, id), hash.expose().as_bytes()))
            }
        }
    }

    /// Out of the columns `password_kind` and `sealed_verifier`.
    pub(super) fn read_password(
        &self,
        id: &AccountId,
        row: &<Database as sqlx::Database>::Row,
    ) -> Result<Option<KeptPassword>, Error> {
        const UNREADABLE: Error = Error::Unreadable("a password verifier");
        let kind: String = row.try_get("password_kind")?;
        if kind == NO_PASSWORD {
            return Ok(None);
        }
        let sealed: Vec<u8> = row.try_get("sealed_verifier")?;
        let bytes = self.vault.unseal(&sealed_kind(&kind, id), &sealed).map_err(|_other_key| UNREADABLE)?;
        match kind.as_str() {
            KeptPassword::SRP => {
                let verifier = Verifier::from_bytes(bytes.expose()).ok_or(UNREADABLE)?;
                Ok(Some(KeptPassword::Srp(Box::new(verifier))))
            }
            KeptPassword::ARGON2ID => {
                let hash = String::from_utf8(bytes.expose().clone()).map_err(|_| UNREADABLE)?;
                Ok(Some(KeptPassword::Argon2id(Secret::new(hash))))
            }
            _unknown => Err(UNREADABLE),
        }
    }

    fn read_account(&self, row: &<Database as sqlx::Database>::Row) -> Result<Account, Error> {
        let id: AccountId = row.try_get("id")?;
        Ok(Account {
            password: self.read_password(&id, row)?,
            id,
            email: row.try_get("email")?,
            phone: row.try_get("phone")?,
            must_set_password: row.try_get::<i64, _>("must_set_password")? != 0,
            must_enrol: row.try_get::<i64, _>("must_enrol")? != 0,
            disabled: row.try_get::<Option<i64>, _>("disabled")?.is_some(),
            created: row.try_get("created")?,
            last_sign_in: row.try_get("last_sign_in")?,
        })
    }
}

/// In the column `password_kind`.
const NO_PASSWORD: &str = "none";

/// As part of a transaction; `false` when the e-mail address is taken.
pub(super) async fn add_within(
    connection: &mut <Database as sqlx::Database>::Connection,
    row: &NewRow<'_>,
    password_kind: &str,
    sealed_password: &[u8],
    now: Moment,
) -> Result<bool, Error> {
    let done = sqlx::query(
        "INSERT INTO accounts (id, email, email_key, password_kind, sealed_verifier, phone, created) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (email_key) DO NOTHING",
    )
    .bind(row.id)
    .bind(row.email)
    .bind(email_key(row.email))
    .bind(password_kind)
    .bind(sealed_password.to_vec())
    .bind(row.phone)
    .bind(now)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// E-mail addresses are the same whatever their case; everything else in them counts (COG-13).
pub(crate) fn email_key(text: &str) -> String {
    text.trim().to_lowercase()
}

fn sealed_kind(kind: &str, id: &AccountId) -> String {
    match kind {
        KeptPassword::SRP => format!("verifier of {}", id.as_str()),
        _other => format!("{kind} hash of {}", id.as_str()),
    }
}
