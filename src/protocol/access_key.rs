//! An access key: a public id and a base64 secret (reference §4.3, "Access key shape").

use data_encoding::{BASE64, BASE64_NOPAD};

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
        "The secret is not that of an access key; copy the whole secret of the access key (not the password, not the developer key)."
    )]
    Secret,
    #[error("This is the developer API key; copy the secret of an access key instead.")]
    DeveloperKey,
}

impl KeyId {
    /// 1 to 128 of `[A-Za-z0-9_-]`, outer blanks and quotes forgiven.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let id = unquoted(text);
        let right = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if (1..=128).contains(&id.len()) && id.bytes().all(right) { Ok(Self(id.to_owned())) } else { Err(Error::Id) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AccessKey {
    /// Outer blanks and quotes forgiven; the secret must be padded or unpadded standard base64 of at least 16 bytes
    /// (SIG-15: a password or developer key pasted here is refused with a hint where the shape tells).
    pub fn parse(id: &str, secret_base64: &str) -> Result<Self, Error> {
        let id = KeyId::parse(id)?;
        let unpadded = unquoted(secret_base64).trim_end_matches('=');
        let secret = Secret::new(BASE64_NOPAD.decode(unpadded.as_bytes()).map_err(|_| Error::Secret)?);
        if is_uuid_text(secret.expose()) {
            return Err(Error::DeveloperKey);
        }
        if secret.expose().len() < 16 { Err(Error::Secret) } else { Ok(Self { id, secret }) }
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
        Secret::new(BASE64.encode(self.secret_bytes()))
    }
}

fn unquoted(text: &str) -> &str {
    text.trim_matches(|character: char| character.is_whitespace() || matches!(character, '"' | '\''))
}

/// The shape of a decoded developer API key (reference §4.3).
fn is_uuid_text(bytes: &[u8]) -> bool {
    bytes.len() == 36
        && bytes.iter().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
