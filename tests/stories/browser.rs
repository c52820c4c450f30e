//! A browser without script: it keeps cookies, sends what browsers send, and knows what every answer must look like.

#![expect(clippy::unwrap_used, reason = "a story that cannot go on fails")]

use std::collections::BTreeMap;
use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use latchkey::net::Peer;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tower::Service;

use crate::world::{Person, World};

/// One browser profile.
pub(crate) struct Browser {
    way: Way,
    /// What stands in the address bar.
    pub(crate) host: String,
    scheme: &'static str,
    /// Where the pages lie, without a slash at the end.
    folder: &'static str,
    /// Sent with every request, e.g. by a proxy or an attacker.
    pub(crate) extra: Vec<(&'static str, String)>,
    pub(crate) cookies: BTreeMap<String, String>,
}

enum Way {
    Socket(SocketAddr),
    /// Straight into the router, from an address that this machine does not have.
    Network(Router, Peer),
}

/// An answer, checked against the header allow-list.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

/// Nothing else may leave the panel.
const ALLOWED: [&str; 21] = [
    "allow",
    "cache-control",
    "connection",
    "content-disposition",
    "content-length",
    "content-security-policy",
    "content-type",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "date",
    "etag",
    "link",
    "location",
    "permissions-policy",
    "referrer-policy",
    "retry-after",
    "set-cookie",
    "vary",
    "www-authenticate",
    "x-content-type-options",
    "x-frame-options",
];

impl Browser {
    pub(crate) fn on_this_machine(address: SocketAddr) -> Self {
        Self::new(Way::Socket(address), address.to_string())
    }

    pub(crate) fn on_the_network(router: Router, peer: SocketAddr, port: u16) -> Self {
        Self::new(Way::Network(router, Peer::Tcp(peer)), format!("192.168.1.50:{port}"))
    }

    /// At the account service's portal.
    pub(crate) fn at_the_portal(address: SocketAddr) -> Self {
        Self { folder: "/account", ..Self::on_this_machine(address) }
    }

    fn new(way: Way, host: String) -> Self {
        Self { way, host, scheme: "http", folder: "", extra: Vec::new(), cookies: BTreeMap::new() }
    }

    /// The same person, behind a proxy that speaks HTTPS with them.
    pub(crate) fn over_https(mut self) -> Self {
        self.scheme = "https";
        self.extra.push(("x-forwarded-proto", "https".into()));
        self
    }

    /// The same person, by TLS with the panel itself.
    pub(crate) fn over_tls(mut self) -> Self {
        self.scheme = "https";
        if let Way::Network(router, Peer::Tcp(address)) = self.way {
            self.way = Way::Network(router, Peer::Tls(address));
        }
        self
    }

    /// The address bar stays; another machine answers, as behind a load balancer.
    pub(crate) fn moves_to(&mut self, address: SocketAddr) {
        self.way = Way::Socket(address);
    }

    pub(crate) async fn get(&mut self, path: &str) -> Page {
        let request = self.request(Method::GET, path).body(Body::empty()).unwrap();
        self.send(request).await
    }

    /// The answer as it begins; what follows is read piece by piece.
    pub(crate) async fn stream(&self, world: &World, path: &str) -> Response<Body> {
        let mut request = self.request(Method::GET, path).body(Body::empty()).unwrap();
        request.extensions_mut().insert(Peer::Tcp(world.address));
        world.panel.router().call(request).await.unwrap()
    }

    /// Sends a form as this panel's own pages do.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let request = self.form(path, fields);
        self.send(request).await
    }

    /// Sends the same form twice, the second time while the first is under way.
    pub(crate) async fn post_twice(&mut self, path: &str, fields: &[(&str, &str)]) -> (Page, Page) {
        let (first, second) = (self.form(path, fields), self.form(path, fields));
        let (first, second) = tokio::join!(self.way.send(first), self.way.send(second));
        self.keep_cookies(&first);
        self.keep_cookies(&second);
        (first, second)
    }

    /// Sends a form and goes away while the panel works on it.
    pub(crate) async fn post_and_give_up(&mut self, path: &str, fields: &[(&str, &str)]) {
        let request = self.form(path, fields);
        tokio::select! {
            biased;
            page = self.way.send(request) => assert!(page.text.is_empty(), "answered at once: {}", page.text),
            () = std::future::ready(()) => {}
        }
    }

    /// A form whose headers say where it comes from.
    pub(crate) async fn post_from(&mut self, path: &str, headers: &[(&str, &str)], body: &str) -> Page {
        let mut request = self.request(Method::POST, path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        self.send(request).await
    }

    /// Goes where a redirect leads.
    pub(crate) async fn follow(&mut self, page: Page) -> Page {
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text);
        let location = page.location().trim_start_matches("./").to_owned();
        self.get(&format!("/{location}")).await
    }

    pub(crate) fn is_signed_in(&self) -> bool {
        self.cookies.keys().any(|name| name.contains("latchkey-session"))
    }

    fn request(&self, method: Method, path: &str) -> http::request::Builder {
        let mut request =
            Request::builder().method(method).uri(format!("{}{path}", self.folder)).header(header::HOST, &self.host);
        for (name, value) in &self.extra {
            request = request.header(*name, value);
        }
        if !self.cookies.is_empty() {
            let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(header::COOKIE, pairs.join("; "));
        }
        request
    }

    fn form(&self, path: &str, fields: &[(&str, &str)]) -> Request<Body> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.request(Method::POST, path)
            .header(header::ORIGIN, format!("{}://{}", self.scheme, self.host))
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body))
            .unwrap()
    }

    async fn send(&mut self, request: Request<Body>) -> Page {
        let page = self.way.send(request).await;
        self.keep_cookies(&page);
        page
    }

    fn keep_cookies(&mut self, page: &Page) {
        for line in page.headers.get_all(header::SET_COOKIE) {
            let line = line.to_str().unwrap();
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            if line.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

/// The steps of a sign-in, as the person takes them.
impl Browser {
    pub(crate) async fn claim(&mut self, world: &World) -> Page {
        self.get("/claim").await;
        self.post("/claim", &[("code", &world.claim_code())]).await
    }

    pub(crate) async fn give_password(&mut self, person: &Person) -> Page {
        self.post("/sign-in", &[("email", &person.email), ("password", &person.password)]).await
    }

    pub(crate) async fn give_code(&mut self, code: &str) -> Page {
        self.post("/code", &[("code", code)]).await
    }

    /// Up to the page that asks for the code.
    pub(crate) async fn reach_the_code(&mut self, world: &World, person: &Person) {
        if world.panel.claim_code().is_some() {
            self.claim(world).await;
        } else {
            self.get("/sign-in").await;
        }
        let answer = self.give_password(person).await;
        assert_eq!(answer.location(), "code", "{}", answer.text);
    }

    pub(crate) async fn sign_in(&mut self, world: &World, person: &Person) {
        self.reach_the_code(world, person).await;
        let answer = self.give_code(&world.code_of(person)).await;
        assert_eq!(answer.location(), "./", "{}", answer.text);
        assert!(self.is_signed_in());
    }
}

impl Way {
    async fn send(&self, request: Request<Body>) -> Page {
        let (head, body) = match self {
            Self::Socket(address) => {
                let stream = TcpStream::connect(address).await.unwrap();
                let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
                let mut connections = JoinSet::new();
                connections.spawn(connection);
                let (head, body) = sender.send_request(request).await.unwrap().into_parts();
                (head, body.collect().await.unwrap().to_bytes())
            }
            Self::Network(router, peer) => {
                let mut request = request;
                request.extensions_mut().insert(*peer);
                let mut router = router.clone();
                let (head, body) = router.call(request).await.unwrap().into_parts();
                (head, body.collect().await.unwrap().to_bytes())
            }
        };
        let page = Page { status: head.status, headers: head.headers, text: String::from_utf8(body.to_vec()).unwrap() };
        page.must_be_safe();
        page
    }
}

impl Page {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn location(&self) -> &str {
        self.header("location")
    }

    /// What a reader sees: the text without tags and with its escapes undone.
    pub(crate) fn says(&self, sentence: &str) -> bool {
        let text = self.text.replace("&#39;", "'").replace("&#34;", "\"").replace("&#38;", "&");
        text.contains(sentence)
    }

    fn must_be_safe(&self) {
        for name in self.headers.keys() {
            assert!(ALLOWED.contains(&name.as_str()), "the panel must not send '{name}'");
        }
        let policy = self.header("content-security-policy");
        for rule in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"] {
            assert!(policy.contains(rule), "{rule} is missing in '{policy}'");
        }
        assert!(!policy.contains("unsafe"));
        assert_eq!(self.header("x-content-type-options"), "nosniff");
        assert_eq!(self.header("x-frame-options"), "DENY");
        assert!(!self.header("permissions-policy").is_empty());
        assert_eq!(self.header("cross-origin-resource-policy"), "same-origin");
        if self.header("content-type").starts_with("text/html") {
            assert_eq!(self.header("cache-control"), "no-store");
            assert!(
                !self.text.contains("style=\"") && !self.text.contains("<style") && !self.text.contains(" onclick")
            );
            let failed = self.status.is_client_error() || self.status.is_server_error();
            let told = ["Error", "Fehler", "エラー"].iter().any(|word| self.text.contains(&format!("<title>{word}: ")));
            assert_eq!(told, failed, "{} {}", self.status, self.text);
            assert!(self.text.len() > 500, "a blank page: {}", self.text);
        }
    }
}
