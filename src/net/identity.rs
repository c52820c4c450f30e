//! What a device shows to browsers over TLS: certificate files that its owner named, else leaves of its own authority, which
//! follow its names and addresses and renew by themselves. Nothing of that is written to disk.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use super::authority::{self, Authority, Fingerprint, Subject, is_local};
use super::tls::{self, Files, Shown, Stamp, Tls};
use crate::base::clock::BUILT;
use crate::base::report::chain;

/// Cheap to clone.
#[derive(Clone)]
pub struct Identity(Arc<Inner>);

struct Inner {
    authority: Authority,
    files: Option<Files>,
    shown: Arc<Shown>,
    now: Mutex<Now>,
}

/// What is shown now, and why.
struct Now {
    subject: Subject,
    /// The leaf's; none while files are shown.
    term: Option<(SystemTime, SystemTime)>,
    stamp: Option<Stamp>,
    trouble: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Authority(#[from] authority::Error),
    #[error(transparent)]
    Tls(#[from] tls::Error),
}

impl Identity {
    /// Files that are not right keep nobody out: then the own authority's leaf is shown, and [`Identity::notices`] says so.
    pub fn new(authority: Authority, files: Option<Files>, subject: Subject, now: SystemTime) -> Result<Self, Error> {
        let leaf = authority.issue(&subject, now)?;
        let term = Some((leaf.begins, leaf.renew));
        let shown = Shown::new(leaf.try_into()?);
        let now = Mutex::new(Now { subject, term, stamp: None, trouble: None });
        let identity = Self(Arc::new(Inner { authority, files, shown, now }));
        identity.look_at_files();
        Ok(identity)
    }

    /// TLS 1.2 and 1.3, always with the certificate of the moment.
    pub fn tls(&self) -> Result<Tls, Error> {
        Ok(self.0.shown.clone().tls()?)
    }

    /// Reads the owner's files when they have changed. When they are not right, what was shown stays.
    pub fn look_at_files(&self) {
        let Some(files) = &self.0.files else { return };
        let mut now = self.now();
        let stamp = Some(files.stamp());
        if now.stamp == stamp {
            return;
        }
        now.stamp = stamp;
        match files.pair() {
            Ok(pair) => {
                self.0.shown.put(pair);
                now.term = None;
                now.trouble = None;
                tracing::info!(certificate = %files.certificate.display(), "the panel shows this certificate");
            }
            Err(error) => {
                tracing::warn!(error = chain(&error), "the certificate in use stays");
                now.trouble =
                    Some(format!("The panel's certificate could not be read, so the one before stays in use. {error}"));
            }
        }
    }

    /// Issues a new leaf when names or addresses are others now, or when it is time. Files are left alone.
    pub fn follow(&self, subject: Subject, time: SystemTime) {
        let time = time.max(*BUILT);
        let mut now = self.now();
        let renamed = now.subject != subject;
        now.subject = subject;
        let Some((begins, renew)) = now.term else { return };
        if !renamed && (begins..renew).contains(&time) {
            return;
        }
        let leaf = self.0.authority.issue(&now.subject, time).map_err(Error::from);
        let pair = leaf.and_then(|leaf| Ok(((leaf.begins, leaf.renew), leaf.try_into()?)));
        match pair {
            Ok((term, pair)) => {
                self.0.shown.put(pair);
                now.term = Some(term);
            }
            Err(error) => tracing::warn!(error = chain(&error), "the certificate in use stays"),
        }
    }

    pub fn fingerprint(&self) -> Fingerprint {
        self.0.authority.fingerprint()
    }

    /// The authority's root, for browsers to trust.
    pub fn root(&self) -> &Authority {
        &self.0.authority
    }

    /// Are the owner's files shown, so that there is nothing of ours to trust?
    pub fn is_by_files(&self) -> bool {
        self.now().term.is_none()
    }

    /// What the device is called now.
    pub fn subject(&self) -> Subject {
        self.now().subject.clone()
    }

    /// What the owner should know, one sentence each.
    pub fn notices(&self) -> Vec<String> {
        let now = self.now();
        let mut notices: Vec<String> = now.trouble.iter().cloned().collect();
        if now.term.is_some() {
            let foreign = now.subject.names.iter().filter(|name| name.contains('.') && !self.0.authority.covers(name));
            notices.extend(foreign.map(|name| {
                format!(
                    "Browsers will warn at the name '{name}': the certificate authority of this device is older than that name and cannot vouch for it. Run 'sudo latchkey certificate --new', restart Latchkey, and install the new authority."
                )
            }));
        }
        notices
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.0.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
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

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity")
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
    use std::path::Path;
    use std::time::Duration;

    use bytes::Bytes;
    use http::Request;
    use tokio::task::JoinSet;

    use super::super::serve::Stop;
    use super::super::{Client, Limits, Listener, Peer, client, serve};
    use super::*;
    use crate::base::Clock;

    const CERTIFICATE: &str = "tests/vectors/tls/localhost.pem";
    const KEY: &str = "tests/vectors/tls/localhost.key";

    fn subject(names: &[&str]) -> Subject {
        Subject { names: names.iter().map(|&name| name.to_owned()).collect(), addresses: Vec::new() }
    }

    fn now() -> SystemTime {
        Clock::system().wall()
    }

    fn identity(files: Option<Files>) -> Identity {
        let authority = Authority::new("raspberrypi", &["panel.example".to_owned()], now()).unwrap();
        Identity::new(authority, files, subject(&["raspberrypi.local"]), now()).unwrap()
    }

    /// Serves who asks, over TLS and plain HTTP on one port.
    async fn serving(identity: &Identity) -> (u16, JoinSet<()>, super::super::serve::Stopper) {
        let listener = Listener::tcp("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let port = listener.address().unwrap().port();
        let router = axum::Router::new().route(
            "/",
            axum::routing::get(async |axum::Extension(peer): axum::Extension<Peer>| format!("{}", peer.is_over_tls())),
        );
        let (stopper, stop) = Stop::pair();
        let mut server = JoinSet::new();
        let listener = listener.with_tls_beside_http(identity.tls().unwrap());
        server.spawn(serve(listener, router, Limits::default(), stop));
        (port, server, stopper)
    }

    async fn ask(url: &str, ca: &Path) -> Result<Bytes, client::Error> {
        let request = Request::get(url).body(Bytes::new()).unwrap();
        let client = Client::new(Some(ca)).unwrap();
        client.send(request, Duration::from_secs(10), 100).await.map(http::Response::into_body)
    }

    #[tokio::test]
    async fn one_port_speaks_tls_and_plain_http_and_follows_the_names_of_the_device() {
        let identity = identity(None);
        let folder = tempfile::tempdir().unwrap();
        let ca = folder.path().join("ca.crt");
        std::fs::write(&ca, identity.root().pem()).unwrap();
        let (port, _server, _stopper) = serving(&identity).await;
        let https = format!("https://localhost:{port}/");
        assert_eq!(ask(&format!("http://localhost:{port}/"), &ca).await.unwrap(), "false");
        assert!(matches!(ask(&https, &ca).await, Err(client::Error::Tls(_))));
        identity.follow(subject(&["localhost"]), now());
        assert_eq!(ask(&https, &ca).await.unwrap(), "true");
    }

    #[tokio::test]
    async fn who_begins_with_tls_and_says_no_more_is_cut_off_and_has_its_share_of_connections_only() {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};

        let listener = Listener::tcp("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.address().unwrap();
        let limits = Limits { head: Duration::from_millis(200), connections_per_address: 1, ..Limits::default() };
        let (_stopper, stop) = Stop::pair();
        let mut server = JoinSet::new();
        let listener = listener.with_tls_beside_http(identity(None).tls().unwrap());
        server.spawn(serve(listener, axum::Router::new(), limits, stop));
        let mut silent = tokio::net::TcpStream::connect(address).await.unwrap();
        silent.write_all(&[0x16, 0x03]).await.unwrap();
        let mut second = tokio::net::TcpStream::connect(address).await.unwrap();
        let mut heard = String::new();
        second.read_to_string(&mut heard).await.unwrap();
        assert!(heard.starts_with("HTTP/1.1 503"), "{heard}");
        let cut = tokio::time::timeout(Duration::from_secs(10), silent.read_to_end(&mut Vec::new())).await;
        assert!(cut.is_ok());
    }

    #[test]
    fn a_leaf_is_renewed_in_time_and_when_the_clock_was_ahead_but_not_between() {
        let identity = identity(None);
        let term = |identity: &Identity| identity.now().term.unwrap();
        let first = term(&identity);
        identity.follow(subject(&["raspberrypi.local"]), now() + Duration::from_secs(3600));
        assert_eq!(term(&identity), first);
        identity.follow(subject(&["raspberrypi.local"]), first.1);
        let second = term(&identity);
        assert!(second.1 > first.1);
        identity.follow(subject(&["raspberrypi.local"]), now());
        assert!(term(&identity).1 < second.1);
    }

    #[tokio::test]
    async fn files_of_the_owner_are_shown_as_they_change_and_broken_ones_never() {
        let folder = tempfile::tempdir().unwrap();
        let certificate = folder.path().join("certificate.pem");
        std::fs::write(&certificate, "nonsense").unwrap();
        let identity = identity(Some(Files { certificate: certificate.clone(), key: KEY.into() }));
        assert!(!identity.is_by_files());
        assert!(identity.notices().concat().contains("holds no certificate"), "{:?}", identity.notices());

        std::fs::copy(CERTIFICATE, &certificate).unwrap();
        identity.look_at_files();
        assert!(identity.is_by_files() && identity.notices().is_empty());
        let (port, _server, _stopper) = serving(&identity).await;
        let ca = Path::new("tests/vectors/tls/ca.pem");
        let https = format!("https://localhost:{port}/");
        assert_eq!(ask(&https, ca).await.unwrap(), "true");

        std::fs::write(&certificate, "no more").unwrap();
        identity.look_at_files();
        identity.follow(subject(&["other.local"]), now());
        assert_eq!(ask(&https, ca).await.unwrap(), "true");
        assert_eq!(identity.notices().len(), 1);
    }

    #[test]
    fn a_name_that_the_authority_cannot_vouch_for_is_told_with_what_to_do() {
        let identity = identity(None);
        identity.follow(subject(&["panel.example", "other", "new.example"]), now());
        let notices = identity.notices();
        assert_eq!(notices.len(), 1, "{notices:?}");
        assert!(notices.concat().contains("'new.example'") && notices.concat().contains("certificate --new"));
    }

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
