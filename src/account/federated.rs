//! Signing in by way of a provider such as Google: the browser goes there and comes back with a code; from the tokens on it is
//! the same as after a password (`enrol`). The provider has its own second factor, so the service asks for none.

use super::cognito::Cognito;
use super::provider::{Departure, Provider as _};
use super::{Account, Error, Failed, Progress};
use crate::base::{Secret, report};

/// A browser that is away at a provider.
#[derive(Debug)]
pub struct Away(Departure);

impl Away {
    /// Where the browser goes.
    pub fn address(&self) -> &str {
        &self.0.address
    }

    /// What it brings back, and nobody else knows.
    pub fn state(&self) -> &Secret<String> {
        &self.0.state
    }
}

impl Account {
    /// The providers that the service announced when it was heard last, by name, and whether that may have changed since; asks
    /// nobody. `None`: it was not heard yet.
    pub fn known_providers(&self) -> Option<(Vec<String>, bool)> {
        let (document, is_doubted) = self.0.directory.last()?;
        Some((Cognito::new(&document, String::new()).providers(), is_doubted))
    }

    /// Asks for them, unless they are known for sure.
    pub async fn ask_for_providers(&self) {
        if let Err(error) = self.provider().await {
            tracing::debug!(error = report::chain(&error), "it is not known what the service offers");
        }
    }

    /// Sends a browser to a provider, to come back to `panel` (a panel's `…/v1/callback/`); `None`: the service has no such
    /// provider.
    pub async fn depart(&self, provider: &str, panel: &str) -> Result<Option<Away>, Error> {
        let random = self.0.entropy.secret();
        let departure = self.provider().await.inspect_err(|error| self.0.directory.doubt_after(error))?;
        Ok(departure.depart(provider, panel, &random).map(Away))
    }

    /// The browser is back with a code, which counts once.
    pub async fn come_back(&self, away: Away, code: Secret<String>) -> Result<Progress, Failed> {
        let provider = self.provider().await.map_err(|error| Failed { error, attempt: None })?;
        self.carry(provider.redeem(&away.0, &code)).await
    }
}
