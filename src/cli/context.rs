//! What every command works with: settings, clock, randomness; the agent where it runs, else the state folder itself.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::unistd::{Gid, Uid, User, initgroups, setgid, setuid};

use super::Places;
use super::agent::Agent;
use super::error::Error;
use crate::app::Kept;
use crate::base::{Clock, Entropy};
use crate::settings::{self, Environment, Raw, RawPanel, Settings};

pub(super) struct Context {
    pub(super) settings: Settings,
    pub(super) environment: Environment,
    pub(super) clock: Clock,
    pub(super) entropy: Entropy,
    pub(super) given: Given,
}

/// What the command line itself named: the demo brings everything else.
#[cfg_attr(not(feature = "cloud"), expect(dead_code, reason = "the folders are for the demo only"))]
pub(super) struct Given {
    pub(super) state_dir: Option<PathBuf>,
    pub(super) runtime_dir: Option<PathBuf>,
    pub(super) service: bool,
}

impl Context {
    pub(super) fn new(places: Places, listen: Option<Vec<String>>) -> Result<Self, Error> {
        let environment = Environment::of_process();
        let state_dir = places.state_dir.map(absolute).transpose()?;
        let runtime_dir = places.runtime_dir.map(absolute).transpose()?;
        let given = Given {
            state_dir: state_dir.as_ref().map(PathBuf::from),
            runtime_dir: runtime_dir.as_ref().map(PathBuf::from),
            service: places.service.is_some(),
        };
        let flags = Raw {
            service: places.service,
            client_id: places.client_id,
            state_dir,
            runtime_dir,
            panel: RawPanel { listen, ..RawPanel::default() },
            ..Raw::default()
        };
        let settings = settings::read(places.config.as_deref(), &environment, flags)?;
        Ok(Self { settings, environment, clock: Clock::system(), entropy: Entropy::kernel(), given })
    }

    /// Opens the state folder itself, as the user that it belongs to, so that the agent can still read what root's command wrote.
    pub(super) fn open_kept(&self) -> Result<Kept, Error> {
        become_owner_of(&self.settings.state_dir)?;
        Ok(Kept::open(&self.settings, self.clock.clone(), self.entropy.clone())?)
    }

    /// The running agent's broker, or the same broker in this process where no agent runs.
    pub(super) async fn agent(&self) -> Result<Agent, Error> {
        match Agent::running(&self.settings.broker_socket()).await? {
            Some(agent) => Ok(agent),
            None => Ok(Agent::in_process(self.open_kept()?.account, self.clock.clone())),
        }
    }

    /// Tells a running agent that what is kept has changed.
    pub(super) async fn reload_agent(&self) -> Result<(), Error> {
        match Agent::running(&self.settings.broker_socket()).await? {
            Some(agent) => Ok(agent.reload().await?),
            None => Ok(()),
        }
    }
}

/// What a person types is relative to where they stand.
fn absolute(path: PathBuf) -> Result<String, Error> {
    let absolute = std::path::absolute(&path).map_err(|cause| Error::Unreadable(path.clone(), cause))?;
    let text = absolute.to_str().map(str::to_owned);
    text.ok_or_else(|| Error::Usage(format!("The path '{}' is not UTF-8 text.", path.display())))
}

fn become_owner_of(state_dir: &Path) -> Result<(), Error> {
    let Ok(found) = std::fs::metadata(state_dir) else { return Ok(()) };
    if !Uid::effective().is_root() || found.uid() == 0 {
        return Ok(());
    }
    let (uid, gid) = (Uid::from_raw(found.uid()), Gid::from_raw(found.gid()));
    let changed = || {
        if let Some(name) = User::from_uid(uid)?.and_then(|user| std::ffi::CString::new(user.name).ok()) {
            initgroups(&name, gid)?;
        }
        setgid(gid)?;
        setuid(uid)
    };
    changed().map_err(|errno: nix::errno::Errno| Error::Unreadable(state_dir.to_owned(), errno.into()))
}
