//! The signing-in side.

use std::time::SystemTime;

use super::Error;
use crate::base::Secret;

/// A started exchange; consumed by [`Client::prove`].
#[derive(Debug)]
pub struct Client {}

/// What PASSWORD_VERIFIER brought.
#[derive(Debug)]
pub struct Challenge<'a> {
    /// After the first `_` of the pool id.
    pub pool_name: &'a str,
    /// USER_ID_FOR_SRP, never the typed e-mail (COG-04).
    pub user_id: &'a str,
    pub salt_hex: &'a str,
    pub server_public_hex: &'a str,
    pub secret_block_base64: &'a str,
}

/// What PASSWORD_VERIFIER is answered with.
#[derive(Debug, PartialEq, Eq)]
pub struct Proof {
    pub timestamp: String,
    /// Base64.
    pub signature: String,
}

impl Client {
    /// `random` is a (128 bytes, reduced modulo N).
    pub fn start(random: &Secret<[u8; 128]>) -> Result<Self, Error> {
        todo!("{random:?}")
    }
    /// SRP_A: lower-case hex without padding.
    pub fn public_hex(&self) -> String {
        todo!()
    }
    pub fn prove(self, challenge: &Challenge<'_>, password: &Secret<String>, now: SystemTime) -> Result<Proof, Error> {
        todo!("{challenge:?} {password:?} {now:?}")
    }
}
