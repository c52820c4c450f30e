//! Who asks: for limits per source, and for the account's log.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

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

    /// What limits and logs count as one place: an IPv4 address, or the /64 network that one IPv6 customer has.
    pub(crate) fn source(&self) -> String {
        match self.address.to_canonical() {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn source(address: &str) -> String {
        Visitor { address: address.parse().unwrap(), program: String::new() }.source()
    }

    #[test]
    fn whoever_has_a_network_of_addresses_is_one_source() {
        assert_eq!(source("192.0.2.7"), "192.0.2.7");
        assert_eq!(source("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(source("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(source("2001:db8:1:2::9"), source("2001:db8:1:2:ffff::1"));
    }

    #[test]
    fn a_forged_forwarding_header_moves_nobody() {
        let request = |forwarded: &str| Request::get("/").header("x-forwarded-for", forwarded).body(()).unwrap();
        let at =
            |forwarded: &str, trusted: &[IpAddr]| Visitor::of(&request(forwarded).into_parts().0, trusted).source();
        let proxy = [IpAddr::V4(Ipv4Addr::LOCALHOST)];
        assert_eq!(at("198.51.100.1", &[]), "127.0.0.1", "nobody trusts that peer");
        assert_eq!(at("198.51.100.1", &proxy), "198.51.100.1");
        assert_eq!(
            at("203.0.113.9, 198.51.100.1", &proxy),
            "198.51.100.1",
            "what stands further left is the client's word"
        );
    }
}
