//! Who is signed in to the portal, and how long ago they proved it.

use std::time::Duration;

use http::StatusCode;

use super::Portal;
use super::door::troubled;
use crate::cloud::factors::SignedIn;
use crate::cloud::ids::AccountId;
use crate::cloud::moment::Moment;
use crate::cloud::site::Site;
use crate::cloud::store::{Account, PortalSession};
use crate::panel::screens::{Error, Problem, Visitor};

/// What guards the account is changed only so long after a sign-in.
const FRESH: Duration = Duration::from_secs(600);

/// A browser with a session, and the sign-in behind it.
pub(super) struct Owner {
    pub(super) session: PortalSession,
    pub(super) who: SignedIn,
}

impl Owner {
    pub(super) fn account(&self) -> &Account {
        &self.who.account
    }

    pub(super) fn id(&self) -> &AccountId {
        &self.who.account.id
    }

    pub(super) fn is_fresh(&self, now: Moment) -> bool {
        self.session.created.until(now) < FRESH
    }

    /// For operations that ask for one.
    pub(super) fn access_token(&self, site: &Site) -> Result<String, Problem> {
        let issued = site.issue(&self.who.account, &self.who.family);
        issued.map(|tokens| tokens.access_token).map_err(|_no_key| Error::Trouble.problem())
    }
}

impl Portal {
    pub(super) async fn owner(&self, visitor: &Visitor) -> Result<Owner, Problem> {
        let gone = || Problem::new(StatusCode::UNAUTHORIZED, "Your session has ended. Sign in again.");
        let signed_in = visitor.session.as_ref().ok_or_else(gone)?;
        let store = &self.0.site.cloud.store;
        let session = store.portal_session(&signed_in.hash.0, self.now()).await.map_err(troubled)?;
        let session = session.ok_or_else(gone)?;
        let account = store.account(&session.account).await.map_err(troubled)?.ok_or_else(gone)?;
        let family = store.family(&session.family).await.map_err(troubled)?.ok_or_else(gone)?;
        Ok(Owner { session, who: SignedIn { account, family } })
    }
}
