//! How many connections are open, in all and per source.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

use super::Wire;
use super::limits::Limits;
use super::listen::Peer;

/// What a connection over the limit reads, if it reads.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\nretry-after: 5\r\n\
    content-type: text/plain\r\n\r\nToo many connections are open. Close some and try again.\n";

/// Who is connected how often: one count per address or user.
#[derive(Default)]
pub(super) struct Crowd(BTreeMap<Source, Seat>);

/// Held by a connection as long as it lives.
pub(super) type Seat = Arc<()>;

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    Address(IpAddr),
    User(u32),
}

impl Crowd {
    /// A seat is free again when it is dropped.
    pub(super) fn seat(&mut self, peer: Peer, taken: usize, limits: &Limits) -> Option<Seat> {
        self.0.retain(|_, seats| Arc::strong_count(seats) > 1);
        if taken >= limits.connections {
            return None;
        }
        let source = match peer {
            Peer::Tcp(address) | Peer::Tls(address) => Source::Address(address.ip()),
            Peer::Unix { uid, .. } => Source::User(uid),
        };
        let seats = self.0.entry(source).or_default();
        (Arc::strong_count(seats) <= limits.connections_per_address).then(|| seats.clone())
    }
}

/// Best effort, and never waiting: a fresh connection takes these few bytes at once, or not at all.
pub(super) async fn turn_away(mut wire: Box<dyn Wire>) {
    let _unread = timeout(Duration::ZERO, wire.write_all(FULL)).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits { connections: 3, connections_per_address: 2, ..Limits::default() }
    }

    fn at(address: &str) -> Peer {
        Peer::Tcp(address.parse().unwrap())
    }

    #[test]
    fn a_source_has_its_share_and_gets_it_back() {
        let mut crowd = Crowd::default();
        let first = crowd.seat(at("10.0.0.1:1"), 0, &limits());
        let second = crowd.seat(at("10.0.0.1:2"), 1, &limits());
        assert!(first.is_some() && second.is_some());
        assert!(crowd.seat(at("10.0.0.1:3"), 2, &limits()).is_none());
        assert!(crowd.seat(at("10.0.0.2:1"), 2, &limits()).is_some());
        drop(first);
        assert!(crowd.seat(at("10.0.0.1:4"), 1, &limits()).is_some());
    }

    #[test]
    fn nobody_comes_in_when_all_seats_are_taken() {
        assert!(Crowd::default().seat(Peer::Unix { uid: 7, gid: 7 }, 3, &limits()).is_none());
    }
}
