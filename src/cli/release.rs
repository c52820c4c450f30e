//! `latchkey release`: the device belongs to nobody again, whether or not the account service can be asked.

use super::context::Context;
use super::error::Error;
use super::output;
use crate::account::{self, SignedOut};
use crate::panel;

pub(super) async fn run(context: &Context) -> Result<(), Error> {
    let kept = context.open_kept()?;
    let outcome = match kept.account.sign_out().await {
        Ok(outcome) => Some(outcome),
        Err(account::Error::SignedOut) => None,
        Err(error) => return Err(error.into()),
    };
    panel::forget_sessions(&kept.keystore)?;
    context.reload_agent().await?;
    output::line(match outcome {
        Some(SignedOut::Everywhere) => {
            "This device belongs to nobody now, and its access key is deleted at the service."
        }
        Some(SignedOut::HereOnly) => {
            "This device belongs to nobody now. The service did not delete the access key: delete it on the account's page as well."
        }
        None => "This device had no owner. Every session of its panel is ended.",
    })?;
    output::line("'sudo latchkey claim' shows the new claim code.")
}
