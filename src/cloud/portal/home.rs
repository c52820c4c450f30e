//! What somebody who is signed in comes to, and the way out.

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use http::header;

use super::Portal;
use crate::cloud::ids::AccountId;
use crate::panel::screens::Visitor;
use crate::panel::screens::cookie::Cookie;
use crate::panel::screens::page::{self, Frame, see_other};
use crate::panel::screens::sign_in::Why;

#[derive(Template)]
#[template(path = "account.html", config = "assets/askama.toml")]
struct AccountPage {
    frame: Frame,
    email: String,
}

pub(super) async fn page(State(portal): State<Portal>, Extension(visitor): Extension<Visitor>) -> Response {
    let Some(session) = &visitor.session else { return see_other("sign-in") };
    let id = AccountId::from_text(session.account.as_str());
    match portal.0.site.cloud.store.account(&id).await {
        Ok(Some(account)) => page::show(&AccountPage { frame: Frame::new(None), email: account.email }, None),
        Ok(None) => see_other("sign-in"),
        Err(error) => page::error(&super::door::troubled(error), ""),
    }
}

/// Ends the session of this browser, and the sign-in that it stands on.
pub(super) async fn sign_out(State(portal): State<Portal>, Extension(visitor): Extension<Visitor>) -> Response {
    if let Some(session) = &visitor.session {
        portal.end_session(&session.hash.0).await;
    }
    let mut response = see_other(Why::SignedOut.link());
    if let Some(cookie) = Cookie::Session.clear(&visitor.source) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}
