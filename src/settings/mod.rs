//! What the agent is told. Every source is read raw (defaults, `/etc/latchkey/latchkey.toml`, `conf.d/*.toml` beside it,
//! `LATCHKEY_…` in the environment, flags; the later wins) and checked once into [`Settings`].

mod check;
mod error;
pub mod keys;
mod layers;
mod provisioned;
mod raw;
pub mod reference;
pub mod source;
pub mod values;

pub use error::{Error, Mistake, Origin};
pub use layers::{Check, Layers};
pub use raw::{Raw, RawBroker, RawDevice, RawPanel, RawUpdates};
pub use source::{Environment, read};

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use crate::base::UnitName;

/// Complete and typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub service: Service,
    /// Certificates to trust beside the system's, PEM.
    pub ca_file: Option<PathBuf>,
    pub state_dir: PathBuf,
    pub runtime_dir: PathBuf,
    /// The 32-byte key that seals the state, when somebody else keeps it (a systemd credential).
    pub sealing_key: Option<PathBuf>,
    pub log: LogLevel,
    /// What an installer left on the boot partition, where there is something.
    pub provisioning: Option<Provisioning>,
    pub panel: Panel,
    pub broker: Broker,
    pub device: Device,
    /// Where news of releases is, when it is asked for.
    pub updates: Option<Updates>,
}

/// The file that an installer left; it says a claim code too, which is none of the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provisioning {
    pub file: PathBuf,
    /// Why its settings are not used: a mistake in there must not keep the agent from starting.
    pub mistake: Option<String>,
}

/// Which account service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Service {
    /// Base URL of a `latchkey-cloud`, without trailing slash.
    Url(String),
    RemoteIt {
        client_id: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panel {
    pub listen: Vec<SocketAddr>,
    /// Further names that browsers may call the panel by.
    pub names: Vec<String>,
    pub trusted_proxies: Vec<IpAddr>,
    /// The owner's own certificate, instead of one by the device's authority.
    pub certificate: Option<Certificate>,
}

/// Files, PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The panel's own first, then what leads to a root.
    pub chain: PathBuf,
    pub key: PathBuf,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broker {
    /// Groups whose members may use the broker; one that does not exist counts nobody in.
    pub groups: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// The daemon that uses the access key: shown in the panel, and restarted from there.
    pub unit: Option<UnitName>,
}

/// The index of releases, and who signs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Updates {
    pub index: String,
    /// Ed25519.
    pub public_key: [u8; 32],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
}

impl Settings {
    /// Where systemd fetches the access key for units.
    pub fn credentials_socket(&self) -> PathBuf {
        self.runtime_dir.join("credentials.sock")
    }

    /// Where programs of this machine find the broker.
    pub fn broker_socket(&self) -> PathBuf {
        self.runtime_dir.join("broker.sock")
    }

    /// What the machine's own screen shows above its log-in prompt: where agetty looks for it, unless another runtime folder
    /// was chosen.
    pub fn console_file(&self) -> PathBuf {
        match self.runtime_dir == Path::new("/run/latchkey") {
            true => PathBuf::from("/run/issue.d/latchkey.issue"),
            false => self.runtime_dir.join("latchkey.issue"),
        }
    }
}

impl LogLevel {
    /// As the log's library calls it.
    pub fn level(self) -> tracing::Level {
        match self {
            Self::Error => tracing::Level::ERROR,
            Self::Warn => tracing::Level::WARN,
            Self::Info => tracing::Level::INFO,
            Self::Debug => tracing::Level::DEBUG,
        }
    }
}
