//! Small words that every folder may use: secrets, time, randomness, message codes, error chains.

pub mod clock;
pub mod entropy;
pub mod mac;
pub mod report;
pub mod secret;

pub use clock::Clock;
pub use entropy::Entropy;
pub use secret::Secret;
