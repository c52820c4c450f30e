//! `latchkey claim`: the code that proves to the panel that somebody is at the device, and the way there.

use std::io::IsTerminal;

use super::context::Context;
use super::error::Error;
use super::{output, qr};
use crate::app::{self, PanelNotice};
use crate::panel;

pub(super) fn run(context: &Context) -> Result<(), Error> {
    let kept = context.open_kept()?;
    if let Some(owner) = kept.account.status().owner {
        return Err(Error::Claim(format!("This device belongs to {}; there is nothing to claim.", owner.email)));
    }
    let Some(code) = panel::kept_claim_code(&kept.keystore)? else {
        return Err(Error::Claim("There is no claim code yet; start the agent first (latchkey run).".to_owned()));
    };
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
