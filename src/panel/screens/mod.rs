//! The account screens: what the agent's panel and the service's portal have in common. Handlers and templates stand here once;
//! whoever serves them is behind the traits of `house`: the agent asks its service, the service asks itself.
//!
//! | URL | what it is |
//! |---|---|
//! | `/sign-in` | e-mail and password |
//! | `/code` | code of the authenticator app, text message or e-mail |
//! | `/factor` | which second factor |
//! | `/new-password` | the service wants a new password |
//! | `/authenticator` | enrol an authenticator app |
//! | `/recovery`, `/mailed-code`, `/recovery-code` | without the two-factor device |
//! | `/style/…`, `/script/…`, `/icons/…` | static files |
//!
//! All of them lie in one folder, so that every link is relative and they work below any path of a proxy.

mod assets;
mod authenticator;
pub(crate) mod code;
pub(crate) mod cookie;
pub(crate) mod error;
mod factor;
pub(crate) mod form;
pub(crate) mod gate;
pub(crate) mod host;
pub(crate) mod house;
mod new_password;
pub(crate) mod page;
mod plain_http;
mod recovery;
pub(crate) mod sign_in;
pub(crate) mod source;
pub(crate) mod step;
pub(crate) mod token;
pub(crate) mod words;

#[cfg(feature = "cloud")]
pub(crate) use crate::account::{Answer, Ask, Channel, During, Error as Refusal, leaves_the_sign_in_open, meaning};
pub(crate) use error::{Error, Problem};
pub(crate) use form::Form;
pub(crate) use gate::{SignedIn, Standing, Visitor};
pub(crate) use house::{Door, Later, Move, Outcome, Reception};

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::middleware::from_fn_with_state;
use axum::routing::get;

/// The state of the sign-in screens.
pub(crate) type Desk = State<Arc<dyn Reception>>;

/// The screens of a sign-in, without the gate.
pub(crate) fn sign_in_routes() -> Router<Arc<dyn Reception>> {
    Router::new()
        .route("/sign-in", get(sign_in::page).post(sign_in::begin))
        .route("/code", get(step::page).post(code::answer))
        .route("/factor", get(step::page).post(factor::answer))
        .route("/new-password", get(step::page).post(new_password::answer))
        .route("/authenticator", get(step::page).post(code::answer))
        .route("/recovery", get(recovery::page).post(recovery::start))
        .route("/mailed-code", get(step::page).post(recovery::answer_mailed_code))
        .route("/recovery-code", get(step::page).post(recovery::answer_recovery_code))
}

/// The whole of a house: its screens, the static files, and the gate before all of them.
pub(crate) fn behind_the_gate(screens: Router, door: Arc<dyn Door>) -> Router {
    screens
        .route("/{folder}/{file}", get(assets::file))
        .fallback(page::not_found)
        .method_not_allowed_fallback(async || Error::WrongMethod)
        .layer(from_fn_with_state(door, gate::check))
}
