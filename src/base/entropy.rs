//! The only source of randomness. Protocol code receives bytes as arguments.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use zeroize::Zeroize;

use super::Secret;

/// Random bytes from the kernel, or a repeatable stream for tests.
#[derive(Clone)]
pub struct Entropy(Source);

#[derive(Clone)]
enum Source {
    Kernel,
    Repeatable(Arc<Mutex<u64>>),
}

impl Entropy {
    /// The kernel's generator.
    pub fn kernel() -> Self {
        Self(Source::Kernel)
    }

    /// The same stream for the same seed; for tests only.
    pub fn repeatable(seed: u64) -> Self {
        Self(Source::Repeatable(Arc::new(Mutex::new(seed))))
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// `N` random bytes that are themselves a secret.
    pub fn secret<const N: usize>(&self) -> Secret<[u8; N]>
    where
        [u8; N]: Zeroize,
    {
        Secret::new(self.bytes())
    }

    fn fill(&self, bytes: &mut [u8]) {
        match &self.0 {
            #[expect(
                clippy::expect_used,
                reason = "without kernel randomness no secret can be made: stopping is right"
            )]
            Source::Kernel => getrandom::fill(bytes).expect("the kernel gives random bytes"),
            Source::Repeatable(state) => {
                let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
                for byte in bytes {
                    *byte = split_mix(&mut state).to_le_bytes()[0];
                }
            }
        }
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entropy")
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): repeatable, not secret.
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_bytes() {
        assert_eq!(Entropy::repeatable(7).bytes::<32>(), Entropy::repeatable(7).bytes::<32>());
        assert_ne!(Entropy::repeatable(7).bytes::<32>(), Entropy::repeatable(8).bytes::<32>());
    }
}
