//! What a device shows to browsers over TLS: certificate files that its owner named, else leaves of its own authority, which
//! follow its names and addresses and renew by themselves.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use rustls::sign::CertifiedKey;

use super::authority::{self, Authority, Fingerprint};
use super::leaf::{Leaf, Term};
use super::subject::Subject;
use super::tls::{self, Files, Shown, Stamp, Tls};
use crate::base::Secret;
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
    term: Option<Term>,
    /// A new leaf, until somebody takes it to keep it.
    unkept: Option<Secret<Vec<u8>>>,
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
        Self::resume(authority, None, files, subject, now)
    }

    /// With the leaf of before, as [`Identity::leaf_to_keep`] gave it, if that still fits.
    pub fn resume(
        authority: Authority,
        kept: Option<&Secret<Vec<u8>>>,
        files: Option<Files>,
        subject: Subject,
        now: SystemTime,
    ) -> Result<Self, Error> {
        let wanted = authority.certifiable(&subject);
        let kept = kept.and_then(|bytes| Leaf::from_bytes(bytes, &authority));
        let kept = kept.filter(|leaf| leaf.term.fits(&wanted, now.max(*BUILT)));
        let kept = kept.and_then(|leaf| Some((leaf.term.clone(), CertifiedKey::try_from(leaf).ok()?, None)));
        let (term, pair, unkept) = match kept {
            Some(kept) => kept,
            None => issue(&authority, &subject, now)?,
        };
        let shown = Shown::new(pair);
        let now = Mutex::new(Now { subject, term: Some(term), unkept, stamp: None, trouble: None });
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

    /// A leaf that was issued since this was asked last, with its private key: to be sealed.
    pub fn leaf_to_keep(&self) -> Option<Secret<Vec<u8>>> {
        self.now().unkept.take()
    }

    /// Issues a new leaf when a name or an address is new, or when it is time. Files are left alone.
    pub fn follow(&self, subject: Subject, time: SystemTime) {
        let time = time.max(*BUILT);
        let mut now = self.now();
        let wanted = self.0.authority.certifiable(&subject);
        now.subject = subject;
        if now.term.as_ref().is_none_or(|term| term.fits(&wanted, time)) {
            return;
        }
        match issue(&self.0.authority, &now.subject, time) {
            Ok((term, pair, unkept)) => {
                self.0.shown.put(pair);
                now.term = Some(term);
                now.unkept = unkept;
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

type Issued = (Term, CertifiedKey, Option<Secret<Vec<u8>>>);

fn issue(authority: &Authority, subject: &Subject, now: SystemTime) -> Result<Issued, Error> {
    let leaf = authority.issue(subject, now)?;
    let bytes = leaf.to_bytes(authority.fingerprint());
    Ok((leaf.term.clone(), leaf.try_into()?, Some(bytes)))
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity")
    }
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
        let term = |identity: &Identity| identity.now().term.clone().unwrap();
        let first = term(&identity);
        identity.follow(subject(&["raspberrypi.local"]), now() + Duration::from_secs(3600));
        assert_eq!(term(&identity), first);
        identity.follow(subject(&["raspberrypi.local"]), first.renew);
        let second = term(&identity);
        assert!(second.renew > first.renew);
        identity.follow(subject(&["raspberrypi.local"]), now());
        assert!(term(&identity).renew < second.renew);
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
}
