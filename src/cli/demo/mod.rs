//! `latchkey demo`: an account service, an agent and a ready account on loopback, in one process, until a signal stops it. The
//! agent that ships has no account service, and carries nothing of this.

#[cfg(feature = "cloud")]
mod account;
#[cfg(feature = "cloud")]
mod folders;
#[cfg(feature = "cloud")]
mod screen;
#[cfg(feature = "cloud")]
mod stage;

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use super::context::Context;
use super::error::Error;
use super::signals::Signals;
use crate::base::{Clock, Entropy, Secret};
use crate::net::Listener;
use crate::net::serve::Stop;
use crate::protocol::recovery_code::RecoveryCode;
use crate::protocol::totp::TotpSecret;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Print one JSON line when ready, for scripts; messages to the demo's owner go to standard error.
    #[arg(long)]
    json: bool,
}

/// Opens an account service that keeps its state in a folder.
pub type OpenService = fn(PathBuf, Clock, Entropy) -> Task<'static, Result<Arc<dyn Service>, Failure>>;
pub type Task<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The account service as the demo needs it; the binary brings it where it is compiled in.
pub trait Service: Send + Sync {
    /// Adds an account with an authenticator.
    fn add_account<'a>(
        &'a self,
        email: &'a str,
        password: Secret<String>,
        totp: TotpSecret,
    ) -> Task<'a, Result<RecoveryCode, Failure>>;
    /// Everything that was to be mailed or texted, newest last.
    fn messages(&self) -> Task<'_, Result<Vec<Message>, Failure>>;
    /// Serves until stopped.
    fn serve(self: Arc<Self>, listener: Listener, stop: Stop) -> Task<'static, ()>;
}

/// A mail or text message to the demo's owner.
pub struct Message {
    pub kind: String,
    pub to: String,
    pub text: String,
}

#[cfg_attr(not(feature = "cloud"), expect(unused_variables, reason = "there is nothing to show"))]
pub(super) async fn run(
    args: Args,
    context: &Context,
    service: Option<OpenService>,
    signals: &mut Signals,
) -> Result<(), Error> {
    if context.given.service {
        return Err(Error::Usage("The demo starts an account service of its own; leave out --service.".to_owned()));
    }
    #[cfg(feature = "cloud")]
    if let Some(open) = service {
        return stage::show(open, args.json, context, signals).await;
    }
    Err(Error::Demo("This build has no account service in it; build it with the cargo feature 'cloud'.".to_owned()))
}
