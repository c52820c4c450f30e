//! Two-factor authentication as its owner manages it: factors on and off, authenticator apps, texts, recovery codes, and the
//! proof that a change needs. Nothing here knows HTTP: Cognito's operations, the auth API and the portal say who is signed in.
//!
//! While no factor is on, a sign-in of any age may turn one on: clients of remote.it do it hours after the sign-in and could
//! not ask for more; the owner hears of it by mail. From then on every change needs a fresh proof (`proof`).

mod change;
mod enrolment;
pub(crate) mod notices;
mod proof;
#[cfg(test)]
mod races;
mod recovery_codes;
#[cfg(test)]
mod tests;
pub(crate) mod texts;

pub(crate) use change::{Preference, prefer, set, set_up};
pub(crate) use enrolment::{begin, confirm, hand_out, see_code};
pub(crate) use proof::{Deed, check, check_phone_change};
pub(crate) use recovery_codes::{left, make};

use std::time::Duration;

use super::delivery::Undelivered;
use super::site::Site;
use super::store::{self, Account, Family};
use super::tokens::Refusal;
use super::{Error as ServiceError, caller};

/// Somebody with a sign-in that stands.
pub(crate) struct SignedIn {
    pub(crate) account: Account,
    pub(crate) family: Family,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("Sign in again with your second factor, then {0} within 10 minutes.")]
    NotFresh(Deed),
    #[error("Set up an authenticator app first: scan its QR code and type the code that it shows.")]
    NoAuthenticator,
    #[error("Add and verify your phone number first.")]
    NoPhone,
    #[error("There is no authenticator app to be set up; ask for a new QR code.")]
    NoEnrolment,
    #[error("Code mismatch")]
    WrongCode,
    #[error("Turn two-factor authentication on first; recovery codes are for people who lose their second factor.")]
    NothingOn,
    /// For how long yet.
    #[error("Too many text messages were sent. Wait, then ask again.")]
    TooManyTexts(Duration),
    /// For how long yet.
    #[error("Attempt limit exceeded, please try after some time.")]
    TooManyTries(Duration),
    #[error(transparent)]
    NotDelivered(#[from] Undelivered),
    /// The sentence that says whose second factor it is.
    #[error("{0}")]
    AtProvider(String),
    #[error("Something went wrong in the service.")]
    Store(#[from] store::Error),
    #[error("Something went wrong in the service.")]
    Service(#[from] ServiceError),
}

impl SignedIn {
    /// Who an access token stands for, and by which sign-in.
    pub(crate) async fn by_token(site: &Site, token: &str) -> Result<Self, caller::Error> {
        let (account, access) = site.bearer(token).await?;
        Self::by_family(site, account, &access.family).await
    }

    /// The owner of an account by a sign-in of theirs, named by its token family.
    pub(crate) async fn by_family(site: &Site, account: Account, family: &str) -> Result<Self, caller::Error> {
        let family = site.cloud.store.family(family).await?.filter(|family| family.account == account.id);
        Ok(Self { account, family: family.ok_or(Refusal::Revoked)? })
    }
}
