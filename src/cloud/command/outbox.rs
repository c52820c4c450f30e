//! `outbox`: mail and text messages that were to be delivered.

use std::io::{self, Write as _};

use clap::Args;
use serde_json::json;

use super::Error;
use crate::cloud::{Cloud, OutboxMessage};
use crate::protocol::http_date;

#[derive(Args)]
pub(super) struct Outbox {
    /// One JSON object per line instead of text.
    #[arg(long)]
    json: bool,
}

pub(super) async fn show(cloud: &Cloud, options: &Outbox) -> Result<(), Error> {
    let mut out = io::stdout();
    for OutboxMessage { at, kind, to, text } in cloud.outbox().await? {
        let at = http_date::format(at);
        if options.json {
            writeln!(out, "{}", json!({ "at": at, "kind": kind, "to": to, "text": text }))?;
        } else {
            writeln!(out, "{at}  {kind} to {to}\n    {text}")?;
        }
    }
    Ok(())
}
