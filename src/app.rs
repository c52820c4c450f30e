//! Composition root of the agent: the only file that knows every part; starts and stops everything.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use crate::account::{self, Account};
use crate::base::report::chain;
use crate::base::{Clock, Entropy};
use crate::broker;
use crate::keystore::{self, Keystore, SealingSource};
use crate::net::serve::Stop;
use crate::net::{self, Client, Limits, Listener, supervisor};
use crate::panel::{self, Panel};
use crate::protocol::discovery::Discovery;
use crate::settings::{self, Settings};

/// A started agent: its sockets listen, nobody is served before [`App::run`].
pub struct App {
    kept: Kept,
    panel: Panel,
    broker: Listener,
    policy: broker::Policy,
    clock: Clock,
    doors: Vec<(SocketAddr, Result<Listener, net::listen::Error>)>,
    notices: Notices,
}

/// What is kept on this machine, opened: by the agent, and by commands that work without it.
#[derive(Clone)]
pub struct Kept {
    pub keystore: Keystore,
    pub account: Account,
}

/// Where the panel can be opened, and why it cannot; the agent leaves it in the runtime folder for `latchkey status`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PanelNotice {
    pub urls: Vec<String>,
    pub problems: Vec<String>,
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
    #[error("The folder {0} cannot be made; check who owns the folder above it.")]
    Folder(PathBuf, #[source] std::io::Error),
}

/// How long running work may take after stop; more than what [`Limits`] gives to requests.
const GRACE: Duration = Duration::from_secs(8);
/// The first and the longest wait before a taken address is tried again.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

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
        let broker = Listener::unix(&settings.broker_socket(), 0o660, policy.groups.first().copied())?;
        let kept = Kept::open(settings, clock.clone(), entropy.clone())?;
        let panel = Panel::new(panel::Parts {
            account: kept.account.clone(),
            keystore: kept.keystore.clone(),
            clock: clock.clone(),
            entropy,
            names: settings.panel.names.clone(),
            trusted_proxies: settings.panel.trusted_proxies.clone(),
        })?;
        let notices = Notices::new(settings);
        let mut doors = Vec::new();
        for &address in &settings.panel.listen {
            let door = Listener::tcp(address).await;
            notices.put(address, &door);
            doors.push((address, door));
        }
        Ok(Self { kept, panel, broker, policy, clock, doors, notices })
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
        let mut tasks = JoinSet::new();
        let router = broker::router(account.clone(), self.policy, self.clock);
        tasks.spawn(net::serve(self.broker, router, Limits::default(), stop.clone()));
        for (address, door) in self.doors {
            tasks.spawn(serve_panel(address, door, self.panel.router(), self.notices.clone(), stop.clone()));
        }
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

impl PanelNotice {
    /// What a running agent left; nothing when there is none.
    pub fn left_in(runtime_dir: &Path) -> Self {
        let text = std::fs::read(notice_file(runtime_dir)).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }
}

fn notice_file(runtime_dir: &Path) -> PathBuf {
    runtime_dir.join("panel.json")
}

/// The state of every panel address, mirrored into the runtime folder.
#[derive(Clone)]
struct Notices {
    file: PathBuf,
    doors: Arc<Mutex<BTreeMap<SocketAddr, Result<SocketAddr, String>>>>,
}

impl Notices {
    fn new(settings: &Settings) -> Self {
        Self { file: notice_file(&settings.runtime_dir), doors: Arc::default() }
    }

    fn put(&self, address: SocketAddr, door: &Result<Listener, net::listen::Error>) {
        let state = match door {
            Ok(listener) => Ok(listener.address().unwrap_or(address)),
            Err(error) => Err(error.to_string()),
        };
        let mut doors = self.doors.lock().unwrap_or_else(PoisonError::into_inner);
        let before = doors.insert(address, state.clone());
        drop(doors);
        if before != Some(state) {
            self.write();
        }
    }

    fn read(&self) -> PanelNotice {
        let doors = self.doors.lock().unwrap_or_else(PoisonError::into_inner);
        let mut notice = PanelNotice::default();
        for door in doors.values() {
            match door {
                Ok(address) => notice.urls.push(format!("http://{address}")),
                Err(sentence) => notice.problems.push(sentence.clone()),
            }
        }
        notice
    }

    fn remove(&self) {
        let _was_never_written = std::fs::remove_file(&self.file);
    }

    fn write(&self) {
        let written = serde_json::to_vec(&self.read()).map_err(std::io::Error::from);
        if let Err(error) = written.and_then(|text| std::fs::write(&self.file, text)) {
            tracing::warn!(%error, "the state of the panel cannot be left for 'latchkey status'");
        }
    }
}

/// Serves one address of the panel, waiting for it to become free where another program has it (WEB-21).
async fn serve_panel(
    address: SocketAddr,
    mut door: Result<Listener, net::listen::Error>,
    router: axum::Router,
    notices: Notices,
    mut stop: Stop,
) {
    let (mut wait, longest) = RETRY;
    loop {
        match door {
            Ok(listener) => {
                tracing::info!(address = ?listener.address(), "the panel listens");
                return net::serve(listener, router, Limits::default(), stop).await;
            }
            Err(error) if wait == RETRY.0 => {
                tracing::warn!(error = chain(&error), "the panel waits for its address, trying again until it is free");
            }
            Err(error) => tracing::debug!(%error, "the panel still waits"),
        }
        tokio::select! {
            () = stop.wait() => return,
            () = tokio::time::sleep(wait) => {}
        }
        wait = (wait * 2).min(longest);
        door = Listener::tcp(address).await;
        notices.put(address, &door);
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
