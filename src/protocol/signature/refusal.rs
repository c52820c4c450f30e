//! Why a signature is refused, in words for people and one word for programs.

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

impl Refusal {
    /// One word for programs, such as `CLOCK_OFF`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unsigned => "UNSIGNED",
            Self::Malformed(_) => "MALFORMED",
            Self::MustCover(_) => "MUST_COVER",
            Self::HeaderMissing(_) => "HEADER_MISSING",
            Self::LineBreak(_) => "LINE_BREAK",
            Self::NoDate => "NO_DATE",
            Self::ClockOff { .. } => "CLOCK_OFF",
            Self::Expired => "SIGNATURE_EXPIRED",
            Self::BodyChanged => "BODY_CHANGED",
            Self::WrongSignature => "WRONG_SIGNATURE",
            Self::Algorithm => "ALGORITHM",
            Self::Method | Self::Url => "CANNOT_BE_SIGNED",
        }
    }
}
