//! Listening sockets: TCP with or without TLS, and Unix with peer credentials; and who comes through them.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use nix::errno::Errno;
use nix::sys::socket::{setsockopt, sockopt};
use tokio::net::{TcpSocket, TcpStream, UnixStream};

use super::Wire;
use super::socket_file::SocketFile;
use super::tls::Tls;

/// A bound socket.
#[derive(Debug)]
pub enum Listener {
    Tcp(tokio::net::TcpListener, Speech),
    /// Without a file where somebody else keeps it.
    Unix(tokio::net::UnixListener, Option<SocketFile>),
}

/// What the visitors of a TCP listener speak.
#[derive(Clone, Debug)]
pub enum Speech {
    Plain,
    Tls(Tls),
    /// Whichever they begin with.
    Either(Tls),
}

/// A connection as it was accepted.
pub(super) enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// Who is at the other end; [`super::serve()`] puts it into every request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// IPv4 stays IPv4, even when it came through an IPv6 socket.
    Tcp(SocketAddr),
    /// The same, over TLS.
    Tls(SocketAddr),
    /// `SO_PEERCRED` at connect time (SOCK-05: never decide on the pid).
    Unix { uid: u32, gid: u32 },
}

impl Peer {
    /// Its address; this machine's own for a Unix socket.
    pub fn address(self) -> IpAddr {
        match self {
            Self::Tcp(address) | Self::Tls(address) => address.ip().to_canonical(),
            Self::Unix { .. } => IpAddr::from([127, 0, 0, 1]),
        }
    }

    /// Can nobody on the way read along?
    pub fn is_over_tls(self) -> bool {
        matches!(self, Self::Tls(_))
    }

    pub(super) fn over_tls(self) -> Self {
        match self {
            Self::Tcp(address) | Self::Tls(address) => Self::Tls(address),
            Self::Unix { .. } => self,
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0} is already in use; stop the other program (find it with 'ss -ltnp') or choose another address.")]
    InUse(String, #[source] io::Error),
    #[error("{0} cannot be bound.")]
    Bind(String, #[source] io::Error),
    #[error("The socket {0} is served by another running instance.")]
    Live(PathBuf),
}

/// How many connections the kernel holds until they are accepted.
pub(super) const BACKLOG: u32 = 128;

impl Listener {
    /// Port 0 picks a free one; see [`Listener::address`]. `[::]` takes IPv4 too, and is `0.0.0.0` where there is no IPv6.
    pub async fn tcp(address: SocketAddr) -> Result<Self, Error> {
        let bound = match bind(address) {
            Err(cause) if is_everything(address) && has_no_ipv6(&cause) => {
                bind((Ipv4Addr::UNSPECIFIED, address.port()).into())
            }
            bound => bound,
        };
        match bound {
            Ok(listener) => Ok(Self::Tcp(listener, Speech::Plain)),
            Err(cause) if cause.kind() == io::ErrorKind::AddrInUse => Err(Error::InUse(address.to_string(), cause)),
            Err(cause) => Err(Error::Bind(address.to_string(), cause)),
        }
    }

    /// A socket that somebody else bound.
    pub(super) fn bound(socket: std::net::TcpListener) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        Ok(Self::Tcp(tokio::net::TcpListener::from_std(socket)?, Speech::Plain))
    }

    /// The TCP address that was really bound.
    pub fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(listener, _) => listener.local_addr().ok(),
            Self::Unix(..) => None,
        }
    }

    /// Lets its visitors speak TLS only.
    #[must_use]
    pub fn with_tls(self, tls: Tls) -> Self {
        self.with(Speech::Tls(tls))
    }

    /// Lets its visitors speak TLS or plain HTTP.
    #[must_use]
    pub fn with_tls_beside_http(self, tls: Tls) -> Self {
        self.with(Speech::Either(tls))
    }

    fn with(self, speech: Speech) -> Self {
        match self {
            Self::Tcp(listener, _) => Self::Tcp(listener, speech),
            Self::Unix(..) => self,
        }
    }

    /// What its visitors must speak before they ask.
    pub fn speech(&self) -> Speech {
        match self {
            Self::Tcp(_, speech) => speech.clone(),
            Self::Unix(..) => Speech::Plain,
        }
    }

    /// The next connection, before any TLS. Cancelling it loses none.
    pub(super) async fn accept(&self) -> io::Result<(Stream, Peer)> {
        match self {
            Self::Tcp(listener, _) => {
                let (stream, address) = listener.accept().await?;
                let _slower_only = stream.set_nodelay(true);
                let address = SocketAddr::new(address.ip().to_canonical(), address.port());
                Ok((Stream::Tcp(stream), Peer::Tcp(address)))
            }
            Self::Unix(listener, _) => {
                let (stream, _) = listener.accept().await?;
                let peer = stream.peer_cred()?;
                Ok((Stream::Unix(stream), Peer::Unix { uid: peer.uid(), gid: peer.gid() }))
            }
        }
    }
}

/// The first byte of a TLS handshake; no HTTP method begins so.
const HANDSHAKE: u8 = 0x16;

impl Stream {
    /// What HTTP is spoken through, and with whom.
    pub(super) async fn greet(self, speech: Speech, peer: Peer) -> io::Result<(Box<dyn Wire>, Peer)> {
        match (speech, self) {
            (Speech::Tls(tls), stream) => Ok((tls.greet(stream.wire()).await?, peer.over_tls())),
            (Speech::Either(tls), Self::Tcp(stream)) if begins_with_tls(&stream).await? => {
                Ok((tls.greet(Box::new(stream)).await?, peer.over_tls()))
            }
            (Speech::Plain | Speech::Either(_), stream) => Ok((stream.wire(), peer)),
        }
    }

    pub(super) fn wire(self) -> Box<dyn Wire> {
        match self {
            Self::Tcp(stream) => Box::new(stream),
            Self::Unix(stream) => Box::new(stream),
        }
    }
}

async fn begins_with_tls(stream: &TcpStream) -> io::Result<bool> {
    let mut first = [0];
    let seen = stream.peek(&mut first).await?;
    Ok(seen == 1 && first == [HANDSHAKE])
}

fn bind(address: SocketAddr) -> io::Result<tokio::net::TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    if is_everything(address) {
        setsockopt(&socket, sockopt::Ipv6V6Only, &false)?;
    }
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

fn is_everything(address: SocketAddr) -> bool {
    address.is_ipv6() && address.ip().is_unspecified()
}

fn has_no_ipv6(cause: &io::Error) -> bool {
    [Errno::EAFNOSUPPORT, Errno::EADDRNOTAVAIL].iter().any(|&errno| cause.raw_os_error() == Some(errno as i32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_taken_port_is_named_in_the_sentence() {
        let first = Listener::tcp("[::1]:0".parse().unwrap()).await.unwrap();
        let address = first.address().unwrap();
        let error = Listener::tcp(address).await.unwrap_err();
        assert!(error.to_string().starts_with(&format!("[::1]:{} is already in use", address.port())), "{error}");
    }

    #[tokio::test]
    async fn all_addresses_are_those_of_ipv4_too() {
        let listener = Listener::tcp("[::]:0".parse().unwrap()).await.unwrap();
        let port = listener.address().unwrap().port();
        let _stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
        let (_, peer) = listener.accept().await.unwrap();
        assert!(matches!(peer, Peer::Tcp(address) if address.is_ipv4()), "{peer:?}");
    }

    #[test]
    fn only_a_machine_without_ipv6_is_content_with_ipv4() {
        assert!(has_no_ipv6(&Errno::EAFNOSUPPORT.into()));
        assert!(!has_no_ipv6(&Errno::EADDRINUSE.into()));
    }
}
