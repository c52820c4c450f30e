//! `latchkey claim`: the code that proves to the panel that somebody is at the device, and the way there.

use std::io::IsTerminal;
use std::time::Duration;

use super::agent::Agent;
use super::context::Context;
use super::error::Error;
use super::{output, qr};
use crate::app::{self, PanelNotice};
use crate::keystore::Keystore;
use crate::panel;

/// How often, and how far apart, a running agent is looked at that has just lost its owner.
const LOOKS: u32 = 30;
const BETWEEN: Duration = Duration::from_millis(100);

pub(super) async fn run(context: &Context) -> Result<(), Error> {
    let kept = context.open_kept()?;
    if let Some(owner) = kept.account.status().owner {
        return Err(Error::Claim(format!("This device belongs to {}; there is nothing to claim.", owner.email)));
    }
    let code = code(context, &kept.keystore).await?;
    output::line(&format!("Claim code: {code}"))?;
    let urls = PanelNotice::left_in(&context.settings.runtime_dir).urls;
    for url in &urls {
        output::line(&format!("Type it at {url}"))?;
    }
    if let Some(certificate) = app::certificate(&kept)? {
        output::line(&format!("Fingerprint of its certificate authority: {}", certificate.words))?;
    }
    // Without the code: who photographs the screen is not to have both in one.
    match urls.iter().find(|url| url.starts_with("https://")) {
        Some(url) if std::io::stdout().is_terminal() => output::line(&qr::for_terminal(url)),
        Some(_) | None => Ok(()),
    }
}

/// A running agent makes the code as soon as it sees that nobody owns the device.
async fn code(context: &Context, keystore: &Keystore) -> Result<String, Error> {
    let running = Agent::running(&context.settings.broker_socket()).await.is_ok_and(|agent| agent.is_some());
    for _look in 0..LOOKS {
        if let Some(code) = panel::kept_claim_code(keystore)? {
            return Ok(code);
        }
        if !running {
            return Err(Error::Claim("There is no claim code yet; start the agent first (latchkey run).".to_owned()));
        }
        tokio::time::sleep(BETWEEN).await;
    }
    Err(Error::Claim("The agent has made no claim code; see 'journalctl -u latchkey' for what keeps it.".to_owned()))
}
