//! What the service checks a proof with.

use base64ct::{Base64, Encoding};
use hmac::Mac;

use super::Error;
use super::derive::{Claim, signature};
use crate::base::Secret;

/// The two keys of which an honest client holds one; see [`super::Exchange::answer`].
#[derive(Clone, Debug)]
pub struct SessionKey(Secret<[u8; 32]>);

impl SessionKey {
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Secret::new(bytes))
    }

    pub fn bytes(&self) -> &[u8; 32] {
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
        let presented =
            Base64::decode_vec(signature_base64).map_err(|_| Error::NotBase64("PASSWORD_CLAIM_SIGNATURE"))?;
        let claim = Claim { pool_name, user_id, secret_block, timestamp };
        let (keys, _) = self.bytes().as_chunks();
        // Both are always tried, so that the time taken does not tell which one was right.
        let tried = keys.iter().map(|key| signature(key, &claim).verify_slice(&presented));
        if tried.fold(false, |right, checked| right | checked.is_ok()) { Ok(()) } else { Err(Error::WrongProof) }
    }

    pub(super) fn either(first: &Secret<[u8; 16]>, second: &Secret<[u8; 16]>) -> Self {
        let mut both = [0; 32];
        both.iter_mut().zip(first.expose().iter().chain(second.expose())).for_each(|(to, from)| *to = *from);
        Self::from_bytes(both)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TIMESTAMP: &str = "Tue Jan 2 03:04:05 UTC 2024";

    const FIRST: [u8; 16] = [7; 16];
    const SECOND: [u8; 16] = [9; 16];

    fn key() -> SessionKey {
        SessionKey::either(&Secret::new(FIRST), &Secret::new(SECOND))
    }

    fn proof(key: [u8; 16]) -> String {
        let claim = Claim { pool_name: "pool", user_id: "user", secret_block: b"block", timestamp: TIMESTAMP };
        Base64::encode_string(&signature(&key, &claim).finalize().into_bytes())
    }

    #[test]
    fn a_proof_holds_only_for_what_it_was_made_over() {
        let proof = proof(FIRST);
        assert_eq!(key().check("pool", "user", b"block", TIMESTAMP, &proof), Ok(()));
        let wrong = [
            key().check("loop", "user", b"block", TIMESTAMP, &proof),
            key().check("pool", "another", b"block", TIMESTAMP, &proof),
            key().check("pool", "user", b"clock", TIMESTAMP, &proof),
            key().check("pool", "user", b"block", "Tue Jan 02 03:04:05 UTC 2024", &proof),
            SessionKey::from_bytes([8; 32]).check("pool", "user", b"block", TIMESTAMP, &proof),
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
        let again = SessionKey::from_bytes(*key().bytes());
        assert_eq!(again.check("pool", "user", b"block", TIMESTAMP, &proof(FIRST)), Ok(()));
    }

    #[test]
    fn a_proof_with_either_key_is_right() {
        assert_eq!(key().check("pool", "user", b"block", TIMESTAMP, &proof(SECOND)), Ok(()));
        assert_eq!(key().check("pool", "user", b"block", TIMESTAMP, &proof([8; 16])), Err(Error::WrongProof));
    }

    proptest! {
        #[test]
        fn no_proof_makes_the_check_panic(timestamp: String, proof in ".*|[A-Za-z0-9+/]{43}=") {
            prop_assert!(key().check("pool", "user", b"block", &timestamp, &proof).is_err());
        }
    }
}
