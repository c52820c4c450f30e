//! An access key: a public id and a base64 secret (reference §4.3, "Access key shape").

use crate::base::Secret;

/// The public half of an access key; safe to show and to log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyId(String);

/// Id and decoded secret.
#[derive(Clone, Debug)]
pub struct AccessKey {
    pub id: KeyId,
    secret: Secret<Vec<u8>>,
}

/// Why a pasted key is not one; each says what to do.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error(
        "The key id is missing or has characters that no key id has; copy it again from the account's access keys page."
    )]
    Id,
    #[error(
        "The secret is not base64; copy the whole secret of the access key (not the password, not the developer key)."
    )]
    Secret,
}

impl KeyId {
    /// 1 to 128 of `[A-Za-z0-9_-]`, outer blanks and quotes forgiven.
    pub fn parse(text: &str) -> Result<Self, Error> {
        todo!("{text}")
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AccessKey {
    /// Outer blanks and quotes forgiven; the secret must be padded or unpadded standard base64 of at least 16 bytes
    /// (SIG-15: a password or developer key pasted here is refused with a hint where the shape tells).
    pub fn parse(id: &str, secret_base64: &str) -> Result<Self, Error> {
        todo!("{id} {secret_base64}")
    }
    /// From raw secret bytes, as the service makes them.
    pub fn from_bytes(id: KeyId, secret: Vec<u8>) -> Self {
        Self { id, secret: Secret::new(secret) }
    }
    /// The HMAC key: the base64-DECODED secret.
    pub fn secret_bytes(&self) -> &[u8] {
        self.secret.expose()
    }
    /// The secret as base64 text, as files and people know it.
    pub fn secret_text(&self) -> Secret<String> {
        todo!()
    }
}
