//! The portal's gate: its names, its sessions, and what stands open.

use std::time::Duration;

use http::HeaderMap;

use super::Portal;
use crate::base::{Entropy, report};
use crate::cloud::store::{self, PORTAL_SESSION_LASTS};
use crate::net::Peer;
use crate::panel::screens::host::Name;
use crate::panel::screens::sign_in::Why;
use crate::panel::screens::source::Source;
use crate::panel::screens::token::{Token, TokenHash};
use crate::panel::screens::{Door, Error, Later, OPEN_AT_HOME, Problem, SignedIn, Standing, gate};

const OPEN: [&str; 2] = ["/with-provider", "/provider-answer"];

impl Door for Portal {
    fn source(&self, peer: Peer, headers: &HeaderMap) -> Option<Source> {
        let source = Source::of(peer, headers, &self.0.site.cloud.plan.trusted_proxies)?;
        let is_public = self.0.public_is_https && self.0.public.as_ref() == Some(&source.authority);
        // A proxy at the public URL need not say what the browser speaks.
        Some(Source { https: source.https || (is_public && source.plain_is_safe), ..source })
    }

    fn check_name(&self, name: &Name) -> Result<(), Error> {
        if self.is_our_name(name) { Ok(()) } else { Err(Error::OtherHost(self.0.site.url().to_owned())) }
    }

    fn entropy(&self) -> &Entropy {
        &self.0.site.cloud.entropy
    }

    fn form_salt(&self) -> [u8; 32] {
        self.0.form_salt
    }

    fn is_open(&self, path: &str) -> bool {
        gate::OPEN.contains(&path) || OPEN_AT_HOME.contains(&path) || OPEN.contains(&path)
    }

    fn session<'a>(&'a self, token: Option<&'a Token>) -> Later<'a, Result<Option<SignedIn>, Error>> {
        Box::pin(async move {
            let Some(token) = token else { return Ok(None) };
            let hash = token.hash();
            let session = self.0.site.cloud.store.portal_session(&hash.0, self.now()).await.map_err(trouble)?;
            Ok(session.map(|_standing| SignedIn { hash, standing: Standing::Sure }))
        })
    }

    fn come_back_to(&self, visitor: TokenHash, page: String) -> Later<'_, ()> {
        Box::pin(async move {
            if let Err(error) = self.note_wish(visitor, page).await {
                tracing::warn!(error = report::chain(&error), "the portal cannot use the store");
            }
        })
    }

    fn way_in(&self, had_a_session: bool) -> &'static str {
        if had_a_session { Why::SessionEnded.link() } else { "sign-in" }
    }

    fn session_lasts(&self) -> Duration {
        PORTAL_SESSION_LASTS
    }
}

/// The person hears that it is not their fault; the log hears why.
pub(super) fn trouble(error: store::Error) -> Error {
    tracing::warn!(error = report::chain(&error), "the portal cannot use the store");
    Error::Trouble
}

pub(super) fn troubled(error: store::Error) -> Problem {
    trouble(error).problem()
}
