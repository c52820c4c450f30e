//! The account service's side.

use super::Error;
use crate::base::Secret;

/// What the service keeps instead of a password: salt and v = g^x.
#[derive(Clone, Debug)]
pub struct Verifier {}

/// The service's half of one exchange.
#[derive(Debug)]
pub struct Exchange {
    /// SRP_B, lower-case hex.
    pub public_hex: String,
    /// What the claim signature will be checked with; seal it into the secret block or a store.
    pub key: SessionKey,
}

/// K: 16 bytes.
#[derive(Clone, Debug)]
pub struct SessionKey(Secret<[u8; 16]>);

impl Verifier {
    /// The salt is made canonical (no leading zero byte; reference §1.3 trap 1).
    pub fn new(pool_name: &str, user_id: &str, password: &Secret<String>, salt: [u8; 16]) -> Self {
        todo!("{pool_name} {user_id} {password:?} {salt:?}")
    }
    /// A verifier that no password opens, the same for the same seed: for unknown users.
    pub fn fake(seed: &[u8; 32]) -> Self {
        todo!("{seed:?}")
    }
    /// SALT: canonical lower-case hex.
    pub fn salt_hex(&self) -> String {
        todo!()
    }
    /// Does this password belong to the verifier (USER_PASSWORD_AUTH)? Constant-time comparison of v.
    pub fn accepts(&self, pool_name: &str, user_id: &str, password: &Secret<String>) -> bool {
        todo!("{pool_name} {user_id} {password:?}")
    }
    /// Stable bytes for the store.
    pub fn to_bytes(&self) -> Secret<Vec<u8>> {
        todo!()
    }
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        todo!("{bytes:?}")
    }
}

impl Exchange {
    /// Refuses an SRP_A longer than N before parsing (COG-16), and A ≡ 0 mod N. `random` is b.
    pub fn answer(verifier: &Verifier, client_public_hex: &str, random: &Secret<[u8; 128]>) -> Result<Self, Error> {
        todo!("{verifier:?} {client_public_hex} {random:?}")
    }
}

impl SessionKey {
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Secret::new(bytes))
    }
    pub fn bytes(&self) -> &[u8; 16] {
        self.0.expose()
    }
    /// Checks PASSWORD_CLAIM_SIGNATURE over exactly the timestamp text that was sent; constant-time.
    pub fn check(
        &self,
        pool_name: &str,
        user_id: &str,
        secret_block: &[u8],
        timestamp: &str,
        signature_base64: &str,
    ) -> Result<(), Error> {
        todo!("{pool_name} {user_id} {secret_block:?} {timestamp} {signature_base64}")
    }
}
