//! Access keys. Their secrets are sealed, not hashed: checking an HMAC needs the secret itself.

use std::time::Duration;

use data_encoding::BASE32_NOPAD;
use sqlx::Row as _;

use super::{Database, Error, Store};
use crate::base::{Entropy, Secret};
use crate::cloud::ids::AccountId;
use crate::cloud::moment::Moment;
use crate::cloud::permit::KeyScope;
use crate::protocol::access_key::{AccessKey, KeyId};

/// `last_used` is written at most so often.
const USE_NOTED_EVERY: Duration = Duration::from_secs(60);

/// A key without its secret.
#[derive(Clone, Debug)]
pub(crate) struct StoredKey {
    pub(crate) id: String,
    pub(crate) account: AccountId,
    /// Empty: it has none.
    pub(crate) name: String,
    pub(crate) scope: KeyScope,
    /// Its end; `None`: never.
    pub(crate) expires: Option<Moment>,
    pub(crate) enabled: bool,
    pub(crate) created: Moment,
    pub(crate) last_used: Option<Moment>,
}

/// What a key is to be.
#[derive(Clone, Debug)]
pub(crate) struct NewKey {
    pub(crate) name: String,
    pub(crate) scope: KeyScope,
    pub(crate) expires: Option<Moment>,
}

pub(crate) enum Created {
    Key(AccessKey),
    TooMany,
}

impl Store {
    /// A new key, unless the account has `at_most` of them (0: any number).
    pub(crate) async fn create_key(
        &self,
        account: &AccountId,
        new: &NewKey,
        at_most: u32,
        now: Moment,
    ) -> Result<Created, Error> {
        let id = new_id(&self.entropy);
        let secret = new_secret(&self.entropy);
        let mut transaction = self.begin().await?;
        self.lock_account(&mut transaction, account).await?;
        let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM access_keys WHERE account_id = $1")
            .bind(account)
            .fetch_one(&mut *transaction)
            .await?;
        if at_most > 0 && count >= i64::from(at_most) {
            return Ok(Created::TooMany);
        }
        sqlx::query(
            "INSERT INTO access_keys (id, account_id, sealed_secret, created, name, scope, expires) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(&id)
        .bind(account)
        .bind(self.vault.seal(&kind(&id), secret.expose()))
        .bind(now)
        .bind(&new.name)
        .bind(new.scope.name())
        .bind(new.expires)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        let id = KeyId::parse(&id).map_err(|_malformed| Error::Unreadable("a key id"))?;
        Ok(Created::Key(AccessKey::from_bytes(id, secret.expose().to_vec())))
    }

    pub(crate) async fn keys_of(&self, account: &AccountId) -> Result<Vec<StoredKey>, Error> {
        let rows = sqlx::query("SELECT * FROM access_keys WHERE account_id = $1 ORDER BY created, id")
            .bind(account)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(read).collect()
    }

    /// The key and its secret, whoever owns it: for checking a signature.
    pub(crate) async fn key_to_check(&self, id: &str) -> Result<Option<(StoredKey, Secret<Vec<u8>>)>, Error> {
        let row = sqlx::query("SELECT * FROM access_keys WHERE id = $1").bind(id).fetch_optional(&self.pool).await?;
        let Some(row) = row else { return Ok(None) };
        let sealed: Vec<u8> = row.try_get("sealed_secret")?;
        let secret =
            self.vault.unseal(&kind(id), &sealed).map_err(|_other_key| Error::Unreadable("an access key's secret"))?;
        Ok(Some((read(&row)?, secret)))
    }

    /// The key after the change (`None`: as it is); `None` when the account has no such key.
    pub(crate) async fn change_key(
        &self,
        account: &AccountId,
        id: &str,
        enabled: Option<bool>,
        name: Option<&str>,
    ) -> Result<Option<StoredKey>, Error> {
        let row = sqlx::query(
            "UPDATE access_keys SET enabled = COALESCE($3, enabled), name = COALESCE($4, name) \
             WHERE account_id = $1 AND id = $2 RETURNING *",
        )
        .bind(account)
        .bind(id)
        .bind(enabled.map(i64::from))
        .bind(name)
        .fetch_optional(&self.pool)
        .await?;
        row.as_ref().map(read).transpose()
    }

    /// Deletes a disabled key; `false` when the account has none of that id, or it is enabled.
    pub(crate) async fn delete_disabled_key(&self, account: &AccountId, id: &str) -> Result<bool, Error> {
        let done = sqlx::query("DELETE FROM access_keys WHERE account_id = $1 AND id = $2 AND enabled = 0")
            .bind(account)
            .bind(id)
            .execute(&self.pool)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    pub(crate) async fn note_key_use(&self, key: &StoredKey, now: Moment) -> Result<(), Error> {
        let before = now.minus(USE_NOTED_EVERY);
        if key.last_used.is_some_and(|last| last > before) {
            return Ok(());
        }
        sqlx::query("UPDATE access_keys SET last_used = $2 WHERE id = $1")
            .bind(&key.id)
            .bind(now)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}

fn read(row: &<Database as sqlx::Database>::Row) -> Result<StoredKey, Error> {
    Ok(StoredKey {
        id: row.try_get("id")?,
        account: row.try_get("account_id")?,
        name: row.try_get("name")?,
        scope: KeyScope::named(row.try_get("scope")?).ok_or(Error::Unreadable("an access key's scope"))?,
        expires: row.try_get("expires")?,
        enabled: row.try_get::<i64, _>("enabled")? != 0,
        created: row.try_get("created")?,
        last_used: row.try_get("last_used")?,
    })
}

fn kind(id: &str) -> String {
    format!("secret of {id}")
}

/// 20 characters of A to Z and 2 to 7.
fn new_id(entropy: &Entropy) -> String {
    let mut id = BASE32_NOPAD.encode(&entropy.bytes::<13>());
    id.truncate(20);
    id
}

/// 30 bytes that a shell can hold in a variable: no NUL, no line feed at the end (reference §4.3).
fn new_secret(entropy: &Entropy) -> Secret<[u8; 30]> {
    loop {
        let secret = entropy.secret::<30>();
        if !secret.expose().contains(&0) && secret.expose().last() != Some(&b'\n') {
            return secret;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_new_secret_survives_a_shell_variable() {
        let entropy = Entropy::repeatable(1);
        for _ in 0..2000 {
            let secret = new_secret(&entropy);
            assert!(!secret.expose().contains(&0));
            assert_ne!(secret.expose()[29], b'\n');
        }
    }

    #[test]
    fn an_id_has_twenty_characters_of_base32() {
        let id = new_id(&Entropy::repeatable(1));
        assert_eq!(id.len(), 20);
        assert!(id.bytes().all(|byte| byte.is_ascii_uppercase() || (b'2'..=b'7').contains(&byte)));
    }
}
