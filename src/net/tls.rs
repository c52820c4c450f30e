//! TLS for listeners: certificate and key from files, read again when they change, while the connections that are open stay.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::SystemTime;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, crypto::ring};

use super::leaf::Leaf;
use super::{Wire, validity};

/// Certificate and key that new connections are shown, from files. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Certificates(Arc<Read>);

#[derive(Debug)]
struct Read {
    files: Files,
    stamp: Mutex<Stamp>,
    shown: Arc<Shown>,
}

/// What a listener needs to greet its visitors.
#[derive(Clone)]
pub struct Tls(tokio_rustls::TlsAcceptor);

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("The file {0} cannot be read; check the path and its permissions.")]
    Unreadable(PathBuf, #[source] io::Error),
    #[error("The file {0} holds no certificate; it must be PEM, the service's own first.")]
    NoCertificate(PathBuf),
    #[error("The file {0} holds no private key; it must be PEM, without a passphrase.")]
    NoKey(PathBuf),
    #[error("The key {key} does not belong to the certificate {certificate}, or is of a kind that is not known.")]
    NoPair {
        certificate: PathBuf,
        key: PathBuf,
        #[source]
        cause: rustls::Error,
    },
    #[error("TLS cannot be set up.")]
    Setup(#[source] rustls::Error),
}

/// A certificate file and the file of its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// When the files were written, and how long they are.
pub(super) type Stamp = [Option<(SystemTime, u64)>; 2];

/// What new connections are shown now.
pub(super) struct Shown(RwLock<Arc<CertifiedKey>>);

impl Certificates {
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, Error> {
        let files = Files { certificate: certificate.to_owned(), key: key.to_owned() };
        let stamp = Mutex::new(files.stamp());
        let shown = Shown::new(files.pair()?);
        Ok(Self(Arc::new(Read { files, stamp, shown })))
    }

    /// Reads the files again. When they are not right, the old pair stays in use.
    pub fn read_again(&self) -> Result<(), Error> {
        *self.0.stamp.lock().unwrap_or_else(PoisonError::into_inner) = self.0.files.stamp();
        self.0.shown.put(self.0.files.pair()?);
        Ok(())
    }

    /// Were the files written since they were read?
    pub fn changed(&self) -> bool {
        *self.0.stamp.lock().unwrap_or_else(PoisonError::into_inner) != self.0.files.stamp()
    }

    /// From when until when; `None`: that cannot be read.
    pub fn validity(&self) -> Option<(SystemTime, SystemTime)> {
        validity::of(self.0.shown.now().cert.first()?)
    }

    /// TLS 1.2 and 1.3, without client certificates.
    pub fn tls(&self) -> Result<Tls, Error> {
        self.0.shown.clone().tls()
    }
}

impl Shown {
    pub(super) fn new(pair: CertifiedKey) -> Arc<Self> {
        Arc::new(Self(RwLock::new(Arc::new(pair))))
    }

    pub(super) fn put(&self, pair: CertifiedKey) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(pair);
    }

    pub(super) fn tls(self: Arc<Self>) -> Result<Tls, Error> {
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let config = config.with_safe_default_protocol_versions().map_err(Error::Setup)?;
        let mut config = config.with_no_client_auth().with_cert_resolver(self);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Tls(Arc::new(config).into()))
    }

    fn now(&self) -> Arc<CertifiedKey> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Tls {
    /// The handshake.
    pub(super) async fn greet(&self, wire: Box<dyn Wire>) -> io::Result<Box<dyn Wire>> {
        Ok(Box::new(self.0.accept(wire).await?))
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shown")
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.now())
    }
}

impl Files {
    pub(super) fn pair(&self) -> Result<CertifiedKey, Error> {
        let pem = read(&self.certificate)?;
        let chain = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>().unwrap_or_default();
        if chain.is_empty() {
            return Err(Error::NoCertificate(self.certificate.clone()));
        }
        let secret = zeroize::Zeroizing::new(read(&self.key)?);
        let secret = PrivateKeyDer::from_pem_slice(&secret).map_err(|_malformed| Error::NoKey(self.key.clone()))?;
        CertifiedKey::from_der(chain, secret, &ring::default_provider()).map_err(|cause| Error::NoPair {
            certificate: self.certificate.clone(),
            key: self.key.clone(),
            cause,
        })
    }

    pub(super) fn stamp(&self) -> Stamp {
        [&self.certificate, &self.key].map(|path| {
            let found = fs::metadata(path).ok()?;
            Some((found.modified().ok()?, found.len()))
        })
    }
}

impl TryFrom<Leaf> for CertifiedKey {
    type Error = Error;

    fn try_from(leaf: Leaf) -> Result<Self, Error> {
        Self::from_der(leaf.chain, leaf.key, &ring::default_provider()).map_err(Error::Setup)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|cause| Error::Unreadable(path.to_owned(), cause))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::Request;
    use tokio::task::JoinSet;

    use super::super::serve::Stop;
    use super::super::{Client, Limits, Listener, serve};
    use super::*;

    const CERTIFICATE: &str = "tests/vectors/tls/localhost.pem";
    const FROM_2119: &str = "tests/vectors/tls/localhost-from-2119.pem";
    const KEY: &str = "tests/vectors/tls/localhost.key";

    async fn ask(port: u16) -> Result<http::Response<Bytes>, super::super::client::Error> {
        let request = Request::get(format!("https://localhost:{port}/")).body(Bytes::new()).unwrap();
        let client = Client::new(Some(Path::new("tests/vectors/tls/ca.pem"))).unwrap();
        client.send(request, std::time::Duration::from_secs(10), 100).await
    }

    #[tokio::test]
    async fn a_renewed_certificate_is_shown_without_a_restart_and_a_broken_one_never() {
        let folder = tempfile::tempdir().unwrap();
        let certificate = folder.path().join("certificate.pem");
        fs::copy(CERTIFICATE, &certificate).unwrap();
        let certificates = Certificates::read(&certificate, Path::new(KEY)).unwrap();
        let listener = Listener::tcp("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let port = listener.address().unwrap().port();
        let router = axum::Router::new().route("/", axum::routing::get(async || "hello"));
        let (_stopper, stop) = Stop::pair();
        let mut server = JoinSet::new();
        server.spawn(serve(listener.with_tls(certificates.tls().unwrap()), router, Limits::default(), stop));
        assert_eq!(ask(port).await.unwrap().body(), "hello");
        assert!(!certificates.changed());

        fs::write(&certificate, "no certificate").unwrap();
        assert!(certificates.changed());
        assert!(matches!(certificates.read_again(), Err(Error::NoCertificate(_))));
        assert!(ask(port).await.is_ok() && !certificates.changed());

        fs::copy(FROM_2119, &certificate).unwrap();
        certificates.read_again().unwrap();
        assert!(ask(port).await.unwrap_err().certificate_begins_in().is_some());
    }

    #[test]
    fn the_dates_of_the_certificate_are_read() {
        let years = |file| {
            let (begins, ends) = Certificates::read(Path::new(file), Path::new(KEY)).unwrap().validity().unwrap();
            [begins, ends].map(|time| time::OffsetDateTime::from(time).year())
        };
        assert!(years(CERTIFICATE)[0] < 2027 && years(CERTIFICATE)[1] > 2026);
        assert_eq!(years(FROM_2119)[0], 2119);
    }

    #[test]
    fn a_key_of_another_certificate_is_refused() {
        let error = Certificates::read(Path::new("tests/vectors/tls/ca.pem"), Path::new(KEY)).unwrap_err();
        assert!(matches!(error, Error::NoPair { .. }), "{error}");
        let error = Certificates::read(Path::new(CERTIFICATE), Path::new(CERTIFICATE)).unwrap_err();
        assert!(matches!(error, Error::NoKey(_)), "{error}");
    }
}
