//! Sockets, serving and the HTTPS client; nothing about the product.

pub mod client;
pub mod listen;
pub mod serve;

pub use client::Client;
pub use listen::{Listener, Peer};
pub use serve::{Limits, serve};
