//! The `latchkey` command: one file per subcommand. [`Cli::parse`] reads what was typed, [`Cli::run`] does it.

mod agent;
mod answers;
mod certificate;
mod check;
mod claim;
mod context;
mod credentials;
pub mod demo;
mod error;
mod graphql;
mod log;
mod output;
mod person;
mod qr;
mod release;
mod run;
mod sign;
mod sign_in;
mod sign_out;
mod signals;
mod status;

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::base::{Exit, build};
use context::Context;
use demo::OpenService;
use error::Error;
use signals::Signals;

/// Signs this device in to its owner's account, and hands the access key to the programs that need it.
#[derive(Debug, Parser)]
#[command(name = "latchkey", version = build::version(), after_help = error::exit_codes(), arg_required_else_help = true)]
pub struct Cli {
    #[command(flatten)]
    places: Places,
    #[command(subcommand)]
    command: Command,
}

/// Settings that every command may override; the rest is in /etc/latchkey/latchkey.toml and LATCHKEY_… variables.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Settings")]
struct Places {
    /// Settings file instead of /etc/latchkey/latchkey.toml.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where the access key is kept, sealed.
    #[arg(long, global = true, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// Where the agent's sockets are.
    #[arg(long, global = true, value_name = "DIR")]
    runtime_dir: Option<PathBuf>,
    /// URL of the account service, or remote.it.
    #[arg(long, global = true, value_name = "URL")]
    service: Option<String>,
    /// What remote.it knows this program by.
    #[arg(long, global = true, value_name = "ID")]
    client_id: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the agent: the panel for browsers, the broker for programs.
    Run(run::Args),
    #[command(flatten)]
    Once(Once),
    /// Try everything on this machine: an account service, an agent and a ready account.
    Demo(demo::Args),
}

/// Commands that end by themselves.
#[derive(Debug, Subcommand)]
enum Once {
    /// Sign this device in; asks for password, codes and recovery.
    SignIn(sign_in::Args),
    /// Delete the access key, at the service and here.
    SignOut,
    /// Show who is signed in, and whether the key works.
    Status(status::Args),
    /// Show the claim code that the panel asks a new owner for, and the panel's address.
    Claim,
    /// Give the device up, also when the account service is away: no owner, no sessions, a new claim code.
    Release,
    /// Check the settings, and tell of a newer version where an index of releases is set.
    Check,
    /// Show the fingerprint of the panel's certificate authority, or have a new one made.
    Certificate(certificate::Args),
    /// Print the access key for a program that must have it.
    Credentials(credentials::Args),
    /// Print the header lines that make a request a signed one.
    Sign(sign::Args),
    /// Send a signed GraphQL request to the service.
    Graphql(graphql::Args),
}

impl Cli {
    /// Help, version and mistakes are printed here: then there is only an exit code.
    pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, ExitCode> {
        Self::try_parse_from(arguments).map_err(|error| {
            let _nobody_reads = error.print();
            ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(Exit::Usage as u8))
        })
    }

    /// `service` is the account service that the demo starts, where it is compiled in.
    pub async fn run(self, service: Option<OpenService>) -> ExitCode {
        match self.until_done_or_stopped(service).await {
            Ok(code) => ExitCode::from(code),
            Err(error) => {
                let _nobody_reads = writeln!(std::io::stderr(), "latchkey: {}", error.sentence());
                ExitCode::from(error.exit() as u8)
            }
        }
    }

    /// Agent and demo stop in order; every other command is dropped where it stands, which restores the terminal.
    async fn until_done_or_stopped(self, service: Option<OpenService>) -> Result<u8, Error> {
        let mut signals = Signals::catch().map_err(Error::Terminal)?;
        let context = Context::new(self.places, self.command.panel_listen())?;
        match self.command {
            Command::Run(_) => run::run(&context, &mut signals).await.map(|()| 0),
            Command::Demo(args) => demo::run(args, &context, service, &mut signals).await.map(|()| 0),
            Command::Once(once) => tokio::select! {
                done = once.run(&context) => done.map(|()| 0),
                code = signals.next() => Ok(code),
            },
        }
    }
}

impl Command {
    fn panel_listen(&self) -> Option<Vec<String>> {
        if let Self::Run(args) = self { args.listen.clone() } else { None }
    }
}

impl Once {
    async fn run(self, context: &Context) -> Result<(), Error> {
        match self {
            Self::SignIn(args) => sign_in::run(args, context).await,
            Self::SignOut => sign_out::run(context).await,
            Self::Status(args) => status::run(&args, context).await,
            Self::Release => release::run(context).await,
            Self::Check => check::run(context).await,
            Self::Claim => claim::run(context).await,
            Self::Certificate(args) => certificate::run(&args, context),
            Self::Credentials(args) => credentials::run(&args, context).await,
            Self::Sign(args) => sign::run(args, context).await,
            Self::Graphql(args) => graphql::run(args, context).await,
        }
    }
}
