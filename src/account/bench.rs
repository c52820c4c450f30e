//! A small account service on loopback and an account that uses it: what the tests of this folder set up.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::loopback::{Heard, Loopback, answer, with_header};
use super::*;
use crate::base::Secret;
use crate::base::clock::Hand;
use crate::keystore::SealingSource;
use crate::net::Client;
use crate::protocol::http_date;

pub(super) const NOON: &str = "Tue, 02 Jan 2024 12:00:00 GMT";
pub(super) const ANN: (&str, &str) = ("11111111-2222-4333-8444-555555555555", "ann@example.test");
pub(super) const BOB: (&str, &str) = ("99999999-2222-4333-8444-555555555555", "bob@example.test");

pub(super) struct World {
    pub(super) account: Account,
    pub(super) hand: Hand,
    pub(super) folder: TempDir,
    pub(super) server: Loopback,
    service: Arc<Mutex<Service>>,
}

/// The service's side.
pub(super) struct Service {
    /// Who signs in next.
    pub(super) person: (&'static str, &'static str),
    pub(super) asks_for_code: bool,
    pub(super) keys: Vec<Key>,
    pub(super) made: usize,
    pub(super) at_most: usize,
    pub(super) revoked: Vec<String>,
    pub(super) down: bool,
    /// Instead of looking at a signed request.
    pub(super) refuses_signed: Option<(u16, &'static str)>,
    pub(super) refuses_tokens: bool,
    clock: Clock,
}

#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) id: String,
    pub(super) owner: (&'static str, &'static str),
    pub(super) enabled: bool,
}

impl World {
    pub(super) async fn new() -> Self {
        let (clock, hand) = Clock::by_hand(noon());
        let service = Arc::new(Mutex::new(Service {
            person: ANN,
            asks_for_code: true,
            keys: Vec::new(),
            made: 0,
            at_most: 2,
            revoked: Vec::new(),
            down: false,
            refuses_signed: None,
            refuses_tokens: false,
            clock: clock.clone(),
        }));
        let answering = service.clone();
        let server = Loopback::saying(move |heard, _| lock(&answering).say(heard)).await;
        let folder = tempfile::tempdir().unwrap();
        let account = account(&server.url, &folder, clock);
        Self { account, hand, folder, server, service }
    }

    pub(super) fn service(&self) -> MutexGuard<'_, Service> {
        lock(&self.service)
    }

    /// The same device after a restart.
    pub(super) fn restarted(&self) -> Account {
        let clock = Clock::by_hand(noon()).0;
        account(&self.server.url, &self.folder, clock)
    }

    /// Password and code; both are right.
    pub(super) async fn sign_in(&self) -> Result<Progress, Failed> {
        let password = Secret::from("password");
        match self.account.begin("ann@example.test", password).await {
            Ok(Progress::Ask(attempt)) => self.account.answer(attempt, Answer::Code("123456".parse().unwrap())).await,
            Ok(done) => Ok(done),
            Err(error) => Err(Failed { error, attempt: None }),
        }
    }

    /// Of which the answer does not matter.
    pub(super) async fn signed_in() -> Self {
        let world = Self::new().await;
        assert!(matches!(world.sign_in().await, Ok(Progress::SignedIn(_))));
        world
    }

    /// Every file under the state folder, with what is in it.
    pub(super) fn on_disk(&self) -> Vec<(std::path::PathBuf, Vec<u8>)> {
        let mut files: Vec<_> = std::fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_file())
            .map(|path| (path.clone(), std::fs::read(path).unwrap()))
            .collect();
        files.sort();
        files
    }

    /// From now on nothing can be written.
    pub(super) fn fill_disk(&self) {
        std::fs::remove_dir_all(self.folder.path()).unwrap();
        std::fs::write(self.folder.path(), "in the way").unwrap();
    }
}

fn account(url: &str, folder: &TempDir, clock: Clock) -> Account {
    let entropy = Entropy::repeatable(7);
    let keystore = Keystore::open(folder.path(), &SealingSource::OwnFile, entropy.clone()).unwrap();
    let service = super::Service::Url(url.to_owned());
    let client = Client::new(None).unwrap();
    let mut account = Account::new(Parts { service, client, keystore, clock, entropy }).unwrap();
    Arc::get_mut(&mut account.0).unwrap().transport.be_impatient();
    account
}

pub(super) fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

pub(super) fn noon() -> SystemTime {
    http_date::parse(NOON).unwrap()
}

pub(super) fn key(id: &str) -> AccessKey {
    AccessKey::parse(id, "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e").unwrap()
}

impl Service {
    fn say(&mut self, heard: &Heard) -> String {
        if self.down {
            return String::new();
        }
        let (status, body) = match heard.header("x-amz-target").and_then(|target| target.split('.').nth(1)) {
            Some(operation) => self.cognito(operation, &serde_json::from_str(&heard.body).unwrap()),
            None if heard.head.starts_with("GET /.well-known/latchkey ") => (200, discovery(heard)),
            None => self.graphql(heard),
        };
        // Noon when the world began, whatever the device's clock says.
        let date = http_date::format(noon() + self.clock.monotonic());
        with_header(&answer(status, "application/json", &body.to_string()), &format!("date: {date}"))
    }

    fn cognito(&mut self, operation: &str, message: &Value) -> (u16, Value) {
        let tokens = |access: &str| {
            json!({ "AuthenticationResult": {
                "AccessToken": access, "RefreshToken": "refresh", "ExpiresIn": 3600, "TokenType": "Bearer" } })
        };
        match operation {
            "RevokeToken" => {
                self.revoked.push(message["Token"].as_str().unwrap().to_owned());
                (200, json!({}))
            }
            "InitiateAuth" if message["AuthFlow"] == "REFRESH_TOKEN_AUTH" => (200, tokens("access-2")),
            "InitiateAuth" if self.asks_for_code => {
                (200, json!({ "ChallengeName": "SOFTWARE_TOKEN_MFA", "Session": "session-1" }))
            }
            _ => (200, tokens("access-1")),
        }
    }

    fn graphql(&mut self, heard: &Heard) -> (u16, Value) {
        let authorization = heard.header("authorization").unwrap();
        let signer = authorization.split("keyId=\"").nth(1).and_then(|rest| rest.split('"').next());
        let signer = signer.map(|id| self.keys.iter().position(|key| key.id == id && key.enabled));
        let who = match (signer, self.refuses_signed) {
            (Some(_), Some((status, why))) => return (status, json!({ "message": why })),
            (Some(None), None) => return (401, json!({ "message": "The access key is unknown or disabled." })),
            (Some(Some(at)), None) => self.keys[at].owner,
            (None, _) if self.refuses_tokens => return (401, json!({ "message": "The token was revoked." })),
            (None, _) => self.person,
        };
        let wanted: Value = serde_json::from_str(&heard.body).unwrap();
        let (named, enabled) = (&wanted["variables"]["key"], &wanted["variables"]["enabled"]);
        (200, self.order(who, wanted["query"].as_str().unwrap(), named, enabled))
    }

    fn order(&mut self, who: (&'static str, &'static str), query: &str, named: &Value, enabled: &Value) -> Value {
        let own = self.keys.iter().filter(|key| key.owner == who);
        if query.contains("createAccessKey") {
            if own.count() >= self.at_most {
                return json!({ "data": null, "errors": [{ "message": "An account has at most 2 access keys." }] });
            }
            self.made += 1;
            let id = format!("MADE{:016}", self.made);
            self.keys.push(Key { id: id.clone(), owner: who, enabled: true });
            json!({ "data": { "createAccessKey": { "key": id, "secret": "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e" } } })
        } else if query.contains("updateAccessKey") && query.contains("deleteAccessKey") {
            self.keys.retain(|key| key.id != *named);
            json!({ "data": { "updateAccessKey": { "key": named, "enabled": false }, "deleteAccessKey": true } })
        } else if query.contains("deleteAccessKey") {
            self.keys.retain(|key| key.id != *named);
            json!({ "data": { "deleteAccessKey": true } })
        } else if query.contains("updateAccessKey") {
            for key in self.keys.iter_mut().filter(|key| key.id == *named) {
                key.enabled = enabled == true;
            }
            json!({ "data": { "updateAccessKey": { "key": named, "enabled": enabled } } })
        } else if query.contains("accessKeys") {
            let listed =
                |key: &Key| json!({ "key": key.id, "enabled": key.enabled, "created": "2024-01-02T03:04:05Z" });
            json!({ "data": { "login": { "accessKeys": own.map(listed).collect::<Vec<_>>() } } })
        } else {
            json!({ "data": { "login": { "id": who.0, "email": who.1 } } })
        }
    }
}

fn discovery(heard: &Heard) -> Value {
    let base = format!("http://{}", heard.header("host").unwrap());
    json!({ "user_pool_id": "local_Pool", "client_id": "client1", "region": "local", "cognito_endpoint": base,
        "auth_api": base, "graphql": format!("{base}/graphql/v1"), "features": ["password-auth"] })
}

fn lock(shared: &Mutex<Service>) -> MutexGuard<'_, Service> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
