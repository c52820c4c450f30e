//! The sealed-file format: magic, format version, generation, nonce, then the content under XChaCha20-Poly1305. All that
//! stands before the content, and the kind of content, is authenticated with it.
//! A file of a newer format says so instead of failing as damaged (DEB-07).

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};

use crate::base::Secret;

/// 32 bytes.
pub type SealingKey = Secret<[u8; 32]>;

/// What a sealed file held.
#[derive(Debug)]
pub struct Opened {
    /// Counts up with every write; the higher of two good generations is the newer.
    pub generation: u64,
    pub content: Secret<Vec<u8>>,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("it is not a sealed file")]
    NotSealed,
    #[error("it was written by a newer version (format {0})")]
    Newer(u16),
    #[error("it is damaged, or sealed with another key")]
    Damaged,
}

const MAGIC: &[u8; 8] = b"latchkey";
const FORMAT: u16 = 1;

/// `kind` names what is inside and is authenticated, so that one file cannot stand in for another.
pub fn seal(key: &SealingKey, kind: &str, generation: u64, nonce: [u8; 24], content: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    file.extend(MAGIC);
    file.extend(FORMAT.to_be_bytes());
    file.extend(generation.to_be_bytes());
    file.extend(nonce);
    let aad = [&file, kind.as_bytes()].concat();
    #[expect(clippy::expect_used, reason = "it fails only for contents of 256 GiB")]
    let sealed = cipher(key).encrypt(&nonce.into(), Payload { msg: content, aad: &aad }).expect("the content is short");
    file.extend(sealed);
    file
}

/// Gives the content back if not one bit of it, of its kind or of what stands before it is another.
pub fn open(key: &SealingKey, kind: &str, bytes: &[u8]) -> Result<Opened, Error> {
    let after_magic = bytes.strip_prefix(MAGIC).ok_or(Error::NotSealed)?;
    let (format, rest) = after_magic.split_first_chunk().ok_or(Error::Damaged)?;
    let format = u16::from_be_bytes(*format);
    if format > FORMAT {
        return Err(Error::Newer(format));
    }
    let (generation, rest) = rest.split_first_chunk().ok_or(Error::Damaged)?;
    let (nonce, sealed) = rest.split_first_chunk::<24>().ok_or(Error::Damaged)?;
    let head = bytes.strip_suffix(sealed).ok_or(Error::Damaged)?;
    let aad = [head, kind.as_bytes()].concat();
    let content = cipher(key).decrypt(&(*nonce).into(), Payload { msg: sealed, aad: &aad });
    let content = content.map_err(|_| Error::Damaged)?;
    Ok(Opened { generation: u64::from_be_bytes(*generation), content: Secret::new(content) })
}

fn cipher(key: &SealingKey) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.expose().into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Made by another implementation: OpenSSL's ChaCha20-Poly1305 under an HChaCha20 written in Python, which agrees with
    /// draft-irtf-cfrg-xchacha-03, appendix A.3.1.
    const KEPT: &str = "6c617463686b657900010000000000000007404142434445464748494a4b4c4d4e4f505152535455565786641280\
                        7b99877a907707a729cc6d527f105776879721602c6d3427";

    #[test]
    fn a_file_of_this_format_can_always_be_opened() {
        let file = base16ct::lower::decode_vec(KEPT.as_bytes()).unwrap();
        let opened = open(&key(), "access-key", &file).unwrap();
        assert_eq!((opened.generation, opened.content.expose().as_slice()), (7, b"what is kept".as_slice()));
        let nonce = std::array::from_fn(|place| 0x40 + u8::try_from(place).unwrap());
        assert_eq!(seal(&key(), "access-key", 7, nonce, b"what is kept"), file);
    }

    #[test]
    fn a_newer_format_is_told_apart_from_damage() {
        let mut file = seal(&key(), "access-key", 1, [0; 24], b"x");
        file[9] = 2;
        assert_eq!(open(&key(), "access-key", &file).unwrap_err(), Error::Newer(2));
        file[9] = 0;
        assert_eq!(open(&key(), "access-key", &file).unwrap_err(), Error::Damaged);
    }

    #[test]
    fn a_file_opens_only_with_its_key_and_as_its_kind() {
        let file = seal(&key(), "access-key", 1, [0; 24], b"x");
        assert_eq!(open(&Secret::new([0; 32]), "access-key", &file).unwrap_err(), Error::Damaged);
        assert_eq!(open(&key(), "sessions", &file).unwrap_err(), Error::Damaged);
    }

    proptest! {
        #[test]
        fn what_was_sealed_is_opened(generation in any::<u64>(), nonce in any::<[u8; 24]>(), content in any::<Vec<u8>>()) {
            let opened = open(&key(), "kind", &seal(&key(), "kind", generation, nonce, &content)).unwrap();
            prop_assert_eq!((opened.generation, opened.content.expose()), (generation, &content));
        }

        #[test]
        fn any_flipped_bit_is_refused(content in any::<Vec<u8>>(), place in any::<prop::sample::Index>(), bit in 0..8) {
            let mut file = seal(&key(), "kind", 1, [7; 24], &content);
            let place = place.index(file.len());
            file[place] ^= 1u8 << bit;
            prop_assert!(open(&key(), "kind", &file).is_err());
        }

        #[test]
        fn any_cut_is_refused(content in any::<Vec<u8>>(), length in any::<prop::sample::Index>()) {
            let file = seal(&key(), "kind", 1, [7; 24], &content);
            prop_assert!(open(&key(), "kind", &file[..length.index(file.len())]).is_err());
        }

        #[test]
        fn no_bytes_stop_the_reader(bytes in any::<Vec<u8>>()) {
            prop_assert!(open(&key(), "kind", &bytes).is_err());
            prop_assert!(open(&key(), "kind", &[MAGIC.as_slice(), &bytes].concat()).is_err());
        }
    }

    fn key() -> SealingKey {
        Secret::new(std::array::from_fn(|place| 0x80 + u8::try_from(place).unwrap()))
    }
}
