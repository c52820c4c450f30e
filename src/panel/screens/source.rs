//! Where a request really comes from: the peer, or what a trusted proxy says about whom it speaks for, and over what. Nobody else's
//! forwarding headers are believed, so they move neither limits nor cookies.

use std::net::IpAddr;

use http::{HeaderMap, HeaderName, header};

use super::host::Authority;
use crate::net::{Peer, forwarded};

/// Who asks, by which name, and over what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) address: IpAddr,
    pub(crate) https: bool,
    /// The peer may speak plain HTTP: it is this machine itself, or a proxy that was named in the settings.
    pub(crate) plain_is_safe: bool,
    pub(crate) authority: Authority,
}

const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

impl Source {
    /// `None` when the request does not say which host it wants, or says it twice.
    pub(crate) fn of(peer: Peer, headers: &HeaderMap, trusted: &[IpAddr]) -> Option<Self> {
        let over_tls = peer.is_over_tls();
        let peer = peer.address();
        let proxied = trusted.contains(&peer);
        let last = |name| proxied.then(|| last_value(headers, &name)).flatten();
        let host = last(FORWARDED_HOST).or_else(|| only_value(headers, &header::HOST))?;
        Some(Self {
            address: forwarded::client(peer, headers, trusted),
            https: last(FORWARDED_PROTO).map_or(over_tls, |scheme| scheme.eq_ignore_ascii_case("https")),
            plain_is_safe: proxied || peer.is_loopback(),
            authority: Authority::parse(host)?,
        })
    }

    /// What the browser's `Origin` must be for a form of our own.
    pub(crate) fn is_origin(&self, origin: &str) -> bool {
        let (scheme, default_port) = if self.https { ("https://", 443) } else { ("http://", 80) };
        let Some(origin) = origin.strip_prefix(scheme).and_then(Authority::parse) else { return false };
        origin.name == self.authority.name
            && origin.port.unwrap_or(default_port) == self.authority.port.unwrap_or(default_port)
    }
}

fn last_value<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let line = headers.get_all(name).iter().next_back()?.to_str().ok()?;
    line.rsplit(',').next().map(str::trim)
}

fn only_value<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut lines = headers.get_all(name).iter();
    let only = lines.next()?.to_str().ok()?;
    lines.next().is_none().then_some(only)
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    const PROXY: &str = "10.0.0.2";

    fn source(peer: &str, lines: &[(&'static str, &'static str)]) -> Source {
        through(Peer::Tcp, peer, lines)
    }

    fn through(channel: fn(SocketAddr) -> Peer, peer: &str, lines: &[(&'static str, &'static str)]) -> Source {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "pi.local:29999".parse().unwrap());
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        let peer = channel(SocketAddr::new(peer.parse().unwrap(), 4711));
        Source::of(peer, &headers, &[PROXY.parse().unwrap(), "10.0.0.3".parse().unwrap()]).unwrap()
    }

    fn seen_from(peer: &str, forwarded: &'static str) -> String {
        source(peer, &[("x-forwarded-for", forwarded)]).address.to_string()
    }

    #[test]
    fn a_stranger_cannot_pretend_to_be_somebody_else() {
        let stranger = source(
            "192.168.1.66",
            &[("x-forwarded-for", "127.0.0.1"), ("x-forwarded-proto", "https"), ("x-forwarded-host", "evil.example")],
        );
        assert_eq!(stranger.address.to_string(), "192.168.1.66");
        assert!(!stranger.https && !stranger.plain_is_safe);
        assert_eq!(stranger.authority.name.to_string(), "pi.local");
    }

    #[test]
    fn a_trusted_proxy_speaks_for_the_hop_nearest_to_it() {
        assert_eq!(seen_from(PROXY, "6.6.6.6, 192.168.1.7"), "192.168.1.7");
        assert_eq!(seen_from(PROXY, "192.168.1.7, 10.0.0.3"), "192.168.1.7");
        assert_eq!(seen_from(PROXY, "1.2.3.4, garbage, ::ffff:10.0.0.9"), "10.0.0.9");
        assert_eq!(seen_from(PROXY, "1.2.3.4, garbage"), PROXY);
        assert_eq!(seen_from(PROXY, "[fd00::5]:4711"), "fd00::5");
        assert_eq!(seen_from("::ffff:10.0.0.2", "192.168.1.7:80"), "192.168.1.7");
    }

    #[test]
    fn a_trusted_proxy_tells_scheme_and_host() {
        let proxied = source(PROXY, &[("x-forwarded-proto", "https"), ("x-forwarded-host", "panel.example")]);
        assert!(proxied.https);
        assert!(proxied.is_origin("https://panel.example"));
        assert!(!proxied.is_origin("http://panel.example"));
    }

    #[test]
    fn our_own_tls_counts_unless_a_trusted_proxy_says_what_the_browser_speaks() {
        assert!(through(Peer::Tls, "192.168.1.66", &[]).https);
        assert!(through(Peer::Tls, "192.168.1.66", &[("x-forwarded-proto", "http")]).https);
        assert!(!through(Peer::Tls, PROXY, &[("x-forwarded-proto", "http")]).https);
        assert!(through(Peer::Tls, PROXY, &[]).https);
    }

    #[test]
    fn only_the_same_scheme_name_and_port_are_our_origin() {
        let direct = source("127.0.0.1", &[]);
        assert!(direct.is_origin("http://pi.local:29999"));
        assert!(direct.is_origin("http://PI.local:29999"));
        for foreign in [
            "null",
            "",
            "http://pi.local",
            "http://pi.local:8080",
            "https://pi.local:29999",
            "http://evil.example:29999",
        ] {
            assert!(!direct.is_origin(foreign), "{foreign}");
        }
    }

    #[test]
    fn two_hosts_are_none() {
        let mut headers = HeaderMap::new();
        let peer = Peer::Tcp("127.0.0.1:1".parse().unwrap());
        assert_eq!(Source::of(peer, &headers, &[]), None);
        headers.append(header::HOST, "pi".parse().unwrap());
        headers.append(header::HOST, "evil.example".parse().unwrap());
        assert_eq!(Source::of(peer, &headers, &[]), None);
    }
}
