//! The first step: the password, proved by SRP (USER_SRP_AUTH, PASSWORD_VERIFIER) or sent (USER_PASSWORD_AUTH).
//!
//! A name without an account gets the same work, the same delays and the same words as one with a wrong password.

use std::time::Duration;

use data_encoding::{BASE64, HEXLOWER};
use serde::{Deserialize, Serialize};

use super::fault::Fault;
use super::{fields, step};
use crate::base::Secret;
use crate::cloud::ids::AccountId;
use crate::cloud::moment::Moment;
use crate::cloud::site::Site;
use crate::cloud::store::{Account, Policy};
use crate::protocol::cognito::{AuthReply, Parameters};
use crate::protocol::srp::{self, Exchange, SessionKey, Verifier};

/// As Cognito does it: five wrong passwords are free, then 1 s, doubling to 15 min.
const THROTTLE: Policy = Policy {
    kind: "password",
    free: 5,
    first: Duration::from_secs(1),
    longest: Duration::from_secs(900),
    forget: Duration::from_secs(900),
};
const EXCHANGE_LIFETIME: Duration = Duration::from_secs(180);
const CLOCK_WINDOW: Duration = Duration::from_secs(300);
const BLOCK: &str = "secret block";

/// Whose password is asked for.
struct Subject {
    id: AccountId,
    verifier: Verifier,
    account: Option<Account>,
}

/// The service's half of an exchange, sealed into SECRET_BLOCK.
#[derive(Serialize, Deserialize)]
struct Block {
    user_id: String,
    client_id: String,
    expires: u64,
    key: String,
}

pub(super) async fn begin(site: &Site, client: &str, parameters: &Parameters) -> Result<AuthReply, Fault> {
    let username = fields::username(parameters)?;
    let client_public = fields::required(parameters, "SRP_A")?.to_owned();
    let subject = subject(site, username).await?;
    let (verifier, random) = (subject.verifier.clone(), site.cloud.entropy.secret());
    let exchange = site.cloud.heavy.run(move || Exchange::answer(&verifier, &client_public, &random)).await??;
    let block = Block {
        user_id: subject.id.as_str().to_owned(),
        client_id: client.to_owned(),
        expires: site.cloud.now().plus(EXCHANGE_LIFETIME).unix_seconds(),
        key: HEXLOWER.encode(exchange.key.bytes()),
    };
    let reply = AuthReply { challenge_name: Some("PASSWORD_VERIFIER".to_owned()), ..AuthReply::default() };
    Ok(step::with_parameters(
        reply,
        [
            ("SALT", subject.verifier.salt_hex()),
            ("SECRET_BLOCK", BASE64.encode(&block.seal(site)?)),
            ("SRP_B", exchange.public_hex),
            ("USERNAME", subject.id.as_str().to_owned()),
            ("USER_ID_FOR_SRP", subject.id.as_str().to_owned()),
        ],
    ))
}

pub(super) async fn prove(site: &Site, client: &str, responses: &Parameters) -> Result<AuthReply, Fault> {
    fields::username(responses)?;
    let timestamp = fields::required(responses, "TIMESTAMP")?;
    let signature = fields::required(responses, "PASSWORD_CLAIM_SIGNATURE")?;
    let sealed = fields::required(responses, "PASSWORD_CLAIM_SECRET_BLOCK")?;
    let sealed = BASE64.decode(sealed.as_bytes()).map_err(|_| srp::Error::NotBase64("PASSWORD_CLAIM_SECRET_BLOCK"))?;
    let now = site.cloud.now();
    let block = Block::open(site, &sealed).filter(|block| block.client_id == client).ok_or(Fault::InvalidSession)?;
    if block.expires <= now.unix_seconds() {
        return Err(Fault::SessionExpired);
    }
    check_clock(timestamp, now)?;
    if !site.cloud.store.spend_block(&sealed, now.plus(EXCHANGE_LIFETIME), now).await? {
        return Err(Fault::InvalidSession);
    }
    let proof = block.session_key()?.check(site.cloud.pool_name(), &block.user_id, &sealed, timestamp, signature);
    let id = AccountId::from_text(block.user_id);
    let account = site.cloud.store.account(&id).await?;
    settle(site, client, &id, account.filter(|_| proof.is_ok())).await
}

/// USER_PASSWORD_AUTH
pub(super) async fn check(site: &Site, client: &str, parameters: &Parameters) -> Result<AuthReply, Fault> {
    let username = fields::username(parameters)?;
    let password = fields::required(parameters, "PASSWORD")?;
    if password.chars().count() > 256 {
        return Err(Fault::Constraint("password", "Member must have length less than or equal to 256"));
    }
    let subject = subject(site, username).await?;
    let (pool, id) = (site.cloud.pool_name().to_owned(), subject.id.as_str().to_owned());
    let (verifier, password) = (subject.verifier, Secret::from(password));
    let right = site.cloud.heavy.run(move || verifier.accepts(&pool, &id, &password)).await?;
    settle(site, client, &subject.id, subject.account.filter(|_| right)).await
}

async fn subject(site: &Site, username: &str) -> Result<Subject, Fault> {
    let account = site.cloud.store.account_named(username).await?;
    let name = username.to_lowercase();
    let stand_in = || {
        let bytes = site.cloud.vault.derive("user id of nobody", name.as_bytes());
        let id = <[u8; 16]>::try_from(bytes.split_at(16).0).unwrap_or_default();
        (AccountId::stand_in(id), Verifier::fake(&site.cloud.vault.derive("verifier of nobody", name.as_bytes())))
    };
    let (id, verifier) =
        account.as_ref().map_or_else(stand_in, |account| (account.id.clone(), account.verifier.clone()));
    match site.cloud.store.locked_until(&THROTTLE, id.as_str(), site.cloud.now()).await? {
        Some(_until) => Err(Fault::LockedOut),
        None => Ok(Subject { id, verifier, account }),
    }
}

/// `proved`: the account, when its password was right.
async fn settle(site: &Site, client: &str, id: &AccountId, proved: Option<Account>) -> Result<AuthReply, Fault> {
    let (store, now) = (&site.cloud.store, site.cloud.now());
    let Some(account) = proved else {
        let locked = store.note_wrong(&THROTTLE, id.as_str(), now).await?;
        return Err(locked.map_or(Fault::WrongPassword, |_until| Fault::LockedOut));
    };
    if store.note_right(&THROTTLE, id.as_str(), now).await?.is_some() {
        return Err(Fault::LockedOut);
    }
    step::after_password(site, client, &account).await
}

/// A wrong clock must not look like a wrong password, nor count as one (COG-08).
fn check_clock(timestamp: &str, now: Moment) -> Result<(), Fault> {
    let claimed = srp::parse_timestamp(timestamp)
        .map(Moment::of)
        .ok_or(Fault::Constraint("TIMESTAMP", "Member must have the form 'Tue Jan 2 03:04:05 UTC 2024'"))?;
    let off = now.until(claimed).max(claimed.until(now));
    if off > CLOCK_WINDOW { Err(Fault::ClockOff(off)) } else { Ok(()) }
}

impl Block {
    fn seal(&self, site: &Site) -> Result<Vec<u8>, Fault> {
        let content = Secret::new(serde_json::to_vec(self).map_err(Fault::Serialization)?);
        Ok(site.cloud.vault.seal(BLOCK, content.expose()))
    }

    fn open(site: &Site, sealed: &[u8]) -> Option<Self> {
        let content = site.cloud.vault.unseal(BLOCK, sealed).ok()?;
        serde_json::from_slice(content.expose()).ok()
    }

    fn session_key(&self) -> Result<SessionKey, Fault> {
        let bytes = HEXLOWER.decode(self.key.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(SessionKey::from_bytes).ok_or(Fault::InvalidSession)
    }
}
