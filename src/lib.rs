//! Latchkey: signs a Raspberry Pi's owner in to an account service, with every second factor it offers, and keeps the
//! resulting access key for the programs on the Pi. The folders and what each may name: `tests/architecture.rs`.

pub mod account;
pub mod app;
pub mod base;
pub mod broker;
pub mod cli;
#[cfg(feature = "cloud")]
pub mod cloud;
pub mod device;
pub mod keystore;
pub mod net;
pub mod panel;
pub mod protocol;
pub mod settings;
