//! The daemon's door: HTTP on a Unix socket with peer credentials. Programs of this machine get the access key, or
//! signed requests, without login code and without a secret in their settings.
//!
//! | URL | answers |
//! |---|---|
//! | `GET /v1/status` | owner, key id and state, when last confirmed, what needs attention ([`status`]) |
//! | `GET /v1/credentials?format=json\|ini\|env&profile=` | the access key ([`credentials`]) |
//! | `POST /v1/sign` | header lines that make a request a signed one ([`sign`]) |
//! | `POST /v1/graphql` | signs a GraphQL body, forwards it, hands back the service's status and JSON ([`graphql`]) |
//! | `POST /v1/reload` | reads the keystore again; only for root and the agent's own user ([`reload`]) |
//!
//! Every failure is `{"error": "<one sentence>"}`, and each status has one meaning:
//!
//! | status | meaning | what a program should do |
//! |---|---|---|
//! | 400 | the request cannot be read, or cannot be signed | mend the program |
//! | 403 | this user may not use the broker | join the group |
//! | 404, 405 | no such URL, or not with this method | mend the program |
//! | 409 | nobody is signed in on this device | wait for a person |
//! | 410 | the service revoked the access key | wait for a person |
//! | 413 | the request is too large | mend the program |
//! | 429 | the service wants a pause | wait |
//! | 500 | the agent cannot read or write what it keeps, or is set up wrongly | tell a person |
//! | 502 | the service, or the network in its place, gave an unusable answer | try again later |
//! | 503 | the service cannot be reached, or the clock is too wrong to sign | try again later |

mod credentials;
mod error;
mod graphql;
mod policy;
mod reload;
mod sign;
mod status;
#[cfg(test)]
mod tests;
pub mod unit_credential;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

use crate::account::Account;
use crate::base::Clock;
use error::Error;

/// Who may use the broker beside root and the agent's own user.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    pub users: Vec<u32>,
    pub groups: Vec<u32>,
}

/// The broker's state, passed to every handler. Cheap to clone.
#[derive(Clone)]
struct Broker {
    account: Account,
    door: Arc<policy::Door>,
}

/// Every URL of the broker; the policy runs before all of them.
pub fn router(account: Account, policy: Policy, clock: Clock) -> Router {
    let broker = Broker { account, door: Arc::new(policy::Door::new(policy, clock)) };
    Router::new()
        .route("/v1/status", get(status::tell))
        .route("/v1/credentials", get(credentials::hand_out))
        .route("/v1/sign", post(sign::sign))
        .route("/v1/graphql", post(graphql::forward))
        .route("/v1/reload", post(reload::reload))
        .fallback(async || Error::NoSuchUrl)
        .method_not_allowed_fallback(async || Error::WrongMethod)
        .layer(from_fn_with_state(broker.clone(), policy::check))
        .with_state(broker)
}
