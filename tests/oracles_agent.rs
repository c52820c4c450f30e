//! Our client judged by cognito-local, which nobody here wrote: password, choice of factor, authenticator, forced change of
//! password, renewal and revocation of tokens. It speaks no SRP and no GraphQL: the password is sent as it is, and a small
//! GraphQL beside it hands out keys to whoever brings an access token that cognito-local itself accepts.
//!
//! Needs node and `tests/oracles/install`. Without them it says so and passes, except in CI.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "what goes wrong while a judge is set up fails the test"
)]

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use axum::{Json, Router};
use bytes::Bytes;
use latchkey::account::{
    Account, Answer, Ask, Attempt, Channel, Error, Failed, KeyState, Parts, Progress, Service, Session,
};
use latchkey::base::clock::Hand;
use latchkey::base::{Clock, Entropy, Secret};
use latchkey::keystore::{Keystore, SealingSource};
use latchkey::net::serve::{Stop, Stopper};
use latchkey::net::{Client, Limits, Listener, serve};
use latchkey::protocol::access_key::KeyId;
use latchkey::protocol::code::Code;
use latchkey::protocol::discovery::Discovery;
use latchkey::protocol::totp::TotpSecret;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use tokio::time::timeout;

const EMAIL: &str = "ann@example.test";
const PASSWORD: &str = "Hunter2-hunter2! é";

#[tokio::test]
async fn password_and_authenticator_code_sign_in_and_nothing_less() {
    let Some(judge) = CognitoLocal::start().await else { return };
    let authenticator = judge.authenticator(&judge.person().await).await;
    let device = Device::new(&judge).await;

    for (email, password) in [(EMAIL, "Hunter2-hunter3! é"), ("nobody@example.test", PASSWORD)] {
        let refused = device.account.begin(email, password.into()).await;
        assert!(matches!(refused, Err(Error::WrongPassword)), "{email}: {refused:?}");
    }
    let attempt = asked(device.begin(PASSWORD).await);
    assert_eq!(attempt.ask(), Ask::AuthenticatorCode);
    let failed = device.account.answer(attempt, Answer::Code("000000".parse().unwrap())).await.unwrap_err();
    assert!(matches!(failed.error, Error::WrongCode), "{:?}", failed.error);
    let code = Answer::Code(code_of(&authenticator));
    let session = signed_in(device.account.answer(failed.attempt.unwrap(), code).await);
    assert_eq!(session.owner.email, EMAIL);
    assert_eq!(device.account.status().state, KeyState::Fresh);
}

#[tokio::test]
async fn the_person_chooses_among_two_factors() {
    let Some(judge) = CognitoLocal::start().await else { return };
    let token = judge.person().await;
    let authenticator = judge.authenticator(&token).await;
    judge.prefer(&token, &json!({ "SMSMfaSettings": { "Enabled": true } })).await;
    let device = Device::new(&judge).await;

    let attempt = asked(device.begin(PASSWORD).await);
    assert_eq!(attempt.ask(), Ask::ChooseFactor(vec![Channel::Authenticator, Channel::Sms]));
    let attempt = asked(device.account.answer(attempt, Answer::Factor(Channel::Authenticator)).await);
    signed_in(device.account.answer(attempt, Answer::Code(code_of(&authenticator))).await);
}

#[tokio::test]
async fn a_temporary_password_is_replaced_on_the_way_in() {
    let Some(judge) = CognitoLocal::start().await else { return };
    let (pool, temporary) = (&judge.pool, "Temporary-1");
    let account = json!({ "UserPoolId": pool, "Username": EMAIL, "TemporaryPassword": temporary, "MessageAction": "SUPPRESS",
        "UserAttributes": [{ "Name": "email", "Value": EMAIL }] });
    judge.call("AdminCreateUser", &account).await;
    let device = Device::new(&judge).await;

    let attempt = asked(device.begin(temporary).await);
    assert_eq!(attempt.ask(), Ask::NewPassword { required_attributes: Vec::new() });
    let new = Answer::NewPassword { password: PASSWORD.into(), attributes: Vec::new() };
    signed_in(device.account.answer(attempt, new).await);
    signed_in(device.begin(PASSWORD).await);
}

#[tokio::test]
async fn tokens_are_renewed_when_they_are_old_and_taken_back_at_the_end() {
    let Some(judge) = CognitoLocal::start().await else { return };
    // Without a second factor: behind one, cognito-local forgets the refresh token that it gives.
    judge.person().await;
    let device = Device::new(&judge).await;
    device.desk.lock().unwrap().full = true;

    let attempt = asked(device.begin(PASSWORD).await);
    assert!(matches!(attempt.ask(), Ask::MakeRoomForKey(_)), "{attempt:?}");
    device.hand.pass(Duration::from_secs(2 * 3600));
    let replaced = Answer::ReplaceKey(KeyId::parse("OLDKEY1").unwrap());
    let session = signed_in(device.account.answer(attempt, replaced).await);
    let bearers = device.desk.lock().unwrap().bearers.clone();
    assert_ne!(bearers.first(), bearers.last(), "the access token of two hours ago was used again");

    let held = judge.refresh_tokens();
    device.account.forget(session).await;
    assert_eq!(judge.refresh_tokens(), held - 1);
}

// ---- the device

/// A new device whose account service is cognito-local.
struct Device {
    account: Account,
    hand: Hand,
    desk: Arc<Mutex<Desk>>,
    _state: TempDir,
    _serving: (Stopper, JoinSet<()>),
}

impl Device {
    async fn new(judge: &CognitoLocal) -> Self {
        let (graphql, desk, serving) = Desk::open(judge.url.clone()).await;
        let state = tempfile::tempdir().unwrap();
        let (clock, hand) = Clock::by_hand(Clock::system().wall());
        let entropy = Entropy::kernel();
        let discovery = Discovery {
            user_pool_id: judge.pool.clone(),
            client_id: judge.client_id.clone(),
            region: "local".to_owned(),
            cognito_endpoint: judge.url.clone(),
            auth_api: judge.url.clone(),
            graphql,
            oauth: None,
            portal: None,
            features: vec!["password-auth".to_owned()],
        };
        let account = Account::new(Parts {
            service: Service::Known(Box::new(discovery)),
            client: Client::new(None).unwrap(),
            keystore: Keystore::open(state.path(), &SealingSource::OwnFile, entropy.clone()).unwrap(),
            clock,
            entropy,
        });
        Self { account: account.unwrap(), hand, desk, _state: state, _serving: serving }
    }

    async fn begin(&self, password: &str) -> Result<Progress, Failed> {
        let begun = self.account.begin(EMAIL, Secret::from(password)).await;
        begun.map_err(|error| Failed { error, attempt: None })
    }
}

fn asked(outcome: Result<Progress, Failed>) -> Attempt {
    match outcome {
        Ok(Progress::Ask(attempt)) => attempt,
        other => panic!("nothing is asked: {other:?}"),
    }
}

fn signed_in(outcome: Result<Progress, Failed>) -> Session {
    match outcome {
        Ok(Progress::SignedIn(session)) => session,
        other => panic!("not signed in: {other:?}"),
    }
}

/// What the person's authenticator app shows.
fn code_of(authenticator: &TotpSecret) -> Code {
    let seconds = Clock::system().wall().duration_since(UNIX_EPOCH).unwrap().as_secs();
    authenticator.code_at(seconds).expose().parse().unwrap()
}

// ---- the GraphQL beside cognito-local

struct Desk {
    cognito: String,
    /// Access tokens that were shown, in order.
    bearers: Vec<String>,
    full: bool,
    owner: Value,
}

impl Desk {
    async fn open(cognito: String) -> (String, Arc<Mutex<Self>>, (Stopper, JoinSet<()>)) {
        let desk = Arc::new(Mutex::new(Self { cognito, bearers: Vec::new(), full: false, owner: Value::Null }));
        let listener = Listener::tcp("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let url = format!("http://{}/graphql", listener.address().unwrap());
        let router = Router::new().route("/graphql", post(answer)).with_state(desk.clone());
        let (stopper, stop) = Stop::pair();
        let mut serving = JoinSet::new();
        serving.spawn(serve(listener, router, Limits::default(), stop));
        (url, desk, (stopper, serving))
    }

    fn order(&mut self, query: &str) -> Value {
        if query.contains("createAccessKey") && self.full {
            json!({ "errors": [{ "message": "The limit is 2 access keys." }] })
        } else if query.contains("createAccessKey") {
            let key = json!({ "key": "EXAMPLEKEYID00000001", "secret": "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e" });
            json!({ "data": { "createAccessKey": key } })
        } else if query.contains("deleteAccessKey") {
            self.full = false;
            json!({ "data": { "updateAccessKey": {}, "deleteAccessKey": true } })
        } else if query.contains("accessKeys") {
            let listed = |id: &str| json!({ "key": id, "enabled": true, "created": "2024-01-02T03:04:05Z" });
            json!({ "data": { "login": { "accessKeys": [listed("OLDKEY1"), listed("OLDKEY2")] } } })
        } else {
            json!({ "data": { "login": self.owner } })
        }
    }
}

/// Whoever brings an access token is who cognito-local says; whoever signs is who made the key.
async fn answer(State(desk): State<Arc<Mutex<Desk>>>, head: HeaderMap, Json(body): Json<Value>) -> Json<Value> {
    let authorization = head["authorization"].to_str().unwrap().to_owned();
    if let Some(token) = authorization.strip_prefix("Bearer ") {
        let cognito = desk.lock().unwrap().cognito.clone();
        let user = call(&cognito, "GetUser", &json!({ "AccessToken": token })).await;
        let attributes = user["UserAttributes"].as_array().unwrap().clone();
        let named =
            |name: &str| attributes.iter().find(|attribute| attribute["Name"] == name).unwrap()["Value"].clone();
        let mut desk = desk.lock().unwrap();
        desk.owner = json!({ "id": named("sub"), "email": named("email") });
        desk.bearers.push(token.to_owned());
    }
    let answer = desk.lock().unwrap().order(body["query"].as_str().unwrap());
    Json(answer)
}

// ---- cognito-local

struct CognitoLocal {
    url: String,
    pool: String,
    client_id: String,
    folder: TempDir,
    /// Ends with the test.
    _process: Child,
}

impl CognitoLocal {
    /// Or says why there is none.
    async fn start() -> Option<Self> {
        let program =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracles/node_modules/cognito-local/lib/bin/start.js");
        if !program.exists() {
            return unable(&format!("{} is missing; run tests/oracles/install", program.display()));
        }
        let folder = tempfile::tempdir().unwrap();
        let started = Command::new("node")
            .arg(program)
            .current_dir(folder.path())
            .envs([("HOST", "127.0.0.1"), ("PORT", "0"), ("CODE", "4242")])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn();
        let Ok(mut process) = started else { return unable("node cannot be started") };
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let url = timeout(Duration::from_secs(60), async {
            loop {
                let line = lines.next_line().await.unwrap().unwrap_or_else(|| panic!("cognito-local gave up"));
                if let Some((_, address)) = line.split_once("running on ") {
                    return address.chars().take_while(|c| !c.is_control()).collect::<String>();
                }
            }
        });
        let url = url.await.unwrap();
        let pool = call(&url, "CreateUserPool", &json!({ "PoolName": "pool", "MfaConfiguration": "OPTIONAL" })).await;
        let pool = pool["UserPool"]["Id"].as_str().unwrap().to_owned();
        let client = call(&url, "CreateUserPoolClient", &json!({ "UserPoolId": pool, "ClientName": "agent" })).await;
        let client_id = client["UserPoolClient"]["ClientId"].as_str().unwrap().to_owned();
        Some(Self { url, pool, client_id, folder, _process: process })
    }

    async fn call(&self, operation: &str, message: &Value) -> Value {
        call(&self.url, operation, message).await
    }

    /// Ann, who has a password, and her access token.
    async fn person(&self) -> String {
        let attributes = json!([{ "Name": "email", "Value": EMAIL }]);
        let account = json!({ "ClientId": self.client_id, "Username": EMAIL, "Password": PASSWORD, "UserAttributes": attributes });
        self.call("SignUp", &account).await;
        let confirmation = json!({ "ClientId": self.client_id, "Username": EMAIL, "ConfirmationCode": "4242" });
        self.call("ConfirmSignUp", &confirmation).await;
        let parameters = json!({ "USERNAME": EMAIL, "PASSWORD": PASSWORD });
        let wanted =
            json!({ "AuthFlow": "USER_PASSWORD_AUTH", "ClientId": self.client_id, "AuthParameters": parameters });
        let begun = self.call("InitiateAuth", &wanted).await;
        begun["AuthenticationResult"]["AccessToken"].as_str().unwrap().to_owned()
    }

    /// Enrols an authenticator app.
    async fn authenticator(&self, token: &str) -> TotpSecret {
        let associated = self.call("AssociateSoftwareToken", &json!({ "AccessToken": token })).await;
        let authenticator = TotpSecret::parse(associated["SecretCode"].as_str().unwrap()).unwrap();
        let code = code_of(&authenticator);
        self.call("VerifySoftwareToken", &json!({ "AccessToken": token, "UserCode": code.expose() })).await;
        self.prefer(token, &json!({ "SoftwareTokenMfaSettings": { "Enabled": true } })).await;
        authenticator
    }

    /// Switches a second factor on, as the person would.
    async fn prefer(&self, token: &str, settings: &Value) {
        let mut message = settings.clone();
        message["AccessToken"] = json!(token);
        self.call("SetUserMFAPreference", &message).await;
    }

    /// How many refresh tokens of the one person still count, by cognito-local's own books.
    fn refresh_tokens(&self) -> usize {
        let books: PathBuf = self.folder.path().join(format!(".cognito/db/{}.json", self.pool));
        let books: Value = serde_json::from_slice(&std::fs::read(books).unwrap()).unwrap();
        let person = books["Users"].as_object().unwrap().values().next().unwrap();
        person["RefreshTokens"].as_array().unwrap().len()
    }
}

/// One operation, as an administrator's tool would send it.
async fn call(url: &str, operation: &str, message: &Value) -> Value {
    let request = http::Request::post(url)
        .header("content-type", "application/x-amz-json-1.1")
        .header("x-amz-target", format!("AWSCognitoIdentityProviderService.{operation}"))
        .header("authorization", "AWS4-HMAC-SHA256 Credential=local")
        .body(Bytes::from(message.to_string()))
        .unwrap();
    let client = Client::new(None).unwrap();
    let answer = client.send(request, Duration::from_secs(30), 1024 * 1024).await.unwrap();
    let body: Value = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!(answer.status(), 200, "{operation}: {body}");
    body
}

#[expect(clippy::disallowed_methods, reason = "nothing may be skipped in CI")]
fn unable(why: &str) -> Option<CognitoLocal> {
    assert!(std::env::var("CI").is_err(), "cognito-local cannot judge: {why}");
    eprintln!("skipped: {why}");
    None
}
