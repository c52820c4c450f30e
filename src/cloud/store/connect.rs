//! Where the database is, and how it is opened: a SQLite file of our own, or a PostgreSQL that several instances share.

use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sqlx::ConnectOptions as _;
use sqlx::any::{AnyConnectOptions, AnyPoolOptions, install_default_drivers};

use super::Error;
use crate::base::Secret;

/// Connections that one instance holds at most.
const CONNECTIONS: u32 = 8;

/// Where everything is kept.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// A SQLite file; made when missing.
    File(PathBuf),
    /// `postgres://user:password@host/database`
    Postgres(Secret<String>),
}

/// The few things that SQLite and PostgreSQL do not say in the same words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
    Postgres,
}

pub(super) async fn open(place: &Place) -> Result<(sqlx::AnyPool, Dialect), Error> {
    install_default_drivers();
    let options = AnyPoolOptions::new().max_connections(CONNECTIONS);
    match place {
        Place::File(file) => {
            // WAL is a property of the file; the others belong to each connection.
            const USUAL: &str = "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; \
                                 PRAGMA foreign_keys = ON";
            let options = options.after_connect(|connection, _| {
                Box::pin(async move { sqlx::raw_sql(USUAL).execute(connection).await.map(|_| ()) })
            });
            Ok((options.connect_with(quiet(&sqlite_url(file))?).await?, Dialect::Sqlite))
        }
        Place::Postgres(url) => Ok((options.connect_with(quiet(url.expose())?).await?, Dialect::Postgres)),
    }
}

/// Statements are not logged: they would be most of the log.
fn quiet(url: &str) -> Result<AnyConnectOptions, sqlx::Error> {
    Ok(AnyConnectOptions::from_str(url)?.disable_statement_logging())
}

fn sqlite_url(file: &Path) -> String {
    let path = utf8_percent_encode(&file.to_string_lossy(), NON_ALPHANUMERIC).to_string();
    format!("sqlite://{path}?mode=rwc")
}
