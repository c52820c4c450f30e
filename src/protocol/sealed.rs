//! The sealed-file format: magic, format version, nonce, XChaCha20-Poly1305 over (kind, content version, content).
//! A file of a newer format or content version says so instead of failing as damaged (DEB-07).

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

/// `kind` names what is inside and is authenticated, so that one file cannot stand in for another.
pub fn seal(key: &SealingKey, kind: &str, generation: u64, nonce: [u8; 24], content: &[u8]) -> Vec<u8> {
    todo!("{key:?} {kind} {generation} {nonce:?} {content:?}")
}

pub fn open(key: &SealingKey, kind: &str, bytes: &[u8]) -> Result<Opened, Error> {
    todo!("{key:?} {kind} {bytes:?}")
}
