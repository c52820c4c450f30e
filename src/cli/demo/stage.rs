//! Everything of the demo, started in order, and what happens on the owner's phone meanwhile.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::account::DemoAccount;
use super::folders::Folders;
use super::screen::{self, Screen};
use super::{Message, OpenService, Service};
use crate::app::App;
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::person::Person;
use crate::cli::signals::Signals;
use crate::cli::{log, output};
use crate::net::Listener;
use crate::net::serve::{Stop, Stopper};
use crate::settings::{self, Settings};

/// The usual ports; where another program has one, any free one.
const PANEL_PORT: u16 = 29999;
const SERVICE_PORT: u16 = 29980;
/// How often the owner's phone is looked at.
const PHONE: Duration = Duration::from_millis(300);

/// Everything started.
pub(super) struct Demo {
    pub(super) folders: Folders,
    pub(super) account: DemoAccount,
    service: Arc<dyn Service>,
    pub(super) service_url: String,
    pub(super) panel_url: String,
    pub(super) claim_code: Option<String>,
    tasks: JoinSet<()>,
    stopper: Stopper,
}

pub(super) async fn show(
    open: OpenService,
    as_json: bool,
    context: &Context,
    signals: &mut Signals,
) -> Result<(), Error> {
    log::start(tracing::Level::WARN, &context.environment);
    let mut demo = Demo::start(open, context).await?;
    let screen = Screen::of(&demo);
    match as_json {
        true => output::json(&screen)?,
        false => screen.show(&context.clock)?,
    }
    let person = Person::at_standard_input();
    let shown = demo.until(signals, person, as_json, context).await;
    demo.stopper.stop();
    while demo.tasks.join_next().await.is_some() {}
    shown
}

impl Demo {
    async fn start(open: OpenService, context: &Context) -> Result<Self, Error> {
        let folders = Folders::choose(context)?;
        let opened = open(folders.service(), context.clock.clone(), context.entropy.clone()).await;
        let service = opened.map_err(|failure| Error::demo("The account service cannot start", &*failure))?;
        let account = DemoAccount::kept_or_new(&folders, service.as_ref(), &context.entropy).await?;
        let door = free_port(&[account.service_port, SERVICE_PORT]).await?;
        let service_url = url(door.address());
        let panel = free_port(&[account.panel_port, PANEL_PORT]).await?.address();
        let settings = agent_settings(&folders, &service_url, panel, context);
        let app = App::start(&settings, context.clock.clone(), context.entropy.clone()).await?;
        let panel_url = app.panel_notice().urls.first().cloned().unwrap_or_default();
        account.keep(&folders, door.address(), panel)?;
        let claim_code = app.claim_code();
        let (stopper, stop) = Stop::pair();
        let mut tasks = JoinSet::new();
        tasks.spawn(service.clone().serve(door, stop.clone()));
        tasks.spawn(app.run(stop));
        Ok(Self { folders, account, service, service_url, panel_url, claim_code, tasks, stopper })
    }

    /// Shows what arrives on the owner's phone, and the current code at each Enter, until a signal comes.
    async fn until(&self, signals: &mut Signals, person: Person, json: bool, context: &Context) -> Result<(), Error> {
        let mut seen = self.messages().await?.len();
        let mut enter = Box::pin(person.enter());
        loop {
            tokio::select! {
                _ = signals.next() => return Ok(()),
                () = &mut enter, if !json => {
                    output::line(&screen::current_code(&self.account.totp, &context.clock))?;
                    enter = Box::pin(person.enter());
                }
                () = tokio::time::sleep(PHONE) => {
                    let messages = self.messages().await?;
                    for message in messages.iter().skip(seen) {
                        person.tell(&format!("[{} to {}] {}", message.kind, message.to, message.text));
                    }
                    seen = messages.len();
                }
            }
        }
    }

    pub(super) fn has_usual_ports(&self) -> bool {
        self.panel_url == url(Some((Ipv4Addr::LOCALHOST, PANEL_PORT).into()))
            && self.service_url == url(Some((Ipv4Addr::LOCALHOST, SERVICE_PORT).into()))
    }

    async fn messages(&self) -> Result<Vec<Message>, Error> {
        let messages = self.service.messages().await;
        messages.map_err(|failure| Error::demo("The account service's outbox cannot be read", &*failure))
    }
}

fn agent_settings(folders: &Folders, service_url: &str, panel: Option<SocketAddr>, context: &Context) -> Settings {
    Settings {
        service: settings::Service::Url(service_url.to_owned()),
        ca_file: None,
        state_dir: folders.agent(),
        runtime_dir: folders.runtime().to_owned(),
        sealing_key: None,
        provisioning: None,
        panel: settings::Panel {
            listen: panel.into_iter().collect(),
            certificate: None,
            ..context.settings.panel.clone()
        },
        ..context.settings.clone()
    }
}

async fn free_port(wanted: &[u16]) -> Result<Listener, Error> {
    for &port in wanted.iter().filter(|&&port| port != 0) {
        if let Ok(listener) = Listener::tcp((Ipv4Addr::LOCALHOST, port).into()).await {
            return Ok(listener);
        }
    }
    Ok(Listener::tcp((Ipv4Addr::LOCALHOST, 0).into()).await.map_err(crate::app::Error::from)?)
}

fn url(address: Option<SocketAddr>) -> String {
    address.map_or_else(String::new, |address| format!("http://{address}"))
}
