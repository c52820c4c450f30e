//! The panel for programs: JSON below `/api/v1`, described by `assets/api/openapi.json`, which is served too. A program shows a
//! device token that the owner made at `/tokens`; signing in needs none, since it is how a device gets its owner.
//!
//! | URL | what it is | token good for |
//! |---|---|---|
//! | `GET /status` | owner, access key, clock, notices | `status:read` |
//! | `GET /keys` | the account's access keys | `keys:read` |
//! | `GET /sessions` | who is signed in at the panel | `sessions:read` |
//! | `DELETE /sessions`, `DELETE /sessions/{id}` | end all, or one | `sessions:write` |
//! | `GET /device` | name, version, health, the daemon's unit | `device:read` |
//! | `POST /device/unit/restart` | start the daemon anew | `device:write` |
//! | `POST /release` | sign the device out | `release` |
//! | `POST /sign-in`, `POST /sign-in/answer` | sign the device in | none |
//! | `POST /sign-in/with-key` | the same with an access key alone | none |
//! | `GET /openapi.json` | this, for programs | none |

mod answer;
mod device;
mod gate;
mod given;
mod keys;
mod new_token;
mod openapi;
mod release;
mod sessions;
mod sign_in;
mod status;
mod step;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, delete, get, post};

use super::Panel;
use super::scope::Scope;
use answer::Refusal;

/// Of a request.
const LONGEST_BODY: usize = 16 * 1024;

/// To be nested at `/api`.
pub(super) fn router(panel: &Panel) -> Router {
    let with = |scope, route: MethodRouter<Panel>| {
        route.route_layer(from_fn_with_state((panel.clone(), scope), gate::check_token))
    };
    let ending_all = with(Scope::SessionsWrite, delete(sessions::end_all));
    Router::new()
        .route("/v1/status", with(Scope::StatusRead, get(status::tell)))
        .route("/v1/keys", with(Scope::KeysRead, get(keys::list)))
        .route("/v1/sessions", with(Scope::SessionsRead, get(sessions::list)).merge(ending_all))
        .route("/v1/sessions/{id}", with(Scope::SessionsWrite, delete(sessions::end)))
        .route("/v1/device", with(Scope::DeviceRead, get(device::tell)))
        .route("/v1/device/unit/restart", with(Scope::DeviceWrite, post(device::restart)))
        .route("/v1/release", with(Scope::Release, post(release::give_up)))
        .route("/v1/sign-in", post(sign_in::begin))
        .route("/v1/sign-in/answer", post(sign_in::answer))
        .route("/v1/sign-in/with-key", post(sign_in::with_key))
        .route("/v1/openapi.json", get(openapi::document))
        .fallback(Refusal::no_such_thing)
        .method_not_allowed_fallback(Refusal::wrong_method)
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .layer(from_fn_with_state(panel.clone(), gate::check))
        .with_state(panel.clone())
}
