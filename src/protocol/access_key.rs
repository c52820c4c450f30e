//! An access key: a public id and a base64 secret (reference §4.3, "Access key shape").

use base64ct::{Base64, Base64Unpadded, Encoding};

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
        let secret = Secret::new(Base64Unpadded::decode_vec(unpadded).map_err(|_| Error::Secret)?);
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
        Secret::new(Base64::encode_string(self.secret_bytes()))
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "EXAMPLEKEYID00000001";
    const SECRET: &str = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e";

    #[test]
    fn a_pasted_key_is_forgiven_its_blanks_and_quotes() {
        let key = AccessKey::parse(&format!(" \"{ID}\"\r\n"), &format!("'{SECRET}' ")).unwrap();
        assert_eq!(key.id.as_str(), ID);
        assert_eq!(key.secret_bytes(), (1..=30).collect::<Vec<u8>>());
        assert_eq!(key.secret_text().expose(), SECRET);
    }

    #[test]
    fn base64_is_read_with_padding_and_without() {
        let bytes = [0xfb; 32];
        for text in [Base64::encode_string(&bytes), Base64Unpadded::encode_string(&bytes)] {
            assert_eq!(AccessKey::parse(ID, &text).unwrap().secret_bytes(), bytes);
        }
    }

    #[test]
    fn a_password_in_place_of_the_secret_is_refused() {
        for secret in ["", "Correct-Horse 9", "hunter2", "c2hvcnQ=", "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e!"] {
            assert_eq!(AccessKey::parse(ID, secret).unwrap_err(), Error::Secret, "{secret}");
        }
    }

    #[test]
    fn a_developer_key_in_place_of_the_secret_is_called_by_its_name() {
        let developer_key = Base64::encode_string(b"11111111-2222-4333-8444-555555555555");
        assert_eq!(AccessKey::parse(ID, &developer_key).unwrap_err(), Error::DeveloperKey);
    }

    #[test]
    fn an_id_of_other_characters_is_refused() {
        for id in ["", " ", "ann@example.test", "KEY ID", "KEY\"ID", &"A".repeat(129)] {
            assert_eq!(KeyId::parse(id), Err(Error::Id), "{id}");
        }
        assert!(KeyId::parse(&"A".repeat(128)).is_ok());
    }

    #[test]
    fn a_key_does_not_print_its_secret() {
        let printed = format!("{:?}", AccessKey::parse(ID, SECRET).unwrap());
        assert!(printed.contains(ID) && !printed.contains(SECRET) && !printed.contains('['), "{printed}");
    }

    proptest! {
        #[test]
        fn every_secret_reads_as_itself(bytes in prop::collection::vec(any::<u8>(), 40..80)) {
            let key = AccessKey::from_bytes(KeyId::parse(ID).unwrap(), bytes);
            let again = AccessKey::parse(ID, key.secret_text().expose()).unwrap();
            prop_assert_eq!(again.secret_bytes(), key.secret_bytes());
        }

        #[test]
        fn no_text_makes_reading_a_key_panic(id in ".*|[A-Z0-9]{20}", secret in ".*|[A-Za-z0-9+/]{0,60}={0,3}") {
            let _ = AccessKey::parse(&id, &secret);
        }
    }
}
