//! `latchkey certificate`: by which people recognise this device's certificate authority; and a new one.

use super::context::Context;
use super::error::Error;
use super::output;
use crate::app;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Give the authority up: the agent makes another when it starts again, and browsers must be told to trust that one.
    #[arg(long)]
    new: bool,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<(), Error> {
    let kept = context.open_kept()?;
    if args.new {
        app::forget_certificate(&kept)?;
        output::line("The certificate authority of this device is given up.")?;
        return output::line(
            "Restart the agent (sudo systemctl restart latchkey), and install the new one from its panel.",
        );
    }
    match app::certificate(&kept)? {
        Some(certificate) => {
            output::line(&format!("Words      {}", certificate.words))?;
            output::line(&format!("SHA-256    {}", certificate.sha256))
        }
        None => {
            output::line("There is no certificate authority yet; the agent makes one when it starts (latchkey run).")
        }
    }
}
