//! People with accounts.

use latchkey::protocol::totp::TotpSecret;

/// Somebody with an account at the service.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) password: String,
    pub(crate) totp: Option<TotpSecret>,
    pub(crate) recovery_code: Option<String>,
}

/// What a new account has besides its password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Factor {
    None,
    Authenticator,
    TextMessage,
    Both,
}
