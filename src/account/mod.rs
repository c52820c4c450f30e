//! The account service as the rest of Latchkey sees it: sign-in with every factor, recovery, access keys, key state.
//! One file per question; one transport. The agent asks the service; it never decides (DESIGN rule 1).
//!
//! [`Account`] signs in (`begin`, `answer`, `recover`, `forget`: `conversation`), makes and keeps the key (`enrol`, `kept`),
//! signs in by way of Google (`providers`, `depart`, `come_back`: `federated`), writes a sign-in down and takes it up again
//! (`pause`), comes with a key alone and leaves (`adopt`, `sign_out`: `leave`), and knows how the key stands (`status`, `confirm`,
//! `keep_confirming`, `graphql`: `confirm`). What a signed-in person orders goes by the doors of `own`.

mod activity;
mod attempt;
#[cfg(test)]
mod bench;
mod cognito;
mod confirm;
mod conversation;
mod directory;
mod enrol;
mod error;
mod federated;
mod genuine;
mod graphql;
mod kept;
mod keys;
mod leave;
#[cfg(test)]
mod loopback;
mod own;
mod password;
mod pause;
mod profile;
mod provider;
mod registration;
mod service_time;
mod transport;
mod two_factor;

pub use activity::LogWish;
pub use attempt::{Answer, Ask, Attempt, Channel, Failed, Progress, Session};
#[cfg(feature = "cloud")]
pub(crate) use cognito::{During, leaves_the_sign_in_open, meaning};
pub use error::Error;
pub use federated::Away;
pub use keys::Keys;
pub use profile::{Changed, Contact, Identity, Profile, Waiting};
pub use two_factor::{Factors, NewAuthenticator, Preference};

pub use crate::protocol::signature::Scheme;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use self::directory::Directory;
use self::kept::Keeper;
use self::transport::Transport;

use crate::base::{Clock, Entropy};
use crate::keystore::Keystore;
use crate::protocol::access_key::{AccessKey, KeyId};
use crate::protocol::discovery::Discovery;
use crate::protocol::graphql::Owner;
use crate::protocol::signature;

/// The one account of this device. Cheap to clone.
#[derive(Clone)]
pub struct Account(Arc<Inner>);

struct Inner {
    directory: Directory,
    transport: Transport,
    keeper: Keeper,
    clock: Clock,
    entropy: Entropy,
}

/// What an account is made of.
pub struct Parts {
    pub service: Service,
    pub client: crate::net::Client,
    pub keystore: Keystore,
    pub clock: Clock,
    pub entropy: Entropy,
}

/// Where the account service is found.
#[derive(Clone, Debug)]
pub enum Service {
    /// A base URL with `/.well-known/latchkey` below it; asked for on first use and after failures, so that start never waits.
    Url(String),
    /// Everything known beforehand (remote.it).
    Known(Box<Discovery>),
}

/// What panel, CLI and broker show of the key (DESIGN rule 3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Nobody is signed in.
    Absent,
    /// Confirmed by the service lately.
    Fresh,
    /// Not confirmed lately; it still works. `because` says why in one sentence.
    Leased { because: String },
    /// The service refused it explicitly; it is not handed out any more.
    Revoked { because: String },
}

#[derive(Clone, Debug)]
pub struct Status {
    pub owner: Option<Owner>,
    pub key: Option<KeyId>,
    pub state: KeyState,
    /// By the service's clock.
    pub last_confirmed: Option<SystemTime>,
    /// Seconds that this machine's clock is ahead of the service's (negative: behind); `None` before the first answer.
    pub clock_ahead: Option<i64>,
    /// What needs attention, one sentence each: damaged keystore set aside, clock, disk.
    pub notices: Vec<String>,
    /// Base URL or name of the service.
    pub service: String,
    /// How long the service has not been reached, when the last exchange with it failed.
    pub away: Option<Duration>,
}

/// A request to be signed for a program on this machine.
#[derive(Clone, Debug)]
pub struct Unsigned {
    pub method: String,
    /// Absolute URL.
    pub url: String,
    /// Further headers that will be sent and shall be covered where the scheme allows (content-type, content-length, digest).
    pub headers: Vec<(String, String)>,
    pub scheme: Scheme,
}

impl Account {
    /// Reads what is kept; asks nobody.
    pub fn new(parts: Parts) -> Result<Self, Error> {
        let Parts { service, client, keystore, clock, entropy } = parts;
        Ok(Self(Arc::new(Inner {
            directory: Directory::new(service),
            transport: Transport::new(client, clock.clone(), entropy.clone()),
            keeper: Keeper::open(keystore)?,
            clock,
            entropy,
        })))
    }

    /// Reads the keystore again after another process (the CLI) changed it.
    pub fn reload(&self) -> Result<(), Error> {
        self.0.keeper.reload()
    }

    /// The key for a program on this machine: fresh or leased, never revoked.
    pub fn key(&self) -> Result<AccessKey, Error> {
        let kept = self.0.keeper.kept().ok_or(Error::SignedOut)?;
        if kept.revoked.is_some() { Err(Error::KeyRevoked) } else { Ok(kept.key) }
    }

    /// Header lines (name, value) that make the request a signed one, `date` and `host` among them, by corrected time.
    pub fn sign(&self, request: &Unsigned) -> Result<Vec<(String, String)>, Error> {
        let Unsigned { method, url, headers, scheme } = request;
        let now = self.0.transport.now().for_proof()?;
        signature::sign_url(&self.key()?, method, url, headers, now, *scheme).map_err(Error::from)
    }
}

/// What sign-out left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignedOut {
    /// Key deleted at the service too.
    Everywhere,
    /// The service could not be asked; the key still exists there until deleted on the account's page.
    HereOnly,
}
