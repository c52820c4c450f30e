//! HTTP request signatures with an access key, both schemes of reference §4: draft-cavage (scheme A) and RFC 9421 (B).
//! Sign and verify; the verifier works on the request exactly as received. Judged by third-party signers and verifiers.

pub mod cavage;
mod digest;
mod freshness;
pub mod message;
mod outgoing;
mod request;
mod scanner;
mod structured;

use std::time::SystemTime;

use hmac::Mac;

use super::access_key::KeyId;
use crate::base::mac::hmac_sha256;

pub use outgoing::{Scheme, sign_url};
pub use request::Request;

/// How far a signed time may be from the verifier's (reference §4.1: 300 s).
pub const CLOCK_WINDOW: std::time::Duration = std::time::Duration::from_secs(300);

/// A signature found in a request, not yet checked.
#[derive(Debug)]
pub enum Presented {
    Cavage(cavage::Signature),
    Message(message::Signature),
}

/// Why a request is refused, or cannot be signed; `Display` is what the caller sees.
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
    #[error("The header '{0}' has a line break in it, so it cannot be signed.")]
    LineBreak(String),
    #[error("Invalid Date: the request has no date that can be read.")]
    NoDate,
    /// Positive: the caller is ahead.
    #[error("Invalid Date: the caller's clock is off by {off} s; at most {window} s are allowed.")]
    ClockOff { off: i64, window: u64 },
    #[error("Invalid Date: the signature has expired.")]
    Expired,
    #[error("The body is not the one that was signed.")]
    BodyChanged,
    #[error("The signature is not right for this request and key.")]
    WrongSignature,
    #[error("Only hmac-sha256 is supported.")]
    Algorithm,
    #[error("The method must be one word, such as GET or POST.")]
    Method,
    #[error("The URL must be absolute, start with http:// or https://, and hold no user name or blanks.")]
    Url,
}

impl Presented {
    /// Finds the one signature of a request, whichever scheme it is; `Authorization: Signature` wins over scheme B.
    pub fn find(headers: &[(&str, &str)]) -> Result<Self, Refusal> {
        let authorization = request::header(headers, "authorization").unwrap_or_default();
        if cavage::is_meant_by(&authorization) {
            return cavage::Signature::parse(&authorization).map(Self::Cavage);
        }
        let input = request::header(headers, "signature-input").ok_or(Refusal::Unsigned)?;
        let signature = request::header(headers, "signature").ok_or(Refusal::Unsigned)?;
        message::Signature::parse(&input, &signature).map(Self::Message)
    }

    /// Which key to look up.
    pub fn key_id(&self) -> &KeyId {
        match self {
            Self::Cavage(signature) => signature.key_id(),
            Self::Message(signature) => signature.key_id(),
        }
    }

    /// Coverage rules, clock window, digest where covered, then the HMAC in constant time.
    pub fn verify(&self, request: &Request<'_>, body: &[u8], secret: &[u8], now: SystemTime) -> Result<(), Refusal> {
        match self {
            Self::Cavage(signature) => signature.verify(request, body, secret, now),
            Self::Message(signature) => signature.verify(request, body, secret, now),
        }
    }
}

fn tag(secret: &[u8], text: &str) -> Vec<u8> {
    hmac_sha256(secret, &[text.as_bytes()]).finalize().into_bytes().to_vec()
}

fn check_tag(secret: &[u8], text: &str, presented: &[u8]) -> Result<(), Refusal> {
    hmac_sha256(secret, &[text.as_bytes()]).verify_slice(presented).map_err(|_| Refusal::WrongSignature)
}
