//! Live state: `GET /live` tells an open page when what it shows is out of date, so that script fetches it anew. Nobody listens,
//! nothing runs; few may listen at once; a stream ends with its session, with the program, and before its connection counts as
//! stalled (the browser then comes again by itself).

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use hyper::body::Frame;
use sha2::{Digest, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Panel;
use super::screens::token::TokenHash;
use super::screens::{SignedIn, Visitor};
use crate::net::serve::Stop;

pub(super) const PATH: &str = "/live";

/// More pages than one owner looks at; every further one shows what it showed when it was opened.
const AT_MOST: usize = 8;
const PERIOD: Duration = Duration::from_secs(1);
/// Something is sent at least so often, so that a browser that went away without a word is noticed.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Shorter than `net::Limits::request`.
const LONGEST: Duration = Duration::from_secs(50);
/// How long a browser waits before it comes again, in milliseconds.
const COME_AGAIN: &str = "retry: 2000\n";

/// Who listens, and until when.
pub(super) struct Live {
    seats: Arc<Semaphore>,
    stop: OnceLock<Stop>,
}

impl Default for Live {
    fn default() -> Self {
        Self { seats: Arc::new(Semaphore::new(AT_MOST)), stop: OnceLock::new() }
    }
}

impl Panel {
    /// Streams to open pages end when the program stops, and do not hold it up.
    pub fn ends_with(&self, stop: Stop) {
        let _is_told_already = self.0.live.stop.set(stop);
    }

    /// The session of a browser that only listens.
    pub(super) fn glance_at(&self, hash: TokenHash) -> Option<SignedIn> {
        let status = self.0.account.status();
        let owner = status.owner.as_ref().map(|owner| owner.id.as_str())?;
        let standing = self.0.sessions.glance(hash, owner, self.times(&status))?;
        Some(SignedIn { hash, standing })
    }

    /// Another mark means that a page with live state is out of date. It says nothing about what changed.
    pub(super) fn live_mark(&self) -> String {
        let status = self.0.account.status();
        let owner = status.owner.as_ref().map(|owner| owner.id.as_str());
        let key = status.key.as_ref().map(|key| key.as_str());
        let shown = (status.state, owner, key, status.notices, self.0.sessions.trouble());
        let hash = Sha256::digest(format!("{shown:?}"));
        base16ct::lower::encode_string(hash.split_at(8).0)
    }
}

pub(super) async fn stream(State(panel): State<Panel>, Extension(visitor): Extension<Visitor>) -> Response {
    let Ok(seat) = Arc::clone(&panel.0.live.seats).try_acquire_owned() else {
        return (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "60")]).into_response();
    };
    let Some(session) = visitor.session else { return StatusCode::UNAUTHORIZED.into_response() };
    let began = panel.monotonic();
    let listener = Listener { panel, session, began, told: None, _seat: seat };
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::new(Feed::of(listener))).into_response()
}

/// An open page.
struct Listener {
    panel: Panel,
    session: SignedIn,
    began: Duration,
    told: Option<String>,
    _seat: OwnedSemaphorePermit,
}

impl Listener {
    /// The next thing that the page is to hear; `None` when the stream is over.
    async fn hear(mut self) -> Option<(Bytes, Self)> {
        let since = self.panel.monotonic();
        loop {
            if self.told.is_some() && self.stops_during_the_pause().await {
                return None;
            }
            let now = self.panel.monotonic();
            if now.saturating_sub(self.began) >= LONGEST || self.panel.glance_at(self.session.hash).is_none() {
                return None;
            }
            let mark = self.panel.live_mark();
            if self.told.as_ref() != Some(&mark) {
                let line = format!("{COME_AGAIN}data: {mark}\n\n");
                self.told = Some(mark);
                return Some((line.into(), self));
            }
            if now.saturating_sub(since) >= HEARTBEAT {
                return Some((Bytes::from_static(b":\n\n"), self));
            }
        }
    }

    async fn stops_during_the_pause(&self) -> bool {
        let pause = tokio::time::sleep(PERIOD);
        match self.panel.0.live.stop.get().cloned() {
            None => {
                pause.await;
                false
            }
            Some(mut stop) => tokio::select! {
                () = stop.wait() => true,
                () = pause => false,
            },
        }
    }
}

type Hearing = Pin<Box<dyn Future<Output = Option<(Bytes, Listener)>> + Send>>;

/// The body of the answer: what a listener hears, piece by piece.
struct Feed(Option<Hearing>);

impl Feed {
    fn of(listener: Listener) -> Self {
        Self(Some(Box::pin(listener.hear())))
    }
}

impl hyper::body::Body for Feed {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some(hearing) = self.0.as_mut() else { return Poll::Ready(None) };
        let heard = ready!(hearing.as_mut().poll(context));
        let (line, further) = heard.map_or((None, None), |(line, listener)| (Some(line), Some(listener)));
        self.0 = further.map(|listener| Box::pin(listener.hear()) as Hearing);
        Poll::Ready(line.map(|line| Ok(Frame::data(line))))
    }
}
