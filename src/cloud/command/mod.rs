//! The command line of `latchkey-cloud`, one file per subcommand.

mod account;
mod administer;
mod backup;
mod check;
mod error;
mod log;
mod outbox;
mod password;
mod serve;

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use super::settings::{self, Settings, Sheet};
use super::{Cloud, Plan};
use crate::base::{Clock, Entropy, build};
use crate::settings::Environment;
use error::Error;

/// Keeps the accounts that Latchkey signs in to, with two-factor authentication, recovery and access keys.
#[derive(Parser)]
#[command(name = "latchkey-cloud", version = build::version(), after_help = error::exit_codes(), arg_required_else_help = true)]
pub struct Command {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    what: What,
}

/// Settings that every command may override; the rest is in the settings file and LATCHKEY_CLOUD_… variables.
#[derive(Args)]
#[command(next_help_heading = "Settings")]
struct Common {
    /// Settings file instead of /etc/latchkey-cloud/latchkey-cloud.toml.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder for the database and the server key; made when missing.
    #[arg(long, global = true, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// Cognito user pool id, REGION_NAME. Passwords are bound to the name: choose it before the first account.
    #[arg(long, global = true, value_name = "ID")]
    user_pool_id: Option<String>,
    /// The client id that agents and panels send.
    #[arg(long, global = true, value_name = "ID")]
    client_id: Option<String>,
}

#[derive(Subcommand)]
enum What {
    /// Serve until stopped (SIGTERM, SIGINT).
    #[command(after_help = error::exit_codes())]
    Serve(serve::Serve),
    /// Add, list, show, disable and delete accounts, and help their owners.
    #[command(subcommand)]
    Account(administer::Account),
    /// Show mail and text messages and what became of them, newest last.
    Outbox(outbox::Outbox),
    /// Bring the database to this version's form ahead of a start; 'serve' does it too.
    Migrate,
    /// Check settings, database, keys, certificate, mail and clock; changes nothing.
    #[command(after_help = error::exit_codes())]
    Check(check::Check),
    /// Write everything but the server key into a file that 'restore' takes, on SQLite and PostgreSQL alike.
    Backup(backup::Place),
    /// Bring a backup into an empty database; the server key it belongs to must be in the state folder.
    #[command(after_help = error::exit_codes())]
    Restore(backup::Place),
}

/// Does it, and says on stderr what went wrong if it did.
pub async fn run(command: Command) -> ExitCode {
    let Err(error) = perform(command).await else { return ExitCode::SUCCESS };
    let _stderr_gone = writeln!(io::stderr(), "latchkey-cloud: {}", error.sentence());
    ExitCode::from(error.exit() as u8)
}

async fn perform(Command { common, what }: Command) -> Result<(), Error> {
    match what {
        What::Serve(options) => serve::serve(common.settings(options.said())?).await,
        What::Account(what) => administer::perform(&common.open().await?, what).await,
        What::Outbox(options) => outbox::show(&common.open().await?, &options).await,
        What::Migrate => backup::migrate(common.plan()?).await,
        What::Check(options) if options.print_settings => check::print_settings(),
        What::Check(options) => check::check(&common.settings(Sheet::default())?, &options).await,
        What::Backup(place) => backup::write(common.plan()?, place).await,
        What::Restore(place) => backup::restore(common.plan()?, place).await,
    }
}

impl Common {
    /// `flags`: what the command itself was told.
    fn settings(self, mut flags: Sheet) -> Result<Settings, Error> {
        let state_dir = self.state_dir.map(std::path::absolute).transpose()?;
        flags.say("state_dir", state_dir.as_deref().map(std::path::Path::display));
        flags.say("user_pool_id", self.user_pool_id);
        flags.say("client_id", self.client_id);
        let environment = Environment::of_process();
        let settings = settings::read(self.config.as_deref(), &environment, flags)?;
        log::start(settings.log, &environment);
        Ok(settings)
    }

    fn plan(self) -> Result<Plan, Error> {
        Ok(self.settings(Sheet::default())?.plan)
    }

    async fn open(self) -> Result<Cloud, Error> {
        Ok(Cloud::open(self.plan()?, Clock::system(), Entropy::kernel()).await?)
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
}
