//! Accounts to be: they wait until somebody proves to read the mail of their address. Several of one address may wait side by
//! side, each with a code of its own, so that nobody can slip a password of theirs under somebody else's sign-up.

use std::time::Duration;

use sqlx::Row as _;

use super::accounts::add_within;
use super::contacts::{set_pending_within, set_within};
use super::{ContactKind, Database, Error, NewRow, Store, email_key};
use crate::cloud::ids::AccountId;
use crate::cloud::moment::Moment;
use crate::cloud::passwords::KeptPassword;

/// How long one waits.
const LIFETIME: Duration = Duration::from_secs(7 * 24 * 3600);
/// Of one address; the oldest give way.
const AT_MOST: i64 = 5;

pub(crate) struct SignUp {
    /// The account's, once it is confirmed.
    pub(crate) id: AccountId,
    pub(crate) email: String,
    pub(crate) password: KeptPassword,
    /// To be proved once there is an account.
    pub(crate) phone: Option<String>,
    /// Names and values.
    pub(crate) attributes: Vec<(String, String)>,
}

impl Store {
    pub(crate) async fn add_sign_up(&self, sign_up: &SignUp, now: Moment) -> Result<(), Error> {
        let (kind, sealed) = self.seal_password(&sign_up.id, Some(&sign_up.password));
        let attributes = serde_json::to_string(&(&sign_up.phone, &sign_up.attributes))
            .map_err(|_| Error::Unreadable("a sign-up"))?;
        let mut transaction = self.begin().await?;
        sqlx::query(
            "INSERT INTO sign_ups (id, email, email_key, password_kind, sealed_verifier, attributes, created, expires) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(&sign_up.id)
        .bind(&sign_up.email)
        .bind(email_key(&sign_up.email))
        .bind(kind)
        .bind(sealed)
        .bind(attributes)
        .bind(now)
        .bind(now.plus(LIFETIME))
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "DELETE FROM sign_ups WHERE email_key = $1 AND id NOT IN \
             (SELECT id FROM sign_ups WHERE email_key = $1 ORDER BY created DESC, id LIMIT $2)",
        )
        .bind(email_key(&sign_up.email))
        .bind(AT_MOST)
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    /// Those that nobody confirmed in time.
    pub(crate) async fn forget_sign_ups(&self, now: Moment) -> Result<(), Error> {
        sqlx::query("DELETE FROM sign_ups WHERE expires <= $1").bind(now).execute(&self.pool).await?;
        Ok(())
    }

    /// By e-mail address (newest first) or id.
    pub(crate) async fn sign_ups_named(&self, username: &str, now: Moment) -> Result<Vec<SignUp>, Error> {
        let rows = sqlx::query(
            "SELECT * FROM sign_ups WHERE (email_key = $1 OR id = $1) AND expires > $2 ORDER BY created DESC, id",
        )
        .bind(email_key(username))
        .bind(now)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(|row| self.read_sign_up(row)).collect()
    }

    /// Makes it an account, and forgets the others of that address; `false` when the address has an account already.
    pub(crate) async fn confirm_sign_up(&self, sign_up: &SignUp, now: Moment) -> Result<bool, Error> {
        let (kind, sealed) = self.seal_password(&sign_up.id, Some(&sign_up.password));
        let row = NewRow { id: &sign_up.id, email: &sign_up.email, password: Some(&sign_up.password), phone: None };
        let mut transaction = self.begin().await?;
        if !add_within(&mut transaction, &row, kind, &sealed, now).await? {
            return Ok(false);
        }
        set_within(&mut transaction, &sign_up.id, &sign_up.attributes).await?;
        if let Some(phone) = &sign_up.phone {
            set_pending_within(&mut transaction, &sign_up.id, ContactKind::Phone, phone, now).await?;
        }
        sqlx::query("DELETE FROM sign_ups WHERE email_key = $1")
            .bind(email_key(&sign_up.email))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(true)
    }

    fn read_sign_up(&self, row: &<Database as sqlx::Database>::Row) -> Result<SignUp, Error> {
        const UNREADABLE: Error = Error::Unreadable("a sign-up");
        let id: AccountId = row.try_get("id")?;
        let (phone, attributes) = serde_json::from_str(row.try_get("attributes")?).map_err(|_| UNREADABLE)?;
        Ok(SignUp {
            password: self.read_password(&id, row)?.ok_or(UNREADABLE)?,
            id,
            email: row.try_get("email")?,
            phone,
            attributes,
        })
    }
}
