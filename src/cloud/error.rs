//! Why the service cannot start, or an account cannot be added. What a client sees is said by each surface.

use std::path::PathBuf;

use super::passwords::Unfit;
use super::store;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("The state folder {0} cannot be used; it must exist, or be makeable, and be writable by this user.")]
    StateFolder(PathBuf, #[source] std::io::Error),
    #[error("The server key {0} cannot be read.")]
    ServerKey(PathBuf, #[source] std::io::Error),
    #[error("The server key {0} is damaged; restore it from a backup, since nothing in the database opens without it.")]
    ServerKeyDamaged(PathBuf),
    #[error(
        "The server key {0} is missing beside its database; restore it from a backup, since nothing in the database opens without it."
    )]
    ServerKeyMissing(PathBuf),
    #[error(
        "The passwords kept here are bound to the user pool name '{known}'; give a pool id that ends in '_{known}'."
    )]
    OtherPool { known: String },
    #[error("The token signing key cannot be made or read.")]
    SigningKey,
    #[error("'{0}' is not an e-mail address.")]
    Email(String),
    #[error(transparent)]
    Password(#[from] Unfit),
    #[error("A password hash cannot be made.")]
    Argon2id,
    #[error("'{0}' is not a phone number in international form; write + and the digits, such as +12065550100.")]
    Phone(String),
    #[error("There is an account for {0} already.")]
    EmailTaken(String),
    #[error("The identity provider '{0}' cannot be used: {1}")]
    IdentityProvider(String, String),
    #[error("There is no account {0}.")]
    NoSuchAccount(String),
    #[error("The database cannot be used.")]
    Store(#[from] store::Error),
    #[error(transparent)]
    Backup(#[from] store::BackupError),
    #[error(transparent)]
    Client(#[from] crate::net::client::Error),
    #[error("The output cannot be written.")]
    Output(#[source] std::io::Error),
    #[error("A computation was cut short.")]
    Interrupted,
}
