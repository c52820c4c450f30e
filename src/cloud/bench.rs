//! A service for tests: own folder, a clock that stands until it is moved, and requests that need no socket.

use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;

use super::site::Site;
use super::{AddedAccount, Cloud, NewAccount, OutboxMessage, Plan, routes, test_database};
use crate::base::clock::Hand;
use crate::base::{Clock, Entropy, Secret};
use crate::protocol::cognito::TARGET_PREFIX;
use crate::protocol::srp;
use crate::protocol::totp::TotpSecret;

pub(super) const CLIENT: &str = "client1";
pub(super) const EMAIL: &str = "Ann+Pi@example.test";
pub(super) const PASSWORD: &str = "Hunter2-hünter2!";
pub(super) const PHONE: &str = "+12065550100";

pub(super) struct Bench {
    pub(super) cloud: Cloud,
    pub(super) hand: Hand,
    folder: TempDir,
    database: Option<Secret<String>>,
    router: Router,
}

pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Value,
}

impl Bench {
    pub(super) async fn new() -> Self {
        Self::with(|_plan| ()).await
    }

    /// With a plan that is a little different.
    pub(super) async fn with(differs: impl FnOnce(&mut Plan)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (clock, hand) = Clock::by_hand(SystemTime::UNIX_EPOCH + Duration::from_secs(1_704_164_645));
        let database = test_database::fresh().await.map(Secret::new);
        let mut plan = plan(&folder, database.clone());
        differs(&mut plan);
        let cloud = Cloud::open(plan, clock, Entropy::kernel()).await.unwrap();
        Self { router: router(&cloud), cloud, hand, folder, database }
    }

    /// A second instance on the same store.
    pub(super) async fn cloud_beside(&self) -> Cloud {
        Cloud::open((*self.cloud.plan).clone(), self.cloud.clock.clone(), Entropy::kernel()).await.unwrap()
    }

    /// Another service on the same store, as a second instance or after a restart, with a plan that is a little different.
    pub(super) async fn beside(&self, differs: impl FnOnce(&mut Plan)) -> Router {
        let mut plan = plan(&self.folder, self.database.clone());
        differs(&mut plan);
        router(&Cloud::open(plan, self.cloud.clock.clone(), Entropy::kernel()).await.unwrap())
    }

    /// Ann, with whichever factors.
    pub(super) async fn ann(&self, totp: Option<&TotpSecret>, phone: Option<&str>) -> AddedAccount {
        self.person(EMAIL, totp, phone).await
    }

    pub(super) async fn person(&self, email: &str, totp: Option<&TotpSecret>, phone: Option<&str>) -> AddedAccount {
        let account = NewAccount {
            email: email.to_owned(),
            password: Secret::from(PASSWORD),
            totp: totp.cloned(),
            phone: phone.map(str::to_owned),
        };
        self.cloud.add_account(account).await.unwrap()
    }

    pub(super) fn unix(&self) -> u64 {
        self.cloud.now().unix_seconds()
    }

    /// What was mailed or texted to somebody, newest last.
    pub(super) async fn sent_to(&self, to: &str) -> Vec<String> {
        let outbox = self.cloud.outbox().await.unwrap();
        outbox.into_iter().filter(|OutboxMessage { to: sent, .. }| sent == to).map(|message| message.text).collect()
    }

    /// The six digits of the newest message.
    pub(super) async fn code_sent_to(&self, to: &str) -> String {
        self.sent_to(to).await.last().unwrap().chars().filter(char::is_ascii_digit).take(6).collect()
    }

    pub(super) async fn cognito(&self, operation: &str, body: &Value) -> Reply {
        cognito(&self.router, operation, body.to_string()).await
    }

    pub(super) async fn initiate(&self, flow: &str, parameters: Value) -> Reply {
        self.cognito("InitiateAuth", &json!({"AuthFlow": flow, "ClientId": CLIENT, "AuthParameters": parameters})).await
    }

    pub(super) async fn respond(&self, challenge: &str, session: &str, mut responses: Value) -> Reply {
        responses["USERNAME"] = EMAIL.into();
        let body = json!({
            "ChallengeName": challenge, "ClientId": CLIENT, "Session": session, "ChallengeResponses": responses,
        });
        self.cognito("RespondToAuthChallenge", &body).await
    }

    /// E-mail and password as they are sent: tokens or a challenge.
    pub(super) async fn begin(&self) -> Reply {
        self.initiate("USER_PASSWORD_AUTH", json!({"USERNAME": EMAIL, "PASSWORD": PASSWORD})).await
    }

    pub(super) async fn access_token(&self) -> String {
        self.begin().await.access_token()
    }

    pub(super) async fn send(&self, request: Request<Body>) -> Reply {
        send(&self.router, request).await
    }

    /// The answer and its text, for what is no JSON.
    pub(super) async fn text(&self, request: Request<Body>) -> (Reply, String) {
        let (head, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        (Reply { status: head.status, headers: head.headers, body: Value::Null }, text)
    }

    pub(super) async fn graphql(&self, token: &str, query: &str) -> Reply {
        let request = Request::post("/graphql/v1")
            .header("authorization", format!("Bearer {token}"))
            .body(json!({"query": query}).to_string().into());
        self.send(request.unwrap()).await
    }

    /// A request of the auth API, with a JSON body unless that is null.
    pub(super) async fn auth_api(&self, token: &str, method: &str, path: &str, body: &Value) -> Reply {
        let request = Request::builder().method(method).uri(path).header("authorization", format!("Bearer {token}"));
        let body = if body.is_null() { Body::empty() } else { body.to_string().into() };
        self.send(request.header("content-type", "application/json").body(body).unwrap()).await
    }

    /// Turns one factor on, or all off.
    pub(super) async fn prefer(&self, token: &str, preference: &str) -> Reply {
        self.auth_api(token, "POST", "/v1/mfaPref", &json!({"MfaPref": preference})).await
    }

    /// A sign-in with what an authenticator app of that secret shows now.
    pub(super) async fn sign_in_with(&self, secret: &TotpSecret) -> Reply {
        let begun = self.begin().await;
        let code = secret.code_at(self.unix());
        self.respond("SOFTWARE_TOKEN_MFA", begun.session(), json!({"SOFTWARE_TOKEN_MFA_CODE": code.expose()})).await
    }

    /// AssociateSoftwareToken and VerifySoftwareToken.
    pub(super) async fn set_up_app(&self, token: &str) -> TotpSecret {
        let associated = self.cognito("AssociateSoftwareToken", &json!({"AccessToken": token})).await;
        let secret = TotpSecret::parse(associated.body["SecretCode"].as_str().unwrap()).unwrap();
        let code = secret.code_at(self.unix());
        let verify = json!({"AccessToken": token, "UserCode": code.expose()});
        assert_eq!(self.cognito("VerifySoftwareToken", &verify).await.body["Status"], "SUCCESS");
        secret
    }

    /// The members of a PASSWORD_VERIFIER answer by somebody who knows `password`.
    pub(super) async fn proof(&self, username: &str, password: &str) -> Value {
        let client = srp::Client::start(&Entropy::kernel().secret()).unwrap();
        let begun = self.initiate("USER_SRP_AUTH", json!({"USERNAME": username, "SRP_A": client.public_hex()})).await;
        let text = |name: &str| begun.body["ChallengeParameters"][name].as_str().unwrap().to_owned();
        let (id, salt, public, block) = (text("USER_ID_FOR_SRP"), text("SALT"), text("SRP_B"), text("SECRET_BLOCK"));
        let challenge = srp::Challenge {
            pool_name: self.cloud.pool_name(),
            user_id: &id,
            salt_hex: &salt,
            server_public_hex: &public,
            secret_block_base64: &block,
        };
        let proof = client.prove(&challenge, &Secret::from(password), self.cloud.clock.wall()).unwrap();
        json!({
            "USERNAME": id, "PASSWORD_CLAIM_SECRET_BLOCK": block,
            "PASSWORD_CLAIM_SIGNATURE": proof.signature, "TIMESTAMP": proof.timestamp,
        })
    }

    /// Sends a proof, as pycognito does: without a session.
    pub(super) async fn prove(&self, proof: &Value) -> Reply {
        self.cognito("RespondToAuthChallenge", &proof_of(CLIENT, proof)).await
    }
}

impl Reply {
    /// The error's name; empty for success.
    pub(super) fn fault(&self) -> &str {
        self.body["__type"].as_str().unwrap_or_default()
    }

    pub(super) fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or_default()
    }

    pub(super) fn challenge(&self) -> &str {
        self.body["ChallengeName"].as_str().unwrap_or_default()
    }

    /// `EMAIL_CODE` or `BACKUP_CODE`.
    pub(super) fn asks_for(&self) -> &str {
        self.body["ChallengeParameters"]["challengeType"].as_str().unwrap_or_default()
    }

    pub(super) fn session(&self) -> &str {
        self.body["Session"].as_str().unwrap_or_default()
    }

    pub(super) fn signed_in(&self) -> bool {
        self.body["AuthenticationResult"]["AccessToken"].is_string()
    }

    pub(super) fn access_token(&self) -> String {
        self.body["AuthenticationResult"]["AccessToken"].as_str().unwrap().to_owned()
    }
}

pub(super) fn proof_of(client: &str, proof: &Value) -> Value {
    json!({"ChallengeName": "PASSWORD_VERIFIER", "ClientId": client, "ChallengeResponses": proof})
}

pub(super) async fn cognito(router: &Router, operation: &str, body: String) -> Reply {
    let request = Request::post("/").header("x-amz-target", format!("{TARGET_PREFIX}{operation}"));
    send(router, request.body(body.into()).unwrap()).await
}

pub(super) async fn send(router: &Router, request: Request<Body>) -> Reply {
    let (head, body) = router.clone().oneshot(request).await.unwrap().into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    Reply { status: head.status, headers: head.headers, body: serde_json::from_slice(&body).unwrap_or_default() }
}

fn plan(folder: &TempDir, database: Option<Secret<String>>) -> Plan {
    Plan {
        database,
        user_pool_id: "local_TestPool1".to_owned(),
        client_id: CLIENT.to_owned(),
        ..Plan::new(folder.path().to_owned())
    }
}

fn router(cloud: &Cloud) -> Router {
    routes::router(Site::new(cloud.clone(), "http://cloud.test".to_owned()))
}
