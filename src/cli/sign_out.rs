//! `latchkey sign-out`.

use super::context::Context;
use super::error::Error;
use super::output;
use crate::account::SignedOut;

pub(super) async fn run(context: &Context) -> Result<(), Error> {
    let outcome = context.open_kept()?.account.sign_out().await?;
    context.reload_agent().await?;
    output::line(match outcome {
        SignedOut::Everywhere => "Signed out. The access key is deleted, here and at the service.",
        SignedOut::HereOnly => {
            "Signed out here. The service did not delete the access key: delete it on the account's page as well."
        }
    })
}
