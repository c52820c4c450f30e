//! The account service's side.

use crypto_bigint::{U1024, U3072};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::Error;
use super::group::{Element, GENERATOR, MULTIPLIER, PublicValue, WIDTH, padded};
use super::session_key::{SessionKey, private_exponent, scrambler};
use crate::base::Secret;

/// What the service keeps instead of a password: salt and v = g^x.
#[derive(Clone, Debug)]
pub struct Verifier {
    salt: [u8; SALT],
    /// v
    power: Secret<Element>,
}

/// The service's half of one exchange.
#[derive(Debug)]
pub struct Exchange {
    /// SRP_B, lower-case hex.
    pub public_hex: String,
    /// What the claim signature will be checked with; seal it into the secret block or a store.
    pub key: SessionKey,
}

impl Verifier {
    /// The salt is made canonical (no leading zero byte; reference §1.3 trap 1).
    pub fn new(pool_name: &str, user_id: &str, password: &Secret<String>, salt: [u8; 16]) -> Self {
        let salt = canonical(salt);
        Self { salt, power: power(pool_name, user_id, password, &salt) }
    }

    /// A verifier that no password opens, the same for the same seed: for unknown users. It costs no exponentiation,
    /// since reading a stored one costs none either.
    pub fn fake(seed: &[u8; 32]) -> Self {
        let number = U3072::from_be_slice(&stretched::<WIDTH>(seed, "verifier"));
        // A square, as every power of g is.
        Self { salt: canonical(stretched(seed, "salt")), power: Secret::new(Element::new(&number).square()) }
    }

    /// SALT: canonical lower-case hex.
    pub fn salt_hex(&self) -> String {
        HEXLOWER.encode(&self.salt)
    }

    /// Does this password belong to the verifier (USER_PASSWORD_AUTH)? Constant-time comparison of v.
    pub fn accepts(&self, pool_name: &str, user_id: &str, password: &Secret<String>) -> bool {
        let presented = Self { salt: self.salt, power: power(pool_name, user_id, password, &self.salt) };
        presented.to_bytes().matches(self.to_bytes().expose())
    }

    /// Stable bytes for the store: salt, then v as wide as N.
    pub fn to_bytes(&self) -> Secret<Vec<u8>> {
        Secret::new([&self.salt, self.power.expose().retrieve().to_be_bytes().as_ref()].concat())
    }

    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (salt, number) = bytes.split_first_chunk()?;
        let number = U3072::from_be_slice(number.first_chunk::<WIDTH>()?);
        let verifier = Self { salt: *salt, power: Secret::new(Element::new(&number)) };
        let written_by_us = verifier.to_bytes().matches(bytes) && number != U3072::ZERO;
        written_by_us.then_some(verifier)
    }
}

impl Exchange {
    /// Refuses an SRP_A longer than N before parsing (COG-16), and A ≡ 0 mod N. `random` is b.
    pub fn answer(verifier: &Verifier, client_public_hex: &str, random: &Secret<[u8; 128]>) -> Result<Self, Error> {
        let client = PublicValue::parse("SRP_A", client_public_hex)?;
        let exponent = Secret::new(U1024::from_be_slice(random.expose()));
        let power = verifier.power.expose();
        let public = PublicValue::new(MULTIPLIER * *power + GENERATOR.pow(exponent.expose()))?;
        let scrambler = scrambler(&client, &public)?;
        // S = (A·v^u)^b
        let base = Secret::new(client.element * power.pow(&scrambler));
        let shared = Secret::new(base.expose().pow(exponent.expose()));
        Ok(Self { public_hex: public.hex(), key: SessionKey::derive(&scrambler, &shared) })
    }
}

const SALT: usize = 16;

/// Some clients hash SALT as text, others as a number; without a zero byte in front both hash the same.
fn canonical(mut salt: [u8; SALT]) -> [u8; SALT] {
    salt[0] = salt[0].max(1);
    salt
}

fn power(pool_name: &str, user_id: &str, password: &Secret<String>, salt: &[u8; SALT]) -> Secret<Element> {
    Secret::new(GENERATOR.pow(private_exponent(pool_name, user_id, password, &padded(salt)).expose()))
}

/// Bytes that only depend on the seed and on what they are for.
fn stretched<const N: usize>(seed: &[u8; 32], purpose: &str) -> [u8; N] {
    let mut bytes = [0; N];
    for (place, part) in (0_u8..).zip(bytes.chunks_mut(32)) {
        let block = Sha256::new().chain_update(seed).chain_update(purpose).chain_update([place]).finalize();
        part.iter_mut().zip(block).for_each(|(to, from)| *to = from);
    }
    bytes
}
