//! Leaving: this browser leaves the panel, or the device leaves its account.

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use http::header;

use super::screens::cookie::Cookie;
use super::screens::page::{self, Frame, see_other};
use super::screens::sign_in::Why;
use super::screens::{Error, Problem, Standing, Visitor};
use super::{Panel, claim};
use crate::account::SignedOut;

#[derive(Template)]
#[template(path = "sign_out_device.html", config = "assets/askama.toml")]
struct SignOutDevicePage<'a> {
    frame: Frame,
    problem: Option<Problem>,
    device: &'a str,
}

/// Ends the session of this browser; the device keeps its key.
pub(super) async fn panel(State(panel): State<Panel>, Extension(visitor): Extension<Visitor>) -> Response {
    panel.close_session(&visitor);
    leave(&visitor, Why::SignedOut.link())
}

/// Asks whether the device shall really be signed out.
pub(super) async fn page(State(panel): State<Panel>) -> Response {
    panel.sign_out_device_page(None)
}

/// Deletes the key at the service and here; every session and every half sign-in ends with it.
pub(super) async fn device(State(panel): State<Panel>, Extension(visitor): Extension<Visitor>) -> Response {
    if visitor.session.as_ref().is_some_and(|session| session.standing == Standing::Unchecked) {
        return panel.sign_out_device_page(Some(Error::TimeUnknown.problem()));
    }
    match panel.needs_proof(&visitor, "sign-out-device") {
        Ok(false) => {}
        Ok(true) => return see_other("sign-in"),
        Err(problem) => return panel.sign_out_device_page(Some(problem)),
    }
    let (tell, told) = tokio::sync::oneshot::channel();
    let leaving = panel.clone();
    panel.in_background(async move {
        let _listener_gone = tell.send(leaving.give_up_device().await);
    });
    match told.await.unwrap_or_else(|_| Err(Error::Stopping.problem())) {
        Ok(SignedOut::Everywhere) => leave(&visitor, claim::Why::SignedOut.link()),
        Ok(SignedOut::HereOnly) => leave(&visitor, claim::Why::SignedOutHereOnly.link()),
        Err(problem) => panel.sign_out_device_page(Some(problem)),
    }
}

fn leave(visitor: &Visitor, address: &str) -> Response {
    let mut response = see_other(address);
    if let Some(cookie) = Cookie::Session.clear(&visitor.source) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

impl Panel {
    fn close_session(&self, visitor: &Visitor) {
        if let Some(session) = &visitor.session {
            let times = self.times(&self.0.account.status());
            self.forget(self.0.sessions.close(session.hash, times).and_then(|drawer| drawer.take_user()));
        }
    }

    pub(super) async fn give_up_device(&self) -> Result<SignedOut, Problem> {
        let signed_out = self.0.account.sign_out().await.map_err(|error| Error::from(error).problem())?;
        self.forget(self.0.sessions.sweep(None, self.times(&self.0.account.status())));
        self.0.places.clear();
        self.0.returns.clear();
        self.0.pending.clear().await;
        self.0.offline.sweep(None);
        self.0.device_tokens.revoke_all();
        self.claim_code();
        Ok(signed_out)
    }

    fn sign_out_device_page(&self, problem: Option<Problem>) -> Response {
        let frame = Frame::new(problem.as_ref());
        let page = SignOutDevicePage { frame, problem: problem.clone(), device: &self.0.device_name };
        page::show(&page, problem.as_ref())
    }
}
