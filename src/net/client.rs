//! The HTTPS (and, for loopback services, HTTP) client: explicit ring provider, system roots plus an own CA file,
//! connect and total time-outs, answer size limit, no redirects.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;

#[derive(Clone, Debug)]
pub struct Client {}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the server cannot be reached")]
    Connect(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the server did not answer in time")]
    TimedOut,
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    #[error("the CA file {0} cannot be used")]
    CaFile(std::path::PathBuf),
    #[error("the connection broke")]
    Broken(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Client {
    pub fn new(ca_file: Option<&Path>) -> Result<Self, Error> {
        todo!("{ca_file:?}")
    }
    /// Sends one request and reads the whole answer. The request's `host` and `date`, when set, go out unchanged (SIG-10).
    pub async fn send(
        &self,
        request: http::Request<Bytes>,
        within: Duration,
        at_most: usize,
    ) -> Result<http::Response<Bytes>, Error> {
        todo!("{request:?} {within:?} {at_most}")
    }
}
