//! `latchkey-cloud`: serves the account service, adds accounts, shows what was to be delivered.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};
use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use tracing_subscriber::filter::LevelFilter;

use latchkey::base::{Clock, Entropy, Secret, report};
use latchkey::cloud::{self, AddedAccount, Cloud, NewAccount, OutboxMessage, Plan, Requirement};
use latchkey::net::{Listener, listen, serve::Stop};
use latchkey::protocol::totp::{self, TotpSecret};

const ISSUER: &str = "Latchkey";
const EXIT_CODES: &str = "Exit codes:
  0   done
  1   it failed; the line on stderr says what to do
  2   the command line was not understood
  69  the address is already in use, or cannot be bound";

/// The account service that ships with Latchkey.
#[derive(Parser)]
#[command(name = "latchkey-cloud", version, after_help = EXIT_CODES)]
struct Command {
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
    /// Cognito user pool id, <region>_<name>. Passwords are bound to the name: choose it before the first account.
    #[arg(long, global = true, default_value = "local_Latchkey", value_parser = pool_id)]
    user_pool_id: String,
    /// The client id that agents and panels send.
    #[arg(long, global = true, default_value = "latchkeyagent", value_parser = client_id)]
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
        /// One JSON object per line.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Args)]
struct Serve {
    /// Port 0 picks a free one; the line on stdout says which.
    #[arg(long, default_value = "127.0.0.1:29980")]
    listen: SocketAddr,
    /// Base URL that clients use, when it is not http://<listen address>.
    #[arg(long, value_parser = base_url)]
    public_url: Option<String>,
    /// How many access keys an account may have.
    #[arg(long, default_value_t = 2)]
    access_keys: u32,
}

#[derive(Subcommand)]
enum Account {
    /// Add an account; its password is read from standard input, unless there is a file.
    Add(Add),
}

#[derive(Args)]
struct Add {
    #[arg(long)]
    email: String,
    /// The first line is the password.
    #[arg(long, value_name = "F")]
    password_file: Option<PathBuf>,
    /// Turn two-factor authentication by authenticator app on, with this secret or a new one.
    #[arg(long, num_args = 0..=1, default_missing_value = "", value_name = "SECRET")]
    totp: Option<String>,
    /// Turn two-factor authentication by text message on; international form, such as +12065550100.
    #[arg(long)]
    phone: Option<String>,
    /// The owner must set another password at the first sign-in.
    #[arg(long)]
    must_set_password: bool,
    /// The owner must set up an authenticator app at the first sign-in, unless a second factor is on.
    #[arg(long)]
    must_enrol: bool,
    /// One JSON object instead of text.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Cloud(#[from] cloud::Error),
    #[error(transparent)]
    Listen(#[from] listen::Error),
    #[error(transparent)]
    Secret(#[from] totp::Error),
    #[error("The password file {0} cannot be read.")]
    PasswordFile(PathBuf, #[source] io::Error),
    #[error("No password came on standard input; type it, or give --password-file.")]
    NoPassword,
    #[error("The terminal or pipe broke.")]
    Output(#[from] io::Error),
}

fn main() -> ExitCode {
    let command = Command::parse();
    tracing_subscriber::fmt().with_writer(io::stderr).with_max_level(LevelFilter::INFO).init();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&Error::Output(error)),
    };
    match runtime.block_on(run(command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

fn fail(error: &Error) -> ExitCode {
    let _stderr_gone = writeln!(io::stderr(), "latchkey-cloud: {}", report::chain(error));
    match error {
        Error::Listen(_) => ExitCode::from(69),
        Error::Cloud(_) | Error::Secret(_) | Error::PasswordFile(..) | Error::NoPassword | Error::Output(_) => {
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<(), Error> {
    let (public_url, access_keys_per_account) = match &command.what {
        What::Serve(serve) => (serve.public_url.clone(), serve.access_keys),
        What::Account(_) | What::Outbox { .. } => (None, 0),
    };
    let plan = Plan {
        state: command.common.state_dir,
        public_url,
        user_pool_id: command.common.user_pool_id,
        client_id: command.common.client_id,
        access_keys_per_account,
    };
    match command.what {
        What::Serve(options) => serve(plan, options.listen).await,
        What::Account(Account::Add(add)) => add_account(&open(plan).await?, add).await,
        What::Outbox { json } => show(&open(plan).await?.outbox().await?, json),
    }
}

async fn open(plan: Plan) -> Result<Cloud, Error> {
    Ok(Cloud::open(plan, Clock::system(), Entropy::kernel()).await?)
}

async fn serve(plan: Plan, address: SocketAddr) -> Result<(), Error> {
    let listener = Listener::tcp(address).await?;
    let url = plan.public_url.clone().unwrap_or_else(|| {
        format!("http://{}", listener.address().unwrap_or(address))
    });
    let cloud = open(plan).await?;
    let (stopper, stop) = Stop::pair();
    let mut signals = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    writeln!(io::stdout(), "latchkey-cloud serves {url}")?;
    let mut serving = JoinSet::new();
    serving.spawn(async move { cloud.serve(listener, stop).await });
    tokio::select! {
        _ = signals.0.recv() => {}
        _ = signals.1.recv() => {}
        _ended = serving.join_next() => {}
    }
    stopper.stop();
    serving.join_all().await;
    Ok(())
}

async fn add_account(cloud: &Cloud, add: Add) -> Result<(), Error> {
    let totp = match add.totp.as_deref() {
        None => None,
        Some("") => Some(TotpSecret::from_bytes(Entropy::kernel().bytes::<20>().to_vec())),
        Some(text) => Some(TotpSecret::parse(text)?),
    };
    let password = match &add.password_file {
        Some(path) => first_line(&std::fs::read(path).map_err(|error| Error::PasswordFile(path.clone(), error))?),
        None => typed_password()?,
    };
    let account =
        NewAccount { email: add.email.clone(), password, totp: totp.clone(), phone: add.phone };
    let added = cloud.add_account(account).await?;
    if add.must_set_password {
        cloud.require(&added.id, Requirement::NewPassword).await?;
    }
    if add.must_enrol {
        cloud.require(&added.id, Requirement::SecondFactor).await?;
    }
    tell(&add.email, &added, totp.as_ref(), add.json)
}

fn tell(email: &str, added: &AddedAccount, totp: Option<&TotpSecret>, json: bool) -> Result<(), Error> {
    let uri = totp.map(|secret| secret.otpauth_uri(ISSUER, email));
    let recovery_code = added.recovery_code.as_ref().map(|code| code.expose());
    let mut out = io::stdout();
    if json {
        let line = serde_json::json!({
            "id": added.id,
            "email": email,
            "otpauth": uri.as_ref().map(|uri| uri.expose()),
            "totp_secret": totp.map(|secret| secret.text().expose().clone()),
            "recovery_code": recovery_code,
        });
        return Ok(writeln!(out, "{line}")?);
    }
    writeln!(out, "id: {}", added.id)?;
    if let Some(uri) = uri {
        writeln!(out, "otpauth: {}", uri.expose())?;
        if out.is_terminal() {
            writeln!(out, "{}", picture(uri.expose()))?;
        }
    }
    if let Some(code) = recovery_code {
        writeln!(out, "recovery code: {code}")?;
    }
    Ok(())
}

/// Dark on light whatever the terminal's colours are (TOTP-15): most terminals are dark, so the modules are the gaps.
fn picture(text: &str) -> String {
    QrCode::new(text).map_or_else(
        |_too_long| String::new(),
        |code| code.render::<Dense1x2>().dark_color(Dense1x2::Dark).light_color(Dense1x2::Light).build(),
    )
}

fn show(messages: &[OutboxMessage], json: bool) -> Result<(), Error> {
    let mut out = io::stdout();
    for OutboxMessage { at, kind, to, text } in messages {
        let at = latchkey::protocol::http_date::format(*at);
        if json {
            writeln!(out, "{}", serde_json::json!({ "at": at, "kind": kind, "to": to, "text": text }))?;
        } else {
            writeln!(out, "{at}  {kind} to {to}\n    {text}")?;
        }
    }
    Ok(())
}

/// One line of standard input; not shown while it is typed.
fn typed_password() -> Result<Secret<String>, Error> {
    let stdin = io::stdin();
    let shown = stdin.is_terminal().then(|| tcgetattr(&stdin).ok()).flatten();
    if let Some(mut hidden) = shown.clone() {
        write!(io::stderr(), "Password: ")?;
        hidden.local_flags.remove(LocalFlags::ECHO);
        let _stays_visible = tcsetattr(&stdin, SetArg::TCSANOW, &hidden);
    }
    let mut line = Vec::new();
    let read = stdin.lock().read_until(b'\n', &mut line);
    if let Some(shown) = shown {
        let _terminal_gone = tcsetattr(&stdin, SetArg::TCSANOW, &shown);
        writeln!(io::stderr())?;
    }
    if read? == 0 { Err(Error::NoPassword) } else { Ok(first_line(&line)) }
}

/// Without its line end, otherwise untouched (COG-21).
fn first_line(bytes: &[u8]) -> Secret<String> {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    Secret::new(String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line)).into_owned())
}

fn pool_id(text: &str) -> Result<String, String> {
    let shaped = text.split_once('_').is_some_and(|(region, name)| {
        !region.is_empty()
            && !name.is_empty()
            && region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
    });
    if shaped && text.len() <= 55 { Ok(text.to_owned()) } else { Err("write <region>_<name>, such as eu-home_Latchkey".to_owned()) }
}

fn client_id(text: &str) -> Result<String, String> {
    let shaped = (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if shaped { Ok(text.to_owned()) } else { Err("use 1 to 128 letters, digits and '_'".to_owned()) }
}

fn base_url(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match rest {
        Some(rest) if !rest.is_empty() && !rest.starts_with('/') => Ok(text.trim_end_matches('/').to_owned()),
        _without_scheme_or_host => Err("write an absolute URL, such as https://cloud.example.test".to_owned()),
    }
}
