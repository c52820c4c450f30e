//! Which names a browser may call this panel by. A page of another site that points its own name at this machine (DNS
//! rebinding) is turned away here, since that name is not one of ours.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// What stands in a `Host` header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Authority {
    pub(crate) name: Name,
    pub(crate) port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    Address(IpAddr),
    /// Lower case, without the trailing dot.
    Dns(String),
}

impl Authority {
    /// `None` for what no browser sends.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (name, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (address, port) = rest.split_once(']')?;
                let address = address.split('%').next()?;
                (Name::Address(IpAddr::V6(address.parse::<Ipv6Addr>().ok()?)), port)
            }
            None => {
                let end = text.find(':').unwrap_or(text.len());
                let (name, port) = text.split_at_checked(end)?;
                (Name::parse(name)?, port)
            }
        };
        let port = match port.strip_prefix(':') {
            Some(digits) => Some(digits.parse().ok()?),
            None if port.is_empty() => None,
            None => return None,
        };
        Some(Self { name, port })
    }
}

impl Authority {
    /// As it stands in a URL.
    pub(crate) fn with_port(&self, port: u16) -> String {
        match &self.name {
            Name::Address(address) => SocketAddr::new(*address, port).to_string(),
            Name::Dns(name) => format!("{name}:{port}"),
        }
    }
}

impl Name {
    /// Means this machine only to this machine itself.
    pub(crate) fn is_loopback(&self) -> bool {
        match self {
            Self::Address(address) => address.is_loopback(),
            Self::Dns(name) => name == "localhost" || name.ends_with(".localhost"),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        if let Ok(address) = text.parse() {
            return Some(Self::Address(IpAddr::V4(address)));
        }
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        let plausible = name.len() <= 253
            && name.split('.').all(|label| {
                !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
            });
        plausible.then_some(Self::Dns(name))
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
            Self::Address(address) => address.fmt(f),
            Self::Dns(name) => f.write_str(name),
        }
    }
}

/// The names of this machine.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    /// The host name's first label, which mDNS announces as `<label>.local` (or `<label>-2.local` after a conflict).
    label: String,
    configured: Vec<String>,
}

impl Names {
    pub(crate) fn new(host_name: &str, configured: Vec<String>) -> Self {
        let lower = |name: &str| name.trim_end_matches('.').to_ascii_lowercase();
        let host_name = lower(host_name);
        let label = host_name.split('.').next().unwrap_or_default().to_owned();
        let mut configured: Vec<String> = configured.iter().map(|name| lower(name)).collect();
        configured.push(host_name);
        Self { label, configured }
    }

    /// The names with a meaning elsewhere on the network, the announced one first.
    pub(crate) fn list(&self) -> Vec<String> {
        let announced = (self.label != "localhost").then(|| format!("{}.local", self.label));
        let mut names: Vec<String> = announced.into_iter().collect();
        for name in self.configured.iter().filter(|name| !name.is_empty()) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        names
    }

    /// Addresses and names without a dot cannot be a foreign site's: nobody can register them.
    pub(crate) fn include(&self, name: &Name) -> bool {
        match name {
            Name::Address(_) => true,
            Name::Dns(name) => !name.contains('.') || self.configured.contains(name) || self.announced(name),
        }
    }

    fn announced(&self, name: &str) -> bool {
        let suffix = name.strip_suffix(".local").and_then(|label| label.strip_prefix(&self.label));
        match suffix {
            Some("") => true,
            Some(suffix) => suffix
                .strip_prefix('-')
                .is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())),
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers_to(host: &str) -> bool {
        let names = Names::new("RaspberryPi", vec!["Panel.Example.".into()]);
        Authority::parse(host).is_some_and(|authority| names.include(&authority.name))
    }

    #[test]
    fn every_way_to_call_the_pi_on_its_own_network_is_answered() {
        for host in [
            "raspberrypi.local",
            "RASPBERRYPI.local.",
            "raspberrypi-2.local:29999",
            "raspberrypi",
            "pi",
            "localhost:29999",
            "192.168.1.50",
            "192.168.1.50:31415",
            "[fe80::1]:29999",
            "[fe80::1%25eth0]:29999",
            "[fe80::1%eth0]",
            "panel.example",
            "panel.example.:443",
        ] {
            assert!(answers_to(host), "{host}");
        }
    }

    #[test]
    fn a_name_that_somebody_else_can_own_is_refused() {
        for host in [
            "evil.example",
            "evil.example:29999",
            "raspberrypi.evil.example",
            "raspberrypi.local.evil.example",
            "other.local",
            "raspberrypi-.local",
            "raspberrypi-2x.local",
            "192.168.1.50.evil.example",
        ] {
            assert!(!answers_to(host), "{host}");
        }
    }

    #[test]
    fn an_ipv6_address_has_brackets_in_a_url() {
        let url = |host| Authority::parse(host).unwrap().with_port(29999);
        assert_eq!(url("[fe80::1%25eth0]"), "[fe80::1]:29999");
        assert_eq!(url("Pi.local.:80"), "pi.local:29999");
    }

    #[test]
    fn what_no_browser_sends_is_no_name() {
        for host in ["", ":80", "a b", "pi:", "pi:99999", "pi:80:80", "[::1", "[::1]x", "[pi]", "a..b", "<script>"] {
            assert_eq!(Authority::parse(host), None, "{host}");
        }
    }
}
