//! The account service's side.

use crypto_bigint::{CtSelect, U1024, U3072};
use sha2::{Digest, Sha256};

use super::Error;
use super::derive::{key, private_exponent, scrambler};
use super::group::{Element, GENERATOR, MULTIPLIER, PublicValue, WIDTH, padded};
use super::session_key::SessionKey;
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
        base16ct::lower::encode_string(&self.salt)
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
    /// Refuses an SRP_A longer than N before parsing (COG-16), and A ≡ 0 mod N. `random` is a sign, and b in 1023 bits.
    ///
    /// B = k·v ± g^b, where plain SRP has only plus. Since g = 2 is a square modulo N, B − k·v would always be one, and
    /// some dozen values of B, which anybody may ask for, would tell wrong guesses of the password from the right one
    /// without another question. Clients need not know: with a minus they arrive at S or at −S.
    pub fn answer(verifier: &Verifier, client_public_hex: &str, random: &Secret<[u8; 128]>) -> Result<Self, Error> {
        let client = PublicValue::parse("SRP_A", client_public_hex)?;
        let random = Secret::new(U1024::from_be_slice(random.expose()));
        let exponent = Secret::new(random.expose().bitand(&U1024::MAX.shr(1)));
        let plus = Secret::new(GENERATOR.pow(exponent.expose()));
        let minus = Secret::new(-*plus.expose());
        let share = Secret::new(plus.expose().ct_select(minus.expose(), random.expose().bit(U1024::BITS - 1)));
        let power = verifier.power.expose();
        let public = PublicValue::new(MULTIPLIER * *power + *share.expose())?;
        let scrambler = scrambler(&client, &public)?;
        // S = (A·v^u)^b
        let base = Secret::new(client.element * power.pow(&scrambler));
        let shared = Secret::new(base.expose().pow(exponent.expose()));
        let negated = Secret::new(-*shared.expose());
        let key = SessionKey::either(&key(&scrambler, &shared), &key(&scrambler, &negated));
        Ok(Self { public_hex: public.hex(), key })
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

#[cfg(test)]
mod tests {
    use crypto_bigint::JacobiSymbol;
    use proptest::prelude::*;

    use super::*;

    const POOL: &str = "AbCdEfGhI";
    const USER: &str = "11111111-2222-4333-8444-555555555555";

    fn verifier() -> Verifier {
        Verifier::new(POOL, USER, &"Correct-Horse 9é".into(), [0x5f; SALT])
    }

    fn b() -> Secret<[u8; 128]> {
        Secret::new([7; 128])
    }

    #[test]
    fn only_the_password_of_the_verifier_is_accepted() {
        let verifier = verifier();
        assert!(verifier.accepts(POOL, USER, &"Correct-Horse 9é".into()));
        for wrong in ["", "correct-horse 9é", "Correct-Horse 9é ", "Correct-Horse 9e\u{301}"] {
            assert!(!verifier.accepts(POOL, USER, &wrong.into()), "{wrong}");
        }
        assert!(!verifier.accepts(POOL, "somebody else", &"Correct-Horse 9é".into()));
        assert!(!verifier.accepts("another pool", USER, &"Correct-Horse 9é".into()));
    }

    #[test]
    fn a_salt_never_begins_with_zero() {
        let zeros = Verifier::new(POOL, USER, &"x".into(), [0; SALT]);
        assert_eq!(zeros.salt_hex(), "01000000000000000000000000000000");
        assert!(zeros.accepts(POOL, USER, &"x".into()));
        assert_eq!(verifier().salt_hex(), "5f".repeat(SALT));
    }

    #[test]
    fn a_verifier_comes_back_from_the_store() {
        let stored = verifier().to_bytes();
        let again = Verifier::from_bytes(stored.expose()).unwrap();
        assert!(again.accepts(POOL, USER, &"Correct-Horse 9é".into()));
        assert!(again.to_bytes().matches(stored.expose()));
    }

    #[test]
    fn stored_bytes_that_are_no_verifier_are_refused() {
        let good = verifier().to_bytes().expose().clone();
        let cut = good[..good.len() - 1].to_vec();
        let long = [good.as_slice(), &[0]].concat();
        let zero = [&good[..SALT], &[0; WIDTH]].concat();
        let above_the_modulus = [&good[..SALT], &[0xff; WIDTH]].concat();
        for bytes in [Vec::new(), cut, long, zero, above_the_modulus] {
            assert!(Verifier::from_bytes(&bytes).is_none(), "{bytes:?}");
        }
    }

    #[test]
    fn an_unknown_user_always_has_the_same_salt() {
        let (first, again, other) = (Verifier::fake(&[1; 32]), Verifier::fake(&[1; 32]), Verifier::fake(&[2; 32]));
        assert!(first.to_bytes().matches(again.to_bytes().expose()));
        assert_ne!(first.salt_hex(), other.salt_hex());
        assert!(!first.to_bytes().matches(other.to_bytes().expose()));
    }

    #[test]
    fn an_unknown_user_is_answered_like_a_known_one() {
        let fake = Verifier::fake(&[1; 32]);
        assert!(Verifier::from_bytes(fake.to_bytes().expose()).is_some());
        assert_eq!(fake.salt_hex().len(), verifier().salt_hex().len());
        assert!(Exchange::answer(&fake, "2", &b()).is_ok());
        // Like every power of g = 2, v is a square modulo N: nobody can tell the two apart by that.
        assert_eq!(fake.power.expose().jacobi_symbol(), JacobiSymbol::One);
        assert_eq!(verifier().power.expose().jacobi_symbol(), JacobiSymbol::One);
    }

    #[test]
    fn a_wrong_client_value_is_named() {
        for garbage in ["", "xyz", &"f".repeat(1 << 20)] {
            assert_eq!(Exchange::answer(&verifier(), garbage, &b()).unwrap_err(), Error::NotHex("SRP_A"));
        }
        assert_eq!(Exchange::answer(&verifier(), "00", &b()).unwrap_err(), Error::ZeroPublicValue);
    }

    #[test]
    fn what_the_service_shows_does_not_tell_the_right_password_from_a_wrong_one() {
        let verifier = verifier();
        let squares = (0..32_u8).filter(|turn| {
            let random = Secret::new(stretched(&[*turn; 32], "b"));
            let public = Exchange::answer(&verifier, "2", &random).unwrap().public_hex;
            let public = PublicValue::parse("B", &public).unwrap();
            let share = public.element - MULTIPLIER * *verifier.power.expose();
            share.jacobi_symbol() == JacobiSymbol::One
        });
        let count = squares.count();
        assert!((6..=26).contains(&count), "a guess is right if all 32 differences are squares; now {count} are");
    }

    #[test]
    fn capitals_in_the_client_value_make_no_difference() {
        let (lower, upper) = ("abcdef", "ABCDEF");
        let keys = [lower, upper].map(|hex| *Exchange::answer(&verifier(), hex, &b()).unwrap().key.bytes());
        assert_eq!(keys[0], keys[1]);
    }

    proptest! {
        #[test]
        fn no_bytes_make_reading_a_verifier_panic(bytes in prop::collection::vec(any::<u8>(), 0..420)) {
            let _ = Verifier::from_bytes(&bytes);
        }
    }
}
