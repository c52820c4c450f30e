//! What the help page says about Google: an account at Google opens one here, in the portal as on a panel, and its second factor
//! is Google's.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a story that cannot go on fails")]

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use http::{Request, Response, StatusCode, header};
use latchkey::base::Secret;
use latchkey::cloud::IdentityProvider;
use latchkey::net::Client;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::test_provider::{CLIENT_ID, CLIENT_SECRET, Login, TestProvider, parameters};
use crate::world::{Factor, World};

const VERIFIER: &str = "a-verifier-of-the-panel-that-nobody-else-can-know-of";

/// A world whose service knows Google, and a browser that goes through a sign-in by way of it.
struct Google {
    world: World,
    google: TestProvider,
    client: Client,
    cookies: BTreeMap<String, String>,
}

impl Google {
    async fn new() -> Self {
        let google = TestProvider::start().await;
        let provider = IdentityProvider {
            name: "Google".into(),
            issuer: google.issuer.clone(),
            client_id: CLIENT_ID.into(),
            client_secret: Secret::from(CLIENT_SECRET),
            ca_file: None,
        };
        let world = World::with(|plan| plan.identity_providers = vec![provider]).await;
        Self { world, google, client: Client::new(None).unwrap(), cookies: BTreeMap::new() }
    }

    /// The panel of a Pi on the LAN.
    fn panel(&self) -> String {
        format!("http://{}/v1/callback/", self.world.address)
    }

    fn relay(&self) -> String {
        format!("{}/v1/callback/", self.world.service_url())
    }

    /// "Sign in with Google" on the panel, and agreeing there: where the browser is then.
    async fn sign_in(&mut self, subject: &str, email: &str) -> String {
        let state = format!("random-{}", HEXLOWER.encode(self.panel().as_bytes()));
        let challenge = BASE64URL_NOPAD.encode(Sha256::digest(VERIFIER.as_bytes()).as_slice());
        let relay = self.relay();
        let asked = [
            ("redirect_uri", relay.as_str()),
            ("response_type", "code"),
            ("client_id", "stories"),
            ("identity_provider", "Google"),
            ("scope", "email profile openid aws.cognito.signin.user.admin"),
            ("state", &state),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(asked).finish();
        let away = self.follow(&format!("{}/oauth2/authorize?{query}", self.world.service_url())).await;
        let now = self.world.machine_clock().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        let back = self.google.agree(&away, Login::new(subject, email, now));
        let next = self.follow(&back).await;
        if next.starts_with(&self.relay()) { self.follow(&next).await } else { next }
    }

    /// What the panel gets for the code that the browser brought.
    async fn tokens(&mut self, address: &str) -> Value {
        let code = address.strip_prefix(&format!("{}?", self.panel())).map(parameters).unwrap()["code"].clone();
        let relay = self.relay();
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", "stories"),
            ("redirect_uri", relay.as_str()),
            ("code", &code),
            ("code_verifier", VERIFIER),
        ];
        let answer = self.post("/oauth2/token", &form).await;
        assert_eq!(answer.status(), StatusCode::OK, "{:?}", answer.body());
        serde_json::from_slice(answer.body()).unwrap()
    }

    /// Who these tokens stand for.
    async fn person(&mut self, tokens: &Value) -> Value {
        let query = json!({"query": "{ login { id email } }"}).to_string();
        let answer = self.ask(self.with_token("POST", "/graphql/v1", tokens).body(query.into()).unwrap()).await;
        serde_json::from_slice::<Value>(answer.body()).unwrap()["data"]["login"].clone()
    }

    fn with_token(&self, method: &str, path: &str, tokens: &Value) -> http::request::Builder {
        let token = tokens["access_token"].as_str().unwrap();
        let address = format!("{}{path}", self.world.service_url());
        Request::builder().method(method).uri(address).header("authorization", format!("Bearer {token}"))
    }

    async fn follow(&mut self, address: &str) -> String {
        let answer = self.ask(Request::get(address).body(Bytes::new()).unwrap()).await;
        assert_eq!(answer.status(), StatusCode::FOUND, "{:?}", answer.body());
        answer.headers()[header::LOCATION].to_str().unwrap().to_owned()
    }

    async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Response<Bytes> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = Request::post(format!("{}{path}", self.world.service_url()))
            .header("content-type", "application/x-www-form-urlencoded");
        self.ask(request.body(body.into()).unwrap()).await
    }

    async fn ask(&mut self, mut request: Request<Bytes>) -> Response<Bytes> {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        request.headers_mut().insert(header::COOKIE, cookies.join("; ").parse().unwrap());
        let answer = self.client.send(request, Duration::from_secs(30), 1 << 20).await.unwrap();
        for line in answer.headers().get_all(header::SET_COOKIE) {
            let (name, rest) = line.to_str().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), rest.split(';').next().unwrap().to_owned());
        }
        answer
    }
}

#[tokio::test]
async fn r06_somebody_who_signs_in_with_google_turns_two_factor_authentication_on_at_google() {
    let mut story = Google::new().await;
    let address = story.sign_in("1175", "gina@gmail.example").await;
    let tokens = story.tokens(&address).await;
    let answer = story.ask(story.with_token("GET", "/v1/mfaPref", &tokens).body(Bytes::new()).unwrap()).await;
    let told: Value = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!((told["MfaPref"].as_str(), told["provider"].as_str()), (Some("NO_MFA"), Some("Google")));
    assert!(told["message"].as_str().unwrap().contains("two-factor authentication is Google's"), "{told}");
}

#[tokio::test]
async fn r26_google_leads_back_to_the_panel_on_the_lan_through_the_services_own_address() {
    let mut story = Google::new().await;
    let address = story.sign_in("1175", "gina@gmail.example").await;
    assert!(address.starts_with(&format!("{}?code=", story.panel())), "{address}");
    let tokens = story.tokens(&address).await;
    assert_eq!(story.person(&tokens).await["email"], "gina@gmail.example");
}

#[tokio::test]
async fn r27_a_google_account_opens_an_account_here_and_gets_into_it_again() {
    let mut story = Google::new().await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        let address = story.sign_in("1175", "gina@gmail.example").await;
        let tokens = story.tokens(&address).await;
        ids.push(story.person(&tokens).await["id"].clone());
    }
    assert_eq!(ids[0], ids[1]);
    let other = story.sign_in("2286", "hugo@gmail.example").await;
    let tokens = story.tokens(&other).await;
    assert_ne!(story.person(&tokens).await["id"], ids[0]);
}

#[tokio::test]
async fn r28_somebody_with_an_account_here_can_use_google_for_it_after_giving_its_password() {
    let mut story = Google::new().await;
    let ann = story.world.person("ann@example.test", Factor::None).await;
    let address = story.sign_in("1175", "Ann@example.test").await;
    let request = parameters(address.split_once('?').unwrap().1)["request"].clone();
    let wrong = story.post("/oauth2/link", &[("request", &request), ("password", "not-the-password")]).await;
    assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);
    let done = story.post("/oauth2/link", &[("request", &request), ("password", &ann.password)]).await;
    assert_eq!(done.status(), StatusCode::OK);
    let address = story.sign_in("1175", "Ann@example.test").await;
    let tokens = story.tokens(&address).await;
    assert_eq!(story.person(&tokens).await["id"], ann.id.as_str());
}

#[tokio::test]
async fn r29_google_asks_for_its_own_second_factor_and_the_service_for_none() {
    let mut story = Google::new().await;
    let ann = story.world.ann().await;
    let address = story.sign_in("1175", &ann.email).await;
    let request = parameters(address.split_once('?').unwrap().1)["request"].clone();
    story.post("/oauth2/link", &[("request", &request), ("password", &ann.password)]).await;
    let code = story.world.code_of(&ann);
    let done = story.post("/oauth2/link", &[("request", &request), ("code", &code)]).await;
    assert_eq!(done.status(), StatusCode::OK, "linking asks for both proofs");
    let address = story.sign_in("1175", &ann.email).await;
    let tokens = story.tokens(&address).await;
    assert_eq!(story.person(&tokens).await["id"], ann.id.as_str(), "a sign-in at Google asks for nothing more here");
}
