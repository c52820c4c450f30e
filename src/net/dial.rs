//! Outgoing connections: resolve, connect (several addresses race), TLS.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::Uri;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::Wire;
use super::client::Error;

/// How long finding and connecting to a server may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How long one address may be silent until the next one is tried beside it (RFC 8305).
const HEAD_START: Duration = Duration::from_millis(250);

/// Connects to what a URL names. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Dialer(Arc<Trust>);

#[derive(Debug)]
struct Trust {
    own: Vec<CertificateDer<'static>>,
    /// Made on first use: reading the system's certificates takes longer than the whole start.
    config: OnceLock<Arc<ClientConfig>>,
}

impl Dialer {
    pub(super) fn new(ca_file: Option<&Path>) -> Result<Self, Error> {
        let own = ca_file.map_or(Ok(Vec::new()), read_certificates)?;
        Ok(Self(Arc::new(Trust { own, config: OnceLock::new() })))
    }

    /// Plain only if the URL says `http`.
    pub(super) async fn connect(&self, url: &Uri) -> Result<Box<dyn Wire>, Error> {
        let host = url.host().ok_or_else(|| Error::Connect("the URL names no host".into()))?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        match url.scheme_str() {
            Some("http") => Ok(Box::new(reach(host, url.port_u16().unwrap_or(80)).await?)),
            Some("https") => {
                let stream = reach(host, url.port_u16().unwrap_or(443)).await?;
                Ok(Box::new(self.secure(host, stream).await?))
            }
            Some(_) | None => Err(Error::Connect("the URL is neither http nor https".into())),
        }
    }

    async fn secure(&self, host: &str, stream: TcpStream) -> Result<tokio_rustls::client::TlsStream<TcpStream>, Error> {
        let name = ServerName::try_from(host.to_owned()).map_err(|cause| Error::Connect(cause.into()))?;
        let connector = tokio_rustls::TlsConnector::from(self.0.config()?);
        connector.connect(name, stream).await.map_err(|cause| match cause.downcast::<rustls::Error>() {
            Ok(cause) => Error::Tls(cause),
            Err(cause) => Error::Connect(cause.into()),
        })
    }
}

impl Trust {
    fn config(&self) -> Result<Arc<ClientConfig>, Error> {
        if let Some(config) = self.config.get() {
            return Ok(config.clone());
        }
        let made = Arc::new(self.make_config().map_err(Error::Tls)?);
        Ok(self.config.get_or_init(|| made).clone())
    }

    fn make_config(&self) -> Result<ClientConfig, rustls::Error> {
        let system = rustls_native_certs::load_native_certs();
        for error in &system.errors {
            tracing::warn!(%error, "some of the system's certificates cannot be read");
        }
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(system.certs);
        roots.add_parsable_certificates(self.own.iter().cloned());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        Ok(config.with_root_certificates(roots).with_no_client_auth())
    }
}

fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let unusable = || Error::CaFile(path.to_owned());
    let pem = std::fs::read(path).map_err(|_unreadable| unusable())?;
    let certificates: Vec<_> =
        CertificateDer::pem_slice_iter(&pem).collect::<Result<_, _>>().map_err(|_malformed| unusable())?;
    let mut usable = RootCertStore::empty();
    let (_, ignored) = usable.add_parsable_certificates(certificates.iter().cloned());
    if usable.is_empty() || ignored > 0 { Err(unusable()) } else { Ok(certificates) }
}

async fn reach(host: &str, port: u16) -> Result<TcpStream, Error> {
    let connected = timeout(CONNECT, async {
        let addresses = tokio::net::lookup_host((host, port)).await?;
        race(addresses.collect()).await
    });
    let stream = connected.await.unwrap_or(Err(io::ErrorKind::TimedOut.into()));
    stream.map_err(|cause| Error::Connect(cause.into()))
}

/// A dead address (IPv6 in a network that has none) costs only its head start.
async fn race(addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
    let mut addresses = addresses.into_iter();
    let mut attempts = JoinSet::new();
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    loop {
        if let Some(address) = addresses.next() {
            attempts.spawn(TcpStream::connect(address));
        }
        match timeout(HEAD_START, attempts.join_next()).await {
            Ok(Some(Ok(Ok(stream)))) => return stream.set_nodelay(true).map(|()| stream),
            Ok(Some(Ok(Err(cause)))) => failure = cause,
            Ok(Some(Err(lost))) => failure = lost.into(),
            Ok(None) => return Err(failure),
            Err(_silent) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{Request, Response};
    use rustls::ServerConfig;
    use rustls::pki_types::PrivateKeyDer;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::super::Client;
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);
    const TODAY: &[u8] = include_bytes!("../../tests/vectors/tls/localhost.pem");
    const FROM_2119: &[u8] = include_bytes!("../../tests/vectors/tls/localhost-from-2119.pem");
    const KEY: &[u8] = include_bytes!("../../tests/vectors/tls/localhost.key");

    fn our_ca() -> Option<&'static Path> {
        Some(Path::new("tests/vectors/tls/ca.pem"))
    }

    /// Asks a server that shows this certificate.
    async fn ask(host: &str, certificate: &'static [u8], ca: Option<&Path>) -> Result<Response<Bytes>, Error> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut server = JoinSet::new();
        server.spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let Ok(mut stream) = acceptor(certificate).accept(stream).await else { return };
            while stream.read_u8().await.unwrap() != b'\r' {}
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecret").await.unwrap();
            stream.shutdown().await.unwrap();
        });
        let request = Request::get(format!("https://{host}:{port}/")).body(Bytes::new()).unwrap();
        Client::new(ca).unwrap().send(request, PATIENCE, 100).await
    }

    fn acceptor(certificate: &[u8]) -> tokio_rustls::TlsAcceptor {
        let chain = vec![CertificateDer::from_pem_slice(certificate).unwrap()];
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = config.with_no_client_auth().with_single_cert(chain, PrivateKeyDer::from_pem_slice(KEY).unwrap());
        Arc::new(config.unwrap()).into()
    }

    #[tokio::test]
    async fn a_server_with_a_certificate_of_the_own_ca_is_asked() {
        for host in ["localhost", "127.0.0.1"] {
            assert_eq!(ask(host, TODAY, our_ca()).await.unwrap().body(), "secret");
        }
    }

    #[tokio::test]
    async fn an_unknown_ca_is_refused() {
        let error = ask("localhost", TODAY, None).await.unwrap_err();
        assert!(matches!(error, Error::Tls(_)) && error.certificate_begins_in().is_none(), "{error:?}");
    }

    #[tokio::test]
    async fn a_clock_that_is_behind_shows_as_a_certificate_from_the_future() {
        let error = ask("localhost", FROM_2119, our_ca()).await.unwrap_err();
        assert!(error.certificate_begins_in() > Some(Duration::from_secs(1_000_000)), "{error:?}");
    }
}
