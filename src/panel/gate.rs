//! What every request passes before any page sees it: the name it calls us by, plain HTTP, the origin of forms, the
//! session. A page cannot forget these checks. What it answers leaves with the security headers.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

use super::cookie::Cookie;
use super::error::Error;
use super::page;
use super::session::Standing;
use super::sign_in::Why;
use super::source::Source;
use super::token::{Token, TokenHash};
use super::{Panel, assets, plain_http};
use crate::net::Peer;

/// Pages for those who are not signed in. Everything else wants a session.
const OPEN: [&str; 11] = [
    "/claim",
    "/sign-in",
    "/access-key",
    "/code",
    "/factor",
    "/new-password",
    "/authenticator",
    "/recovery",
    "/mailed-code",
    "/recovery-code",
    "/make-room",
];

const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Who looks at a page: a browser with its cookie, and where it is.
#[derive(Clone, Debug)]
pub(super) struct Visitor {
    pub(super) hash: TokenHash,
    pub(super) source: Source,
    pub(super) session: Option<SignedIn>,
}

/// A visitor with a session.
#[derive(Clone, Copy, Debug)]
pub(super) struct SignedIn {
    pub(super) hash: TokenHash,
    pub(super) standing: Standing,
}

/// The middleware.
pub(super) async fn check(State(panel): State<Panel>, request: Request, next: Next) -> Response {
    let mut response = match admit(&panel, request) {
        Ok((request, cookie)) => {
            let mut response = next.run(request).await;
            if let Some(cookie) = cookie {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            response
        }
        Err(refusal) => *refusal,
    };
    protect(response.headers_mut());
    response
}

/// The request with its [`Visitor`], and the cookie for a new one; or what is answered instead of a page.
fn admit(panel: &Panel, mut request: Request) -> Result<(Request, Option<HeaderValue>), Box<Response>> {
    let root = page::root(request.uri().path());
    let refuse = |error: Error| Box::new(page::error(&error.problem(), &root));
    let peer = *request.extensions().get::<Peer>().ok_or_else(|| refuse(Error::NoHost))?;
    let headers = request.headers();
    let source = Source::of(peer, headers, &panel.0.trusted_proxies).ok_or_else(|| refuse(Error::NoHost))?;
    if !panel.0.names.include(&source.authority.name) {
        return Err(refuse(Error::UnknownName(source.authority.name.to_string())));
    }
    let path = request.uri().path();
    if assets::is_asset(path) {
        return Ok((request, None));
    }
    if !source.https && !source.plain_is_safe {
        return Err(Box::new(plain_http::page(&source, &root)));
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) && !is_own_form(&source, headers) {
        return Err(refuse(Error::ForeignForm));
    }
    let session = panel.session_of(&source, headers);
    if session.is_none() && !OPEN.contains(&path) {
        return Err(Box::new(ask_to_sign_in(panel, &source, headers, &root)));
    }
    let known = Cookie::Visitor.read(&source, headers);
    let token = known.clone().unwrap_or_else(|| Token::new(&panel.0.entropy));
    let cookie = if known.is_none() && session.is_none() { Cookie::Visitor.set(&source, &token) } else { None };
    request.extensions_mut().insert(Visitor { hash: token.hash(), source, session });
    Ok((request, cookie))
}

/// Browsers tell where a form comes from, in one header or the other. A page of another site can send a form here, but
/// not with these headers saying "same origin".
fn is_own_form(source: &Source, headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).map(|value: &HeaderValue| value.to_str().unwrap_or_default());
    let is_form = text(header::CONTENT_TYPE)
        .and_then(|kind| kind.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded"));
    let same_site = text(FETCH_SITE).map(|site| site == "same-origin");
    let same_origin = text(header::ORIGIN).map(|origin| source.is_origin(origin));
    is_form && same_site != Some(false) && same_origin != Some(false) && (same_site.is_some() || same_origin.is_some())
}

fn ask_to_sign_in(panel: &Panel, source: &Source, headers: &HeaderMap, root: &str) -> Response {
    let had_a_session = || Cookie::Session.read(source, headers).is_some();
    let page = match panel.is_owned() {
        false => "claim",
        true if had_a_session() => Why::SessionEnded.link(),
        true => "sign-in",
    };
    page::see_other(&format!("{root}{page}"))
}

fn protect(headers: &mut HeaderMap) {
    headers.insert(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Not "no-referrer": with it browsers send "Origin: null" with our own forms, like a foreign page would. No other site
    // is ever told anything by "same-origin" either.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    headers.insert(
        PERMISSIONS_POLICY,
        HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    );
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}
