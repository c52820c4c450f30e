//! Small words that every folder may use: secrets, time, randomness, message codes, error chains, exit codes.

pub mod clock;
pub mod entropy;
pub mod exit;
pub mod mac;
pub mod report;
pub mod secret;

pub use clock::Clock;
pub use entropy::Entropy;
pub use exit::Exit;
pub use secret::Secret;
