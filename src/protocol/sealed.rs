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
