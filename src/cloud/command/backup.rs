//! `migrate`, `backup` and `restore`.

use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::Args;

use super::Error;
use crate::cloud::backup::{Backup, back_up, restore as bring_back};
use crate::cloud::{Plan, migrate as bring_up_to_date};

#[derive(Args)]
pub(super) struct Place {
    /// The backup; written whole or not at all, and readable by its owner only.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(super) async fn migrate(plan: Plan) -> Result<(), Error> {
    bring_up_to_date(&plan).await?;
    Ok(writeln!(io::stdout(), "The database has this version's form.")?)
}

pub(super) async fn write(plan: Plan, Place { file }: Place) -> Result<(), Error> {
    let Backup { rows, server_key } = back_up(plan, &file).await?;
    let (file, server_key) = (file.display(), server_key.display());
    writeln!(io::stdout(), "{rows} rows are in {file}.")?;
    Ok(writeln!(
        io::stdout(),
        "The server key {server_key} is not in it: keep a copy of that elsewhere, since nothing in the backup opens without it."
    )?)
}

pub(super) async fn restore(plan: Plan, Place { file }: Place) -> Result<(), Error> {
    let Backup { rows, .. } = bring_back(plan, &file).await?;
    Ok(writeln!(io::stdout(), "{rows} rows are back.")?)
}
