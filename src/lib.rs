//! Latchkey: signs a Raspberry Pi's owner in to an account service, with every second factor it offers, and keeps the
//! resulting access key for the programs on the Pi. The folders and what each may name: `tests/architecture.rs`.

pub mod base;
pub mod protocol;
