//! The accept loop: time-outs, connection limits, TCP_NODELAY, graceful stop.

use std::io;
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{Request, StatusCode};
use http_body_util::Limited;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tower::ServiceExt;

use super::crowd::{Crowd, Seat, turn_away};
use super::limits::Limits;
use super::listen::{Listener, Peer, Speech, Stream};

/// Told once to everybody that the program stops.
#[derive(Clone, Debug)]
pub struct Stop(tokio::sync::watch::Receiver<bool>);

/// The hand that stops.
#[derive(Debug)]
pub struct Stopper(tokio::sync::watch::Sender<bool>);

impl Stop {
    pub fn pair() -> (Stopper, Self) {
        let (sender, receiver) = tokio::sync::watch::channel(false);
        (Stopper(sender), Self(receiver))
    }
    /// Returns when stopped (or when the stopper is gone).
    pub async fn wait(&mut self) {
        let _gone = self.0.wait_for(|stopped| *stopped).await;
    }
}

impl Stopper {
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

/// Longer heads are refused; hyper's own limit would let every connection hold 400 KB.
const LONGEST_HEAD: usize = 32 * 1024;
/// How long to wait after a failed accept: the reason (no free file descriptor) does not go away at once.
const PAUSE: Duration = Duration::from_millis(500);

/// Serves until stopped; every request has the [`super::Peer`] in its extensions.
pub async fn serve(listener: Listener, router: axum::Router, limits: Limits, mut stop: Stop) {
    let router = router.with_state(());
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let mut crowd = Crowd::default();
    let mut pause = Duration::ZERO;
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.wait() => break,
            Some(_ended) = connections.join_next() => continue,
            accepted = accept(&listener, pause) => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                pause = Duration::ZERO;
                match crowd.seat(peer, connections.len(), &limits) {
                    Some(seat) => {
                        let watcher = graceful.watcher();
                        let visit = (stream, listener.speech());
                        connections.spawn(converse(visit, peer, seat, watcher, router.clone(), limits));
                    }
                    None => turn_away(stream.wire()).await,
                }
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                if pause.is_zero() {
                    tracing::warn!(%error, "a connection cannot be accepted");
                }
                pause = PAUSE;
            }
        }
    }
    drop(listener);
    let _overdue = timeout(limits.grace, graceful.shutdown()).await;
    connections.shutdown().await;
}

async fn accept(listener: &Listener, pause: Duration) -> io::Result<(Stream, Peer)> {
    if !pause.is_zero() {
        tokio::time::sleep(pause).await;
    }
    listener.accept().await
}

/// The visitor is gone again; the next one is not to wait for that.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, NotConnected};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | NotConnected)
}

/// One connection to its end.
async fn converse(
    (stream, speech): (Stream, Speech),
    peer: Peer,
    _seat: Seat,
    watcher: Watcher,
    router: axum::Router,
    limits: Limits,
) {
    let (wire, peer) = match timeout(limits.head, stream.greet(speech, peer)).await {
        Ok(Ok(greeted)) => greeted,
        Ok(Err(error)) => return tracing::debug!(%error, "no TLS connection came about"),
        Err(_late) => return tracing::debug!("a visitor said nothing, or its TLS handshake took too long"),
    };
    let begun = Notify::new();
    let service = hyper::service::service_fn(|request| {
        begun.notify_one();
        let router = router.clone();
        async move { Ok::<_, std::convert::Infallible>(answer(router, peer, limits, request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(LONGEST_HEAD)
        .serve_connection(TokioIo::new(wire), service);
    tokio::select! {
        ended = watcher.watch(connection) => {
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection ended early");
            }
        }
        () = stalled(&begun, limits.head + limits.request) => tracing::debug!("a connection stalled"),
    }
}

/// Returns when no request begins for so long: hyper times the head, [`answer`] the handler, and this a reader that
/// does not take its answer.
async fn stalled(begun: &Notify, longest: Duration) {
    while timeout(longest, begun.notified()).await.is_ok() {}
}

async fn answer(router: axum::Router, peer: Peer, limits: Limits, request: Request<Incoming>) -> Response {
    // A body that says beforehand that it is too long is not waited for; whoever would read it answers in its own words.
    let too_long = request.body().size_hint().lower() > limits.body as u64;
    let body = |body| {
        if too_long { Body::new(Limited::new(Body::from("."), 0)) } else { Body::new(Limited::new(body, limits.body)) }
    };
    let mut request = request.map(body);
    request.extensions_mut().insert(peer);
    match timeout(limits.request, router.oneshot(request)).await {
        Ok(Ok(response)) => response,
        Ok(Err(never)) => match never {},
        Err(_late) => (StatusCode::REQUEST_TIMEOUT, "The request took too long.\n").into_response(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::Extension;
    use axum::routing::{get, post};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);
    const GET: &[u8] = b"GET / HTTP/1.1\r\nhost: pi\r\n\r\n";

    struct World {
        address: std::net::SocketAddr,
        stopper: Stopper,
        server: JoinSet<()>,
        held: Arc<Notify>,
        reached: Arc<Notify>,
    }

    /// `/` says who asks, `/length` reads the body, `/long` is more than a socket holds, `/held` answers when told.
    async fn world(limits: Limits) -> World {
        let listener = Listener::tcp("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.address().unwrap();
        let (held, reached) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (stopper, stop) = Stop::pair();
        let mut server = JoinSet::new();
        server.spawn(serve(listener, router(held.clone(), reached.clone()), limits, stop));
        World { address, stopper, server, held, reached }
    }

    fn router(held: Arc<Notify>, reached: Arc<Notify>) -> axum::Router {
        axum::Router::new()
            .route("/", get(|Extension(peer): Extension<Peer>| async move { format!("{peer:?}") }))
            .route("/long", get(async || vec![0; 64 << 20]))
            .route("/length", post(|body: bytes::Bytes| async move { body.len().to_string() }))
            .route(
                "/held",
                get(move || async move {
                    reached.notify_one();
                    held.notified().await;
                    "let go"
                }),
            )
    }

    impl World {
        async fn connect(&self) -> TcpStream {
            TcpStream::connect(self.address).await.unwrap()
        }
        /// Sends on a new connection; everything that comes until the server closes.
        async fn say(&self, bytes: &[u8]) -> String {
            let mut stream = self.connect().await;
            stream.write_all(bytes).await.unwrap();
            rest(&mut stream).await
        }
    }

    async fn rest(stream: &mut TcpStream) -> String {
        let mut said = Vec::new();
        let _reset = timeout(PATIENCE, stream.read_to_end(&mut said)).await.expect("the server closes");
        String::from_utf8(said).unwrap()
    }

    /// One answer head, with the connection left open.
    async fn head(stream: &mut TcpStream) -> String {
        let mut said = Vec::new();
        while !said.ends_with(b"\r\n\r\n") {
            said.push(timeout(PATIENCE, stream.read_u8()).await.unwrap().unwrap());
        }
        String::from_utf8(said).unwrap()
    }

    #[tokio::test]
    async fn slow_heads_are_cut_off_and_keep_nobody_waiting() {
        let short = Duration::from_millis(300);
        let world = world(Limits { head: short, connections_per_address: 300, ..Limits::default() }).await;
        let mut slow = Vec::new();
        for _ in 0..200 {
            slow.push(world.connect().await);
            slow.last_mut().unwrap().write_all(b"GET / HTT").await.unwrap();
        }
        let answered = world.say(b"GET / HTTP/1.1\r\nhost: pi\r\nconnection: close\r\n\r\n");
        assert!(timeout(Duration::from_secs(1), answered).await.unwrap().starts_with("HTTP/1.1 200"));
        for mut stream in slow {
            rest(&mut stream).await;
        }
    }

    #[tokio::test]
    async fn one_address_cannot_take_every_connection() {
        let world = world(Limits { connections_per_address: 2, ..Limits::default() }).await;
        let (mut first, mut second) = (world.connect().await, world.connect().await);
        for stream in [&mut first, &mut second] {
            stream.write_all(GET).await.unwrap();
            assert!(head(stream).await.starts_with("HTTP/1.1 200"));
        }
        let refused = rest(&mut world.connect().await).await;
        assert!(refused.starts_with("HTTP/1.1 503") && refused.contains("Too many connections"), "{refused}");
    }

    #[tokio::test]
    async fn a_seat_is_free_again_when_its_connection_ends() {
        let world = world(Limits { connections: 1, ..Limits::default() }).await;
        for _ in 0..3 {
            let closing = world.say(b"GET / HTTP/1.1\r\nhost: pi\r\nconnection: close\r\n\r\n").await;
            assert!(closing.starts_with("HTTP/1.1 200"), "{closing}");
        }
    }

    #[tokio::test]
    async fn a_body_over_the_limit_is_413_with_and_without_a_length() {
        let world = world(Limits { body: 8, head: Duration::from_millis(200), ..Limits::default() }).await;
        let fits = world.say(b"POST /length HTTP/1.1\r\nhost: pi\r\ncontent-length: 8\r\n\r\n12345678").await;
        assert!(fits.starts_with("HTTP/1.1 200"), "{fits}");
        let sized = world.say(b"POST /length HTTP/1.1\r\nhost: pi\r\ncontent-length: 9\r\n\r\n123456789").await;
        assert!(sized.starts_with("HTTP/1.1 413"), "{sized}");
        let chunked =
            b"POST /length HTTP/1.1\r\nhost: pi\r\ntransfer-encoding: chunked\r\n\r\n9\r\n123456789\r\n0\r\n\r\n";
        let chunked = world.say(chunked).await;
        assert!(chunked.starts_with("HTTP/1.1 413"), "{chunked}");
    }

    #[tokio::test]
    async fn a_body_that_never_ends_is_408() {
        let world = world(Limits { request: Duration::from_millis(100), ..Limits::default() }).await;
        let late = world.say(b"POST /length HTTP/1.1\r\nhost: pi\r\ncontent-length: 8\r\n\r\n123").await;
        assert!(late.starts_with("HTTP/1.1 408"), "{late}");
    }

    #[tokio::test]
    async fn stop_lets_a_running_request_finish_and_closes_the_rest() {
        let mut world = world(Limits::default()).await;
        let (mut idle, mut busy) = (world.connect().await, world.connect().await);
        idle.write_all(GET).await.unwrap();
        head(&mut idle).await;
        busy.write_all(b"GET /held HTTP/1.1\r\nhost: pi\r\n\r\n").await.unwrap();
        world.reached.notified().await;
        world.stopper.stop();
        rest(&mut idle).await;
        world.held.notify_one();
        assert!(rest(&mut busy).await.ends_with("let go"));
        timeout(PATIENCE, world.server.join_next()).await.unwrap().unwrap().unwrap();
    }

    #[tokio::test]
    async fn stop_waits_no_longer_than_its_grace() {
        let mut world = world(Limits { grace: Duration::from_millis(50), ..Limits::default() }).await;
        let mut busy = world.connect().await;
        busy.write_all(b"GET /held HTTP/1.1\r\nhost: pi\r\n\r\n").await.unwrap();
        world.reached.notified().await;
        world.stopper.stop();
        timeout(PATIENCE, world.server.join_next()).await.unwrap().unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_reader_that_takes_nothing_is_cut_off() {
        let short = Duration::from_millis(100);
        let world = world(Limits { connections: 1, head: short, request: short, ..Limits::default() }).await;
        let mut greedy = world.connect().await;
        greedy.write_all(b"GET /long HTTP/1.1\r\nhost: pi\r\n\r\n").await.unwrap();
        head(&mut greedy).await;
        let served = async { while !world.say(GET).await.starts_with("HTTP/1.1 200") {} };
        timeout(PATIENCE, served).await.unwrap();
    }
}
