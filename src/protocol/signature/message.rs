//! RFC 9421 HTTP Message Signatures, the subset of reference §4.2.

use std::time::SystemTime;

use super::{Refusal, Request};
use crate::protocol::access_key::AccessKey;

/// A parsed pair of `Signature-Input` and `Signature`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {}

/// The two header values to add.
#[derive(Debug)]
pub struct Lines {
    pub signature_input: String,
    pub signature: String,
}

/// Label `remoteit`, components `"@method" "@authority" "@target-uri" "date"` (and `"content-digest"` when present),
/// params keyid, alg, created, expires = created + 300 s.
pub fn sign(key: &AccessKey, request: &Request<'_>, created: SystemTime) -> Result<Lines, Refusal> {
    todo!("{key:?} {request:?} {created:?}")
}

impl Signature {
    pub fn parse(signature_input: &str, signature: &str) -> Result<Self, Refusal> {
        todo!("{signature_input} {signature}")
    }
}
