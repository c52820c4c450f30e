//! The signing-in side.

use std::time::SystemTime;

use crypto_bigint::{U256, U1024, U1280};
use data_encoding::BASE64;

use super::group::{Element, GENERATOR, MULTIPLIER, PublicValue, parse_hex};
use super::session_key::{SessionKey, private_exponent, scrambler};
use super::{Error, timestamp};
use crate::base::Secret;

/// A started exchange; consumed by [`Client::prove`].
#[derive(Debug)]
pub struct Client {
    /// a
    exponent: Secret<U1024>,
    /// A
    public: PublicValue,
}

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
    /// `random` is a: 1024 bits, hence already below N.
    pub fn start(random: &Secret<[u8; 128]>) -> Result<Self, Error> {
        let exponent = Secret::new(U1024::from_be_slice(random.expose()));
        let public = PublicValue::new(GENERATOR.pow(exponent.expose()))?;
        Ok(Self { exponent, public })
    }

    /// SRP_A: lower-case hex without padding.
    pub fn public_hex(&self) -> String {
        self.public.hex()
    }

    pub fn prove(self, challenge: &Challenge<'_>, password: &Secret<String>, now: SystemTime) -> Result<Proof, Error> {
        let server = PublicValue::parse("SRP_B", challenge.server_public_hex)?;
        let salt = parse_hex("SALT", challenge.salt_hex)?;
        let secret_block =
            BASE64.decode(challenge.secret_block_base64.as_bytes()).map_err(|_| Error::NotBase64("SECRET_BLOCK"))?;
        let scrambler = scrambler(&self.public, &server)?;
        let x = private_exponent(challenge.pool_name, challenge.user_id, password, &salt);
        let key = SessionKey::derive(&scrambler, &self.shared(&server, &scrambler, &x));
        let timestamp = timestamp(now);
        let signature = key.sign(challenge.pool_name, challenge.user_id, &secret_block, &timestamp);
        Ok(Proof { timestamp, signature })
    }

    /// S = (B − k·g^x)^(a + u·x).
    fn shared(&self, server: &PublicValue, scrambler: &U256, x: &Secret<U256>) -> Secret<Element> {
        let verifier = Secret::new(GENERATOR.pow(x.expose()));
        let base = Secret::new(server.element - MULTIPLIER * *verifier.expose());
        let product = Secret::new(scrambler.concatenating_mul(x.expose()).resize());
        let exponent: Secret<U1280> = Secret::new(self.exponent.expose().resize().wrapping_add(product.expose()));
        Secret::new(base.expose().pow_bounded_exp(exponent.expose(), U1024::BITS + 1))
    }
}
