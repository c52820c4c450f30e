//! Small words that every folder may use: secrets, time, randomness, message codes, error chains, exit codes, names of units.

pub mod build;
pub mod clock;
pub mod entropy;
pub mod exit;
pub mod mac;
pub mod report;
pub mod secret;
pub mod unit_name;

pub use clock::Clock;
pub use entropy::Entropy;
pub use exit::Exit;
pub use secret::Secret;
pub use unit_name::UnitName;
