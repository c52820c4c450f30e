//! Sockets, serving and the HTTPS client; nothing about the product.

pub mod authority;
pub mod client;
mod crowd;
mod dial;
pub mod forwarded;
pub mod identity;
pub mod leaf;
mod limits;
pub mod listen;
pub mod passed;
pub mod serve;
pub mod socket_file;
pub mod subject;
pub mod supervisor;
pub mod tls;
mod validity;

pub use client::Client;
pub use identity::Identity;
pub use limits::Limits;
pub use listen::{Listener, Peer};
pub use serve::serve;
pub use tls::Certificates;

use tokio::io::{AsyncRead, AsyncWrite};

/// A byte stream, whatever carries it: boxed, so that the HTTP code is compiled once.
pub(crate) trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}
