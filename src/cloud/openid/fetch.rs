//! How the openidconnect crate reaches a provider: our own client, with limits, over HTTPS (plain HTTP only on this machine),
//! and without following redirects.

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use http::Uri;
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};

use crate::net::{Client, client};

const WITHIN: Duration = Duration::from_secs(10);
const LARGEST_ANSWER: usize = 256 * 1024;

#[derive(Clone, Debug)]
pub(super) struct Fetch(Client);

#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("the address is not https")]
    NotHttps,
    #[error("there is no answer")]
    NoAnswer(#[from] client::Error),
}

impl Fetch {
    pub(super) fn new(ca_file: Option<&Path>) -> Result<Self, client::Error> {
        Ok(Self(Client::new(ca_file)?))
    }

    async fn ask(&self, request: HttpRequest) -> Result<HttpResponse, Error> {
        if !is_private(request.uri()) {
            return Err(Error::NotHttps);
        }
        let answer = self.0.send(request.map(Bytes::from), WITHIN, LARGEST_ANSWER).await?;
        Ok(answer.map(|body| body.to_vec()))
    }
}

impl<'c> AsyncHttpClient<'c> for Fetch {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Error>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.ask(request))
    }
}

/// Nobody on the way can read or change what is said.
pub(super) fn is_private(address: &Uri) -> bool {
    let on_this_machine = || matches!(address.host(), Some("127.0.0.1" | "[::1]" | "localhost"));
    match address.scheme_str() {
        Some("https") => true,
        Some("http") => on_this_machine(),
        Some(_) | None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for good in ["https://accounts.google.com/x", "http://127.0.0.1:4000/", "http://[::1]:1/", "http://localhost/"]
        {
            assert!(is_private(&good.parse().unwrap()), "{good}");
        }
        for bad in ["http://accounts.google.com/", "http://127.0.0.1.evil.test/", "http://192.168.1.2/", "/x"] {
            assert!(!is_private(&bad.parse().unwrap()), "{bad}");
        }
    }
}
