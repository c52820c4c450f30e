//! What both sides derive, and what the proof is made with.

use crypto_bigint::U256;
use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::Error;
use super::group::{Element, PublicValue, padded};
use crate::base::Secret;

/// K: 16 bytes.
#[derive(Clone, Debug)]
pub struct SessionKey(Secret<[u8; 16]>);

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
        let signature =
            BASE64.decode(signature_base64.as_bytes()).map_err(|_| Error::NotBase64("PASSWORD_CLAIM_SIGNATURE"))?;
        self.claim(pool_name, user_id, secret_block, timestamp).verify_slice(&signature).map_err(|_| Error::WrongProof)
    }

    pub(super) fn sign(&self, pool_name: &str, user_id: &str, secret_block: &[u8], timestamp: &str) -> String {
        BASE64.encode(&self.claim(pool_name, user_id, secret_block, timestamp).finalize().into_bytes())
    }

    /// HKDF-SHA256 with salt u, key material S, and one block of output cut to 16 bytes.
    pub(super) fn derive(scrambler: &U256, shared: &Secret<Element>) -> Self {
        let shared = Secret::new(padded(shared.expose().retrieve().to_be_bytes().as_ref()));
        let extracted = mac(&padded(scrambler.to_be_bytes().as_ref()), &[shared.expose()]).finalize().into_bytes();
        let extracted = Secret::new(<[u8; 32]>::from(extracted));
        let expanded = mac(extracted.expose(), &[b"Caldera Derived Key", &[1]]).finalize().into_bytes();
        let expanded = Secret::new(<[u8; 32]>::from(expanded));
        let mut key = [0; 16];
        key.iter_mut().zip(expanded.expose()).for_each(|(to, from)| *to = *from);
        Self::from_bytes(key)
    }

    fn claim(&self, pool_name: &str, user_id: &str, secret_block: &[u8], timestamp: &str) -> Hmac<Sha256> {
        mac(self.bytes(), &[pool_name.as_bytes(), user_id.as_bytes(), secret_block, timestamp.as_bytes()])
    }
}

/// x = SHA-256(pad(salt) ‖ SHA-256(pool name ‖ user id ‖ ":" ‖ password)); the password as it is, never normalised.
pub(super) fn private_exponent(
    pool_name: &str,
    user_id: &str,
    password: &Secret<String>,
    padded_salt: &[u8],
) -> Secret<U256> {
    let identity = Sha256::new()
        .chain_update(pool_name)
        .chain_update(user_id)
        .chain_update(":")
        .chain_update(password.expose())
        .finalize();
    let identity = Secret::new(<[u8; 32]>::from(identity));
    let digest = Sha256::new().chain_update(padded_salt).chain_update(identity.expose()).finalize();
    Secret::new(U256::from_be_slice(&digest))
}

/// u = SHA-256(pad(A) ‖ pad(B)).
pub(super) fn scrambler(client: &PublicValue, server: &PublicValue) -> Result<U256, Error> {
    let digest = Sha256::new().chain_update(&client.padded).chain_update(&server.padded).finalize();
    let scrambler = U256::from_be_slice(&digest);
    if scrambler == U256::ZERO { Err(Error::ZeroScrambler) } else { Ok(scrambler) }
}

#[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
fn mac(key: &[u8], parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac = Hmac::new_from_slice(key).expect("HMAC takes keys of every length");
    for part in parts {
        mac.update(part);
    }
    mac
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TIMESTAMP: &str = "Tue Jan 2 03:04:05 UTC 2024";

    fn key() -> SessionKey {
        SessionKey::from_bytes([7; 16])
    }

    #[test]
    fn a_proof_holds_only_for_what_it_was_made_over() {
        let proof = key().sign("pool", "user", b"block", TIMESTAMP);
        assert_eq!(key().check("pool", "user", b"block", TIMESTAMP, &proof), Ok(()));
        let wrong = [
            key().check("loop", "user", b"block", TIMESTAMP, &proof),
            key().check("pool", "another", b"block", TIMESTAMP, &proof),
            key().check("pool", "user", b"clock", TIMESTAMP, &proof),
            key().check("pool", "user", b"block", "Tue Jan 02 03:04:05 UTC 2024", &proof),
            SessionKey::from_bytes([8; 16]).check("pool", "user", b"block", TIMESTAMP, &proof),
            key().check("pool", "user", b"block", TIMESTAMP, ""),
            key().check("pool", "user", b"block", TIMESTAMP, "AAAA"),
        ];
        assert_eq!(wrong, [const { Err(Error::WrongProof) }; 7]);
    }

    #[test]
    fn a_proof_that_is_not_base64_is_called_so() {
        let checked = key().check("pool", "user", b"block", TIMESTAMP, "%%%");
        assert_eq!(checked, Err(Error::NotBase64("PASSWORD_CLAIM_SIGNATURE")));
    }

    #[test]
    fn a_key_comes_back_from_where_it_was_kept() {
        let proof = SessionKey::from_bytes(*key().bytes()).sign("pool", "user", b"block", TIMESTAMP);
        assert_eq!(key().check("pool", "user", b"block", TIMESTAMP, &proof), Ok(()));
    }

    proptest! {
        #[test]
        fn no_proof_makes_the_check_panic(timestamp: String, proof in ".*|[A-Za-z0-9+/]{43}=") {
            prop_assert!(key().check("pool", "user", b"block", &timestamp, &proof).is_err());
        }
    }
}
