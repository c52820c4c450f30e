//! The end of the browser's part: a code for the client, which changes it for tokens at `/oauth2/token`.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::authorize::Authorization;
use super::page::Refusal;
use super::parameters::with_query;
use crate::base::Secret;
use crate::cloud::ids::AccountId;
use crate::cloud::site::Site;
use crate::cloud::store::Identity;

const LIFETIME: Duration = Duration::from_secs(60);

/// What a code stands for, besides the account.
#[derive(Serialize, Deserialize)]
pub(super) struct Grant {
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    pub(super) scope: String,
    pub(super) challenge: String,
    pub(super) nonce: Option<String>,
    pub(super) identity: Identity,
}

/// Where the browser goes with it.
pub(super) async fn address(
    site: &Site,
    request: Authorization,
    account: &AccountId,
    identity: Identity,
) -> Result<String, Refusal> {
    let now = site.cloud.now();
    let grant = Grant {
        client_id: request.client_id,
        redirect_uri: request.redirect_uri.clone(),
        scope: request.scope,
        challenge: request.challenge,
        nonce: request.nonce,
        identity,
    };
    let content = Secret::new(serde_json::to_vec(&grant).unwrap_or_default());
    let code = site.cloud.store.begin_code(account, content.expose(), now.plus(LIFETIME)).await?;
    Ok(with_query(&request.redirect_uri, &[("code", Some(code.expose())), ("state", Some(&request.state))]))
}
