//! The door as programs meet it: a real account, a service on loopback that says what a test wants, real sockets where
//! the kernel's word counts.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use axum::body::Body;
use axum::response::IntoResponse;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinSet;
use tower::ServiceExt;

use super::*;
use crate::account::{Parts, Service};
use crate::base::Entropy;
use crate::keystore::{Keystore, SealingSource};
use crate::net::serve::Stop;
use crate::net::{Client, Limits, Listener, Peer};
use crate::protocol::access_key::AccessKey;
use crate::protocol::credentials_file::CredentialsFile;
use crate::protocol::{http_date, signature};

const NOON: &str = "Tue, 02 Jan 2024 12:00:00 GMT";
const SECRET: &str = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e";
/// A user that every Debian has and that is not the one who runs the tests.
const NOBODY: u32 = 65534;

/// An agent and its service.
struct World {
    account: Account,
    clock: Clock,
    said: Arc<Mutex<Said>>,
    folder: TempDir,
    running: JoinSet<()>,
}

/// What the service's GraphQL answers to everything.
type Said = (u16, &'static str, String);

fn owner() -> Said {
    let body =
        json!({ "data": { "login": { "id": "11111111-2222-4333-8444-555555555555", "email": "ann@example.test" } } });
    (200, "application/json", body.to_string())
}

impl World {
    async fn signed_out() -> Self {
        let (clock, _) = Clock::by_hand(noon());
        let said = Arc::new(Mutex::new(owner()));
        let folder = tempfile::tempdir().unwrap();
        let mut running = JoinSet::new();
        let url = service(said.clone(), &mut running).await;
        let entropy = Entropy::repeatable(7);
        let keystore = Keystore::open(folder.path(), &SealingSource::OwnFile, entropy.clone()).unwrap();
        let client = Client::new(None).unwrap();
        let parts = Parts { service: Service::Url(url), client, keystore, clock: clock.clone(), entropy };
        Self { account: Account::new(parts).unwrap(), clock, said, folder, running }
    }

    async fn signed_in() -> Self {
        let world = Self::signed_out().await;
        world.account.adopt(key()).await.unwrap();
        world
    }

    fn says(&self, status: u16, form: &'static str, body: &str) {
        *self.said.lock().unwrap() = (status, form, body.to_owned());
    }

    fn router(&self, policy: Policy) -> Router {
        router(self.account.clone(), policy, self.clock.clone())
    }

    /// As root, without a socket between.
    async fn ask(&self, method: &str, path: &str, body: &str) -> (StatusCode, String) {
        self.ask_as(Peer::Unix { uid: 0, gid: 0 }, method, path, body).await
    }

    async fn ask_as(&self, peer: Peer, method: &str, path: &str, body: &str) -> (StatusCode, String) {
        let request = Request::builder().method(method).uri(path).extension(peer).body(Body::from(body.to_owned()));
        let answer =
            self.router(Policy { users: vec![NOBODY], groups: vec![] }).oneshot(request.unwrap()).await.unwrap();
        assert_eq!(answer.headers()["cache-control"], "no-store");
        let (head, body) = answer.into_parts();
        (head.status, String::from_utf8(body.collect().await.unwrap().to_bytes().into()).unwrap())
    }

    /// The one sentence of a refusal, with its status.
    async fn refused(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let (status, text) = self.ask(method, path, body).await;
        let answer: Value = serde_json::from_str(&text).unwrap();
        (status.as_u16(), answer["error"].as_str().unwrap().to_owned())
    }

    /// A socket that every user of the machine reaches, so that only the policy decides.
    fn open_to_all(&mut self, policy: Policy) -> PathBuf {
        std::fs::set_permissions(self.folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
        let path = self.folder.path().join("broker.sock");
        let (stopper, stop) = Stop::pair();
        let serving = crate::net::serve(
            Listener::unix(&path, 0o666, None).unwrap(),
            self.router(policy),
            Limits::default(),
            stop,
        );
        self.running.spawn(async move {
            let _lives_as_long = stopper;
            serving.await;
        });
        path
    }
}

async fn service(said: Arc<Mutex<Said>>, running: &mut JoinSet<()>) -> String {
    let listener = Listener::tcp("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let url = format!("http://{}", listener.address().unwrap());
    let discovery = json!({ "user_pool_id": "x_y", "client_id": "c", "region": "x", "cognito_endpoint": url,
        "auth_api": format!("{url}/v1"), "graphql": format!("{url}/graphql") });
    let router = Router::new()
        .route("/.well-known/latchkey", get(async move || ([("date", NOON)], axum::Json(discovery))))
        .fallback(async move || {
            let (status, form, body) = said.lock().unwrap().clone();
            (StatusCode::from_u16(status).unwrap(), [("date", NOON), ("content-type", form)], body).into_response()
        });
    let (stopper, stop) = Stop::pair();
    running.spawn(async move {
        let _lives_as_long = stopper;
        crate::net::serve(listener, router, Limits::default(), stop).await;
    });
    url
}

fn noon() -> SystemTime {
    http_date::parse(NOON).unwrap()
}

fn key() -> AccessKey {
    AccessKey::parse("EXAMPLEKEYID00000001", SECRET).unwrap()
}

/// `curl` as another user, with the answer's body and status.
async fn curl_as(uid: u32, gid: u32, socket: PathBuf, path: &'static str) -> (String, String) {
    let asked = tokio::task::spawn_blocking(move || {
        let mut curl = std::process::Command::new("curl");
        curl.args(["--silent", "--write-out", "\n%{http_code}", "--unix-socket"]).arg(socket);
        curl.arg(format!("http://localhost{path}")).uid(uid).gid(gid).output().unwrap()
    });
    let said = String::from_utf8(asked.await.unwrap().stdout).unwrap();
    let (body, status) = said.rsplit_once('\n').unwrap();
    (body.to_owned(), status.to_owned())
}

#[tokio::test]
async fn the_kernel_tells_which_user_asks_and_only_the_policys_users_are_served() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let mut world = World::signed_in().await;
    let socket = world.open_to_all(Policy { users: vec![1], groups: vec![7] });
    let (body, status) = curl_as(NOBODY, NOBODY, socket.clone(), "/v1/credentials").await;
    assert!(status == "403" && body.contains("group 'latchkey'") && !body.contains(SECRET), "{body}");
    for (uid, gid) in [(1, NOBODY), (NOBODY, 7), (0, 0)] {
        let (body, status) = curl_as(uid, gid, socket.clone(), "/v1/credentials").await;
        assert!(status == "200" && body.contains(SECRET), "user {uid} of group {gid}: {body}");
    }
}

#[tokio::test]
async fn status_tells_who_is_signed_in_and_keeps_the_secret() {
    let world = World::signed_out().await;
    let (_, text) = world.ask("GET", "/v1/status", "").await;
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["state"], "absent");
    world.account.adopt(key()).await.unwrap();
    let (_, text) = world.ask("GET", "/v1/status", "").await;
    let status: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(status["owner"]["email"], "ann@example.test");
    assert_eq!((&status["state"], &status["key"]), (&json!("fresh"), &json!("EXAMPLEKEYID00000001")));
    assert_eq!(status["last_confirmed"], "2024-01-02T12:00:00Z");
    assert!(!text.contains(SECRET));
}

#[tokio::test]
async fn the_key_is_handed_out_in_every_form() {
    let world = World::signed_in().await;
    let (_, text) = world.ask("GET", "/v1/credentials", "").await;
    let expected = json!({ "access_key_id": "EXAMPLEKEYID00000001", "secret_access_key": SECRET });
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), expected);
    let (_, text) = world.ask("GET", "/v1/credentials?format=env", "").await;
    assert_eq!(text, format!("R3_ACCESS_KEY_ID=EXAMPLEKEYID00000001\nR3_SECRET_ACCESS_KEY={SECRET}\n"));
    let (_, text) = world.ask("GET", "/v1/credentials?format=ini&profile=pi", "").await;
    let read = CredentialsFile::parse(text.as_bytes()).unwrap().key("pi").unwrap();
    assert_eq!(read.secret_bytes(), key().secret_bytes());
}

#[tokio::test]
async fn a_signed_request_is_one_that_the_service_would_accept() {
    let world = World::signed_in().await;
    for scheme in ["cavage", "message"] {
        let asked = json!({ "method": "POST", "url": "https://api.example.test/graphql/v1?a=%7e", "scheme": scheme,
            "headers": { "content-type": "application/json" },
            "body_sha256": "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824" });
        let (status, text) = world.ask("POST", "/v1/sign", &asked.to_string()).await;
        assert_eq!(status, 200, "{text}");
        let answer: Value = serde_json::from_str(&text).unwrap();
        let mut headers = vec![("content-type", "application/json")];
        let lines = answer["headers"].as_array().unwrap();
        headers.extend(lines.iter().map(|line| (line["name"].as_str().unwrap(), line["value"].as_str().unwrap())));
        let request =
            signature::Request { method: "POST", scheme: "https", target: "/graphql/v1?a=%7e", headers: &headers };
        let presented = signature::Presented::find(&headers).unwrap();
        presented.verify(&request, b"hello", key().secret_bytes(), noon()).unwrap();
        let changed = presented.verify(&request, b"hullo", key().secret_bytes(), noon());
        assert!(changed.is_err(), "{scheme} does not cover the digest of the body");
    }
}

#[tokio::test]
async fn graphql_comes_back_as_the_service_said_it() {
    let world = World::signed_in().await;
    world.says(200, "application/json", r#"{"errors":[{"message":"no such field"}]}"#);
    let answer = world.ask("POST", "/v1/graphql", r#"{"query":"{ x }"}"#).await;
    assert_eq!(answer, (StatusCode::OK, r#"{"errors":[{"message":"no such field"}]}"#.to_owned()));
}

#[tokio::test]
async fn nobody_signed_in_is_409_and_a_revoked_key_410() {
    let world = World::signed_out().await;
    let sign = r#"{"method":"GET","url":"https://a.test/"}"#;
    for (method, path, body) in
        [("GET", "/v1/credentials", ""), ("POST", "/v1/sign", sign), ("POST", "/v1/graphql", r#"{"query":"x"}"#)]
    {
        assert_eq!(world.refused(method, path, body).await.0, 409, "{path}");
    }
    world.account.adopt(key()).await.unwrap();
    world.says(403, "application/json", r#"{"message":"revoked"}"#);
    world.account.confirm().await;
    for (method, path, body) in
        [("GET", "/v1/credentials", ""), ("POST", "/v1/sign", sign), ("POST", "/v1/graphql", r#"{"query":"x"}"#)]
    {
        let (status, sentence) = world.refused(method, path, body).await;
        assert!(status == 410 && sentence.contains("Sign in again"), "{path}: {status} {sentence}");
    }
}

#[tokio::test]
async fn a_service_that_is_gone_is_503_and_a_web_page_in_its_place_502() {
    let mut world = World::signed_in().await;
    world.says(200, "text/html", "<html>Welcome to the hotel</html>");
    assert_eq!(world.refused("POST", "/v1/graphql", r#"{"query":"x"}"#).await.0, 502);
    world.running.shutdown().await;
    let (status, sentence) = world.refused("POST", "/v1/graphql", r#"{"query":"x"}"#).await;
    assert!(status == 503 && sentence.contains("cannot be reached"), "{status} {sentence}");
    assert_eq!(world.ask("GET", "/v1/credentials", "").await.0, 200, "a cached key outlives an outage");
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_with_one_sentence() {
    let world = World::signed_in().await;
    for (method, path, body, expected) in [
        ("GET", "/v2/status", "", 404),
        ("POST", "/v1/status", "", 405),
        ("GET", "/v1/credentials?format=xml", "", 400),
        ("GET", "/v1/credentials?format=ini&profile=a%5Db", "", 400),
        ("POST", "/v1/sign", "not json", 400),
        ("POST", "/v1/sign", r#"{"method":"GET"}"#, 400),
        ("POST", "/v1/sign", r#"{"method":"GET","url":"/relative"}"#, 400),
        ("POST", "/v1/sign", r#"{"method":"GET","url":"https://a.test/","body_sha256":"abc"}"#, 400),
        ("POST", "/v1/sign", r#"{"method":"GET","url":"https://a.test/","headers":{"x":"a\nb"}}"#, 400),
        ("POST", "/v1/graphql", "[]", 400),
    ] {
        let (status, sentence) = world.refused(method, path, body).await;
        assert_eq!(status, expected, "{method} {path} {body}: {sentence}");
    }
}

#[tokio::test]
async fn only_an_administrator_makes_the_agent_read_its_keystore_again() {
    let world = World::signed_in().await;
    let stranger = Peer::Unix { uid: NOBODY, gid: NOBODY };
    assert_eq!(world.ask_as(stranger, "POST", "/v1/reload", "").await.0, 403);
    assert_eq!(world.ask("POST", "/v1/reload", "").await.0, 204);
}

/// What systemd reads for a credential, when its own end has that name.
async fn credential(socket: &std::path::Path, own_name: &str) -> String {
    use std::os::fd::AsRawFd;

    use nix::sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, bind, connect, socket as open};
    let end = open(AddressFamily::Unix, SockType::Stream, SockFlag::SOCK_CLOEXEC, None).unwrap();
    bind(end.as_raw_fd(), &UnixAddr::new_abstract(own_name.as_bytes()).unwrap()).unwrap();
    connect(end.as_raw_fd(), &UnixAddr::new(socket).unwrap()).unwrap();
    let mut stream = std::os::unix::net::UnixStream::from(end);
    let read = tokio::task::spawn_blocking(move || {
        let mut text = String::new();
        std::io::Read::read_to_string(&mut stream, &mut text).map(|_| text)
    });
    read.await.unwrap().unwrap()
}

#[tokio::test]
async fn a_unit_gets_the_key_as_its_credential_in_the_form_that_its_name_asks_for() {
    let world = World::signed_in().await;
    let socket = world.folder.path().join("credentials.sock");
    let listener = Listener::unix(&socket, 0o600, None).unwrap();
    let (stopper, stop) = Stop::pair();
    let mut serving = JoinSet::new();
    serving.spawn(unit_credential::serve(listener, world.account.clone(), stop));
    let random = format!("test{}", std::process::id());
    let asked = |credential: &str| format!("{random}/unit/daemon.service/{credential}");
    let json: Value = serde_json::from_str(&credential(&socket, &asked("latchkey.json")).await).unwrap();
    assert_eq!(json["secret_access_key"], SECRET);
    let lines = credential(&socket, &asked("latchkey.env")).await;
    assert!(lines.contains(&format!("R3_SECRET_ACCESS_KEY={SECRET}\n")), "{lines}");
    assert!(credential(&socket, &asked("latchkey.ini")).await.starts_with("[DEFAULT]\n"));
    assert_eq!(credential(&socket, &format!("{random}/not-systemd")).await, "");
    stopper.stop();
    serving.join_next().await.unwrap().unwrap();
}

#[tokio::test]
async fn a_unit_starts_with_an_empty_credential_while_nobody_is_signed_in() {
    let world = World::signed_out().await;
    let socket = world.folder.path().join("credentials.sock");
    let listener = Listener::unix(&socket, 0o600, None).unwrap();
    let (stopper, stop) = Stop::pair();
    let mut serving = JoinSet::new();
    serving.spawn(unit_credential::serve(listener, world.account.clone(), stop));
    let name = format!("idle{}/unit/daemon.service/latchkey.json", std::process::id());
    assert_eq!(credential(&socket, &name).await, "");
    stopper.stop();
    serving.join_next().await.unwrap().unwrap();
}
