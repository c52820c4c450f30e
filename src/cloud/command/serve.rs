//! `serve`: until stopped.

use std::io::{self, Write as _};

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;

use super::Error;
use crate::base::{Clock, Entropy};
use crate::cloud::Cloud;
use crate::cloud::settings::{Settings, Sheet};
use crate::net::Listener;
use crate::net::serve::Stop;

#[derive(Args)]
pub(super) struct Serve {
    /// May be given several times. Port 0 picks a free one; the line on stdout says which.
    #[arg(long, value_name = "ADDRESS")]
    listen: Vec<String>,
    /// Base URL that clients use, when it is not the address itself.
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// How many access keys an account may have.
    #[arg(long, value_name = "N")]
    access_keys: Option<u32>,
    /// Take plain HTTP from other machines although anybody on the way can listen.
    #[arg(long)]
    insecure_http: bool,
    /// Where Prometheus finds /metrics; may be given several times.
    #[arg(long, value_name = "ADDRESS")]
    metrics_listen: Vec<String>,
}

impl Serve {
    /// As settings.
    pub(super) fn said(&self) -> Sheet {
        let mut sheet = Sheet::default();
        sheet.say_all("listen", self.listen.clone());
        sheet.say("public_url", self.public_url.as_ref());
        sheet.say("access_keys", self.access_keys);
        sheet.say("insecure_http", self.insecure_http.then_some(true));
        sheet.say_all("metrics_listen", self.metrics_listen.clone());
        sheet
    }
}

pub(super) async fn serve(settings: Settings) -> Result<(), Error> {
    let mut listeners = Vec::new();
    for &address in &settings.listen {
        listeners.push(Listener::tcp(address).await?);
    }
    let cloud = Cloud::open(settings.plan, Clock::system(), Entropy::kernel()).await?;
    let (stopper, stop) = Stop::pair();
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let mut serving = JoinSet::new();
    for listener in listeners {
        if let Some(address) = listener.address() {
            writeln!(io::stdout(), "latchkey-cloud serves http://{address}")?;
        }
        let (cloud, stop) = (cloud.clone(), stop.clone());
        serving.spawn(async move { cloud.serve(listener, stop).await });
    }
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        _ended = serving.join_next() => {}
    }
    stopper.stop();
    serving.join_all().await;
    Ok(())
}
