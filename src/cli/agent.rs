//! The broker as commands use it: through the socket of the running agent, or in this process where none runs.
//! Both speak the same requests and answers.

use std::io::ErrorKind;
use std::path::Path;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::net::UnixStream;
use tokio::task::JoinSet;
use tower::ServiceExt;

use crate::account::Account;
use crate::base::Clock;
use crate::broker::{self, Policy};
use crate::net::{Peer, Wire};

/// A broker that answers.
pub(super) enum Agent {
    Running { sender: SendRequest<Full<Bytes>>, _connection: JoinSet<()> },
    InProcess(Router),
}

/// The broker's words for what went wrong; its table of statuses is on its front page.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("The agent's socket {0} is closed to this user; join the group 'latchkey' and log in again.")]
    NotAllowed(String),
    #[error("The agent does not answer on its socket; see 'systemctl status latchkey'.")]
    Broken(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("{sentence}")]
    Refused { status: StatusCode, sentence: String },
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

impl Agent {
    /// `None` when no agent listens at `socket`.
    pub(super) async fn running(socket: &Path) -> Result<Option<Self>, Error> {
        let stream = match UnixStream::connect(socket).await {
            Ok(stream) => stream,
            Err(error) if [ErrorKind::NotFound, ErrorKind::ConnectionRefused].contains(&error.kind()) => {
                return Ok(None);
            }
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                return Err(Error::NotAllowed(socket.display().to_string()));
            }
            Err(error) => return Err(Error::Broken(error.into())),
        };
        let wire: Box<dyn Wire> = Box::new(stream);
        let handshake = hyper::client::conn::http1::handshake(TokioIo::new(wire)).await;
        let (sender, connection) = handshake.map_err(|error| Error::Broken(error.into()))?;
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let _broken = connection.await;
        });
        Ok(Some(Self::Running { sender, _connection: tasks }))
    }

    pub(super) fn in_process(account: Account, clock: Clock) -> Self {
        Self::InProcess(broker::router(account, Policy::default(), clock))
    }

    pub(super) fn is_running(&self) -> bool {
        matches!(self, Self::Running { .. })
    }

    /// What a GET brings, as it is.
    pub(super) async fn get(self, path: &str) -> Result<Bytes, Error> {
        good(self.send(Method::GET, path, Bytes::new()).await?)
    }

    /// What a GET brings, read as JSON.
    pub(super) async fn read<T: DeserializeOwned>(self, path: &str) -> Result<T, Error> {
        parse(&self.get(path).await?)
    }

    /// Posts JSON, reads JSON.
    pub(super) async fn ask<T: DeserializeOwned>(self, path: &str, question: &impl Serialize) -> Result<T, Error> {
        let question = serde_json::to_vec(question).map_err(|error| Error::Broken(error.into()))?;
        parse(&good(self.send(Method::POST, path, question.into()).await?)?)
    }

    pub(super) async fn reload(self) -> Result<(), Error> {
        good(self.send(Method::POST, "/v1/reload", Bytes::new()).await?).map(|_empty| ())
    }

    /// Status and body as they come; an answer that is the broker's own refusal is an error.
    pub(super) async fn forward(self, path: &str, body: Vec<u8>) -> Result<(StatusCode, Bytes), Error> {
        let (status, body) = self.send(Method::POST, path, body.into()).await?;
        match refusal(status, &body) {
            Some(error) => Err(error),
            None => Ok((status, body)),
        }
    }

    async fn send(self, method: Method, path: &str, body: Bytes) -> Result<(StatusCode, Bytes), Error> {
        let request = Request::builder().method(method).uri(path).header(http::header::HOST, "localhost");
        let mut request = request.body(Full::new(body)).map_err(|error| Error::Broken(error.into()))?;
        match self {
            Self::Running { mut sender, _connection } => {
                whole(sender.send_request(request).await.map_err(|error| Error::Broken(error.into()))?).await
            }
            Self::InProcess(router) => {
                request.extensions_mut().insert(myself());
                let Ok(answer) = router.oneshot(request.map(Body::new)).await;
                whole(answer).await
            }
        }
    }
}

async fn whole<B>(answer: Response<B>) -> Result<(StatusCode, Bytes), Error>
where
    B: hyper::body::Body<Error: Into<Box<dyn std::error::Error + Send + Sync>>>,
{
    let (head, body) = answer.into_parts();
    let body = body.collect().await.map_err(|error| Error::Broken(error.into()))?;
    Ok((head.status, body.to_bytes()))
}

fn good((status, body): (StatusCode, Bytes)) -> Result<Bytes, Error> {
    match status.is_success() {
        true => Ok(body),
        false => Err(refusal(status, &body).unwrap_or_else(|| Error::Broken(format!("status {status}").into()))),
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(body).map_err(|error| Error::Broken(error.into()))
}

fn refusal(status: StatusCode, body: &[u8]) -> Option<Error> {
    let refusal: Refusal = serde_json::from_slice(body).ok().filter(|_| !status.is_success())?;
    Some(Error::Refused { status, sentence: refusal.error })
}

fn myself() -> Peer {
    Peer::Unix { uid: nix::unistd::geteuid().as_raw(), gid: nix::unistd::getegid().as_raw() }
}
