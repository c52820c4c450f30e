//! What both sides compute from the numbers: x, u, K, and the signature over the claim.

use crypto_bigint::U256;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use super::Error;
use super::group::{Element, PublicValue, padded};
use crate::base::Secret;
use crate::base::mac::hmac_sha256;

/// Whose password is claimed to be known, and what the proof is bound to.
pub(super) struct Claim<'a> {
    pub(super) pool_name: &'a str,
    pub(super) user_id: &'a str,
    pub(super) secret_block: &'a [u8],
    pub(super) timestamp: &'a str,
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

/// K: HKDF-SHA256 with salt u and key material S, one block of output cut to 16 bytes.
pub(super) fn key(scrambler: &U256, shared: &Secret<Element>) -> Secret<[u8; 16]> {
    let shared = Secret::new(padded(shared.expose().retrieve().to_be_bytes().as_ref()));
    let extracted = hmac_sha256(&padded(scrambler.to_be_bytes().as_ref()), &[shared.expose()]).finalize().into_bytes();
    let extracted = Secret::new(<[u8; 32]>::from(extracted));
    let expanded = hmac_sha256(extracted.expose(), &[b"Caldera Derived Key", &[1]]).finalize().into_bytes();
    let expanded = Secret::new(<[u8; 32]>::from(expanded));
    let mut key = [0; 16];
    key.iter_mut().zip(expanded.expose()).for_each(|(to, from)| *to = *from);
    Secret::new(key)
}

/// What PASSWORD_CLAIM_SIGNATURE is, before base64.
pub(super) fn signature(key: &[u8; 16], claim: &Claim<'_>) -> Hmac<Sha256> {
    let Claim { pool_name, user_id, secret_block, timestamp } = claim;
    hmac_sha256(key, &[pool_name.as_bytes(), user_id.as_bytes(), secret_block, timestamp.as_bytes()])
}
