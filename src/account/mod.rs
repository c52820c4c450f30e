//! The account service as the rest of Latchkey sees it: sign-in with every factor, recovery, access keys, key state.
//! One file per question; one transport. The agent asks the service; it never decides (DESIGN rule 1).

mod attempt;
#[cfg(test)]
mod bench;
mod cognito;
mod confirm;
mod conversation;
mod directory;
mod enrol;
mod error;
mod genuine;
mod graphql;
mod kept;
mod leave;
#[cfg(test)]
mod loopback;
mod provider;
mod service_time;
mod transport;

pub use attempt::{Answer, Ask, Attempt, Channel, Failed, Progress, Session};
pub use error::Error;

pub use crate::protocol::signature::Scheme;

use std::sync::Arc;
use std::time::SystemTime;

use self::directory::Directory;
use self::kept::Keeper;
use self::transport::Transport;

use crate::base::{Clock, Entropy, Secret};
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

    /// E-mail (outer blanks forgiven) and password (never trimmed): SRP.
    pub async fn begin(&self, email: &str, password: Secret<String>) -> Result<Progress, Error> {
        self.start(email, password).await
    }

    /// One answer to what the attempt asks. A mistake that can be mended gives the attempt back.
    pub async fn answer(&self, attempt: Attempt, answer: Answer) -> Result<Progress, Failed> {
        self.go_on(attempt, answer).await
    }

    /// "Can't access your two-factor device?": from a pending code step whose password was right. Asks for the mailed code.
    pub async fn recover(&self, attempt: Attempt) -> Result<Progress, Failed> {
        self.start_recovery(attempt).await
    }

    /// Ends a panel (or CLI) session's hold on the user's tokens: RevokeToken, best effort, then wiped.
    pub async fn forget(&self, session: Session) {
        self.retire(&session.tokens).await;
    }

    /// Signs in with an access key alone (pasted, or from a credentials file): tested with one signed request before it is kept.
    pub async fn adopt(&self, key: AccessKey) -> Result<Owner, Error> {
        self.take_over(key).await
    }

    /// Deletes the key at the service (signed by itself) and here. Unreachable service: gone here, and the sentence says what remains there.
    pub async fn sign_out(&self) -> Result<SignedOut, Error> {
        self.leave().await
    }

    /// Reads the keystore again after another process (the CLI) changed it.
    pub fn reload(&self) -> Result<(), Error> {
        self.0.keeper.reload()
    }

    pub fn status(&self) -> Status {
        confirm::status(&self.0)
    }

    /// The key for a program on this machine: fresh or leased, never revoked.
    pub fn key(&self) -> Result<AccessKey, Error> {
        let kept = self.0.keeper.kept().ok_or(Error::SignedOut)?;
        if kept.revoked.is_some() { Err(Error::KeyRevoked) } else { Ok(kept.key) }
    }

    /// Asks the service once whether the key is still good; sets the state. Time-outs never revoke; an explicit refusal does at once.
    pub async fn confirm(&self) -> KeyState {
        self.ask_about_the_key().await
    }

    /// Confirms for ever: soon after start, then at intervals with jitter, after failures with capped back-off.
    pub async fn keep_confirming(&self, stop: crate::net::serve::Stop) {
        self.confirm_for_ever(stop).await;
    }

    /// Header lines (name, value) that make the request a signed one, `date` and `host` among them, by corrected time.
    pub fn sign(&self, request: &Unsigned) -> Result<Vec<(String, String)>, Error> {
        let Unsigned { method, url, headers, scheme } = request;
        let now = self.0.transport.now().for_proof()?;
        signature::sign_url(&self.key()?, method, url, headers, now, *scheme).map_err(Error::from)
    }

    /// Signs a GraphQL body and forwards it to the service: the service's status and JSON body.
    pub async fn graphql(&self, body: Vec<u8>) -> Result<(u16, Vec<u8>), Error> {
        self.forward(body).await
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
