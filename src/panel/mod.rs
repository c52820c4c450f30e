//! The LAN web panel: gate, sessions, one file per screen.

use crate::account::Account;
use crate::base::{Clock, Entropy};
use crate::keystore::Keystore;

/// The panel's state, passed to every handler. Cheap to clone.
#[derive(Clone)]
pub struct Panel {}

/// What a panel is made of.
pub struct Parts {
    pub account: Account,
    pub keystore: Keystore,
    pub clock: Clock,
    pub entropy: Entropy,
    /// Names beyond addresses, `localhost`, the host name and `<host name>.local` that a browser may call this panel by.
    pub names: Vec<String>,
    /// Proxies whose forwarding headers are believed.
    pub trusted_proxies: Vec<std::net::IpAddr>,
}

impl Panel {
    /// Reads sessions and the claim code (made here when the device has no owner).
    pub fn new(parts: Parts) -> Result<Self, crate::keystore::Error> {
        let _ = parts;
        todo!()
    }
    /// Every URL of the panel, behind the gate.
    pub fn router(&self) -> axum::Router {
        todo!()
    }
    /// What an owner must type first; `None` once the device is owned.
    pub fn claim_code(&self) -> Option<String> {
        todo!()
    }
}

/// The claim code as kept by a running (or stopped) agent, for `latchkey claim`.
pub fn kept_claim_code(keystore: &Keystore) -> Result<Option<String>, crate::keystore::Error> {
    let _ = keystore;
    todo!()
}
