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
    found: Mutex<Option<Arc<Discovery>>>,
}

impl Directory {
    pub(super) fn new(service: Service) -> Self {
        let found = match &service {
            Service::Url(_) => None,
            Service::Known(discovery) => Some(Arc::new((**discovery).clone())),
        };
        Self { service, found: Mutex::new(found) }
    }

    /// Base URL, or host of the known service; also what a kept key is filed under.
    pub(super) fn name(&self) -> String {
        match &self.service {
            Service::Url(base) => base.trim_end_matches('/').to_owned(),
            Service::Known(discovery) => host(&discovery.graphql),
        }
    }

    pub(super) async fn find(&self, transport: &Transport) -> Result<Arc<Discovery>, Error> {
        if let Some(found) = self.lock().clone() {
            return Ok(found);
        }
        let found = Arc::new(self.ask(transport).await?);
        *self.lock() = Some(found.clone());
        Ok(found)
    }

    pub(super) async fn provider(&self, transport: &Transport) -> Result<Box<dyn Provider>, Error> {
        let discovery = self.find(transport).await?;
        Ok(Box::new(Cognito::new(&discovery, host(&discovery.graphql))))
    }

    /// After a failure that a moved service would explain, the next question reads the document again.
    pub(super) fn doubt_after(&self, error: &Error) {
        let explained = matches!(
            error,
            Error::Unreachable(_) | Error::NotTheService | Error::ServiceFault(_) | Error::Misconfigured(_)
        );
        if explained && matches!(self.service, Service::Url(_)) {
            *self.lock() = None;
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
        let unusable = || Error::Misconfigured(format!("{} is not a description of an account service", request.url));
        if reply.status != 200 {
            return Err(unusable());
        }
        let discovery: Discovery = serde_json::from_slice(reply.body.expose()).map_err(|_malformed| unusable())?;
        let safe =
            |url: &String| url.starts_with("https://") || (base.starts_with("http://") && url.starts_with("http://"));
        let urls = [&discovery.cognito_endpoint, &discovery.auth_api, &discovery.graphql];
        // A service behind TLS must not lead passwords or keys onto a plain connection.
        if urls.into_iter().all(safe) { Ok(discovery) } else { Err(unusable()) }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Arc<Discovery>>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn host(url: &str) -> String {
    let parsed = url.parse::<Uri>().ok();
    parsed.and_then(|url| url.host().map(ToOwned::to_owned)).unwrap_or_else(|| url.to_owned())
}
