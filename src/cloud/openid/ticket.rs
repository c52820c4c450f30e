//! A ticket to link an account at a provider with an account here: got with an access token, brought by a browser as `link` of
//! `/oauth2/authorize`. Sealed, so that it costs the store nothing until it is used, once.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

use crate::base::Secret;
use crate::cloud::ids::AccountId;
use crate::cloud::site::Site;
use crate::cloud::store;

pub(crate) const LIFETIME: Duration = Duration::from_secs(600);
const KIND: &str = "ticket to link an account";

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Ticket {
    pub(super) account: String,
    /// The sign-in that asked for it, which stays when all others end.
    pub(super) family: String,
    expires: u64,
}

/// For the owner of a session.
pub(crate) fn make(site: &Site, account: &AccountId, family: &str) -> Secret<String> {
    let expires = site.cloud.now().plus(LIFETIME).unix_seconds();
    let ticket = Ticket { account: account.as_str().to_owned(), family: family.to_owned(), expires };
    let content = serde_json::to_vec(&ticket).unwrap_or_default();
    Secret::new(BASE64URL_NOPAD.encode(&site.cloud.vault.seal(KIND, &content)))
}

/// `None`: not ours, too old, used before, or the session has ended since.
pub(super) async fn redeem(site: &Site, text: &str) -> Result<Option<Ticket>, store::Error> {
    let Ok(sealed) = BASE64URL_NOPAD.decode(text.as_bytes()) else { return Ok(None) };
    let content = site.cloud.vault.unseal(KIND, &sealed).ok();
    let ticket: Option<Ticket> = content.and_then(|content| serde_json::from_slice(content.expose()).ok());
    let now = site.cloud.now();
    let Some(ticket) = ticket.filter(|ticket| ticket.expires > now.unix_seconds()) else { return Ok(None) };
    if !site.cloud.store.family_stands(&ticket.family).await? {
        return Ok(None);
    }
    Ok(site.cloud.store.spend_block(&sealed, now.plus(LIFETIME)).await?.then_some(ticket))
}
