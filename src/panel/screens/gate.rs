//! What every request passes before any page sees it: the name it calls us by, plain HTTP, the origin of forms, the
//! session. A page cannot forget these checks. What it answers leaves with the security headers.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

use super::cookie::Cookie;
use super::error::Error;
use super::form::Form;
use super::house::Door;
use super::proof::page_after_sign_in;
use super::source::Source;
use super::token::{Token, TokenHash};
use super::{assets, page, plain_http};
use crate::net::Peer;
use crate::panel::language::Manner;

/// Pages of a sign-in, for those who are not signed in. What else is open is for the house to say.
pub(crate) const OPEN: [&str; 9] = [
    "/sign-in",
    "/code",
    "/factor",
    "/new-password",
    "/authenticator",
    "/recovery",
    "/mailed-code",
    "/recovery-code",
    "/preferences",
];

/// Where browsers get the certificate authority of a device that has one of its own.
pub(crate) const ROOT_CERTIFICATE: &str = "/ca.crt";

const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
/// No more of a browser's name is kept.
const LONGEST_PROGRAM: usize = 200;

/// Who looks at a page: a browser with its cookie, and where it is.
#[derive(Clone, Debug)]
pub(crate) struct Visitor {
    pub(crate) hash: TokenHash,
    pub(crate) source: Source,
    pub(crate) session: Option<SignedIn>,
    /// `User-Agent`; empty when there was none.
    pub(crate) program: String,
    pub(crate) form_salt: [u8; 32],
}

impl Visitor {
    /// What a house remembers a browser by, whether it is signed in or not.
    pub(crate) fn key(&self) -> TokenHash {
        self.session.map_or(self.hash, |session| session.hash)
    }
}

/// A visitor with a session.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SignedIn {
    pub(crate) hash: TokenHash,
    pub(crate) standing: Standing,
}

/// How far a session can be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Sure,
    /// From before a restart, and the time is not known yet: good for looking, not for sensitive changes.
    Unchecked,
}

/// The middleware.
pub(super) async fn check(State(door): State<Arc<dyn Door>>, request: Request, next: Next) -> Response {
    let manner = Manner::of(request.headers());
    let response = match admit(&*door, request).await {
        Ok((request, cookie)) => {
            let mut response = next.run(request).await;
            if let Some(cookie) = cookie {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            response
        }
        Err(refusal) => *refusal,
    };
    let mut response = manner.dress(response).await;
    protect(response.headers_mut());
    response
}

/// The request with its [`Visitor`], and the cookie for a new one; or what is answered instead of a page.
async fn admit(door: &dyn Door, mut request: Request) -> Result<(Request, Option<HeaderValue>), Box<Response>> {
    let path = request.uri().path().to_owned();
    let root = page::root(&path);
    let refuse = |error: Error| Box::new(page::error(&error.problem(), &root));
    let peer = *request.extensions().get::<Peer>().ok_or_else(|| refuse(Error::NoHost))?;
    let source = door.source(peer, request.headers()).ok_or_else(|| refuse(Error::NoHost))?;
    door.check_name(&source.authority.name).map_err(refuse)?;
    if assets::is_asset(&path) {
        return Ok((request, None));
    }
    let only_looks = matches!(*request.method(), Method::GET | Method::HEAD);
    if !source.https && !source.plain_is_safe {
        if !only_looks || !door.is_open_to_plain_http(&path) {
            let offers_https = door.is_open_to_plain_http(ROOT_CERTIFICATE);
            return Err(Box::new(plain_http::page(&source, &root, offers_https)));
        }
        // Whoever reads along is to see no cookie.
        let token = Token::new(door.entropy());
        let visitor = visitor(door, &token, source, None, request.headers());
        request.extensions_mut().insert(visitor);
        return Ok((request, None));
    }
    if !only_looks && !is_own_form(&source, request.headers()) {
        return Err(refuse(Error::ForeignForm));
    }
    let shown = Cookie::Session.read(&source, request.headers());
    let session = if door.is_glance(&path) { door.glance(shown.as_ref()) } else { door.session(shown.as_ref()) };
    let session = session.await.map_err(refuse)?;
    if session.is_none() && !door.is_open(&path) {
        if only_looks && shown.is_none() && comes_from_elsewhere(request.headers()) {
            return Err(Box::new(page::lead_on(&root)));
        }
        let way_in = format!("{root}{}", door.way_in(shown.is_some()));
        let cookie = if shown.is_some() { note_wish(door, &path, &source, request).await } else { None };
        let mut response = page::see_other(&way_in);
        response.headers_mut().extend(cookie.map(|cookie| (header::SET_COOKIE, cookie)));
        return Err(Box::new(response));
    }
    let known = Cookie::Visitor.read(&source, request.headers());
    let token = known.clone().unwrap_or_else(|| Token::new(door.entropy()));
    // Somebody with a session gets one where a new sign-in may begin.
    let may_sign_in = session.is_none() || door.is_open(&path);
    let is_new = known.is_none() && may_sign_in && !door.is_return(&path);
    let cookie = if is_new { Cookie::Visitor.set(&source, &token, Duration::ZERO) } else { None };
    let visitor = visitor(door, &token, source, session, request.headers());
    request.extensions_mut().insert(visitor);
    Ok((request, cookie))
}

/// What somebody wanted whose session has ended is what they get after the next sign-in. The cookie to know them by, if it is new.
async fn note_wish(door: &dyn Door, path: &str, source: &Source, request: Request) -> Option<HeaderValue> {
    page_after_sign_in(path, &Form::default())?;
    let known = Cookie::Visitor.read(source, request.headers());
    let is_new = known.is_none();
    let token = known.unwrap_or_else(|| Token::new(door.entropy()));
    let is_form = request.method() == Method::POST;
    let typed = if is_form { Form::unused(request).await } else { Form::of_address(request.uri()) };
    door.come_back_to(token.hash(), page_after_sign_in(path, &typed)?).await;
    if is_new { Cookie::Visitor.set(source, &token, Duration::ZERO) } else { None }
}

fn visitor(door: &dyn Door, token: &Token, source: Source, session: Option<SignedIn>, headers: &HeaderMap) -> Visitor {
    Visitor { hash: token.hash(), source, session, program: program(headers), form_salt: door.form_salt() }
}

fn program(headers: &HeaderMap) -> String {
    let name = headers.get(header::USER_AGENT).and_then(|name| name.to_str().ok()).unwrap_or_default();
    name.chars().take(LONGEST_PROGRAM).collect()
}

/// A link of another site (or the way back from an identity provider) brings no session along, although there may be one:
/// the page asked for once more, by a page of ours, does.
fn comes_from_elsewhere(headers: &HeaderMap) -> bool {
    let is = |name: &HeaderName, wanted: &[&str]| {
        headers.get(name).and_then(|value| value.to_str().ok()).is_some_and(|value| wanted.contains(&value))
    };
    is(&FETCH_SITE, &["cross-site", "same-site"]) && is(&FETCH_MODE, &["navigate"])
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

pub(crate) fn protect(headers: &mut HeaderMap) {
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
