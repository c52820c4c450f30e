//! What happened to accounts, for their owners' eyes.

use super::{Error, Store};
use crate::cloud::ids::{AccountId, uuid};
use crate::cloud::moment::Moment;
use crate::cloud::visitor::Visitor;

/// Something an owner may want to know of. Names that remote.it's GraphQL has are those of its `EventType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EventKind {
    SignedIn,
    /// A sign-in that failed, or stopped before its end.
    SignInFailed,
    SignedUp,
    SignedOut,
    PasswordChanged,
    /// By a mailed code, for a forgotten one.
    PasswordReset,
    EmailChanged,
    PhoneChanged,
    FactorTurnedOn,
    FactorTurnedOff,
    RecoveryCodesMade,
    RecoveryCodeUsed,
    KeyCreated,
    KeyChanged,
    KeyDeleted,
    KeyUsed,
    KeyRefused,
    /// With an account at an OpenID provider.
    IdentityLinked,
    IdentityUnlinked,
}

impl EventKind {
    pub(crate) const ALL: [Self; 19] = [
        Self::SignedIn,
        Self::SignInFailed,
        Self::SignedUp,
        Self::SignedOut,
        Self::PasswordChanged,
        Self::PasswordReset,
        Self::EmailChanged,
        Self::PhoneChanged,
        Self::FactorTurnedOn,
        Self::FactorTurnedOff,
        Self::RecoveryCodesMade,
        Self::RecoveryCodeUsed,
        Self::KeyCreated,
        Self::KeyChanged,
        Self::KeyDeleted,
        Self::KeyUsed,
        Self::KeyRefused,
        Self::IdentityLinked,
        Self::IdentityUnlinked,
    ];

    /// Its name on the wire and in the database.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::SignedIn => "AUTH_LOGIN",
            Self::SignInFailed => "AUTH_LOGIN_ATTEMPT",
            Self::SignedUp => "AUTH_SIGN_UP",
            Self::SignedOut => "AUTH_LOGOUT",
            Self::PasswordChanged => "AUTH_PASSWORD_CHANGE",
            Self::PasswordReset => "AUTH_PASSWORD_RESET",
            Self::EmailChanged => "AUTH_EMAIL_CHANGE",
            Self::PhoneChanged => "AUTH_PHONE_CHANGE",
            Self::FactorTurnedOn => "AUTH_MFA_ENABLED",
            Self::FactorTurnedOff => "AUTH_MFA_DISABLED",
            Self::RecoveryCodesMade => "AUTH_RECOVERY_CODES_MADE",
            Self::RecoveryCodeUsed => "AUTH_RECOVERY_CODE_USED",
            Self::KeyCreated => "ACCESS_KEY_CREATED",
            Self::KeyChanged => "ACCESS_KEY_CHANGED",
            Self::KeyDeleted => "ACCESS_KEY_DELETED",
            Self::KeyUsed => "ACCESS_KEY_USED",
            Self::KeyRefused => "ACCESS_KEY_REFUSED",
            Self::IdentityLinked => "AUTH_IDENTITY_LINKED",
            Self::IdentityUnlinked => "AUTH_IDENTITY_UNLINKED",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl Store {
    /// Writes it down. `detail`: a few words for the owner (which factor, which key), never a secret.
    pub(crate) async fn note_event(
        &self,
        account: &AccountId,
        kind: EventKind,
        visitor: &Visitor,
        detail: &str,
        now: Moment,
    ) -> Result<(), Error> {
        sqlx::query(
            "INSERT INTO events (id, account_id, kind, at, last, address, program, detail) \
             VALUES ($1, $2, $3, $4, $4, $5, $6, $7)",
        )
        .bind(uuid(self.entropy.bytes()))
        .bind(account)
        .bind(kind.name())
        .bind(now)
        .bind(visitor.address.to_string())
        .bind(&visitor.program)
        .bind(detail)
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}
