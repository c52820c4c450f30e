//! `latchkey sign-in`: asks for what is missing, step by step, until this device has an access key.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::answers::{self, Reply};
use super::context::Context;
use super::error::Error;
use super::output;
use super::person::Person;
use crate::account::{self, Account, Ask, Attempt, Progress, Session};
use crate::protocol::access_key::AccessKey;
use crate::protocol::credentials_file::CredentialsFile;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// E-mail address of the account; password and codes are asked for.
    #[arg(long)]
    email: Option<String>,
    /// Sign in with an access key from a credentials file instead ('-' is standard input).
    #[arg(long, value_name = "FILE", conflicts_with = "email")]
    access_key_file: Option<PathBuf>,
    /// Which section of the credentials file.
    #[arg(long, default_value = "DEFAULT", requires = "access_key_file")]
    profile: String,
}

/// How often a mistyped password is asked for again.
const PASSWORD_TRIES: u32 = 3;

pub(super) async fn run(args: Args, context: &Context) -> Result<(), Error> {
    let key = args.access_key_file.as_deref().map(|file| read_key(file, &args.profile)).transpose()?;
    let account = context.open_kept()?.account;
    let person = Person::at_standard_input();
    let owner = match key {
        Some(key) => account.adopt(key).await?,
        None => {
            let session = with_password(&account, args.email, person, context).await?;
            let owner = session.owner.clone();
            account.forget(session).await;
            owner
        }
    };
    let reloaded = context.reload_agent().await;
    let status = account.status();
    status.notices.iter().for_each(|notice| person.tell(notice));
    let key = status.key.map_or_else(String::new, |id| format!(" The access key is {}.", id.as_str()));
    output::line(&format!("Signed in as {}.{key}", owner.email))?;
    reloaded
}

fn read_key(file: &Path, profile: &str) -> Result<AccessKey, Error> {
    let file = if file == Path::new("-") { Path::new("/dev/stdin") } else { file };
    let bytes = std::fs::read(file).map(Zeroizing::new).map_err(|cause| Error::Unreadable(file.to_owned(), cause))?;
    CredentialsFile::parse(&bytes)
        .and_then(|credentials| credentials.key(profile))
        .map_err(|cause| Error::CredentialsFile { path: file.to_owned(), cause })
}

async fn with_password(
    account: &Account,
    email: Option<String>,
    person: Person,
    context: &Context,
) -> Result<Session, Error> {
    let email = match email {
        Some(email) => email,
        None => person.ask("The e-mail address", "E-mail").await?.expose().clone(),
    };
    loop {
        match conversation(account, &email, person, context).await {
            Err(Error::Account(error @ account::Error::SignInExpired)) if person.may_try_again() => {
                person.tell(&error.to_string());
            }
            ended => return ended,
        }
    }
}

/// From the password to the key.
async fn conversation(account: &Account, email: &str, person: Person, context: &Context) -> Result<Session, Error> {
    let mut progress = begin(account, email, person).await?;
    let mut recovered = false;
    loop {
        match progress {
            Progress::SignedIn(session) => {
                if recovered {
                    person.tell("Your second factor is off now, and your recovery codes are void. Turn it on again in the panel, under Two-factor.");
                }
                return Ok(session);
            }
            Progress::Ask(attempt) => {
                recovered |= matches!(attempt.ask(), Ask::RecoveryCode);
                progress = step(account, attempt, person, context).await?;
            }
        }
    }
}

async fn begin(account: &Account, email: &str, person: Person) -> Result<Progress, Error> {
    let mut tries = 1;
    loop {
        let password = person.ask_secret("The password", "Password").await?;
        match account.begin(email, password).await {
            Err(error @ account::Error::WrongPassword) if person.may_try_again() && tries < PASSWORD_TRIES => {
                person.tell(&error.to_string());
                tries += 1;
            }
            begun => return Ok(begun?),
        }
    }
}

/// One question, its answer, and what comes of it; a mistake that can be mended brings the same question again.
async fn step(account: &Account, attempt: Attempt, person: Person, context: &Context) -> Result<Progress, Error> {
    let outcome = match answers::answer(&attempt, person, context.clock.monotonic()).await? {
        Reply::Answer(answer) => account.answer(attempt, answer).await,
        Reply::Recover => account.recover(attempt).await,
    };
    match outcome {
        Ok(progress) => Ok(progress),
        Err(account::Failed { error, attempt: Some(attempt) }) if person.may_try_again() => {
            person.tell(&error.to_string());
            Ok(Progress::Ask(attempt))
        }
        Err(failed) => Err(failed.error.into()),
    }
}
