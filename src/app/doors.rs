//! The panel's addresses: bound, served, waited for where another program has one, and told to `latchkey status`.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use crate::base::report::chain;
use crate::net::authority::Fingerprint;
use crate::net::listen::Error;
use crate::net::serve::Stop;
use crate::net::subject::Subject;
use crate::net::tls::Tls;
use crate::net::{self, Identity, Limits, Listener};
use crate::panel::Panel;

/// Where the panel can be opened, and why it cannot; the agent leaves it in the runtime folder for `latchkey status`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PanelNotice {
    pub urls: Vec<String>,
    pub problems: Vec<String>,
    /// None where there is nothing of ours to trust.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<CertificateNotice>,
}

/// By which people recognise the device's certificate authority.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateNotice {
    pub words: String,
    pub sha256: String,
}

/// The first and the longest wait before a taken address is tried again.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// More addresses than these are not listed.
const LISTED: usize = 4;

/// Every address of the panel, bound or not yet.
pub(super) struct Doors(Vec<(SocketAddr, Result<Listener, Error>)>);

impl Doors {
    /// Sockets that systemd passed stand in for the addresses of the settings.
    pub(super) async fn open(passed: Vec<Listener>, addresses: &[SocketAddr], notices: &Notices) -> Self {
        let passed = passed.into_iter().filter_map(|door| Some((door.address()?, Ok(door))));
        let mut doors: Vec<_> = passed.collect();
        if doors.is_empty() {
            for &address in addresses.iter().filter(|address| !is_in_another(address, addresses)) {
                doors.push((address, Listener::tcp(address).await));
            }
        }
        for (address, door) in &doors {
            notices.put(*address, door);
        }
        Self(doors)
    }

    /// Until stopped, on tasks of their own.
    pub(super) fn serve(self, tasks: &mut JoinSet<()>, tls: &Tls, panel: &Panel, notices: &Notices, stop: &Stop) {
        for (address, door) in self.0 {
            let (tls, router, notices, stop) = (tls.clone(), panel.router(), notices.clone(), stop.clone());
            tasks.spawn(serve(address, door, (tls, router), notices, stop));
        }
    }
}

/// `[::]` takes IPv4 as well.
fn is_in_another(address: &SocketAddr, all: &[SocketAddr]) -> bool {
    let everything =
        |other: &SocketAddr| other.is_ipv6() && other.ip().is_unspecified() && other.port() == address.port();
    address.is_ipv4() && address.port() != 0 && all.iter().any(everything)
}

/// Serves one address of the panel, waiting for it to become free where another program has it (WEB-21).
async fn serve(
    address: SocketAddr,
    mut door: Result<Listener, Error>,
    (tls, router): (Tls, axum::Router),
    notices: Notices,
    mut stop: Stop,
) {
    let (mut wait, longest) = RETRY;
    loop {
        match door {
            Ok(listener) => {
                tracing::info!(address = ?listener.address(), "the panel listens");
                return net::serve(listener.with_tls_beside_http(tls), router, Limits::default(), stop).await;
            }
            Err(error) if wait == RETRY.0 => {
                tracing::warn!(error = chain(&error), "the panel waits for its address, trying again until it is free");
            }
            Err(error) => tracing::debug!(%error, "the panel still waits"),
        }
        tokio::select! {
            () = stop.wait() => return,
            () = tokio::time::sleep(wait) => {}
        }
        wait = (wait * 2).min(longest);
        door = Listener::tcp(address).await;
        notices.put(address, &door);
    }
}

/// The state of every panel address, mirrored into the runtime folder.
#[derive(Clone)]
pub(super) struct Notices {
    file: PathBuf,
    identity: Identity,
    /// Found at start, and to be told as long as the agent runs.
    mistakes: Vec<String>,
    doors: Arc<Mutex<BTreeMap<SocketAddr, Result<SocketAddr, String>>>>,
    written: Arc<Mutex<PanelNotice>>,
}

impl PanelNotice {
    /// What a running agent left; nothing when there is none.
    pub fn left_in(runtime_dir: &Path) -> Self {
        let text = std::fs::read(notice_file(runtime_dir)).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }
}

fn notice_file(runtime_dir: &Path) -> PathBuf {
    runtime_dir.join("panel.json")
}

impl Notices {
    pub(super) fn new(runtime_dir: &Path, identity: Identity, mistakes: Vec<String>) -> Self {
        Self { file: notice_file(runtime_dir), identity, mistakes, doors: Arc::default(), written: Arc::default() }
    }

    fn put(&self, address: SocketAddr, door: &Result<Listener, Error>) {
        let state = match door {
            Ok(listener) => Ok(listener.address().unwrap_or(address)),
            Err(error) => Err(error.to_string()),
        };
        self.doors.lock().unwrap_or_else(PoisonError::into_inner).insert(address, state);
        self.renew();
    }

    pub(super) fn read(&self) -> PanelNotice {
        let subject = self.identity.subject();
        let doors = self.doors.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut notice = PanelNotice::default();
        for door in doors.into_values() {
            match door {
                Ok(address) => notice.urls.extend(urls(address, &subject)),
                Err(sentence) => notice.problems.push(sentence),
            }
        }
        notice.problems.extend(self.mistakes.iter().cloned().chain(self.identity.notices()));
        notice.certificate = (!self.identity.is_by_files()).then(|| self.identity.fingerprint().into());
        notice
    }

    /// Writes down what has changed.
    pub(super) fn renew(&self) {
        let notice = self.read();
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if *written == notice {
            return;
        }
        let text = serde_json::to_vec(&notice).map_err(std::io::Error::from);
        if let Err(error) = text.and_then(|text| std::fs::write(&self.file, text)) {
            tracing::warn!(%error, "the state of the panel cannot be left for 'latchkey status'");
        }
        *written = notice;
    }

    pub(super) fn remove(&self) {
        let _was_never_written = std::fs::remove_file(&self.file);
    }
}

impl From<Fingerprint> for CertificateNotice {
    fn from(fingerprint: Fingerprint) -> Self {
        Self { words: fingerprint.words().join(" "), sha256: fingerprint.hex() }
    }
}

/// How browsers can call what listens there: by HTTPS, and on the machine itself by plain HTTP.
fn urls(address: SocketAddr, subject: &Subject) -> Vec<String> {
    if address.ip().is_loopback() {
        return vec![format!("http://{address}")];
    }
    if !address.ip().is_unspecified() {
        return vec![format!("https://{address}")];
    }
    let port = address.port();
    let name = subject.names.first().map(|name| format!("https://{name}:{port}"));
    let reachable = subject.addresses.iter().filter(|own| is_reachable(own) && (address.is_ipv6() || own.is_ipv4()));
    let addresses = reachable.take(LISTED).map(|&own| format!("https://{}", SocketAddr::new(own, port)));
    name.into_iter().chain(addresses).collect()
}

/// Can another machine's browser use the address as it is?
fn is_reachable(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !v4.is_loopback() && *v4 != Ipv4Addr::UNSPECIFIED,
        IpAddr::V6(v6) => !v6.is_loopback() && !v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject() -> Subject {
        let addresses = ["127.0.0.1", "192.168.1.20", "::1", "fd00::5", "fe80::1"];
        Subject {
            names: vec!["raspberrypi.local".to_owned(), "raspberrypi".to_owned()],
            addresses: addresses.map(|text| text.parse().unwrap()).to_vec(),
        }
    }

    fn urls_of(address: &str) -> Vec<String> {
        urls(address.parse().unwrap(), &subject())
    }

    #[test]
    fn the_panel_is_opened_by_name_and_by_every_address_that_others_can_use() {
        assert_eq!(
            urls_of("[::]:29999"),
            ["https://raspberrypi.local:29999", "https://192.168.1.20:29999", "https://[fd00::5]:29999"]
        );
        assert_eq!(urls_of("0.0.0.0:80"), ["https://raspberrypi.local:80", "https://192.168.1.20:80"]);
        assert_eq!(urls_of("192.168.1.20:29999"), ["https://192.168.1.20:29999"]);
        assert_eq!(urls_of("[::1]:29999"), ["http://[::1]:29999"]);
    }

    #[test]
    fn all_addresses_are_bound_once() {
        let all: Vec<SocketAddr> =
            ["0.0.0.0:29999", "[::]:29999", "127.0.0.1:80"].map(|text| text.parse().unwrap()).to_vec();
        let bound: Vec<_> = all.iter().filter(|address| !is_in_another(address, &all)).collect();
        assert_eq!(bound, [&all[1], &all[2]]);
    }
}
