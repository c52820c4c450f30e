//! Where the account service's parts are: known beforehand, or read from `/.well-known/latchkey` when first needed, kept,
//! and read again after failures.

use std::sync::{Arc, Mutex, PoisonError};

use http::Uri;

use super::cognito::Cognito;
use super::provider::{Credential, Provider, Repeat, Request};
use super::transport::Transport;
use super::{Error, Service};
use crate::protocol::discovery::Discovery;

pub(super) struct Directory {
    service: Service,
    found: Mutex<Option<Found>>,
}

struct Found {
    document: Arc<Discovery>,
    /// It may have changed: what is asked of the service next needs it anew.
    is_doubted: bool,
}

impl Directory {
    pub(super) fn new(service: Service) -> Self {
        let found = match &service {
            Service::Url(_) => None,
            Service::Known(discovery) => Some(Found::now((**discovery).clone())),
        };
        Self { service, found: Mutex::new(found) }
    }

    /// Base URL, or name of the known service; also what a kept key is filed under.
    pub(super) fn name(&self) -> String {
        match &self.service {
            Service::Url(base) => base.trim_end_matches('/').to_owned(),
            Service::Known(discovery) => site(&discovery.graphql),
        }
    }

    pub(super) async fn find(&self, transport: &Transport) -> Result<Arc<Discovery>, Error> {
        if let Some(found) = self.lock().as_ref().filter(|found| !found.is_doubted) {
            return Ok(Arc::clone(&found.document));
        }
        let found = Found::now(self.ask(transport).await?);
        let document = Arc::clone(&found.document);
        *self.lock() = Some(found);
        Ok(document)
    }

    /// As it was read last, and whether it would be read anew now; asks nobody.
    pub(super) fn last(&self) -> Option<(Arc<Discovery>, bool)> {
        self.lock().as_ref().map(|found| (Arc::clone(&found.document), found.is_doubted))
    }

    pub(super) async fn cognito(&self, transport: &Transport) -> Result<Cognito, Error> {
        let discovery = self.find(transport).await?;
        Ok(Cognito::new(&discovery, site(&discovery.graphql)))
    }

    pub(super) async fn provider(&self, transport: &Transport) -> Result<Box<dyn Provider>, Error> {
        Ok(Box::new(self.cognito(transport).await?))
    }

    /// After a failure that a moved service would explain, the next question reads the document again.
    pub(super) fn doubt_after(&self, error: &Error) {
        let explained = matches!(
            error,
            Error::Unreachable(_) | Error::NotTheService | Error::ServiceFault(_) | Error::Misconfigured(_)
        );
        if explained && matches!(self.service, Service::Url(_)) {
            self.lock().iter_mut().for_each(|found| found.is_doubted = true);
        }
    }

    async fn ask(&self, transport: &Transport) -> Result<Discovery, Error> {
        let base = self.name();
        let request = Request {
            url: format!("{base}/.well-known/latchkey"),
            headers: vec![("accept", "application/json".to_owned())],
            credential: Credential::Nothing,
            body: None,
            repeat: Repeat::Harmless,
        };
        let reply = transport.send(&request).await?;
        let unusable = || Error::Misconfigured(format!("{} does not describe an account service.", request.url));
        if reply.status != 200 {
            return Err(unusable());
        }
        let discovery: Discovery = serde_json::from_slice(reply.body.expose()).map_err(|_malformed| unusable())?;
        if leads_astray(&base, &discovery) { Err(unusable()) } else { Ok(discovery) }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Found>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Found {
    fn now(document: Discovery) -> Self {
        Self { document: Arc::new(document), is_doubted: false }
    }
}

/// A service behind TLS must not lead passwords or keys onto a plain connection.
fn leads_astray(base: &str, discovery: &Discovery) -> bool {
    let plain_base = base.starts_with("http://");
    let safe = |url: &String| url.starts_with("https://") || (plain_base && url.starts_with("http://"));
    let mut led_to =
        [&discovery.cognito_endpoint, &discovery.auth_api, &discovery.graphql].into_iter().chain(&discovery.oauth);
    !led_to.all(safe)
}

/// `https://api.remote.it/graphql/v1` is a part of what people call remote.it.
fn site(url: &str) -> String {
    let parsed = url.parse::<Uri>().ok();
    let host = parsed.as_ref().and_then(Uri::host).unwrap_or(url);
    host.strip_prefix("api.").unwrap_or(host).to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::loopback::{Loopback, answer};
    use super::*;
    use crate::base::{Clock, Entropy};
    use crate::net::Client;

    fn transport() -> Transport {
        let clock = Clock::by_hand(std::time::SystemTime::UNIX_EPOCH).0;
        let mut transport = Transport::new(Client::new(None).unwrap(), clock, Entropy::repeatable(1));
        transport.be_impatient();
        transport
    }

    fn described(cognito: &str) -> Discovery {
        Discovery { cognito_endpoint: cognito.to_owned(), ..Discovery::remote_it("client1".to_owned()) }
    }

    #[tokio::test]
    async fn the_description_is_read_once_and_again_after_a_failure() {
        let body = serde_json::to_string(&described("https://idp.example.test/")).unwrap();
        let server = Loopback::saying(move |_, _| answer(200, "application/json", &body)).await;
        let directory = Directory::new(Service::Url(format!("{}/", server.url)));
        let transport = transport();
        for (failure, times_read) in [(None, 1), (Some(Error::WrongPassword), 1), (Some(Error::NotTheService), 2)] {
            if let Some(failure) = failure {
                directory.doubt_after(&failure);
            }
            let found = directory.find(&transport).await.unwrap();
            assert_eq!(found.cognito_endpoint, "https://idp.example.test/");
            assert_eq!(server.heard().len(), times_read);
        }
        assert!(server.heard()[0].head.starts_with("GET /.well-known/latchkey HTTP/1.1"));
    }

    #[tokio::test]
    async fn something_else_at_the_address_is_a_wrong_setting_until_it_is_gone() {
        let body = serde_json::to_string(&described("https://idp.example.test/")).unwrap();
        let say = move |_: &_, before| {
            if before == 0 { answer(404, "application/json", "{}") } else { answer(200, "application/json", &body) }
        };
        let server = Loopback::saying(say).await;
        let directory = Directory::new(Service::Url(server.url.clone()));
        assert!(matches!(directory.find(&transport()).await, Err(Error::Misconfigured(_))));
        assert!(directory.find(&transport()).await.is_ok());
    }

    #[tokio::test]
    async fn a_known_service_is_never_looked_up() {
        let directory = Directory::new(Service::Known(Box::new(described("https://idp.example.test/"))));
        directory.doubt_after(&Error::NotTheService);
        assert!(directory.find(&transport()).await.is_ok());
        assert_eq!(directory.name(), "remote.it");
    }

    #[test]
    fn a_description_behind_tls_cannot_lead_onto_a_plain_connection() {
        assert!(leads_astray("https://example.test", &described("http://example.test/")));
        assert!(leads_astray("https://example.test", &described("ftp://example.test/")));
        assert!(!leads_astray("https://example.test", &described("https://example.test/")));
        assert!(!leads_astray("http://127.0.0.1:8080", &described("http://127.0.0.1:8080/")));
    }
}
