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
//! | `/preferences` | language and appearance of this browser |
//! | `/sign-up`, `/confirm-email` | become a user |
//! | `/forgot-password`, `/reset-password` | a new password by mailed code |
//! | `/profile` (the portal: `/`) | profile: e-mail, phone, linked accounts |
//! | `/two-factor`, `/turn-on`, `/set-up-authenticator`, `/set-up-texts` | two-factor authentication |
//! | `/recovery-codes`, `/recovery-codes.txt` | new recovery codes, until they are saved |
//! | `/keys`, `/new-key`, `/credentials` | access keys, and a new one until it is saved |
//! | `/security` | password, and every sign-in that stands |
//! | `/activity`, `/activity.csv` | what happened to the account |
//! | `/style/…`, `/script/…`, `/icons/…` | static files |
//!
//! All of them lie in one folder, so that every link is relative and they work below any path of a proxy.

#![cfg_attr(not(feature = "cloud"), expect(dead_code, reason = "some of it only the portal asks for"))]

mod activity;
mod assets;
pub(crate) mod authenticator;
pub(crate) mod code;
pub(crate) mod cookie;
pub(crate) mod error;
pub(crate) mod events;
mod factor;
mod forgotten;
pub(crate) mod form;
pub(crate) mod gate;
pub(crate) mod host;
pub(crate) mod house;
mod keys;
mod new_password;
pub(crate) mod page;
mod plain_http;
mod preferences;
mod profile;
pub(crate) mod programs;
mod proof;
mod recovery;
pub(crate) mod room;
pub(crate) mod rooms;
mod saving;
mod security;
pub(crate) mod sign_in;
mod sign_up;
pub(crate) mod source;
pub(crate) mod step;
pub(crate) mod token;
mod two_factor;
pub(crate) mod words;

#[cfg(feature = "cloud")]
pub(crate) use super::language::speak;
#[cfg(feature = "cloud")]
pub(crate) use crate::account::{Answer, Ask, Channel, During, Error as Refusal, leaves_the_sign_in_open, meaning};
pub(crate) use error::{Error, Problem};
pub(crate) use form::Form;
pub(crate) use gate::{SignedIn, Standing, Visitor};
pub(crate) use house::{Door, Later, Move, Outcome, Reception};
pub(crate) use proof::page_after_proof;

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRef, State};
use axum::middleware::from_fn_with_state;
use axum::routing::get;

/// The state of the sign-in screens.
pub(crate) type Desk = State<Arc<dyn Reception>>;

/// The screens of a sign-in, without the gate; for any state that has a reception.
pub(crate) fn sign_in_routes<S: Clone + Send + Sync + 'static>() -> Router<S>
where
    Arc<dyn Reception>: FromRef<S>,
{
    Router::new()
        .route("/sign-in", get(sign_in::page).post(sign_in::begin))
        .route("/code", get(step::page).post(code::answer))
        .route("/factor", get(step::page).post(factor::answer))
        .route("/new-password", get(step::page).post(new_password::answer))
        .route("/authenticator", get(step::page).post(code::answer))
        .route("/recovery", get(recovery::page).post(recovery::start))
        .route("/mailed-code", get(step::page).post(recovery::answer_mailed_code))
        .route("/preferences", get(preferences::page).post(preferences::choose))
        .route("/recovery-code", get(step::page).post(recovery::answer_recovery_code))
}

/// The state of the screens of a signed-in owner.
pub(crate) type Home = State<Arc<dyn rooms::House>>;

/// Where people come who have no account yet, or cannot sign in to it.
pub(crate) const OPEN_AT_HOME: [&str; 4] = ["/sign-up", "/confirm-email", "/forgot-password", "/reset-password"];

/// The screens of an account, without the gate; the first of them lies at `profile`.
pub(crate) fn account_routes<S: Clone + Send + Sync + 'static>(profile: &str) -> Router<S>
where
    Arc<dyn rooms::House>: FromRef<S>,
{
    Router::new()
        .route(profile, get(profile::page).post(profile::change))
        .route("/sign-up", get(sign_up::page).post(sign_up::begin))
        .route("/confirm-email", get(sign_up::confirm_page).post(sign_up::confirm))
        .route("/forgot-password", get(forgotten::page).post(forgotten::begin))
        .route("/reset-password", get(forgotten::reset_page).post(forgotten::reset))
        .route("/two-factor", get(two_factor::page).post(two_factor::change))
        .route("/turn-on", get(two_factor::turn_on_page).post(two_factor::turn_on))
        .route("/set-up-authenticator", get(two_factor::authenticator_page).post(two_factor::confirm_authenticator))
        .route("/set-up-texts", get(two_factor::texts_page).post(two_factor::set_up_texts))
        .route("/recovery-codes", get(saving::codes_page).post(saving::codes_saved))
        .route("/recovery-codes.txt", get(saving::codes_file))
        .route("/keys", get(keys::page).post(keys::change))
        .route("/new-key", get(saving::key_page).post(saving::key_saved))
        .route("/credentials", get(saving::key_file))
        .route("/security", get(security::page).post(security::change))
        .route("/activity", get(activity::page))
        .route("/activity.csv", get(activity::table))
}

/// The whole of a house: its screens, the static files, and the gate before all of them.
pub(crate) fn behind_the_gate(screens: Router, door: Arc<dyn Door>) -> Router {
    screens
        .route("/{folder}/{file}", get(assets::file))
        .fallback(page::not_found)
        .method_not_allowed_fallback(async || Error::WrongMethod)
        .layer(from_fn_with_state(door, gate::check))
}
