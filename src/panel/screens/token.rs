//! What a cookie holds: 256 random bits. The panel keeps only the hash of it.

use base64ct::{Base64UrlUnpadded, Encoding};
use sha2::{Digest, Sha256};

use crate::base::{Entropy, Secret};

/// Shown to one browser only.
#[derive(Clone, Debug)]
pub(crate) struct Token(Secret<[u8; 32]>);

/// What is kept of a token; useless to whoever steals it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TokenHash(pub(crate) [u8; 32]);

impl Token {
    pub(crate) fn new(entropy: &Entropy) -> Self {
        Self(entropy.secret())
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bytes = Secret::new(Base64UrlUnpadded::decode_vec(text).ok()?);
        Some(Self(Secret::new(bytes.expose().as_slice().try_into().ok()?)))
    }

    pub(crate) fn text(&self) -> Secret<String> {
        Secret::new(Base64UrlUnpadded::encode_string(self.0.expose()))
    }

    pub(crate) fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0.expose()).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_back_from_its_text() {
        let token = Token::new(&Entropy::repeatable(1));
        let text = token.text();
        assert_eq!(text.expose().len(), 43);
        assert_eq!(Token::parse(text.expose()).map(|read| read.hash()), Some(token.hash()));
    }

    #[test]
    fn what_is_no_token_is_not_read() {
        assert!(Token::parse("").is_none());
        assert!(Token::parse("AAAA").is_none());
        assert!(Token::parse("=".repeat(43).as_str()).is_none());
    }
}
