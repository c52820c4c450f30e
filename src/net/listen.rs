//! Listening sockets: TCP, and Unix with peer credentials. A stale Unix socket is replaced, a live one is not (SOCK-01).

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// A bound socket.
#[derive(Debug)]
pub enum Listener {
    Tcp(tokio::net::TcpListener),
    Unix(tokio::net::UnixListener, PathBuf),
}

/// Who is at the other end; [`super::serve`] puts it into every request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    Tcp(SocketAddr),
    /// `SO_PEERCRED` at connect time (SOCK-05: never decide on the pid).
    Unix {
        uid: u32,
        gid: u32,
    },
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0} is already in use; stop the other program (find it with 'ss -ltnp') or choose another address.")]
    InUse(String, #[source] std::io::Error),
    #[error("{0} cannot be bound.")]
    Bind(String, #[source] std::io::Error),
    #[error("The socket {0} is served by another running instance.")]
    Live(PathBuf),
}

impl Listener {
    /// Port 0 picks a free one; see [`Listener::address`].
    pub async fn tcp(address: SocketAddr) -> Result<Self, Error> {
        todo!("{address}")
    }
    /// Made with `mode` from the start (no window under any umask), owned by `group` when given.
    pub fn unix(path: &Path, mode: u32, group: Option<u32>) -> Result<Self, Error> {
        todo!("{path:?} {mode} {group:?}")
    }
    /// The TCP address that was really bound.
    pub fn address(&self) -> Option<SocketAddr> {
        todo!()
    }
}
