//! `account list|show|disable|…`: what the operator sees of accounts and does to them.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use clap::{Args, Subcommand};
use serde_json::json;

use super::{Error, account, error};
use crate::cloud::{AccountDetails, AccountSummary, Cloud};

#[derive(Subcommand)]
pub(super) enum Account {
    /// Add an account; its password is read from standard input, unless there is a file.
    #[command(after_help = error::exit_codes())]
    Add(account::Add),
    /// List all accounts, by e-mail address.
    List(Listing),
    /// Show one account: factors, keys, sign-ins.
    Show(Showing),
    /// Keep everybody out of an account, at once; nothing of it is lost.
    Disable(Named),
    /// Let the owner of a disabled account in again.
    Enable(Named),
    /// Sign an account out everywhere; its access keys go on working.
    SignOut(Named),
    /// Make a password that works once, to set another one; prints it.
    ResetPassword(Confirmed),
    /// Turn every second factor off, for an owner who has lost phone and recovery codes. Be sure who asks.
    TurnOffTwoFactor(Confirmed),
    /// Delete an account with its keys, factors and log.
    Delete(Confirmed),
}

#[derive(Args)]
pub(super) struct Listing {
    /// One JSON object per line instead of text.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(super) struct Showing {
    #[command(flatten)]
    named: Named,
    /// A JSON object instead of text.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(super) struct Named {
    /// E-mail address or id.
    account: String,
}

#[derive(Args)]
pub(super) struct Confirmed {
    #[command(flatten)]
    named: Named,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

pub(super) async fn perform(cloud: &Cloud, what: Account) -> Result<(), Error> {
    match what {
        Account::Add(add) => account::add(cloud, add).await,
        Account::List(options) => list(cloud, options.json).await,
        Account::Show(options) => show(&cloud.show_account(&options.named.account).await?, options.json),
        Account::Disable(Named { account }) => Ok(cloud.disable_account(&account).await?),
        Account::Enable(Named { account }) => Ok(cloud.enable_account(&account).await?),
        Account::SignOut(Named { account }) => Ok(cloud.sign_out_everywhere(&account).await?),
        Account::ResetPassword(confirmed) => {
            let account = confirmed.account("get a new password, and be signed out everywhere")?;
            let password = cloud.reset_password(&account).await?;
            Ok(writeln!(io::stdout(), "password for one sign-in: {}", password.expose())?)
        }
        Account::TurnOffTwoFactor(confirmed) => {
            let account = confirmed.account("lose its second factors and recovery codes")?;
            Ok(cloud.turn_off_two_factor(&account).await?)
        }
        Account::Delete(confirmed) => {
            let account = confirmed.account("be deleted for ever, with everything in it")?;
            Ok(cloud.delete_account(&account).await?)
        }
    }
}

async fn list(cloud: &Cloud, as_json: bool) -> Result<(), Error> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let listed = cloud.list_accounts(|account| {
        if as_json {
            return writeln!(out, "{}", of_summary(&account));
        }
        let AccountSummary { id, email, last_sign_in, disabled, factors, .. } = account;
        let two_factor = if factors > 0 { "two-factor" } else { "password" };
        let state = if disabled.is_some() { "  disabled" } else { "" };
        writeln!(out, "{id}  {email}  {two_factor}  last sign-in {}{state}", last_sign_in.as_deref().unwrap_or("never"))
    });
    listed.await?;
    Ok(out.flush()?)
}

fn show(account: &AccountDetails, as_json: bool) -> Result<(), Error> {
    let mut out = io::stdout();
    let summary = &account.summary;
    if as_json {
        return Ok(writeln!(out, "{}", of_details(account))?);
    }
    let factors = if account.factors.is_empty() { "none".to_owned() } else { account.factors.join(", ") };
    let rows = [
        ("E-mail", summary.email.as_str()),
        ("Id", &summary.id),
        ("Phone", account.phone.as_deref().unwrap_or("none")),
        ("Created", &summary.created),
        ("Last sign-in", summary.last_sign_in.as_deref().unwrap_or("never")),
        ("Disabled", summary.disabled.as_deref().unwrap_or("no")),
        ("Second factors", &factors),
        ("Recovery codes", &account.recovery_codes.to_string()),
        ("Access keys", &account.access_keys.to_string()),
        ("Sign-ins", &account.sessions.to_string()),
        ("New password", if account.must_set_password { "must be set at the next sign-in" } else { "not asked for" }),
    ];
    for (name, value) in rows {
        writeln!(out, "{name:15} {value}")?;
    }
    Ok(())
}

fn of_summary(account: &AccountSummary) -> serde_json::Value {
    json!({
        "id": account.id,
        "email": account.email,
        "created": account.created,
        "last_sign_in": account.last_sign_in,
        "disabled": account.disabled,
        "two_factor": account.factors > 0,
    })
}

fn of_details(account: &AccountDetails) -> serde_json::Value {
    let mut all = of_summary(&account.summary);
    if let Some(members) = all.as_object_mut() {
        for (name, value) in [
            ("phone", json!(account.phone)),
            ("factors", json!(account.factors)),
            ("must_set_password", json!(account.must_set_password)),
            ("access_keys", json!(account.access_keys)),
            ("sessions", json!(account.sessions)),
            ("recovery_codes", json!(account.recovery_codes)),
        ] {
            members.insert(name.to_owned(), value);
        }
    }
    all
}

impl Confirmed {
    /// What cannot be undone is typed out, or said with `--yes`.
    fn account(self, what: &str) -> Result<String, Error> {
        let account = self.named.account;
        if self.yes {
            return Ok(account);
        }
        if !io::stdin().is_terminal() {
            return Err(Error::NotConfirmed);
        }
        write!(io::stderr(), "{account} will {what}. Type the address again to go on: ")?;
        let mut typed = String::new();
        io::stdin().lock().read_line(&mut typed)?;
        if typed.trim() == account { Ok(account) } else { Err(Error::NotConfirmed) }
    }
}
