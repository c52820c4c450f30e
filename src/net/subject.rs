//! What this machine is called, and how it is reached: what a certificate has to name.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::authority::is_local;

/// What a certificate says the device is called.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Lower case, without a dot at the end.
    pub names: Vec<String>,
    pub addresses: Vec<IpAddr>,
}

impl Subject {
    /// This machine as it is now: its host name, alone and below `.local`, further names, and every local address.
    pub fn of_machine(host_name: &str, further: &[String]) -> Self {
        let host_name = host_name.trim_end_matches('.').to_ascii_lowercase();
        let label = host_name.split('.').next().unwrap_or_default().to_owned();
        let mut names = vec![format!("{label}.local"), label, host_name, "localhost".to_owned()];
        names.extend(further.iter().cloned());
        let mut known = std::collections::BTreeSet::new();
        names.retain(|name| is_dns_name(name) && known.insert(name.clone()));
        Self { names, addresses: local_addresses() }
    }
}

/// A host name is what somebody typed; only these can stand in a certificate.
fn is_dns_name(name: &str) -> bool {
    name.split('.').all(|label| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    })
}

/// IPv4 first, each once.
fn local_addresses() -> Vec<IpAddr> {
    let found = match nix::ifaddrs::getifaddrs() {
        Ok(found) => found,
        Err(error) => {
            tracing::debug!(%error, "the machine's addresses are not known");
            return Vec::new();
        }
    };
    let addresses = found.filter_map(|interface| {
        let address = interface.address?;
        let v4 = address.as_sockaddr_in().map(|v4| IpAddr::V4(v4.ip()));
        v4.or_else(|| address.as_sockaddr_in6().map(|v6| IpAddr::V6(v6.ip())))
    });
    let local: std::collections::BTreeSet<IpAddr> = addresses.filter(is_local).collect();
    local.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_is_called_by_its_host_name_and_its_local_addresses() {
        let subject = Subject::of_machine("RaspberryPi.lan.", &["panel.example".to_owned(), "a b".to_owned()]);
        assert_eq!(
            subject.names,
            ["raspberrypi.local", "raspberrypi", "raspberrypi.lan", "localhost", "panel.example"]
        );
        assert!(subject.addresses.contains(&"127.0.0.1".parse().unwrap()), "{:?}", subject.addresses);
        assert!(subject.addresses.iter().all(is_local));
    }
}
