//! The command line of `latchkey-cloud`: serve, add accounts, show what was to be delivered.

mod account;
mod password;

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;

use super::{Cloud, OutboxMessage, Plan, USUAL_POOL};
use crate::base::{Clock, Entropy};
use crate::net::{Listener, listen, serve::Stop};
use crate::protocol::{http_date, totp};

const EXIT_CODES: &str = "Exit codes:
  0   done
  1   it failed; the line on stderr says what to do
  2   the command line was not understood
  69  the address is in use, or cannot be bound";

/// The account service that ships with Latchkey.
#[derive(Parser)]
#[command(name = "latchkey-cloud", version, after_help = EXIT_CODES)]
pub struct Command {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    what: What,
}

#[derive(Args)]
struct Common {
    /// Folder for the database and the server key; made when missing.
    #[arg(long, global = true, default_value = "/var/lib/latchkey-cloud", value_name = "DIR")]
    state_dir: PathBuf,
    /// Cognito user pool id, REGION_NAME. Passwords are bound to the name: choose it before the first account.
    #[arg(long, global = true, default_value = USUAL_POOL, value_name = "ID", value_parser = pool_id)]
    user_pool_id: String,
    /// The client id that agents and panels send.
    #[arg(long, global = true, default_value = "latchkeyagent", value_name = "ID", value_parser = client_id)]
    client_id: String,
}

#[derive(Subcommand)]
enum What {
    /// Serve until stopped (SIGTERM, SIGINT).
    #[command(after_help = EXIT_CODES)]
    Serve(Serve),
    /// Accounts.
    #[command(subcommand)]
    Account(Account),
    /// Show the mail and text messages that were to be delivered, newest last.
    Outbox {
        /// One JSON object per line instead of text.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Args)]
struct Serve {
    /// Port 0 picks a free one; the line on stdout says which.
    #[arg(long, default_value = "127.0.0.1:29980", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Base URL that clients use, when it is not http:// and the address.
    #[arg(long, value_name = "URL", value_parser = base_url)]
    public_url: Option<String>,
    /// How many access keys an account may have.
    #[arg(long, default_value_t = 2, value_name = "N")]
    access_keys: u32,
}

#[derive(Subcommand)]
enum Account {
    /// Add an account; its password is read from standard input, unless there is a file.
    #[command(after_help = EXIT_CODES)]
    Add(account::Add),
}

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Cloud(#[from] super::Error),
    #[error(transparent)]
    Listen(#[from] listen::Error),
    #[error(transparent)]
    Totp(#[from] totp::Error),
    #[error("The file {0} cannot be read.")]
    File(PathBuf, #[source] io::Error),
    #[error("Line {0} is not an account; write {{\"email\": \"…\", \"password\": \"…\"}}.")]
    Line(usize, #[source] serde_json::Error),
    #[error("No password came on standard input; type it, or give --password-file.")]
    NoPassword,
    #[error("The terminal or pipe broke.")]
    Terminal(#[from] io::Error),
}

/// Does it, and says on stderr what went wrong if it did.
pub async fn run(command: Command) -> ExitCode {
    let Err(error) = perform(command).await else { return ExitCode::SUCCESS };
    let _stderr_gone = writeln!(io::stderr(), "latchkey-cloud: {}", sentence(&error));
    match error {
        Error::Listen(_) => ExitCode::from(69),
        Error::Cloud(_)
        | Error::Totp(_)
        | Error::File(..)
        | Error::Line(..)
        | Error::NoPassword
        | Error::Terminal(_) => ExitCode::FAILURE,
    }
}

/// One line: what to do, and in brackets the cause that the system gave.
fn sentence(error: &Error) -> String {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    causes.last().map_or_else(|| error.to_string(), |cause| format!("{error} ({cause})"))
}

async fn perform(Command { common, what }: Command) -> Result<(), Error> {
    match what {
        What::Serve(options) => serve(common, options).await,
        What::Account(Account::Add(add)) => account::add(&open(common.plan()).await?, add).await,
        What::Outbox { json } => show(&open(common.plan()).await?.outbox().await?, json),
    }
}

async fn open(plan: Plan) -> Result<Cloud, Error> {
    Ok(Cloud::open(plan, Clock::system(), Entropy::kernel()).await?)
}

async fn serve(common: Common, options: Serve) -> Result<(), Error> {
    let listener = Listener::tcp(options.listen).await?;
    let address = listener.address().unwrap_or(options.listen);
    let plan = Plan { public_url: options.public_url, access_keys_per_account: options.access_keys, ..common.plan() };
    let cloud = open(plan).await?;
    let (stopper, stop) = Stop::pair();
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    writeln!(io::stdout(), "latchkey-cloud serves http://{address}")?;
    let mut serving = JoinSet::new();
    serving.spawn(async move { cloud.serve(listener, stop).await });
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        _ended = serving.join_next() => {}
    }
    stopper.stop();
    serving.join_all().await;
    Ok(())
}

fn show(messages: &[OutboxMessage], as_json: bool) -> Result<(), Error> {
    let mut out = io::stdout();
    for OutboxMessage { at, kind, to, text } in messages {
        let at = http_date::format(*at);
        if as_json {
            writeln!(out, "{}", json!({ "at": at, "kind": kind, "to": to, "text": text }))?;
        } else {
            writeln!(out, "{at}  {kind} to {to}\n    {text}")?;
        }
    }
    Ok(())
}

impl Common {
    fn plan(self) -> Plan {
        Plan { user_pool_id: self.user_pool_id, client_id: self.client_id, ..Plan::new(self.state_dir) }
    }
}

fn pool_id(text: &str) -> Result<String, String> {
    let shaped = text.split_once('_').is_some_and(|(region, name)| {
        !region.is_empty()
            && !name.is_empty()
            && region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
    });
    let fits = shaped && text.len() <= 55;
    if fits { Ok(text.to_owned()) } else { Err("write REGION_NAME, such as eu-home_Latchkey".to_owned()) }
}

fn client_id(text: &str) -> Result<String, String> {
    let shaped = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let fits = shaped && (1..=128).contains(&text.len());
    if fits { Ok(text.to_owned()) } else { Err("use 1 to 128 letters, digits and '_'".to_owned()) }
}

fn base_url(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or_default();
    let fits = !rest.is_empty() && !rest.starts_with('/') && !rest.contains(['?', '#']);
    if fits {
        Ok(text.trim_end_matches('/').to_owned())
    } else {
        Err("write an absolute URL, such as https://cloud.example.test".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        use clap::CommandFactory as _;
        Command::command().debug_assert();
    }

    #[test]
    fn pool_ids_client_ids_and_urls_are_checked_before_anything_starts() {
        assert!(pool_id("eu-home_Latchkey").is_ok());
        for bad in ["Latchkey", "_Latchkey", "eu_", "eu_a_b", "eu home_x"] {
            assert!(pool_id(bad).is_err(), "{bad}");
        }
        assert!(client_id("agent_1").is_ok());
        assert!(client_id("a b").is_err());
        assert_eq!(base_url("https://cloud.example.test/"), Ok("https://cloud.example.test".to_owned()));
        for bad in ["cloud.example.test", "https://", "ftp://x", "https:///x"] {
            assert!(base_url(bad).is_err(), "{bad}");
        }
    }
}
