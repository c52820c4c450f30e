//! The whole store as lines of JSON, as it was at one moment; and back, into either database. Sealed columns stay sealed.
//!
//! First a head, then for each table a line with its name and columns and a line for each row (text, numbers, `null`, and bytes as
//! `{"b": base64}`), at the end how many rows there were.

use std::io::{self, BufRead, Write};

use data_encoding::BASE64;
use futures_util::TryStreamExt as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::{AssertSqlSafe, Row as _};

use super::connect::Dialect;
use super::{Database, Store};

type Connection = <Database as sqlx::Database>::Connection;
type AnyRow = <Database as sqlx::Database>::Row;

/// Of the file's form.
const FORM: u32 = 1;
/// Others name rows of these.
const FIRST: &str = "accounts";
/// A fresh store has rows of its own in these; a backup brings better ones.
const OWN: [&str; 2] = ["server_secrets", "password_kinds"];

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("The backup cannot be written or read.")]
    File(#[from] io::Error),
    #[error("The database refused a statement.")]
    Statement(#[from] sqlx::Error),
    #[error("This is not a backup of latchkey-cloud, or it is damaged (line {0}).")]
    Damaged(u64),
    #[error("The backup ends early; take another one.")]
    CutShort,
    #[error("The backup was made by a newer version; install that version first.")]
    Newer,
    #[error("The backup belongs to another server key; put the key that belongs to it into the state folder first.")]
    OtherKey,
    #[error("The database is not empty (table {0}); restore into a new one.")]
    NotEmpty(String),
}

#[derive(Serialize, Deserialize)]
struct Head {
    backup: String,
    form: u32,
    migrations: Vec<i64>,
    /// Which server key opens what is inside.
    key: String,
}

#[derive(Serialize, Deserialize)]
struct TableHead {
    table: String,
    columns: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct End {
    rows: u64,
}

struct Table {
    name: String,
    columns: Vec<(String, Kind)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    Bytes,
}

impl Store {
    /// Says how many rows there are.
    pub(crate) async fn back_up(&self, out: &mut (dyn Write + Send)) -> Result<u64, Error> {
        let mut snapshot = self.pool.begin_with(self.dialect.snapshot()).await?;
        let tables = self.tables(&mut snapshot).await?;
        let migrations = migrations(&mut snapshot).await?;
        line(out, &Head { backup: "latchkey-cloud".to_owned(), form: FORM, migrations, key: self.key_mark() })?;
        let mut rows = 0;
        for table in &tables {
            let columns = table.columns.iter().map(|(name, _)| name.clone()).collect();
            line(out, &TableHead { table: table.name.clone(), columns })?;
            let select = format!("SELECT {} FROM {}", table.listed(), quoted(&table.name));
            let mut found = sqlx::query(AssertSqlSafe(select)).fetch(&mut *snapshot);
            while let Some(row) = found.try_next().await? {
                line(out, &table.read(&row)?)?;
                rows += 1;
            }
        }
        line(out, &End { rows })?;
        Ok(rows)
    }

    /// Into an empty store of the same server key. All or nothing; says how many rows there were.
    pub(crate) async fn restore(&self, lines: &mut (dyn BufRead + Send)) -> Result<u64, Error> {
        let mut file = Lines { lines, number: 0 };
        let mut transaction = self.begin().await.map_err(|error| match error {
            super::Error::Statement(error) => Error::Statement(error),
            super::Error::Migration(_) | super::Error::Unreadable(_) => Error::Damaged(0),
        })?;
        self.check_head(&mut file, &mut transaction).await?;
        let tables = self.tables(&mut transaction).await?;
        for table in &tables {
            table.make_empty(&mut transaction).await?;
        }
        let mut rows = 0;
        let mut into: Option<(Table, String)> = None;
        loop {
            let value = file.next()?.ok_or(Error::CutShort)?;
            match (&value, &into) {
                (Value::Array(cells), Some((table, insert))) => {
                    table.insert(insert, cells, &mut transaction).await?.ok_or(Error::Damaged(file.number))?;
                    rows += 1;
                }
                (Value::Object(head), _) if head.contains_key("table") => {
                    into = Some(file.table(value, &tables)?);
                }
                _end => {
                    let end: End = file.as_is(value)?;
                    return if end.rows == rows {
                        transaction.commit().await?;
                        Ok(rows)
                    } else {
                        Err(Error::CutShort)
                    };
                }
            }
        }
    }

    async fn check_head(&self, file: &mut Lines<'_>, connection: &mut Connection) -> Result<(), Error> {
        let value = file.next()?.ok_or(Error::Damaged(1))?;
        let head: Head = file.as_is(value)?;
        let known = migrations(connection).await?;
        if head.backup != "latchkey-cloud" {
            Err(Error::Damaged(1))
        } else if head.form > FORM || head.migrations.iter().any(|version| !known.contains(version)) {
            Err(Error::Newer)
        } else if head.key != self.key_mark() {
            Err(Error::OtherKey)
        } else {
            Ok(())
        }
    }

    /// Tells server keys apart without telling one.
    fn key_mark(&self) -> String {
        self.vault.mark("backup", b"which server key")
    }

    /// Those that others refer to first.
    async fn tables(&self, connection: &mut Connection) -> Result<Vec<Table>, Error> {
        let rows = sqlx::query(self.dialect.columns()).fetch_all(connection).await?;
        let mut tables: Vec<Table> = Vec::new();
        for row in rows {
            let (name, column, kind): (String, String, String) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            let kind = match kind.to_ascii_lowercase().as_str() {
                "bigint" => Kind::Number,
                "bytea" => Kind::Bytes,
                _text => Kind::Text,
            };
            match tables.last_mut().filter(|table| table.name == name) {
                Some(table) => table.columns.push((column, kind)),
                None => tables.push(Table { name, columns: vec![(column, kind)] }),
            }
        }
        tables.sort_by_key(|table| (table.name != FIRST, table.name.clone()));
        Ok(tables)
    }
}

impl Dialect {
    /// Begins a transaction that sees one moment, however long it takes.
    fn snapshot(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN",
            Self::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        }
    }

    /// Table, column, type; by table, then in order.
    fn columns(self) -> &'static str {
        match self {
            Self::Sqlite => {
                "SELECT m.name, c.name, c.type FROM sqlite_master m JOIN pragma_table_info(m.name) c \
                 WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE '\\_sqlx\\_%' ESCAPE '\\' \
                 ORDER BY m.name, c.cid"
            }
            Self::Postgres => {
                "SELECT table_name::text, column_name::text, data_type::text FROM information_schema.columns \
                 WHERE table_schema = current_schema() AND table_name NOT LIKE '\\_sqlx\\_%' \
                 ORDER BY table_name, ordinal_position"
            }
        }
    }
}

impl Table {
    fn listed(&self) -> String {
        self.columns.iter().map(|(name, _)| quoted(name)).collect::<Vec<_>>().join(", ")
    }

    fn read(&self, row: &AnyRow) -> Result<Vec<Value>, sqlx::Error> {
        let cells = self.columns.iter().enumerate();
        cells
            .map(|(place, (_, kind))| {
                Ok(match kind {
                    Kind::Text => row.try_get::<Option<String>, _>(place)?.map_or(Value::Null, Value::from),
                    Kind::Number => row.try_get::<Option<i64>, _>(place)?.map_or(Value::Null, Value::from),
                    Kind::Bytes => row
                        .try_get::<Option<Vec<u8>>, _>(place)?
                        .map_or(Value::Null, |bytes| serde_json::json!({ "b": BASE64.encode(&bytes) })),
                })
            })
            .collect()
    }

    /// Refuses to throw anything away.
    async fn make_empty(&self, connection: &mut Connection) -> Result<(), Error> {
        let name = quoted(&self.name);
        if OWN.contains(&self.name.as_str()) {
            sqlx::query(AssertSqlSafe(format!("DELETE FROM {name}"))).execute(connection).await?;
            return Ok(());
        }
        let found =
            sqlx::query(AssertSqlSafe(format!("SELECT 1 FROM {name} LIMIT 1"))).fetch_optional(connection).await?;
        if found.is_some() { Err(Error::NotEmpty(self.name.clone())) } else { Ok(()) }
    }

    /// `None`: the cells do not fit the columns.
    async fn insert(&self, insert: &str, cells: &[Value], connection: &mut Connection) -> Result<Option<()>, Error> {
        if cells.len() != self.columns.len() {
            return Ok(None);
        }
        let mut query = sqlx::query(AssertSqlSafe(insert.to_owned()));
        for (cell, (_, kind)) in cells.iter().zip(&self.columns) {
            query = match (kind, cell) {
                (Kind::Text, Value::String(text)) => query.bind(text.clone()),
                (Kind::Text, Value::Null) => query.bind(None::<String>),
                (Kind::Number, Value::Null) => query.bind(None::<i64>),
                (Kind::Bytes, Value::Null) => query.bind(None::<Vec<u8>>),
                (Kind::Number, number) => match number.as_i64() {
                    Some(number) => query.bind(number),
                    None => return Ok(None),
                },
                (Kind::Bytes, bytes) => {
                    match bytes.get("b").and_then(Value::as_str).map(|text| BASE64.decode(text.as_bytes())) {
                        Some(Ok(bytes)) => query.bind(bytes),
                        Some(Err(_)) | None => return Ok(None),
                    }
                }
                (Kind::Text, _) => return Ok(None),
            };
        }
        query.execute(connection).await?;
        Ok(Some(()))
    }
}

struct Lines<'a> {
    lines: &'a mut (dyn BufRead + Send),
    number: u64,
}

impl Lines<'_> {
    fn next(&mut self) -> Result<Option<Value>, Error> {
        let mut text = String::new();
        self.number += 1;
        match self.lines.read_line(&mut text) {
            Ok(0) => Ok(None),
            Ok(_) if !text.ends_with('\n') => Err(Error::CutShort),
            Ok(_) => serde_json::from_str(&text).map(Some).map_err(|_| Error::Damaged(self.number)),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(Error::Damaged(self.number)),
            Err(error) => Err(error.into()),
        }
    }

    fn as_is<T: serde::de::DeserializeOwned>(&self, value: Value) -> Result<T, Error> {
        serde_json::from_value(value).map_err(|_| Error::Damaged(self.number))
    }

    /// The table that the rows after this line belong to, and the statement that adds one. Only names that the database has.
    fn table(&self, value: Value, tables: &[Table]) -> Result<(Table, String), Error> {
        let damaged = || Error::Damaged(self.number);
        let head: TableHead = self.as_is(value)?;
        let known = tables.iter().find(|table| table.name == head.table).ok_or_else(damaged)?;
        let find = |name: String| {
            let (_, kind) = known.columns.iter().find(|(column, _)| *column == name)?;
            Some((name, *kind))
        };
        let columns: Vec<_> = head.columns.into_iter().map(find).collect::<Option<_>>().ok_or_else(damaged)?;
        let places: Vec<String> = (1..=columns.len()).map(|place| format!("${place}")).collect();
        let table = Table { name: head.table, columns };
        let insert = format!("INSERT INTO {} ({}) VALUES ({})", quoted(&table.name), table.listed(), places.join(", "));
        Ok((table, insert))
    }
}

async fn migrations(connection: &mut Connection) -> Result<Vec<i64>, sqlx::Error> {
    sqlx::query_scalar("SELECT version FROM _sqlx_migrations ORDER BY version").fetch_all(connection).await
}

/// Names come from the database itself; some are words of SQL.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn line(out: &mut (dyn Write + Send), value: &impl Serialize) -> Result<(), Error> {
    serde_json::to_writer(&mut *out, value).map_err(io::Error::from)?;
    Ok(out.write_all(b"\n")?)
}
