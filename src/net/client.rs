//! The HTTPS (and, for services on loopback, HTTP) client: explicit ring provider, system roots plus an own CA file,
//! connect and total time-outs, answer size limit, no redirects. One connection per request: an agent asks seldom, and a
//! kept connection that died unnoticed costs more than a handshake.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use http::header::HOST;
use http::uri::PathAndQuery;
use http::{HeaderValue, Request, Response, Uri};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::time::timeout;

use super::Wire;
use super::dial::Dialer;

/// Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    dialer: Dialer,
}

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the server cannot be reached")]
    Connect(#[source] Cause),
    #[error("no safe connection can be made to the server")]
    Tls(#[source] rustls::Error),
    #[error("the server did not answer in time")]
    TimedOut,
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    #[error("the CA file {0} cannot be used")]
    CaFile(std::path::PathBuf),
    #[error("the connection broke")]
    Broken(#[source] Cause),
}

impl Error {
    /// How far in the future the server's certificate begins: this machine's clock is behind by at least that (a Pi may
    /// boot in 1970).
    pub fn certificate_begins_in(&self) -> Option<Duration> {
        use rustls::CertificateError::NotValidYetContext;
        let Self::Tls(rustls::Error::InvalidCertificate(NotValidYetContext { time, not_before })) = self else {
            return None;
        };
        Some(Duration::from_secs(not_before.as_secs().saturating_sub(time.as_secs())))
    }
}

impl Client {
    pub fn new(ca_file: Option<&Path>) -> Result<Self, Error> {
        Ok(Self { dialer: Dialer::new(ca_file)? })
    }

    /// Sends one request and reads the whole answer. The request's `host` and `date`, when set, go out unchanged (SIG-10).
    pub async fn send(
        &self,
        request: Request<Bytes>,
        within: Duration,
        at_most: usize,
    ) -> Result<Response<Bytes>, Error> {
        let exchange = async {
            let wire = self.dialer.connect(request.uri()).await?;
            ask(wire, as_sent(request), at_most).await
        };
        timeout(within, exchange).await.unwrap_or(Err(Error::TimedOut))
    }
}

/// Origin form, as a server that is no proxy expects it, and a `host`, if there is none.
fn as_sent(request: Request<Bytes>) -> Request<Full<Bytes>> {
    let (mut head, body) = request.into_parts();
    if !head.headers.contains_key(HOST)
        && let Some(host) = host_of(&head.uri)
    {
        head.headers.insert(HOST, host);
    }
    let target = head.uri.path_and_query().cloned();
    head.uri = Uri::from(target.unwrap_or(PathAndQuery::from_static("/")));
    Request::from_parts(head, Full::new(body))
}

/// What `host` must say for a URL: with port only when it is not the scheme's own (SIG-03).
pub fn host_of(url: &Uri) -> Option<HeaderValue> {
    let host = url.host()?;
    let text = match (url.scheme_str(), url.port_u16()) {
        (_, None) | (Some("http"), Some(80)) | (Some("https"), Some(443)) => host.to_owned(),
        (_, Some(port)) => format!("{host}:{port}"),
    };
    text.parse().ok()
}

async fn ask(wire: Box<dyn Wire>, request: Request<Full<Bytes>>, at_most: usize) -> Result<Response<Bytes>, Error> {
    let broken = |cause: hyper::Error| Error::Broken(cause.into());
    let (mut sender, connection) = http1::handshake(TokioIo::new(wire)).await.map_err(broken)?;
    let answer = async {
        let (head, body) = sender.send_request(request).await.map_err(broken)?.into_parts();
        let body = Limited::new(body, at_most).collect().await.map_err(|cause| {
            if cause.is::<LengthLimitError>() { Error::TooLarge(at_most) } else { Error::Broken(cause) }
        })?;
        Ok(Response::from_parts(head, body.to_bytes()))
    };
    tokio::pin!(answer, connection);
    tokio::select! {
        biased;
        answered = &mut answer => answered,
        _ended = &mut connection => answer.await,
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::task::JoinSet;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    /// Answers each connection with fixed bytes; what was read comes back when the client hangs up.
    struct Server {
        port: u16,
        conversations: JoinSet<String>,
    }

    async fn server(answer: &'static str) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut conversations = JoinSet::new();
        conversations.spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            hear(stream, answer).await
        });
        Server { port, conversations }
    }

    async fn hear(mut stream: TcpStream, answer: &str) -> String {
        let mut heard = Vec::new();
        while !heard.ends_with(b"\r\n\r\n") {
            heard.push(stream.read_u8().await.unwrap());
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
        let _reset = stream.read_to_end(&mut heard).await;
        String::from_utf8(heard).unwrap()
    }

    fn get(url: &str) -> http::request::Builder {
        Request::get(url)
    }

    async fn send(request: Request<Bytes>, at_most: usize) -> Result<Response<Bytes>, Error> {
        Client::new(None).unwrap().send(request, PATIENCE, at_most).await
    }

    #[tokio::test]
    async fn date_and_host_go_out_once_and_unchanged() {
        let mut server = server("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
        let request = get(&format!("http://127.0.0.1:{}/graphql/v1?a=%7e", server.port))
            .header("host", "api.example.test")
            .header("date", "Tue, 02 Jan 2024 03:04:05 GMT")
            .body(Bytes::new());
        assert_eq!(send(request.unwrap(), 100).await.unwrap().body(), "ok");
        let heard = server.conversations.join_next().await.unwrap().unwrap();
        assert!(heard.starts_with("GET /graphql/v1?a=%7e HTTP/1.1\r\n"), "{heard}");
        assert_eq!(heard.matches("host: api.example.test\r\n").count(), 1, "{heard}");
        assert_eq!(heard.matches("date: Tue, 02 Jan 2024 03:04:05 GMT\r\n").count(), 1, "{heard}");
        assert_eq!(heard.to_ascii_lowercase().matches("host:").count(), 1, "{heard}");
    }

    #[tokio::test]
    async fn a_redirect_is_an_answer_and_not_followed() {
        let server = server("HTTP/1.1 302 Found\r\nlocation: http://portal.lan/\r\ncontent-length: 0\r\n\r\n").await;
        let request = get(&format!("http://127.0.0.1:{}/", server.port)).body(Bytes::new()).unwrap();
        assert_eq!(send(request, 100).await.unwrap().status(), 302);
    }

    #[tokio::test]
    async fn an_answer_that_is_too_large_is_not_kept() {
        let server = server("HTTP/1.1 200 OK\r\n\r\n0123456789").await;
        let request = get(&format!("http://127.0.0.1:{}/", server.port)).body(Bytes::new()).unwrap();
        assert!(matches!(send(request, 9).await, Err(Error::TooLarge(9))));
    }

    #[tokio::test]
    async fn an_answer_that_never_ends_is_too_late() {
        let server = server("HTTP/1.1 200 OK\r\n\r\n").await;
        let request = get(&format!("http://127.0.0.1:{}/", server.port)).body(Bytes::new()).unwrap();
        let late = Client::new(None).unwrap().send(request, Duration::from_millis(100), 9).await;
        assert!(matches!(late, Err(Error::TimedOut)), "{late:?}");
    }

    #[tokio::test]
    async fn nobody_there_and_an_unknown_name_are_both_unreachable() {
        let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        for url in [format!("http://{gone}/"), "http://no-such-name.invalid/".to_owned(), "ftp://127.0.0.1/".to_owned()]
        {
            let request = get(&url).body(Bytes::new()).unwrap();
            assert!(matches!(send(request, 9).await, Err(Error::Connect(_))), "{url}");
        }
    }

    #[tokio::test]
    async fn plain_http_behind_https_is_a_tls_error() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}/", listener.local_addr().unwrap());
        let mut peer = JoinSet::new();
        peer.spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
            let _reset = stream.read_to_end(&mut Vec::new()).await;
        });
        let error = send(get(&url).body(Bytes::new()).unwrap(), 9).await.unwrap_err();
        assert!(matches!(error, Error::Tls(_)), "{error:?}");
    }

    #[test]
    fn a_certificate_from_the_future_is_told_from_a_wrong_one() {
        use rustls::CertificateError::{NotValidYetContext, UnknownIssuer};
        use rustls::pki_types::UnixTime;
        let tls = |cause| Error::Tls(rustls::Error::InvalidCertificate(cause));
        let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let early = tls(NotValidYetContext { time: at(5), not_before: at(65) });
        assert_eq!(early.certificate_begins_in(), Some(Duration::from_secs(60)));
        assert_eq!(tls(UnknownIssuer).certificate_begins_in(), None);
    }

    #[test]
    fn a_ca_file_without_certificates_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(matches!(Client::new(Some(file.path())), Err(Error::CaFile(path)) if path == file.path()));
    }

    #[test]
    fn the_host_has_brackets_and_only_an_unusual_port() {
        for (url, host) in [
            ("http://[::1]:8080/", "[::1]:8080"),
            ("https://api.example.test:443/", "api.example.test"),
            ("https://api.example.test:8443/", "api.example.test:8443"),
        ] {
            let sent = as_sent(get(url).body(Bytes::new()).unwrap());
            assert_eq!(sent.headers()[HOST], host);
        }
    }
}
