//! `serve`: until stopped.

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinSet;

use super::Error;
use crate::base::report::chain;
use crate::base::{Clock, Entropy};
use crate::cloud::Cloud;
use crate::cloud::settings::{Settings, Sheet};
use crate::net::listen::Speech;
use crate::net::serve::Stop;
use crate::net::tls::Tls;
use crate::net::{Certificates, Listener, supervisor};

/// systemd waits so long for the database to be brought to this version's form.
const LONGEST_MIGRATION: Duration = Duration::from_secs(600);
/// How often a renewed certificate is looked for.
const LOOK: Duration = Duration::from_secs(10);

#[derive(Args)]
pub(super) struct Serve {
    /// Address and port for clients; may be given several times. Port 0 picks a free one; standard output says which.
    #[arg(long, value_name = "ADDRESS")]
    listen: Vec<String>,
    /// Base URL that clients use, when it is not the address itself.
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// How many access keys an account may have; 0: any number.
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
    let files = settings.tls.as_ref();
    let certificates = files.map(|files| Certificates::read(&files.certificate, &files.key)).transpose()?;
    let tls = certificates.as_ref().map(Certificates::tls).transpose()?;
    let doors = Doors {
        service: bind(&settings.listen, tls.as_ref()).await?,
        metrics: bind(&settings.metrics_listen, None).await?,
    };
    supervisor::starting_takes(LONGEST_MIGRATION);
    let cloud = Cloud::open(settings.plan, Clock::system(), Entropy::kernel()).await?;
    let mut signals = Signals::catch()?;
    for listener in &doors.service {
        let scheme = if matches!(listener.speech(), Speech::Plain) { "http" } else { "https" };
        if let Some(address) = listener.address() {
            writeln!(io::stdout(), "latchkey-cloud serves {scheme}://{address}")?;
        }
    }
    let (stopper, stop) = Stop::pair();
    let mut serving = doors.open(&cloud, &stop);
    supervisor::ready();
    loop {
        tokio::select! {
            wish = signals.next(certificates.as_ref()) => match wish {
                Wish::End => break,
                Wish::ReadAgain => renew(certificates.as_ref()),
            },
            _ended = serving.join_next() => break,
        }
    }
    supervisor::stopping();
    stopper.stop();
    serving.join_all().await;
    Ok(())
}

async fn bind(addresses: &[SocketAddr], tls: Option<&Tls>) -> Result<Vec<Listener>, Error> {
    let mut listeners = Vec::new();
    for &address in addresses {
        let listener = Listener::tcp(address).await?;
        listeners.push(match tls {
            Some(tls) => listener.with_tls(tls.clone()),
            None => listener,
        });
    }
    Ok(listeners)
}

/// A certificate that is not right leaves the old one in use.
fn renew(certificates: Option<&Certificates>) {
    match certificates.map(Certificates::read_again) {
        Some(Ok(())) => tracing::info!("the certificate was read again"),
        Some(Err(error)) => tracing::warn!(error = chain(&error), "the certificate in use stays"),
        None => {}
    }
}

struct Doors {
    service: Vec<Listener>,
    metrics: Vec<Listener>,
}

impl Doors {
    /// Everything that runs until stopped.
    fn open(self, cloud: &Cloud, stop: &Stop) -> JoinSet<()> {
        let mut serving = JoinSet::new();
        for listener in self.service {
            let (cloud, stop) = (cloud.clone(), stop.clone());
            serving.spawn(async move { cloud.serve(listener, stop).await });
        }
        for listener in self.metrics {
            let (cloud, stop) = (cloud.clone(), stop.clone());
            serving.spawn(async move { cloud.serve_metrics(listener, stop).await });
        }
        serving.spawn(cloud.clone().keep_delivering(stop.clone()));
        serving.spawn(cloud.clone().keep_house(stop.clone()));
        let mut watched = stop.clone();
        let watchdog = stop.clone();
        serving.spawn(async move {
            supervisor::keep_watchdog(watchdog).await;
            watched.wait().await;
        });
        serving
    }
}

/// What the operator, or systemd, wants.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    fn catch() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self, certificates: Option<&Certificates>) -> Wish {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return Wish::End,
                _ = self.interrupt.recv() => return Wish::End,
                _ = self.hang_up.recv() => return Wish::ReadAgain,
                () = tokio::time::sleep(LOOK) => {}
            }
            if certificates.is_some_and(Certificates::changed) {
                return Wish::ReadAgain;
            }
        }
    }
}

enum Wish {
    End,
    /// The certificate was renewed.
    ReadAgain,
}
