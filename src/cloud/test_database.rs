//! Which database the tests use: a SQLite file each, or, where TEST_POSTGRES has the URL of one, a schema each in PostgreSQL.

use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AnyConnection, Connection as _};

static MADE: AtomicU32 = AtomicU32::new(0);

/// A URL with an empty schema of its own; `None`: SQLite.
pub(crate) async fn fresh() -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "the runner of the tests says it; no setting of the product")]
    let url = std::env::var("TEST_POSTGRES").ok()?;
    let schema = format!("test_{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
    sqlx::any::install_default_drivers();
    let mut connection = AnyConnection::connect(&url).await.expect("TEST_POSTGRES is a server that answers");
    let made = sqlx::raw_sql(sqlx::AssertSqlSafe(format!("CREATE SCHEMA {schema}"))).execute(&mut connection).await;
    made.expect("the schema is new");
    connection.close().await.expect("the server lets go");
    Some(format!("{url}?options[search_path]={schema}"))
}
