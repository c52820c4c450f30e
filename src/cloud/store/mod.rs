//! What the service keeps, one file per noun. One SQL for SQLite and PostgreSQL: `$1` parameters, TEXT, BIGINT and BYTEA,
//! and single statements that decide by the number of rows they touched, so that several instances may share it.

mod access_keys;
mod accounts;
mod administration;
mod authorization_codes;
mod authorizations;
mod backup;
mod confirmations;
mod connect;
mod contacts;
mod enrolments;
mod events;
mod factor_changes;
mod factors;
mod identities;
mod known_sources;
mod outbox;
mod portal_sessions;
mod portal_visits;
mod recovery;
mod sent_codes;
mod sign_ins;
mod sign_ups;
mod sources;
mod spent_blocks;
mod spent_signatures;
mod stopped;
mod throttles;
mod token_families;

pub(crate) use access_keys::{Created, NewKey, StoredKey};
pub(crate) use accounts::{Account, NewRow, email_key};
pub(crate) use administration::Listed;
pub(crate) use backup::Error as BackupError;
pub(crate) use confirmations::Confirming;
pub(crate) use connect::Place;
pub(crate) use contacts::{ContactKind, InForce};
pub(crate) use events::{Event, EventKind, EventPage, EventQuery};
pub(crate) use factor_changes::{Change, ChangeRefused, Changed, Wanted, Wish};
pub(crate) use factors::{Factor, FactorKind};
pub(crate) use identities::{Identity, Linked};
pub(crate) use outbox::{Carried, Channel, Due};
pub(crate) use portal_sessions::{LONGEST as PORTAL_SESSION_LASTS, PortalSession, StandingSignIn};
pub(crate) use portal_visits::{LatestTurn, Visit, VisitKey};
pub(crate) use recovery::{CodesLeft, Recovered};
pub(crate) use sent_codes::{Answer, Purpose};
pub(crate) use sign_ins::{NewSignIn, SignIn, Stage};
pub(crate) use sign_ups::SignUp;
pub(crate) use sources::Credit;
pub(crate) use throttles::Policy;
pub(crate) use token_families::{Family, FamilyOrigin, Proof};

use std::sync::Arc;
use std::sync::atomic::AtomicU16;

use sqlx::migrate::Migrator;
use tokio::sync::Notify;

use super::ids::AccountId;
use super::moment::Moment;
use super::vault::Vault;
use crate::base::{Entropy, Secret};
use connect::Dialect;

type Database = sqlx::Any;

static MIGRATIONS: Migrator = sqlx::migrate!("src/cloud/migrations");

/// How a database compares with what this version wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Ours,
    Older,
    Newer,
}

#[derive(Clone)]
pub(crate) struct Store {
    pool: sqlx::Pool<Database>,
    dialect: Dialect,
    vault: Arc<Vault>,
    entropy: Entropy,
    carried: Carried,
    posted: Arc<Notify>,
    /// Tells apart the events of one millisecond.
    events_written: Arc<AtomicU16>,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("a statement failed")]
    Statement(#[from] sqlx::Error),
    #[error("the database cannot be brought to this version's form")]
    Migration(#[from] sqlx::migrate::MigrateError),
    #[error("{0} in the database cannot be read with this server key")]
    Unreadable(&'static str),
}

impl Store {
    /// Opens (or makes) the database and brings it to the present form.
    pub(super) async fn open(place: &Place, vault: Arc<Vault>, entropy: Entropy) -> Result<Self, Error> {
        let (pool, dialect) = connect::open(place).await?;
        MIGRATIONS.run(&pool).await?;
        Ok(Self {
            pool,
            dialect,
            vault,
            entropy,
            carried: Carried::default(),
            posted: Arc::default(),
            events_written: Arc::default(),
        })
    }

    /// With channels that lead out of the house.
    #[must_use]
    pub(super) fn carrying(self, carried: Carried) -> Self {
        Self { carried, ..self }
    }

    /// What the database is like, before anything is changed in it.
    pub(super) async fn form(place: &Place) -> Result<Form, Error> {
        let (pool, _dialect) = connect::open(place).await?;
        let found = sqlx::query_scalar("SELECT version FROM _sqlx_migrations").fetch_all(&pool).await;
        let done: Vec<i64> = found.unwrap_or_default();
        let known: Vec<i64> = MIGRATIONS.iter().map(|migration| migration.version).collect();
        Ok(if done.iter().any(|version| !known.contains(version)) {
            Form::Newer
        } else if known.iter().all(|version| done.contains(version)) {
            Form::Ours
        } else {
            Form::Older
        })
    }

    /// Does the database answer?
    pub(crate) async fn answers(&self) -> bool {
        sqlx::query("SELECT 1").execute(&self.pool).await.is_ok()
    }

    /// The sealed secret of that name that all instances share; the first one to come makes it.
    pub(super) async fn server_secret(
        &self,
        name: &'static str,
        now: Moment,
        made: Secret<Vec<u8>>,
    ) -> Result<Secret<Vec<u8>>, Error> {
        sqlx::query(
            "INSERT INTO server_secrets (name, sealed, created) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING",
        )
        .bind(name)
        .bind(self.vault.seal(name, made.expose()))
        .bind(now)
        .execute(&self.pool)
        .await?;
        self.find_server_secret(name).await?.ok_or(Error::Unreadable(name))
    }

    pub(super) async fn find_server_secret(&self, name: &'static str) -> Result<Option<Secret<Vec<u8>>>, Error> {
        let sealed: Option<Vec<u8>> = sqlx::query_scalar("SELECT sealed FROM server_secrets WHERE name = $1")
            .bind(name)
            .fetch_optional(&self.pool)
            .await?;
        sealed.map(|sealed| self.vault.unseal(name, &sealed).map_err(|_other_key| Error::Unreadable(name))).transpose()
    }

    /// A transaction. On SQLite it owns the write lock from its start, so that it cannot fail half-way for another writer.
    async fn begin(&self) -> Result<sqlx::Transaction<'static, Database>, Error> {
        Ok(match self.dialect {
            Dialect::Sqlite => self.pool.begin_with("BEGIN IMMEDIATE").await?,
            Dialect::Postgres => self.pool.begin().await?,
        })
    }

    #[cfg(test)]
    pub(super) async fn rows(&self, table: &str) -> i64 {
        let count = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}")));
        count.fetch_one(&self.pool).await.unwrap()
    }

    /// Within a transaction: whoever else wants to count or change what the account has waits for its end.
    async fn lock_account(
        &self,
        connection: &mut <Database as sqlx::Database>::Connection,
        account: &AccountId,
    ) -> Result<(), Error> {
        sqlx::query("UPDATE accounts SET id = id WHERE id = $1").bind(account).execute(connection).await?;
        Ok(())
    }
}
