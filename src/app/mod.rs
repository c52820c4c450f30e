//! Composition root of the agent: the only file that knows every part; starts and stops everything.

mod authority;
mod console;
mod doors;

pub use doors::{CertificateNotice, PanelNotice};

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::task::JoinSet;

use crate::account::{self, Account};
use crate::base::report::chain;
use crate::base::{Clock, Entropy, Secret};
use crate::broker;
use crate::device::{self, Device, Places};
use crate::keystore::{self, Keystore, SealingSource};
use crate::net::passed::Passed;
use crate::net::serve::Stop;
use crate::net::{self, Client, Identity, Limits, Listener, supervisor};
use crate::panel::{self, Panel};
use crate::protocol::discovery::Discovery;
use crate::settings::{self, Settings};
use console::Console;
use doors::{Doors, Notices};

/// A started agent: its sockets listen, nobody is served before [`App::run`].
pub struct App {
    kept: Kept,
    panel: Panel,
    broker: Listener,
    credentials: Listener,
    policy: broker::Policy,
    clock: Clock,
    identity: Identity,
    doors: Doors,
    notices: Notices,
    console: Console,
    device: Device,
    names: Vec<String>,
    /// When the certificate was last made to fit, by the monotonic clock.
    followed: Duration,
}

/// What is kept on this machine, opened: by the agent, and by commands that work without it.
#[derive(Clone)]
pub struct Kept {
    pub keystore: Keystore,
    pub account: Account,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Account(#[from] account::Error),
    #[error(transparent)]
    Keystore(#[from] keystore::Error),
    #[error(transparent)]
    Client(#[from] net::client::Error),
    #[error(transparent)]
    Listen(#[from] net::listen::Error),
    #[error(transparent)]
    Identity(#[from] net::identity::Error),
    #[error("The folder {0} cannot be made; check who owns the folder above it.")]
    Folder(PathBuf, #[source] std::io::Error),
}

/// How often the owner's certificate and what the console shows are looked at.
const LOOK: Duration = Duration::from_secs(2);
/// How often the certificate follows the machine's names, addresses and time.
const FOLLOW: Duration = Duration::from_secs(60);
/// How often it is asked by which name the machine is announced.
const ASK: Duration = Duration::from_secs(600);
/// How long running work may take after stop; more than what [`Limits`] gives to requests.
const GRACE: Duration = Duration::from_secs(8);
impl Kept {
    /// Reads what is kept; asks nobody.
    pub fn open(settings: &Settings, clock: Clock, entropy: Entropy) -> Result<Self, Error> {
        folder(&settings.state_dir, 0o700)?;
        let sealing = settings.sealing_key.clone().map_or(SealingSource::OwnFile, SealingSource::Given);
        let keystore = Keystore::open(&settings.state_dir.join("keystore"), &sealing, entropy.clone())?;
        let service = match &settings.service {
            settings::Service::Url(url) => account::Service::Url(url.clone()),
            settings::Service::RemoteIt { client_id } => {
                account::Service::Known(Box::new(Discovery::remote_it(client_id.clone())))
            }
        };
        let client = Client::new(settings.ca_file.as_deref())?;
        let account = Account::new(account::Parts { service, client, keystore: keystore.clone(), clock, entropy })?;
        Ok(Self { keystore, account })
    }
}

impl App {
    /// Opens everything and binds the sockets. A panel address that is taken stops nobody: it is tried again later.
    pub async fn start(settings: &Settings, clock: Clock, entropy: Entropy) -> Result<Self, Error> {
        folder(&settings.runtime_dir, 0o755)?;
        let policy = broker::Policy { users: Vec::new(), groups: group_ids(&settings.broker.groups) };
        let mut passed = Passed::of_process();
        let broker = match passed.take_unix(&settings.broker_socket()) {
            Some(broker) => broker,
            None => Listener::unix(&settings.broker_socket(), 0o660, policy.groups.first().copied())?,
        };
        let credentials = match passed.take_unix(&settings.credentials_socket()) {
            Some(credentials) => credentials,
            None => Listener::unix(&settings.credentials_socket(), 0o600, None)?,
        };
        let kept = Kept::open(settings, clock.clone(), entropy.clone())?;
        let identity = authority::identity(settings, &kept, &clock)?;
        let (given_claim_code, mistakes) = provisioned(settings);
        let device = Device::new(Places::of_this_machine(settings.state_dir.clone(), settings.device.unit.clone()));
        let panel = Panel::new(panel::Parts {
            account: kept.account.clone(),
            keystore: kept.keystore.clone(),
            clock: clock.clone(),
            entropy,
            identity: identity.clone(),
            given_claim_code,
            device: device.clone(),
            names: settings.panel.names.clone(),
            trusted_proxies: settings.panel.trusted_proxies.clone(),
        })?;
        let notices = Notices::new(&settings.runtime_dir, identity.clone(), mistakes);
        let doors = Doors::open(passed.take_tcp(), &settings.panel.listen, &notices).await;
        let console = Console::at(settings.console_file());
        let (names, followed) = (settings.panel.names.clone(), clock.monotonic());
        Ok(Self {
            kept,
            panel,
            broker,
            credentials,
            policy,
            clock,
            identity,
            doors,
            notices,
            console,
            device,
            names,
            followed,
        })
    }

    /// Where the panel listens.
    pub fn panel_notice(&self) -> PanelNotice {
        self.notices.read()
    }

    /// What an owner must type first; `None` once the device is owned.
    pub fn claim_code(&self) -> Option<String> {
        self.panel.claim_code()
    }

    /// Serves until stopped; running requests get a grace period.
    pub async fn run(self, mut stop: Stop) {
        let account = self.kept.account;
        self.panel.ends_with(stop.clone());
        let mut tasks = JoinSet::new();
        let router = broker::router(account.clone(), self.policy, self.clock.clone());
        tasks.spawn(net::serve(self.broker, router, Limits::default(), stop.clone()));
        tasks.spawn(broker::unit_credential::serve(self.credentials, account.clone(), stop.clone()));
        match self.identity.tls() {
            Ok(tls) => self.doors.serve(&mut tasks, &tls, &self.panel, &self.notices, &stop),
            Err(error) => tracing::error!(error = chain(&error), "the panel stays closed"),
        }
        let upkeep = Upkeep {
            identity: self.identity,
            keystore: self.kept.keystore,
            device: self.device,
            names: self.names,
            followed: self.followed,
            announced: Announced::default(),
            panel: self.panel,
            account: account.clone(),
            clock: self.clock,
            notices: self.notices.clone(),
            console: self.console,
        };
        tasks.spawn(upkeep.run(stop.clone()));
        let confirming = stop.clone();
        tasks.spawn(async move { account.keep_confirming(confirming).await });
        tasks.spawn(supervisor::keep_watchdog(stop.clone()));
        supervisor::ready();
        stop.wait().await;
        supervisor::stopping();
        let ended = tokio::time::timeout(GRACE, async { while tasks.join_next().await.is_some() {} });
        if ended.await.is_err() {
            tracing::warn!("stopped with work under way");
        }
        self.notices.remove();
    }
}

/// By which people recognise the certificate authority of this device, when it has one.
pub fn certificate(kept: &Kept) -> Result<Option<CertificateNotice>, Error> {
    Ok(authority::kept(&kept.keystore)?.map(|authority| authority.fingerprint().into()))
}

/// The next start makes a new certificate authority.
pub fn forget_certificate(kept: &Kept) -> Result<(), Error> {
    authority::forget(&kept.keystore)
}

/// The claim code that an installer left, and what is wrong with what they left.
fn provisioned(settings: &Settings) -> (Option<Secret<String>>, Vec<String>) {
    let Some(provisioning) = &settings.provisioning else { return (None, Vec::new()) };
    let mut mistakes: Vec<String> = provisioning.mistake.iter().cloned().collect();
    let code = device::provisioning::claim_code(&provisioning.file).unwrap_or_else(|error| {
        mistakes.push(error.to_string());
        None
    });
    for mistake in &mistakes {
        tracing::warn!(mistake, "what the installer left is not used");
    }
    (code, mistakes)
}

/// What is looked at again and again while the agent runs.
struct Upkeep {
    identity: Identity,
    keystore: Keystore,
    device: Device,
    names: Vec<String>,
    followed: Duration,
    announced: Announced,
    panel: Panel,
    account: Account,
    clock: Clock,
    notices: Notices,
    console: Console,
}

/// By which name the machine is announced on its network, and when that was asked.
#[derive(Default)]
struct Announced {
    name: Option<String>,
    asked: Option<Duration>,
}

impl Upkeep {
    /// May be dropped on the way: nothing is followed half.
    async fn follow(&mut self, now: Duration) {
        if self.announced.asked.is_none_or(|asked| now.saturating_sub(asked) >= ASK) {
            let name = self.device.announced_name().await.filter(|name| self.panel.answers_to(name));
            self.announced = Announced { name, asked: Some(now) };
        }
        let subject = authority::subject(&self.names, self.announced.name.as_deref());
        self.identity.follow(subject, authority::time(&self.account, &self.clock));
        authority::keep_leaf(&self.keystore, &self.identity);
    }

    async fn run(mut self, mut stop: Stop) {
        loop {
            self.identity.look_at_files();
            let now = self.clock.monotonic();
            if now.saturating_sub(self.followed) >= FOLLOW {
                self.followed = now;
                tokio::select! {
                    biased;
                    () = stop.wait() => break,
                    () = self.follow(now) => {}
                }
            }
            self.panel.keep_house();
            self.notices.renew();
            self.console.show(&console::text(&self.notices.read(), &self.panel.for_the_console()));
            tokio::select! {
                () = stop.wait() => break,
                () = tokio::time::sleep(LOOK) => {}
            }
        }
        self.panel.write_down();
        self.console.clear();
    }
}

fn folder(path: &Path, mode: u32) -> Result<(), Error> {
    let made = std::fs::DirBuilder::new().recursive(true).mode(mode).create(path);
    made.map_err(|cause| Error::Folder(path.to_owned(), cause))
}

/// A group that does not exist counts nobody in.
fn group_ids(names: &[String]) -> Vec<u32> {
    let mut ids = Vec::new();
    for name in names {
        match nix::unistd::Group::from_name(name) {
            Ok(Some(group)) => ids.push(group.gid.as_raw()),
            Ok(None) => tracing::info!(group = name, "there is no such group; only root may use the broker"),
            Err(error) => tracing::warn!(group = name, %error, "the group cannot be looked up"),
        }
    }
    ids
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::base::clock::BUILT;
    use crate::settings::{Environment, Raw, RawPanel};

    /// By then a certificate is renewed.
    const LONG: Duration = Duration::from_secs(50 * 24 * 3600);

    #[tokio::test]
    async fn a_stop_does_not_wait_for_an_avahi_that_is_silent() {
        let home = tempfile::tempdir().unwrap();
        let (clock, hand) = Clock::by_hand(*BUILT);
        let mut app = App::start(&settings(home.path()), clock, Entropy::kernel()).await.unwrap();
        let asked = home.path().join("asked");
        app.device = device_whose_avahi(home.path(), &format!("touch {}; exec sleep 600", asked.display()));
        let keystore = app.kept.keystore.clone();
        let certificate = || authority::kept_leaf(&keystore).unwrap().expose().clone();
        let before = certificate();
        let (stopper, stop) = Stop::pair();
        let mut running = JoinSet::new();
        hand.pass(LONG);
        running.spawn(app.run(stop));
        while !asked.exists() {
            tokio::task::yield_now().await;
        }
        stopper.stop();
        running.join_all().await;
        assert!(certificate() == before, "it is renewed when Avahi has been waited for");
    }

    fn settings(home: &Path) -> Settings {
        let path = |name: &str| Some(home.join(name).to_str().unwrap().to_owned());
        let flags = Raw {
            state_dir: path("state"),
            runtime_dir: path("run"),
            panel: RawPanel { listen: Some(vec!["127.0.0.1:0".to_owned()]), ..RawPanel::default() },
            ..Raw::default()
        };
        settings::read(Some(Path::new("/dev/null")), &Environment::default(), flags).unwrap()
    }

    fn device_whose_avahi(home: &Path, does: &str) -> Device {
        let busctl = home.join("busctl");
        std::os::unix::fs::symlink(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/system/program"), &busctl).unwrap();
        fs::write(home.join("busctl.script"), does).unwrap();
        Device::new(Places { busctl, ..Places::of_this_machine(home.join("state"), None) })
    }
}
