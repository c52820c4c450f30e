//! `latchkey run`: the agent, until a signal stops it.

use super::context::Context;
use super::error::Error;
use super::log;
use super::signals::Signals;
use crate::app::App;
use crate::net::serve::Stop;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Address and port of the panel; may be given several times.
    #[arg(long = "panel-listen", value_name = "ADDRESS:PORT")]
    pub(super) listen: Option<Vec<String>>,
}

pub(super) async fn run(context: &Context, signals: &mut Signals) -> Result<(), Error> {
    log::start(context.settings.log.level(), &context.environment);
    let app = App::start(&context.settings, context.clock.clone(), context.entropy.clone()).await?;
    let (stopper, stop) = Stop::pair();
    let serving = app.run(stop);
    tokio::pin!(serving);
    tokio::select! {
        () = &mut serving => {}
        _ = signals.next() => {
            stopper.stop();
            serving.await;
        }
    }
    Ok(())
}
