//! SRP-6a as AWS Cognito does it (reference §1.3): 3072-bit group 15 of RFC 3526, g = 2, SHA-256, Cognito's padding rule.
//! Judged by the reference's vectors and by third-party clients. Constant-time arithmetic (crypto-bigint).

mod client;
mod derive;
mod group;
mod server;
mod session_key;
mod timestamp;

pub use client::{Challenge, Client, Proof};
pub use server::{Exchange, Verifier};
pub use session_key::SessionKey;
pub use timestamp::{parse_timestamp, timestamp};

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("a public value is zero modulo N")]
    ZeroPublicValue,
    #[error("the scrambling parameter u is zero")]
    ZeroScrambler,
    #[error("{0} is not hexadecimal, or too long")]
    NotHex(&'static str),
    #[error("{0} is not base64")]
    NotBase64(&'static str),
    #[error("the proof is not right")]
    WrongProof,
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use base64ct::{Base64, Encoding};
    use crypto_bigint::U1024;
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::group::{Element, GENERATOR, MULTIPLIER, PublicValue, parse_hex};
    use super::*;
    use crate::base::Secret;

    const POOL: &str = "AbCdEfGhI";
    const USER: &str = "11111111-2222-4333-8444-555555555555";
    const PASSWORD: &str = "secret 12! ";

    #[derive(Deserialize)]
    struct Vectors {
        cases: Vec<Vector>,
    }

    #[derive(Deserialize)]
    #[expect(non_snake_case, reason = "the names of SRP-6a")]
    struct Vector {
        name: String,
        pool_name: String,
        user_id: String,
        password: String,
        salt: String,
        a: String,
        b: String,
        A: String,
        B: String,
        x: String,
        u: String,
        K: String,
        secret_block: String,
        timestamp: String,
        signature: String,
    }

    fn vectors() -> Vec<Vector> {
        let text = include_str!("../../../tests/vectors/srp.json");
        serde_json::from_str::<Vectors>(text).unwrap().cases
    }

    #[test]
    fn the_client_gives_the_proof_of_every_vector() {
        for vector in vectors() {
            let client = Client::start(&random(&vector.a)).unwrap();
            assert_eq!(client.public_hex(), vector.A, "{}", vector.name);
            let now = parse_timestamp(&vector.timestamp).unwrap();
            let proof = client.prove(&challenge(&vector), &vector.password.as_str().into(), now).unwrap();
            let expected = Proof { timestamp: vector.timestamp, signature: vector.signature };
            assert_eq!(proof, expected, "{}", vector.name);
        }
    }

    #[test]
    fn the_server_gives_the_public_value_and_key_of_every_vector() {
        for vector in vectors().into_iter().filter(|vector| vector.salt.len() == 32) {
            let salt = base16ct::lower::decode_vec(vector.salt.as_bytes()).unwrap().try_into().unwrap();
            let verifier = Verifier::new(&vector.pool_name, &vector.user_id, &vector.password.as_str().into(), salt);
            assert_eq!(verifier.salt_hex(), vector.salt, "{}", vector.name);
            let exchange = Exchange::answer(&verifier, &vector.A, &random(&vector.b)).unwrap();
            assert_eq!(exchange.public_hex, vector.B, "{}", vector.name);
            let keys = exchange.key.bytes().chunks(16).map(base16ct::lower::encode_string).collect::<Vec<_>>();
            assert!(keys.contains(&vector.K), "{}: {keys:?}", vector.name);
            let block = Base64::decode_vec(&vector.secret_block).unwrap();
            let checked =
                exchange.key.check(&vector.pool_name, &vector.user_id, &block, &vector.timestamp, &vector.signature);
            assert_eq!(checked, Ok(()), "{}", vector.name);
        }
    }

    #[test]
    fn x_and_u_are_those_of_every_vector() {
        for vector in vectors() {
            let (client, server) = (public(&vector.A), public(&vector.B));
            let u = derive::scrambler(&client, &server).unwrap();
            assert_eq!(format!("{u:x}").trim_start_matches('0'), vector.u, "{}", vector.name);
            let salt = parse_hex("SALT", &vector.salt).unwrap();
            let password = vector.password.as_str().into();
            let x = derive::private_exponent(&vector.pool_name, &vector.user_id, &password, &salt);
            assert_eq!(format!("{:x}", x.expose()).trim_start_matches('0'), vector.x, "{}", vector.name);
        }
    }

    #[test]
    fn a_wrong_password_gives_no_proof() {
        assert_eq!(sign_in(&verifier(), PASSWORD, 11, 13), Ok(()));
        assert_eq!(sign_in(&verifier(), "secret 12!", 11, 13), Err(Error::WrongProof));
        assert_eq!(sign_in(&Verifier::fake(&[1; 32]), PASSWORD, 11, 13), Err(Error::WrongProof));
    }

    #[test]
    fn client_values_of_every_shape_lead_to_agreement() {
        for shape in SHAPES {
            let a = (3060..).find(|a| shape(&hex(power_of_two(*a)), N_DIGITS)).unwrap();
            assert_eq!(agreement(a, 1), Ok(()), "a = {a}");
        }
    }

    #[test]
    fn server_values_of_every_shape_lead_to_agreement() {
        let kv = MULTIPLIER * v();
        for shape in SHAPES {
            let b = (1..).find(|b| shape(&hex(kv + power_of_two(*b)), N_DIGITS)).unwrap();
            assert_eq!(agreement(1, b), Ok(()), "b = {b}");
        }
    }

    #[test]
    fn scramblers_of_every_shape_lead_to_agreement() {
        let server = PublicValue::new(MULTIPLIER * v() + GENERATOR).unwrap();
        for shape in SHAPES {
            let u = |a| derive::scrambler(&PublicValue::new(power_of_two(a)).unwrap(), &server).unwrap();
            let a = (1..).find(|a| shape(format!("{:x}", u(*a)).trim_start_matches('0'), U_DIGITS)).unwrap();
            assert_eq!(agreement(a, 1), Ok(()), "a = {a}");
        }
    }

    #[test]
    fn shared_secrets_of_every_shape_lead_to_agreement() {
        let v = v();
        let server = PublicValue::new(MULTIPLIER * v + GENERATOR).unwrap();
        // With b = 1, S = A·v^u.
        let shared = |a| {
            let client = PublicValue::new(power_of_two(a)).unwrap();
            client.element * v.pow(&derive::scrambler(&client, &server).unwrap())
        };
        for shape in SHAPES {
            let a = (1..).find(|a| shape(&hex(shared(*a)), N_DIGITS)).unwrap();
            assert_eq!(agreement(a, 1), Ok(()), "a = {a}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn client_and_server_agree(
            a in exponent(),
            b in exponent(),
            salt: [u8; 16],
            (pool, user, password) in any::<(String, String, String)>(),
            block: Vec<u8>,
            now in 0_u64..253_402_300_800,
        ) {
            let password = Secret::new(password);
            let verifier = Verifier::new(&pool, &user, &password, salt);
            let client = Client::start(&Secret::new(a)).unwrap();
            let exchange = Exchange::answer(&verifier, &client.public_hex(), &Secret::new(b)).unwrap();
            let challenge = Challenge {
                pool_name: &pool,
                user_id: &user,
                salt_hex: &verifier.salt_hex(),
                server_public_hex: &exchange.public_hex,
                secret_block_base64: &Base64::encode_string(&block),
            };
            let proof = client.prove(&challenge, &password, at(now)).unwrap();
            let checked = exchange.key.check(&pool, &user, &block, &proof.timestamp, &proof.signature);
            prop_assert_eq!(checked, Ok(()));
        }
    }

    const N_DIGITS: usize = 768;
    const U_DIGITS: usize = 64;

    /// A byte shorter than usual; of odd length; with a first bit that reads as a sign; with one that does not.
    const SHAPES: [fn(&str, usize) -> bool; 4] = [
        |hex, digits| hex.len() <= digits - 2,
        |hex, digits| hex.len() == digits - 1,
        |hex, digits| hex.len() == digits && hex.starts_with(|digit| matches!(digit, '8' | '9' | 'a'..='f')),
        |hex, digits| hex.len() == digits && hex.starts_with(|digit| matches!(digit, '1'..='7')),
    ];

    fn agreement(a: u64, b: u64) -> Result<(), Error> {
        sign_in(&verifier(), PASSWORD, a, b)
    }

    fn sign_in(verifier: &Verifier, password: &str, a: u64, b: u64) -> Result<(), Error> {
        let [a, b] = [a, b].map(|small| Secret::new(U1024::from_u64(small).to_be_bytes().into()));
        let client = Client::start(&a).unwrap();
        let exchange = Exchange::answer(verifier, &client.public_hex(), &b).unwrap();
        let challenge = Challenge {
            pool_name: POOL,
            user_id: USER,
            salt_hex: &verifier.salt_hex(),
            server_public_hex: &exchange.public_hex,
            secret_block_base64: "AAECAw==",
        };
        let proof = client.prove(&challenge, &password.into(), at(1_704_164_645)).unwrap();
        exchange.key.check(POOL, USER, &[0, 1, 2, 3], &proof.timestamp, &proof.signature)
    }

    fn verifier() -> Verifier {
        Verifier::new(POOL, USER, &PASSWORD.into(), [1; 16])
    }

    fn v() -> Element {
        GENERATOR.pow(derive::private_exponent(POOL, USER, &PASSWORD.into(), &[1; 16]).expose())
    }

    /// Found by doubling, which is cheap.
    fn power_of_two(exponent: u64) -> Element {
        (1..exponent).fold(GENERATOR, |power, _| power.double())
    }

    fn hex(element: Element) -> String {
        PublicValue::new(element).unwrap().hex()
    }

    /// 128 random bytes, or a small number in them.
    fn exponent() -> impl Strategy<Value = [u8; 128]> {
        prop_oneof![
            prop::collection::vec(any::<u8>(), 128).prop_map(|bytes| bytes.try_into().unwrap()),
            (1_u64..4096).prop_map(|small| U1024::from_u64(small).to_be_bytes().into()),
        ]
    }

    fn at(unix: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(unix)
    }

    fn challenge(vector: &Vector) -> Challenge<'_> {
        Challenge {
            pool_name: &vector.pool_name,
            user_id: &vector.user_id,
            salt_hex: &vector.salt,
            server_public_hex: &vector.B,
            secret_block_base64: &vector.secret_block,
        }
    }

    fn public(hex: &str) -> PublicValue {
        PublicValue::parse("A", hex).unwrap()
    }

    fn random(hex: &str) -> Secret<[u8; 128]> {
        let bytes = base16ct::lower::decode_vec(format!("{hex:0>256}").as_bytes()).unwrap();
        Secret::new(bytes.try_into().unwrap())
    }
}
