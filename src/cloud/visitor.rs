//! Who asks: for limits per source, and for the account's log.

use std::net::{IpAddr, Ipv4Addr};

use axum::http::header::USER_AGENT;
use axum::http::request::Parts;

use crate::net::{Peer, forwarded};

/// No more of the program's name is kept.
const LONGEST_PROGRAM: usize = 200;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Visitor {
    /// The peer's, or what a trusted proxy says.
    pub(crate) address: IpAddr,
    /// `User-Agent`; empty when there was none.
    pub(crate) program: String,
}

impl Visitor {
    /// The service itself.
    pub(crate) fn nobody() -> Self {
        Self { address: IpAddr::V4(Ipv4Addr::LOCALHOST), program: String::new() }
    }

    pub(crate) fn of(parts: &Parts, trusted_proxies: &[IpAddr]) -> Self {
        let peer = parts.extensions.get::<Peer>().map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |peer| peer.address());
        let program = parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Self {
            address: forwarded::client(peer, &parts.headers, trusted_proxies),
            program: program.chars().take(LONGEST_PROGRAM).collect(),
        }
    }
}
