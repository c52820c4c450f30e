//! `outbox`: mail and text messages, and what became of them.

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
    for OutboxMessage { at, kind, to, text, state, reason } in cloud.outbox().await? {
        let at = http_date::format(at);
        if options.json {
            let message = json!({ "at": at, "kind": kind, "to": to, "text": text, "state": state, "reason": reason });
            writeln!(out, "{message}")?;
            continue;
        }
        let why = if reason.is_empty() { String::new() } else { format!(": {reason}") };
        let text = if text.is_empty() { "(its text is wiped)" } else { &text };
        writeln!(out, "{at}  {kind} to {to}  {state}{why}\n    {text}")?;
    }
    Ok(())
}
