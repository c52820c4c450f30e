//! Languages spoken with others. Pure: no I/O; time and randomness are arguments.

pub mod access_key;
pub mod code;
pub mod cognito;
pub mod credentials_file;
pub mod discovery;
pub mod graphql;
pub mod http_date;
pub mod recovery_code;
pub mod release;
pub mod sealed;
pub mod signature;
pub mod srp;
pub mod totp;
mod typed;
mod utc;
