//! `latchkey-cloud`: the account service. Speaks the protocol of remote.it (Cognito JSON, auth API, GraphQL, signed requests).

use std::path::PathBuf;

use crate::base::{Clock, Entropy, Secret};
use crate::net::{Listener, serve::Stop};
use crate::protocol::recovery_code::RecoveryCode;
use crate::protocol::totp::TotpSecret;

/// The service with its store. Cheap to clone.
#[derive(Clone)]
pub struct Cloud {}

/// What a service is made of.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Folder for the database and the server key (not in the database); made when missing.
    pub state: PathBuf,
    /// Absolute base URL that clients use; `None`: derived from the listener's address.
    pub public_url: Option<String>,
    pub user_pool_id: String,
    pub client_id: String,
    /// At most so many access keys per account (remote.it: 2).
    pub access_keys_per_account: u32,
}

#[derive(Debug)]
pub struct NewAccount {
    pub email: String,
    pub password: Secret<String>,
    pub totp: Option<TotpSecret>,
    /// E.164; verified.
    pub phone: Option<String>,
}

#[derive(Debug)]
pub struct AddedAccount {
    pub id: String,
    /// Only when a second factor is on.
    pub recovery_code: Option<RecoveryCode>,
}

/// Something that was to be delivered by mail or text message.
#[derive(Clone, Debug)]
pub struct OutboxMessage {
    pub at: std::time::SystemTime,
    /// `mail` or `sms`.
    pub kind: String,
    pub to: String,
    pub text: String,
}

/// Placeholder until the service's own errors are written.
#[derive(Debug, thiserror::Error)]
pub enum Error {}

impl Cloud {
    /// Opens (or makes) the store, runs migrations.
    pub async fn open(plan: Plan, clock: Clock, entropy: Entropy) -> Result<Self, Error> {
        todo!("{plan:?} {entropy:?} {}", clock.monotonic().as_secs())
    }
    pub async fn add_account(&self, account: NewAccount) -> Result<AddedAccount, Error> {
        todo!("{account:?}")
    }
    /// Newest last.
    pub async fn outbox(&self) -> Result<Vec<OutboxMessage>, Error> {
        todo!()
    }
    /// Serves until stopped.
    pub async fn serve(&self, listener: Listener, stop: Stop) {
        todo!("{listener:?} {stop:?}")
    }
}
