//! SRP-6a as AWS Cognito does it (reference §1.3): 3072-bit group of RFC 5054, g = 2, SHA-256, Cognito's padding rule.
//! Judged by the reference's vectors and by third-party clients. Constant-time arithmetic (crypto-bigint).

mod client;
mod group;
mod server;
mod session_key;

pub use client::{Challenge, Client, Proof};
pub use server::{Exchange, Verifier};
pub use session_key::SessionKey;

use std::time::SystemTime;

use time::PrimitiveDateTime;
use time::format_description::StaticFormatDescription;
use time::macros::format_description;

use super::utc;

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

/// `Tue Jan 2 03:04:05 UTC 2024`: no zero before the day (COG-05).
pub fn timestamp(now: SystemTime) -> String {
    let date = utc::calendar(now);
    let (hour, minute, second) = date.as_hms();
    format!(
        "{:.3} {:.3} {} {hour:02}:{minute:02}:{second:02} UTC {:04}",
        date.weekday(),
        date.month(),
        date.day(),
        date.year()
    )
}

/// Reads what [`timestamp`] writes (a two-digit day with leading zero is refused).
pub fn parse_timestamp(text: &str) -> Option<SystemTime> {
    let time = utc::system_time(PrimitiveDateTime::parse(text, TIMESTAMP).ok()?)?;
    // The reader above is lenient, for instance about the weekday.
    (timestamp(time) == text).then_some(time)
}

const TIMESTAMP: StaticFormatDescription = format_description!(
    "[weekday repr:short] [month repr:short] [day padding:none] [hour]:[minute]:[second] UTC [year]"
);

#[cfg(test)]
mod tests {
    use data_encoding::{BASE64, HEXLOWER};
    use serde::Deserialize;

    use super::group::{PublicValue, parse_hex};
    use super::*;
    use crate::base::Secret;

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
            let salt = HEXLOWER.decode(vector.salt.as_bytes()).unwrap().try_into().unwrap();
            let verifier = Verifier::new(&vector.pool_name, &vector.user_id, &vector.password.as_str().into(), salt);
            assert_eq!(verifier.salt_hex(), vector.salt, "{}", vector.name);
            let exchange = Exchange::answer(&verifier, &vector.A, &random(&vector.b)).unwrap();
            assert_eq!(exchange.public_hex, vector.B, "{}", vector.name);
            assert_eq!(HEXLOWER.encode(exchange.key.bytes()), vector.K, "{}", vector.name);
            let block = BASE64.decode(vector.secret_block.as_bytes()).unwrap();
            let checked =
                exchange.key.check(&vector.pool_name, &vector.user_id, &block, &vector.timestamp, &vector.signature);
            assert_eq!(checked, Ok(()), "{}", vector.name);
        }
    }

    #[test]
    fn x_and_u_are_those_of_every_vector() {
        for vector in vectors() {
            let (client, server) = (public(&vector.A), public(&vector.B));
            let u = session_key::scrambler(&client, &server).unwrap();
            assert_eq!(format!("{u:x}").trim_start_matches('0'), vector.u, "{}", vector.name);
            let salt = parse_hex("SALT", &vector.salt).unwrap();
            let password = vector.password.as_str().into();
            let x = session_key::private_exponent(&vector.pool_name, &vector.user_id, &password, &salt);
            assert_eq!(format!("{:x}", x.expose()).trim_start_matches('0'), vector.x, "{}", vector.name);
        }
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
        let bytes = HEXLOWER.decode(format!("{hex:0>256}").as_bytes()).unwrap();
        Secret::new(bytes.try_into().unwrap())
    }
}
