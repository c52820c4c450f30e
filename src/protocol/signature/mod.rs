//! HTTP request signatures with an access key, both schemes of reference §4: draft-cavage (scheme A) and RFC 9421 (B).
//! Sign and verify; the verifier works on the request exactly as received. Judged by third-party signers and verifiers.

pub mod cavage;
pub mod message;

use std::time::SystemTime;

use super::access_key::KeyId;

/// One request as it is on the wire.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Upper case as sent, e.g. `POST`.
    pub method: &'a str,
    /// `http` or `https`.
    pub scheme: &'a str,
    /// Raw path and query, exactly as on the wire (SIG-01).
    pub target: &'a str,
    /// Every header in order; `host` must be among them.
    pub headers: &'a [(&'a str, &'a str)],
}

/// How far a signed time may be from the verifier's (reference §4.1: 300 s).
pub const CLOCK_WINDOW: std::time::Duration = std::time::Duration::from_secs(300);

/// A signature found in a request, not yet checked.
#[derive(Debug)]
pub enum Presented {
    Cavage(cavage::Signature),
    Message(message::Signature),
}

/// Why a signed request is refused; `Display` is the body the caller sees.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error(
        "The request carries no signature: send 'Authorization: Signature keyId=\"…\",…' or Signature-Input and Signature."
    )]
    Unsigned,
    #[error("The signature header cannot be read: {0}.")]
    Malformed(&'static str),
    #[error("The signature must cover {0}.")]
    MustCover(&'static str),
    #[error("The signature covers the header '{0}', which the request does not have.")]
    HeaderMissing(String),
    #[error("Invalid Date: the request has no date that can be read.")]
    NoDate,
    /// Positive: the caller is ahead.
    #[error("Invalid Date: the caller's clock is off by {off} s; at most {window} s are allowed.")]
    ClockOff { off: i64, window: u64 },
    #[error("The body is not the one that was signed.")]
    BodyChanged,
    #[error("The signature is not right for this request and key.")]
    WrongSignature,
    #[error("Only hmac-sha256 is supported.")]
    Algorithm,
}

impl Presented {
    /// Finds the one signature of a request, whichever scheme it is.
    pub fn find(headers: &[(&str, &str)]) -> Result<Self, Refusal> {
        todo!("{headers:?}")
    }
    /// Which key to look up.
    pub fn key_id(&self) -> &KeyId {
        todo!()
    }
    /// Coverage rules, clock window, digest where covered, then the HMAC in constant time.
    pub fn verify(&self, request: &Request<'_>, body: &[u8], secret: &[u8], now: SystemTime) -> Result<(), Refusal> {
        todo!("{request:?} {body:?} {secret:?} {now:?}")
    }
}
