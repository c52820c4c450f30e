//! Small words that every folder may use: secrets, time, randomness, error chains.

pub mod clock;
pub mod entropy;
pub mod report;
pub mod secret;

pub use clock::Clock;
pub use entropy::Entropy;
pub use secret::Secret;
