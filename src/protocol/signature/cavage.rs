//! draft-cavage-http-signatures: `Authorization: Signature keyId="…",algorithm="hmac-sha256",headers="…",signature="…"`.

use super::{Refusal, Request};
use crate::protocol::access_key::AccessKey;

/// A parsed `Authorization: Signature …`; printing it gives back an equal header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {}

/// Header lines to add (`authorization`). `cover` lists the names in order, e.g. [`USUAL`]; every covered header
/// must be in the request. The caller has set `host` and `date` itself (SIG-10).
pub fn sign(key: &AccessKey, request: &Request<'_>, cover: &[&str]) -> Result<String, Refusal> {
    todo!("{key:?} {request:?} {cover:?}")
}

/// What official clients cover.
pub const USUAL: &[&str] = &["(request-target)", "host", "date", "content-type", "content-length"];

impl Signature {
    /// The value of an `Authorization` header; never panics (SIG-05, SIG-06, SIG-07).
    pub fn parse(authorization: &str) -> Result<Self, Refusal> {
        todo!("{authorization}")
    }
}
