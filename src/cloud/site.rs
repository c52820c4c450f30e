//! The service as one listener shows it, and who asks: the argument of every handler.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::Cloud;
use super::caller;
use super::error::Error;
use super::graphql::Schema;
use super::ids::AccountId;
use super::passwords::Passwords;
use super::portal;
use super::store::{self, Account, EventKind, Family};
use super::tokens::{Access, Issue, LIFETIME, Refusal};
use super::visitor::Visitor;
use crate::protocol::cognito::AuthenticationResult;
use crate::protocol::discovery::Discovery;

/// What this service offers beyond remote.it; the names are those of arguments and fields, or documented with them.
const FEATURES: &[&str] = &[
    "bound-recovery",
    "fresh-proof",
    "recovery-codes",
    "resend-text",
    "code-expiry",
    "pending-contacts",
    "switch-factor",
    "key-names",
    "key-scopes",
    "key-expiry",
    "events",
];

#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) cloud: Cloud,
    pub(crate) visitor: Visitor,
    pub(crate) schema: Arc<Schema>,
    url: Arc<str>,
    issuer: Arc<str>,
}

impl Site {
    /// `own_url`: where the listener is, for a service without a public URL.
    pub(super) fn new(cloud: Cloud, own_url: String) -> Self {
        let url = cloud.plan.public_url.clone().unwrap_or(own_url);
        let url = url.trim_end_matches('/');
        let issuer = format!("{url}/{}", cloud.plan.user_pool_id).into();
        Self { url: url.into(), issuer, schema: Arc::default(), visitor: Visitor::nobody(), cloud }
    }

    pub(crate) fn asked_by(&self, visitor: Visitor) -> Self {
        Self { visitor, ..self.clone() }
    }

    /// Where clients reach the service, without a slash at the end.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// `iss` of every token.
    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    pub(crate) fn discovery(&self) -> Discovery {
        let pool = &self.cloud.plan.user_pool_id;
        Discovery {
            user_pool_id: pool.clone(),
            client_id: self.cloud.plan.client_id.clone(),
            region: pool.split_once('_').map_or("local", |(region, _name)| region).to_owned(),
            cognito_endpoint: format!("{}/", self.url),
            auth_api: format!("{}/v1", self.url),
            graphql: format!("{}/graphql/v1", self.url),
            oauth: (!self.cloud.providers.is_empty()).then(|| self.url.to_string()),
            portal: Some(format!("{}{}", self.url, portal::FOLDER)),
            features: self.features(),
        }
    }

    /// What this service does beyond remote.it.
    ///
    /// `bound-recovery`: recovery by CUSTOM_AUTH needs the session of a sign-in whose password was right, sent as `SESSION`
    /// among the AuthParameters. `fresh-proof`: once a second factor is on, changes of it need a sign-in of the last ten
    /// minutes that passed it. `recovery-codes`: `/v1/recoveryCodes` counts (GET) and makes (POST) recovery codes, and mfaPref
    /// gives short ones beside the long one. `resend-text`: SMS_MFA takes `RESEND` = `true`. `code-expiry`: challenges for a
    /// code that was sent tell, as `CODE_EXPIRES_IN`, for how many seconds it counts. `pending-contacts`: GetUser tells, as
    /// `custom:new_email` and `custom:new_phone_number`, what waits for its code. `switch-factor`: SELECT_MFA_TYPE
    /// is taken where another factor is asked for. `key-names`, `key-scopes`, `key-expiry`: arguments of createAccessKey and
    /// fields of AccessKey. `access-keys-at-most:N`: of one account, 0 for any number. `events`: login.events and `/v1/events.csv`. `password-auth`: send the password
    /// (USER_PASSWORD_AUTH), since there is no SRP. `identity-provider:NAME`: a name that `/oauth2/authorize` knows.
    fn features(&self) -> Vec<String> {
        let mut features: Vec<String> = FEATURES.iter().map(|feature| (*feature).to_owned()).collect();
        features.push(format!("access-keys-at-most:{}", self.cloud.plan.access_keys_per_account));
        match self.cloud.plan.passwords {
            Passwords::Srp => {}
            Passwords::Argon2id => features.push("password-auth".to_owned()),
        }
        features.extend(self.cloud.providers.iter().map(|provider| format!("identity-provider:{}", provider.name())));
        features
    }

    /// Fresh tokens of a family. The refresh token, when there is one to tell, is the caller's to add.
    pub(crate) fn issue(&self, account: &Account, family: &Family) -> Result<AuthenticationResult, Error> {
        let issue = Issue { issuer: &self.issuer, family, account, now: self.cloud.now() };
        let access_token = self.cloud.signer.access_token(&issue, &self.cloud.entropy)?;
        // A client that did not ask for the scope `openid` gets no id token.
        let id_token = if family.origin.as_ref().is_none_or(|origin| origin.has_scope("openid")) {
            self.cloud.signer.id_token(&issue, &access_token, &self.cloud.entropy)?
        } else {
            String::new()
        };
        Ok(AuthenticationResult {
            access_token,
            id_token,
            refresh_token: None,
            expires_in: LIFETIME,
            token_type: "Bearer".to_owned(),
        })
    }

    /// Writes down for the account's owner what this visitor did.
    pub(crate) async fn note(&self, account: &AccountId, kind: EventKind, detail: &str) -> Result<(), store::Error> {
        self.cloud.store.note_event(account, kind, &self.visitor, detail, self.cloud.now()).await
    }

    /// A sign-in, or a part of one, that failed. `why`: a few fixed words. An account that nobody has takes the same work, so that
    /// the time tells nothing.
    pub(crate) async fn note_failure(&self, account: &AccountId, why: &str) -> Result<(), store::Error> {
        let (store, now) = (&self.cloud.store, self.cloud.now());
        if !store.count_event(account, EventKind::SignInFailed, &self.visitor, why, now).await? {
            let each = format!("{} {}", account.as_str(), now.unix_milliseconds());
            store.spend_signature("sign-in of nobody", each.as_bytes(), now).await?;
        }
        Ok(())
    }

    /// Ends every sign-in of the account; its access keys go on.
    pub(crate) async fn sign_out_everywhere(&self, account: &AccountId) -> Result<(), store::Error> {
        self.cloud.store.revoke_families(account, self.cloud.now()).await?;
        self.note(account, EventKind::SignedOut, "everywhere").await
    }

    /// Who an access token stands for, when it may do everything that they can do.
    pub(crate) async fn bearer(&self, token: &str) -> Result<(Account, Access), caller::Error> {
        let (account, access) = self.holder(token).await?;
        if access.is_whole() { Ok((account, access)) } else { Err(Refusal::Scope.into()) }
    }

    /// Who an access token stands for, whatever it may do, unless it was revoked.
    pub(crate) async fn holder(&self, token: &str) -> Result<(Account, Access), caller::Error> {
        let access = self.cloud.signer.check(token, &self.issuer, self.cloud.now())?;
        if !self.cloud.store.family_stands(&access.family).await? {
            return Err(Refusal::Revoked.into());
        }
        let account = self.cloud.store.account(&access.account).await?.ok_or(Refusal::Invalid)?;
        Ok((account, access))
    }
}

/// The listener's site, with the visitor of this request.
impl FromRequestParts<Self> for Site {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, site: &Self) -> Result<Self, Infallible> {
        Ok(Self { visitor: Visitor::of(parts, &site.cloud.plan.trusted_proxies), ..site.clone() })
    }
}
