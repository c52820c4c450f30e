//! A browser, a client and a provider around a service for tests: whole ways through a sign-in.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use serde_json::Value;
use tower::ServiceExt as _;

use super::IdentityProvider;
use super::test_provider::{CLIENT_ID, CLIENT_SECRET, Login, TestProvider, parameters};
use crate::base::Secret;
use crate::cloud::Plan;
use crate::cloud::bench::{Bench, CLIENT};

/// RFC 7636, appendix B.
pub(super) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(super) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub(super) const RELAY: &str = "http://cloud.test/v1/callback/";
pub(super) const SUBJECT: &str = "1175";

pub(super) struct Journey {
    pub(super) bench: Bench,
    pub(super) provider: TestProvider,
    /// Two instances; each step meets the other one.
    instances: [Router; 2],
    steps: usize,
    cookies: BTreeMap<String, String>,
}

/// Another tab of the browser, as it is when the tab is opened.
pub(super) struct Tab {
    instance: Router,
    cookies: String,
}

pub(super) struct Page {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

impl Journey {
    pub(super) async fn new() -> Self {
        let (bench, provider) = (Bench::new().await, TestProvider::start().await);
        let google = IdentityProvider {
            name: "Google".to_owned(),
            issuer: provider.issuer.clone(),
            client_id: CLIENT_ID.to_owned(),
            client_secret: Secret::from(CLIENT_SECRET),
            ca_file: None,
        };
        let configure = |plan: &mut Plan| {
            plan.identity_providers = vec![google.clone()];
            plan.redirect_urls = vec!["https://app.test/back?from=latchkey".to_owned()];
            plan.logout_urls = vec!["https://app.test/bye".to_owned()];
        };
        let instances = [bench.beside(configure).await, bench.beside(configure).await];
        Self { bench, provider, instances, steps: 0, cookies: BTreeMap::new() }
    }

    /// Another browser comes to the same service.
    pub(super) fn change_browser(&mut self) -> BTreeMap<String, String> {
        std::mem::take(&mut self.cookies)
    }

    pub(super) fn keep_cookies(&mut self, cookies: BTreeMap<String, String>) {
        self.cookies = cookies;
    }

    /// A second tab.
    pub(super) fn same_browser(&self) -> Tab {
        Tab { instance: self.instances[0].clone(), cookies: self.cookie_line() }
    }

    fn cookie_line(&self) -> String {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        cookies.join("; ")
    }

    pub(super) fn login(&self, email: &str) -> Login {
        Login::new(SUBJECT, email, self.bench.unix())
    }

    pub(super) async fn get(&mut self, address: &str) -> Page {
        let request = Request::get(address).body(Body::empty()).unwrap();
        self.send(request).await
    }

    pub(super) async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Page {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        self.send(request.body(body.into()).unwrap()).await
    }

    pub(super) async fn with_token(&mut self, method: &str, path: &str, token: &str, body: &str) -> Page {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {token}"));
        self.send(request.body(body.to_owned().into()).unwrap()).await
    }

    async fn send(&mut self, mut request: Request<Body>) -> Page {
        request.headers_mut().insert(header::COOKIE, self.cookie_line().parse().unwrap());
        self.steps += 1;
        let page = Page::of(self.instances[self.steps % 2].clone(), request).await;
        for line in page.headers.get_all(header::SET_COOKIE) {
            let (name, rest) = line.to_str().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), rest.split(';').next().unwrap().to_owned());
        }
        page
    }

    /// A right request, but for `changes`; an empty value leaves the parameter out.
    pub(super) async fn authorize(&mut self, changes: &[(&str, &str)]) -> Page {
        let mut asked = BTreeMap::from([
            ("response_type", "code"),
            ("client_id", CLIENT),
            ("redirect_uri", RELAY),
            ("identity_provider", "Google"),
            ("scope", "email profile openid aws.cognito.signin.user.admin"),
            ("state", "client-state"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ]);
        asked.extend(changes.iter().copied());
        asked.retain(|_name, value| !value.is_empty());
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(asked).finish();
        self.get(&format!("/oauth2/authorize?{query}")).await
    }

    /// To the provider and back: what the service answers then.
    pub(super) async fn visit_provider(&mut self, changes: &[(&str, &str)], login: Login) -> Page {
        let away = self.authorize(changes).await.location();
        let back = self.provider.agree(&away, login);
        self.get(&back).await
    }

    /// Where it ends, when nothing is asked on the way.
    pub(super) async fn sign_in(&mut self, login: Login) -> BTreeMap<String, String> {
        self.visit_provider(&[], login).await.carried()
    }

    pub(super) async fn redeem(&mut self, code: &str, changes: &[(&str, &str)]) -> Page {
        let mut form = BTreeMap::from([
            ("grant_type", "authorization_code"),
            ("client_id", CLIENT),
            ("redirect_uri", RELAY),
            ("code", code),
            ("code_verifier", VERIFIER),
        ]);
        form.extend(changes.iter().copied());
        let form: Vec<_> = form.into_iter().collect();
        self.post("/oauth2/token", &form).await
    }

    /// The tokens of a whole sign-in.
    pub(super) async fn tokens(&mut self, login: Login) -> Value {
        let carried = self.sign_in(login).await;
        let page = self.redeem(&carried["code"], &[]).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        page.json()
    }
}

impl Tab {
    pub(super) async fn get(&mut self, address: &str) -> Page {
        let request = Request::get(address).header(header::COOKIE, &self.cookies).body(Body::empty());
        Page::of(self.instance.clone(), request.unwrap()).await
    }
}

impl Page {
    async fn of(instance: Router, request: Request<Body>) -> Self {
        let (head, body) = instance.oneshot(request).await.unwrap().into_parts();
        let text = String::from_utf8(to_bytes(body, 1 << 20).await.unwrap().to_vec()).unwrap();
        Self { status: head.status, headers: head.headers, text }
    }

    pub(super) fn location(&self) -> String {
        assert_eq!(self.status, StatusCode::FOUND, "{}", self.text);
        self.headers[header::LOCATION].to_str().unwrap().to_owned()
    }

    /// What a redirect carries.
    pub(super) fn carried(&self) -> BTreeMap<String, String> {
        let location = self.location();
        parameters(location.split_once('?').unwrap().1)
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }
}

/// What a token says.
pub(super) fn claims(token: &Value) -> Value {
    let body = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&data_encoding::BASE64URL_NOPAD.decode(body.as_bytes()).unwrap()).unwrap()
}
