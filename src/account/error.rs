//! What can go wrong with the account, as meanings of ours; every error of the Cognito catalogue (reference §1.9) maps to one.
//! `Display` is a sentence for the person that says what to do.

/// See the sentences.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("E-mail or password is not right. Check both and try again.")]
    WrongPassword,
    #[error("Too many tries. Wait {} and try again.", .wait.map_or("a few minutes".to_owned(), |wait| format!("{} seconds", wait.as_secs())))]
    TooManyTries { wait: Option<std::time::Duration> },
    #[error("That code is not right. Check it and try again.")]
    WrongCode,
    /// One of an authenticator app, which shows another soon.
    #[error("That code was used before or has expired. Wait for the next one.")]
    CodeUsed,
    /// One that was sent.
    #[error("That code was used before or has expired. Ask for a new one.")]
    CodeExpired,
    #[error("The sign-in took longer than the service waits. Sign in again.")]
    SignInExpired,
    /// From a provider, with the service's own words.
    #[error("The service does not take this return any more: {0} Begin again.")]
    ReturnLate(String),
    #[error("The mailed code is not right. Check the newest e-mail and try again.")]
    WrongMailedCode,
    #[error("The recovery code is not right, or was used before. Check it and try again.")]
    WrongRecoveryCode,
    #[error("This account's e-mail address is not confirmed yet. Use the link or code in the e-mail, then sign in.")]
    NotConfirmed,
    #[error("The password must be reset first. Reset it on the account's page, then sign in.")]
    PasswordResetRequired,
    #[error("The account is disabled. Ask whoever runs the account service.")]
    AccountDisabled,
    #[error("The service does not accept that password: {0}")]
    PasswordPolicy(String),
    #[error("The service asks for '{0}', which Latchkey cannot do. Sign in with an access key instead.")]
    UnsupportedChallenge(String),
    #[error("The service could not deliver the code. Try again later, or use another factor.")]
    CodeNotDelivered,
    #[error("This device belongs to another account. Its owner must sign out first.")]
    OwnedByAnother,
    #[error("That access key belongs to another account.")]
    KeyOfAnotherAccount,
    #[error("The service refused the access key: {0}")]
    KeyRefused(String),
    #[error("Nobody is signed in on this device. Sign in first.")]
    SignedOut,
    #[error("The access key was revoked. Sign in again.")]
    KeyRevoked,
    #[error("This device's clock is wrong{}. Set it, or wait for time synchronisation, and try again.", by(*.ahead_seconds))]
    ClockWrong { ahead_seconds: i64 },
    #[error("The account service cannot be reached. Check the network; what is kept here still works.")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error(
        "The network answered with a web page instead of the account service. It may want you to sign in to the network first."
    )]
    NotTheService,
    #[error("The account service has a problem. Try again in a few minutes.")]
    ServiceFault(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("The account service refused the request: {0}")]
    Refused(String),
    #[error("The service settings are not right: {0}")]
    Misconfigured(String),
    /// In the service's own words: what was typed cannot be used.
    #[error("{0}")]
    Unusable(String),
    /// In the service's own words: not while the account is as it is.
    #[error("{0}")]
    InTheWay(String),
    #[error("Sign in again first: this needs the password, and the second factor, of the last ten minutes.")]
    NotFresh,
    #[error("The account service does not offer this.")]
    NotOffered,
    #[error("That is not what the sign-in is waiting for. Reload and follow the page.")]
    OutOfTurn,
    #[error("That request cannot be signed. {0}")]
    NotSignable(String),
    #[error(transparent)]
    Keystore(#[from] crate::keystore::Error),
}

/// In the unit that a person would use.
fn by(seconds: i64) -> String {
    match seconds.unsigned_abs() {
        0..120 => String::new(),
        off @ 120..7200 => format!(" by {} minutes", off / 60),
        off @ 7200..172_800 => format!(" by {} hours", off / 3600),
        off => format!(" by {} days", off / 86_400),
    }
}

impl From<crate::protocol::signature::Refusal> for Error {
    fn from(refusal: crate::protocol::signature::Refusal) -> Self {
        Self::NotSignable(refusal.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_clock_is_told_in_the_unit_that_a_person_would_use() {
        for (ahead_seconds, told) in [
            (0, "wrong."),
            (-600, "wrong by 10 minutes."),
            (4 * 3600, "wrong by 4 hours."),
            (-1_700_000_000, "wrong by 19675 days."),
        ] {
            let sentence = Error::ClockWrong { ahead_seconds }.to_string();
            assert!(sentence.contains(told), "{sentence}");
        }
    }
}
