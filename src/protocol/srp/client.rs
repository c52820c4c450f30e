//! The signing-in side.

use std::time::SystemTime;

use base64ct::{Base64, Encoding};
use crypto_bigint::{U256, U1024, U1280};
use hmac::Mac;

use super::derive::{self, Claim, private_exponent, scrambler};
use super::group::{Element, GENERATOR, MULTIPLIER, PublicValue, parse_hex};
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
            Base64::decode_vec(challenge.secret_block_base64).map_err(|_| Error::NotBase64("SECRET_BLOCK"))?;
        let scrambler = scrambler(&self.public, &server)?;
        let x = private_exponent(challenge.pool_name, challenge.user_id, password, &salt);
        let key = derive::key(&scrambler, &self.shared(&server, &scrambler, &x));
        let timestamp = timestamp(now);
        let claim = Claim {
            pool_name: challenge.pool_name,
            user_id: challenge.user_id,
            secret_block: &secret_block,
            timestamp: &timestamp,
        };
        let signature = Base64::encode_string(&derive::signature(key.expose(), &claim).finalize().into_bytes());
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FINE: Challenge<'_> = Challenge {
        pool_name: "AbCdEfGhI",
        user_id: "11111111-2222-4333-8444-555555555555",
        salt_hex: "5f3c1d2e4b6a79880011223344556677",
        server_public_hex: "abcdef",
        secret_block_base64: "AAECAw==",
    };

    fn prove(challenge: &Challenge<'_>) -> Result<Proof, Error> {
        let client = Client::start(&Secret::new([7; 128])).unwrap();
        client.prove(challenge, &"Correct-Horse 9é".into(), SystemTime::UNIX_EPOCH)
    }

    #[test]
    fn a_challenge_of_garbage_is_an_error_that_names_the_field() {
        let wrong = [
            (Challenge { salt_hex: "xyz", ..FINE }, Error::NotHex("SALT")),
            (Challenge { salt_hex: "", ..FINE }, Error::NotHex("SALT")),
            (Challenge { server_public_hex: "", ..FINE }, Error::NotHex("SRP_B")),
            (Challenge { server_public_hex: &"f".repeat(1 << 20), ..FINE }, Error::NotHex("SRP_B")),
            (Challenge { server_public_hex: "0", ..FINE }, Error::ZeroPublicValue),
            (Challenge { secret_block_base64: "%%%", ..FINE }, Error::NotBase64("SECRET_BLOCK")),
            (Challenge { secret_block_base64: "AAECAw", ..FINE }, Error::NotBase64("SECRET_BLOCK")),
        ];
        for (challenge, error) in wrong {
            assert_eq!(prove(&challenge), Err(error), "{challenge:?}");
        }
    }

    #[test]
    fn capitals_in_the_challenge_make_no_difference() {
        let capitals = Challenge { salt_hex: "5F3C1D2E4B6A79880011223344556677", server_public_hex: "ABCDEF", ..FINE };
        assert_eq!(prove(&capitals), prove(&FINE));
    }

    #[test]
    fn a_client_does_not_print_its_secret() {
        let client = Client::start(&Secret::new([7; 128])).unwrap();
        assert!(format!("{client:?}").starts_with("Client { exponent: Secret,"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_challenge_makes_the_client_panic(
            pool_name: String,
            user_id: String,
            salt_hex in ".*|[0-9a-f]{1,40}",
            server_public_hex in ".*|[0-9a-f]{1,770}",
            secret_block_base64 in ".*|([A-Za-z0-9+/]{4})*",
        ) {
            let challenge = Challenge {
                pool_name: &pool_name,
                user_id: &user_id,
                salt_hex: &salt_hex,
                server_public_hex: &server_public_hex,
                secret_block_base64: &secret_block_base64,
            };
            let _ = prove(&challenge);
        }
    }
}
