//! `account add`: one account from flags, or many from JSON lines.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;
use serde::Deserialize;
use serde_json::json;

use super::{Error, password};
use crate::base::{Entropy, Secret};
use crate::cloud::{AddedAccount, Cloud, NewAccount, Requirement};
use crate::protocol::totp::TotpSecret;

#[derive(Args)]
pub(super) struct Add {
    /// The name to sign in with; upper and lower case are the same.
    #[arg(long, required_unless_present = "json_lines")]
    email: Option<String>,
    /// File whose first line is the password.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Turn two-factor authentication by authenticator app on, with this secret or a new one.
    #[arg(long, num_args = 0..=1, default_missing_value = "", value_name = "SECRET")]
    totp: Option<String>,
    /// Turn two-factor authentication by text message on; international form, such as +12065550100.
    #[arg(long, value_name = "NUMBER")]
    phone: Option<String>,
    /// The owner must set another password at the first sign-in.
    #[arg(long)]
    must_set_password: bool,
    /// The owner must set up an authenticator app at the first sign-in, unless a second factor is on.
    #[arg(long)]
    must_enrol: bool,
    /// Answer with a JSON object instead of text.
    #[arg(long)]
    json: bool,
    /// Add many: each line of FILE ('-' for standard input) is an object with email, password and, where wanted, totp (true or a
    /// secret), phone, must_set_password, must_enrol. Answers with a JSON object per account.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["email", "password_file", "totp", "phone"])]
    json_lines: Option<PathBuf>,
}

/// One account to be added.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    email: String,
    password: String,
    #[serde(default)]
    totp: Totp,
    phone: Option<String>,
    #[serde(default)]
    must_set_password: bool,
    #[serde(default)]
    must_enrol: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Totp {
    Wanted(bool),
    Secret(String),
}

impl Default for Totp {
    fn default() -> Self {
        Self::Wanted(false)
    }
}

/// What the person who added the account must hand on.
struct Added {
    /// What authenticator apps call the service.
    issuer: String,
    email: String,
    account: AddedAccount,
    totp: Option<TotpSecret>,
}

pub(super) async fn add(cloud: &Cloud, add: Add) -> Result<(), Error> {
    if let Some(path) = &add.json_lines {
        return add_lines(cloud, path).await;
    }
    let json = add.json;
    let added = add_one(cloud, add.wanted()?).await?;
    if json { Ok(writeln!(io::stdout(), "{}", added.json())?) } else { added.tell() }
}

async fn add_lines(cloud: &Cloud, path: &Path) -> Result<(), Error> {
    for (number, line) in lines(path)?.enumerate() {
        let line = Secret::new(line.map_err(|error| Error::File(path.to_owned(), error))?);
        let wanted = serde_json::from_str(line.expose()).map_err(|error| Error::Line(number + 1, error))?;
        writeln!(io::stdout(), "{}", add_one(cloud, wanted).await?.json())?;
    }
    Ok(())
}

fn lines(path: &Path) -> Result<io::Lines<Box<dyn BufRead + Send>>, Error> {
    let reader: Box<dyn BufRead + Send> = if path == Path::new("-") {
        Box::new(BufReader::new(io::stdin()))
    } else {
        Box::new(BufReader::new(File::open(path).map_err(|error| Error::File(path.to_owned(), error))?))
    };
    Ok(reader.lines())
}

async fn add_one(cloud: &Cloud, wanted: Wanted) -> Result<Added, Error> {
    let totp = match wanted.totp {
        Totp::Wanted(false) => None,
        Totp::Wanted(true) => Some(TotpSecret::from_bytes(Entropy::kernel().bytes::<20>().to_vec())),
        Totp::Secret(text) => Some(TotpSecret::parse(&text)?),
    };
    let account = NewAccount {
        email: wanted.email.clone(),
        password: Secret::new(wanted.password),
        totp: totp.clone(),
        phone: wanted.phone,
    };
    let account = cloud.add_account(account).await?;
    if wanted.must_set_password {
        cloud.require(&account.id, Requirement::NewPassword).await?;
    }
    if wanted.must_enrol {
        cloud.require(&account.id, Requirement::SecondFactor).await?;
    }
    Ok(Added { issuer: cloud.plan.brand.clone(), email: wanted.email, account, totp })
}

impl Add {
    fn wanted(self) -> Result<Wanted, Error> {
        let totp = match self.totp {
            None => Totp::Wanted(false),
            Some(text) if text.is_empty() => Totp::Wanted(true),
            Some(text) => Totp::Secret(text),
        };
        let password = match self.password_file {
            Some(path) => password::from_file(&path)?,
            None => password::typed()?,
        };
        Ok(Wanted {
            email: self.email.unwrap_or_default(),
            password: password.expose().clone(),
            totp,
            phone: self.phone,
            must_set_password: self.must_set_password,
            must_enrol: self.must_enrol,
        })
    }
}

impl Added {
    fn json(&self) -> serde_json::Value {
        json!({
            "id": self.account.id,
            "email": self.email,
            "otpauth": self.otpauth().as_ref().map(Secret::expose),
            "totp_secret": self.totp.as_ref().map(|secret| secret.text().expose().clone()),
            "recovery_code": self.recovery_code(),
            "short_recovery_codes": self.short_recovery_codes().collect::<Vec<_>>(),
        })
    }

    fn tell(&self) -> Result<(), Error> {
        let mut out = io::stdout();
        writeln!(out, "id: {}", self.account.id)?;
        if let Some(uri) = self.otpauth() {
            writeln!(out, "otpauth: {}", uri.expose())?;
            if out.is_terminal() {
                writeln!(out, "{}", picture(uri.expose()))?;
            }
        }
        if let Some(code) = self.recovery_code() {
            writeln!(out, "recovery code: {code}")?;
        }
        for code in self.short_recovery_codes() {
            writeln!(out, "short recovery code: {code}")?;
        }
        Ok(())
    }

    fn otpauth(&self) -> Option<Secret<String>> {
        self.totp.as_ref().map(|secret| secret.otpauth_uri(&self.issuer, &self.email))
    }

    fn recovery_code(&self) -> Option<&str> {
        self.account.recovery_code.as_ref().map(|code| code.expose())
    }

    fn short_recovery_codes(&self) -> impl Iterator<Item = &str> {
        self.account.short_recovery_codes.iter().map(|code| code.expose())
    }
}

/// Black on white whatever the terminal's colours are (TOTP-15).
fn picture(text: &str) -> String {
    let code = QrCode::new(text).map(|code| code.render::<Dense1x2>().build()).unwrap_or_default();
    code.lines().map(|line| format!("\x1b[30;107m{line}\x1b[0m\n")).collect()
}
