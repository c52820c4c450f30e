//! A machine with an agent, an account service somewhere else, and people. Everything runs in this process on free ports,
//! in a temp dir, with a clock that stands still until somebody lets time pass.

#![expect(clippy::unwrap_used, reason = "a story that cannot go on fails")]

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::{Duration, SystemTime};

use latchkey::account::{self, Account, Answer, Progress, Service};
use latchkey::base::clock::Hand;
use latchkey::base::{Clock, Entropy, Secret};
use latchkey::cloud::{Cloud, NewAccount, Plan};
use latchkey::device::Device;
use latchkey::keystore::{Keystore, SealingSource};
use latchkey::net::{Client, Identity, Listener, authority::Authority, subject::Subject};
use latchkey::panel::{self, Panel};
use latchkey::protocol::access_key::AccessKey;
use latchkey::protocol::discovery::Discovery;
use latchkey::protocol::graphql;
use latchkey::protocol::totp::TotpSecret;
use tempfile::TempDir;

use crate::browser::Browser;
use crate::machine;
pub(crate) use crate::person::{Factor, Person};
use crate::running::Running;
use crate::test_database;

/// 15 January 2027, 08:00:00 UTC.
const START: Duration = Duration::from_secs(1_800_000_000);
/// A proxy that the panel's settings name.
pub(crate) const TRUSTED_PROXY: &str = "10.0.0.2";

/// Every part, each running until the world ends.
pub(crate) struct World {
    pub(crate) cloud: Cloud,
    pub(crate) account: Account,
    pub(crate) panel: Panel,
    pub(crate) identity: Identity,
    pub(crate) keystore: Keystore,
    /// Where the panel listens.
    pub(crate) address: SocketAddr,
    clock: Clock,
    hand: Hand,
    entropy: Entropy,
    service: SocketAddr,
    service_running: Running,
    others_running: Vec<Running>,
    panel_running: Running,
    plan: Plan,
    /// Known to the agent beforehand, instead of asked for.
    pub(crate) known: Option<Discovery>,
    folder: TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_usual| {}).await
    }

    /// A world whose service is set up in another way.
    pub(crate) async fn with(differs: impl FnOnce(&mut Plan)) -> Self {
        let folder = TempDir::new().unwrap();
        let (clock, hand) = Clock::by_hand(SystemTime::UNIX_EPOCH + START);
        let entropy = Entropy::kernel();
        let mut plan = Plan {
            database: test_database::fresh().await.map(Secret::new),
            user_pool_id: "eu-test-1_Stories".into(),
            client_id: "stories".into(),
            ..Plan::new(folder.path().join("cloud"))
        };
        differs(&mut plan);
        let cloud = Cloud::open(plan.clone(), clock.clone(), entropy.clone()).await.unwrap();
        let listener = Listener::tcp("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let service = listener.address().unwrap();
        let service_running = Running::cloud(&cloud, listener);
        let keystore = open_keystore(&folder, &entropy);
        let identity = identity(&clock);
        let parts = (&keystore, &identity, machine::device(folder.path()));
        let (account, panel) = agent(at(service), parts, &clock, &entropy);
        let listener = Listener::tcp("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let listener = listener.with_tls_beside_http(identity.tls().unwrap());
        let address = listener.address().unwrap();
        let panel_running = Running::panel(&panel, listener);
        Self {
            cloud,
            account,
            panel,
            identity,
            keystore,
            address,
            clock,
            hand,
            entropy,
            service,
            service_running,
            others_running: Vec::new(),
            panel_running,
            plan,
            known: None,
            folder,
        }
    }

    /// Somebody opens an account at the service.
    pub(crate) async fn person(&self, email: &str, factor: Factor) -> Person {
        self.person_with(email, &format!("Correct-horse-7!{email}"), factor).await
    }

    pub(crate) async fn person_with(&self, email: &str, password: &str, factor: Factor) -> Person {
        let totp = matches!(factor, Factor::Authenticator | Factor::Both)
            .then(|| TotpSecret::from_bytes(self.entropy.bytes::<20>().to_vec()));
        let phone = matches!(factor, Factor::TextMessage | Factor::Both).then(|| "+12065554477".to_owned());
        let added = self.cloud.add_account(NewAccount {
            email: email.to_owned(),
            password: Secret::from(password),
            totp: totp.clone(),
            phone,
        });
        let added = added.await.unwrap();
        let recovery_code = added.recovery_code.map(|code| code.expose().to_owned());
        Person { id: added.id, email: email.to_owned(), password: password.to_owned(), totp, recovery_code }
    }

    /// Ann has an authenticator app; the device becomes hers.
    pub(crate) async fn ann(&self) -> Person {
        self.person("ann@example.test", Factor::Authenticator).await
    }

    /// What the person's authenticator app shows now.
    pub(crate) fn code_of(&self, person: &Person) -> String {
        let now = self.clock.wall().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        person.totp.as_ref().unwrap().code_at(now).expose().clone()
    }

    /// The newest text message or mail (`kind`), with the code in it.
    pub(crate) async fn delivered(&self, kind: &str) -> String {
        self.outbox(kind).await.pop().unwrap()
    }

    pub(crate) async fn outbox(&self, kind: &str) -> Vec<String> {
        let messages = self.cloud.outbox().await.unwrap();
        messages.into_iter().filter(|message| message.kind == kind).map(|message| message.text).collect()
    }

    /// Where programs reach the service.
    pub(crate) fn service_url(&self) -> String {
        format!("http://{}", self.service)
    }

    /// A browser on the machine itself, without cookies yet.
    pub(crate) fn browser(&self) -> Browser {
        Browser::on_this_machine(self.address)
    }

    /// A browser at the account service's portal, without cookies yet.
    pub(crate) fn portal_browser(&self) -> Browser {
        Browser::at_the_portal(self.service)
    }

    /// A browser whose owner signed in at the portal: with the password, and the code where one is asked for.
    pub(crate) async fn signed_in_at_the_portal(&self, person: &Person) -> Browser {
        let mut browser = self.portal_browser();
        let answer = browser.give_password(person).await;
        if answer.location() == "code" {
            // The step before may have been used.
            self.let_pass(30);
            assert_eq!(browser.give_code(&self.code_of(person)).await.location(), "./");
        } else {
            assert_eq!(answer.location(), "./", "{}", answer.text);
        }
        browser
    }

    /// A browser whose connection comes from somewhere else on the network.
    pub(crate) fn browser_at(&self, peer: &str) -> Browser {
        let peer: IpAddr = peer.parse().unwrap();
        Browser::on_the_network(self.panel.router(), SocketAddr::new(peer, 4711), self.address.port())
    }

    /// A browser whose owner went the whole way: claim, password, code.
    pub(crate) async fn signed_in_browser(&self, person: &Person) -> Browser {
        let mut browser = self.browser();
        browser.sign_in(self, person).await;
        browser
    }

    /// A browser at the device's panel, whose owner went the whole way; by the code that the app shows next, since the one before
    /// may have been used.
    pub(crate) async fn signed_in_at_the_panel(&self, person: &Person) -> Browser {
        let mut browser = self.browser();
        if self.panel.claim_code().is_some() {
            browser.claim(self).await;
        } else {
            browser.get("/sign-in").await;
        }
        browser.prove(self, person, "./").await;
        browser
    }

    pub(crate) fn claim_code(&self) -> String {
        self.panel.claim_code().unwrap()
    }

    pub(crate) fn let_pass(&self, seconds: u64) {
        self.hand.pass(Duration::from_secs(seconds));
    }

    /// As time synchronisation (or somebody) sets it.
    pub(crate) fn set_machine_clock(&self, wall: SystemTime) {
        self.hand.set_wall(wall);
    }

    pub(crate) fn home(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn machine_clock(&self) -> SystemTime {
        self.clock.wall()
    }

    pub(crate) fn service_address(&self) -> SocketAddr {
        self.service
    }

    /// What the service answers to anybody.
    pub(crate) async fn service_says(&self, path: &str) -> serde_json::Value {
        let url = format!("http://{}{path}", self.service);
        let request = http::Request::get(url).body(bytes::Bytes::new()).unwrap();
        let answer = Client::new(None).unwrap().send(request, Duration::from_secs(10), 65536).await.unwrap();
        serde_json::from_slice(answer.body()).unwrap()
    }

    /// Another process of the service on the same store.
    pub(crate) async fn second_instance(&mut self) -> SocketAddr {
        let cloud = Cloud::open(self.plan.clone(), self.clock.clone(), self.entropy.clone()).await.unwrap();
        let listener = Listener::tcp("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.address().unwrap();
        self.others_running.push(Running::cloud(&cloud, listener));
        address
    }

    /// The network (or the service) fails.
    pub(crate) async fn service_goes_away(&mut self) {
        self.service_running.stop().await;
    }

    pub(crate) async fn service_comes_back(&mut self) {
        let listener = Listener::tcp(self.service).await.unwrap();
        self.service_running = Running::cloud(&self.cloud, listener);
    }

    /// The agent is stopped and started again; browsers keep their cookies.
    pub(crate) async fn agent_restarts(&mut self) {
        self.panel_running.stop().await;
        self.panel.write_down();
        self.keystore = open_keystore(&self.folder, &self.entropy);
        let parts = (&self.keystore, &self.identity, machine::device(self.folder.path()));
        let known = self.known.clone().map(|known| Service::Known(Box::new(known)));
        (self.account, self.panel) =
            agent(known.unwrap_or_else(|| at(self.service)), parts, &self.clock, &self.entropy);
        let listener = Listener::tcp(self.address).await.unwrap();
        let listener = listener.with_tls_beside_http(self.identity.tls().unwrap());
        self.panel_running = Running::panel(&self.panel, listener);
    }

    /// Another device that the person signed in; it has its own access key.
    pub(crate) async fn another_device(&self, person: &Person) -> Account {
        let folder = self.folder.path().join(format!("device {}", hex(&self.entropy.bytes::<8>())));
        let keystore = Keystore::open(&folder, &SealingSource::OwnFile, self.entropy.clone()).unwrap();
        let account = account_on(at(self.service), &keystore, &self.clock, &self.entropy);
        let begun = account.begin(&person.email, Secret::from(person.password.as_str())).await.unwrap();
        if let Progress::Ask(attempt) = begun {
            let code = Answer::Code(self.code_of(person).parse().unwrap());
            account.answer(attempt, code).await.unwrap();
        }
        account
    }

    pub(crate) async fn key_made_elsewhere(&self, person: &Person) -> AccessKey {
        self.another_device(person).await.key().unwrap()
    }

    /// The person deletes this device's key on the account's page.
    pub(crate) async fn key_is_deleted(&self, person: &Person) {
        let key = self.account.status().key.unwrap();
        let variables = serde_json::json!({ "key": key.as_str() });
        let body = graphql::body(graphql::DELETE_ACCESS_KEY, Some(variables));
        let (_, answer) = self.another_device(person).await.graphql(body).await.unwrap();
        graphql::read_success(&answer).unwrap();
    }
}

/// The digits in a message.
pub(crate) fn code_in(message: &str) -> String {
    let mut words = message.split(|sign: char| !sign.is_ascii_alphanumeric());
    let code = words.find(|word| word.len() >= 6 && word.bytes().all(|byte| byte.is_ascii_digit()));
    code.unwrap_or_default().to_owned()
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

fn open_keystore(folder: &TempDir, entropy: &Entropy) -> Keystore {
    Keystore::open(&folder.path().join("agent"), &SealingSource::OwnFile, entropy.clone()).unwrap()
}

fn at(service: SocketAddr) -> Service {
    Service::Url(format!("http://{service}"))
}

fn agent(
    service: Service,
    (keystore, identity, device): (&Keystore, &Identity, Device),
    clock: &Clock,
    entropy: &Entropy,
) -> (Account, Panel) {
    let account = account_on(service, keystore, clock, entropy);
    let panel = Panel::new(panel::Parts {
        account: account.clone(),
        keystore: keystore.clone(),
        clock: clock.clone(),
        entropy: entropy.clone(),
        identity: identity.clone(),
        given_claim_code: None,
        device,
        names: vec!["panel.example".into()],
        trusted_proxies: vec![TRUSTED_PROXY.parse().unwrap()],
    });
    (account, panel.unwrap())
}

fn identity(clock: &Clock) -> Identity {
    let subject = Subject { names: vec!["localhost".into()], addresses: vec![[127, 0, 0, 1].into()] };
    let authority = Authority::new("raspberrypi", &[], clock.wall()).unwrap();
    Identity::new(authority, None, subject, clock.wall()).unwrap()
}

fn account_on(service: Service, keystore: &Keystore, clock: &Clock, entropy: &Entropy) -> Account {
    let account = Account::new(account::Parts {
        service,
        client: Client::new(None).unwrap(),
        keystore: keystore.clone(),
        clock: clock.clone(),
        entropy: entropy.clone(),
    });
    account.unwrap()
}
