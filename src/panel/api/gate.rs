//! What every request of a program passes: the name it calls us by, TLS (or this machine itself), no foreign page; and, where a
//! route asks for it, a device token that is good for it. No cookie counts here, so no browser can be made to ask in its
//! owner's name.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode, header};

use super::answer::Refusal;
use crate::net::Peer;
use crate::panel::Panel;
use crate::panel::device_tokens::NotTaken;
use crate::panel::scope::Scope;
use crate::panel::screens::source::Source;
use crate::panel::screens::{Door as _, Error, gate};

/// Before all routes, and around whatever answers instead of one.
pub(super) async fn check(State(panel): State<Panel>, mut request: Request, next: Next) -> Response {
    let mut response = match source(&panel, &request) {
        Ok(source) => {
            request.extensions_mut().insert(source);
            next.run(request).await
        }
        Err(refusal) => refusal.into_response(),
    };
    gate::protect(response.headers_mut());
    response
}

fn source(panel: &Panel, request: &Request) -> Result<Source, Refusal> {
    let peer = *request.extensions().get::<Peer>().ok_or(Error::NoHost)?;
    let source = panel.source(peer, request.headers()).ok_or(Error::NoHost)?;
    panel.check_name(&source.authority.name)?;
    if !source.https && !source.plain_is_safe {
        let message = "Plain HTTP is not safe on a network. Ask by https://, and trust this device's own certificate authority (see its page /ca).";
        return Err(Refusal::new(StatusCode::FORBIDDEN, "plain_http", message));
    }
    let foreign = |origin: &http::HeaderValue| !source.is_origin(origin.to_str().unwrap_or_default());
    if request.headers().get(header::ORIGIN).is_some_and(foreign) {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "foreign_page",
            "Pages of other sites may not ask this device.",
        ));
    }
    Ok(source)
}

/// Before a route that takes a token.
pub(super) async fn check_token(
    State((panel, scope)): State<(Panel, Scope)>,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let source = request.extensions().get::<Source>().ok_or(Error::NoHost)?;
    let shown = bearer(request.headers()).ok_or_else(|| {
        let message = "Send a device token: 'Authorization: Bearer lk_…'. The panel's page /tokens makes one.";
        Refusal::new(StatusCode::UNAUTHORIZED, "no_token", message)
    })?;
    let scopes = panel.scopes_of(shown, source).map_err(|not| match not {
        NotTaken::Unknown => {
            let message =
                "That device token is not known here, or was revoked. The panel's page /tokens makes a new one.";
            Refusal::new(StatusCode::UNAUTHORIZED, "wrong_token", message)
        }
        NotTaken::Wait(wait) => Refusal::from(Error::Wait(wait)),
    })?;
    if !scopes.contains(&scope) {
        let message = format!("This device token is not good for that: it lacks '{}'.", scope.word());
        return Err(Refusal::new(StatusCode::FORBIDDEN, "scope", message));
    }
    Ok(next.run(request).await)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut lines = headers.get_all(header::AUTHORIZATION).iter();
    let only = lines.next().filter(|_| lines.next().is_none())?.to_str().ok()?;
    let (scheme, token) = only.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

impl Panel {
    fn scopes_of(&self, shown: &str, source: &Source) -> Result<Vec<Scope>, NotTaken> {
        let status = self.0.account.status();
        let owner = status.owner.as_ref().map(|owner| owner.id.as_str());
        let wall = self.times(&status).service.unwrap_or_else(|| self.0.clock.wall());
        self.0.device_tokens.check(shown, owner, source.address, (wall, self.monotonic()))
    }
}
