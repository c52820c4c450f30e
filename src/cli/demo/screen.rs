//! What the demo tells: a page for people, one JSON line for scripts.

use std::time::{Duration, SystemTime};

use serde::Serialize;

use super::stage::Demo;
use crate::base::Clock;
use crate::cli::error::Error;
use crate::cli::{output, qr};
use crate::protocol::totp::TotpSecret;

/// Borrowed from the demo; the names are those of the JSON line.
#[derive(Serialize)]
pub(super) struct Screen<'a> {
    panel: &'a str,
    panel_https: String,
    cloud: &'a str,
    email: &'a str,
    password: &'a str,
    totp_secret: String,
    recovery_code: &'a str,
    claim_code: Option<&'a str>,
    broker: String,
    #[serde(skip)]
    demo: &'a Demo,
}

impl<'a> Screen<'a> {
    pub(super) fn of(demo: &'a Demo) -> Self {
        Self {
            panel: &demo.panel_url,
            panel_https: demo.panel_url.replacen("http://", "https://", 1),
            cloud: &demo.service_url,
            email: &demo.account.email,
            password: demo.account.password.expose(),
            totp_secret: demo.account.totp.text().expose().clone(),
            recovery_code: demo.account.recovery_code.expose(),
            claim_code: demo.claim_code.as_deref(),
            broker: demo.folders.runtime().join("broker.sock").display().to_string(),
            demo,
        }
    }

    pub(super) fn show(&self, clock: &Clock) -> Result<(), Error> {
        output::line("An account service, an agent and a ready account run on this machine now.\n")?;
        if !self.demo.has_usual_ports() {
            output::line(
                "  (Not on the usual ports 29999 and 29980: another program has them, or had them when this demo began.)\n",
            )?;
        }
        output::line(&format!("  Open           {}", self.panel))?;
        output::line(&format!(
            "  or             {} (with a certificate of its own: see {}/ca)",
            self.panel_https, self.panel
        ))?;
        match self.claim_code {
            Some(code) => output::line(&format!("  Claim code     {code}"))?,
            None => output::line("  Claim code     none: this device has its owner already")?,
        }
        output::line(&format!("  E-mail         {}", self.email))?;
        output::line(&format!("  Password       {}", self.password))?;
        output::line(&format!("  {}", current_code(&self.demo.account.totp, clock)))?;
        output::line(&format!(
            "  Recovery code  {} (for a lost phone; asks for a mailed code, shown here)\n",
            self.recovery_code
        ))?;
        self.show_authenticator()?;
        output::line(&format!("\nAccount service: {}", self.cloud))?;
        output::line(&format!("A program asks: curl --unix-socket {} http://localhost/v1/status\n", self.broker))?;
        output::line(&match self.demo.folders.kept() {
            Some(folder) => format!("Enter shows the current code. Ctrl-C ends the demo; {} stays.", folder.display()),
            None => "Enter shows the current code. Ctrl-C ends the demo and removes what it made.".to_owned(),
        })
    }

    fn show_authenticator(&self) -> Result<(), Error> {
        let uri = self.demo.account.totp.otpauth_uri("Latchkey demo", self.email);
        output::line("To use your own authenticator app, scan this:\n")?;
        output::line(&qr::for_terminal(uri.expose()))?;
        output::line(&format!("\nor type this secret into it: {}", self.totp_secret))
    }
}

/// What an authenticator app would show now.
pub(super) fn current_code(totp: &TotpSecret, clock: &Clock) -> String {
    let unix = clock.wall().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
    let code = totp.code_at(unix);
    format!("Code           {} ({} s left)", code.expose(), 30 - unix % 30)
}
