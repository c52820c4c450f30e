//! `latchkey claim`: the code that proves to the panel that somebody is at the device.

use super::context::Context;
use super::error::Error;
use super::output;
use crate::app::PanelNotice;
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
    for url in PanelNotice::left_in(&context.settings.runtime_dir).urls {
        output::line(&format!("Type it at {url}"))?;
    }
    Ok(())
}
