//! An OpenID provider for tests, on a free port of this machine. Its people are whoever a test says they are.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

pub(crate) const CLIENT_ID: &str = "latchkey-at-provider";
/// With signs that must be percent-encoded.
pub(crate) const CLIENT_SECRET: &str = "s:e c&ret+1";
const ACCESS_TOKEN: &str = "access-token-of-the-provider";

static KEY: LazyLock<KeyPair> = LazyLock::new(|| KeyPair::generate(KeySize::Rsa2048).unwrap());
static OTHER_KEY: LazyLock<KeyPair> = LazyLock::new(|| KeyPair::generate(KeySize::Rsa2048).unwrap());

pub(crate) struct TestProvider {
    pub(crate) issuer: String,
    waiting: Waiting,
    _serving: JoinSet<()>,
}

/// Codes that were given, with what they stand for.
type Waiting = Arc<Mutex<BTreeMap<String, Given>>>;

struct Given {
    login: Login,
    redirect_uri: String,
    challenge: String,
    nonce: String,
}

/// Somebody who signs in at the provider, and how its answer is to differ from a right one.
#[derive(Clone)]
pub(crate) struct Login {
    pub(crate) subject: String,
    pub(crate) email: String,
    pub(crate) verified: bool,
    /// Unix seconds.
    pub(crate) at: u64,
    /// Claims instead of the right ones.
    pub(crate) instead: Value,
    pub(crate) by_other_key: bool,
    /// The address of e-mail is not in the id token but told when asked.
    pub(crate) by_user_info: bool,
}

impl Login {
    pub(crate) fn new(subject: &str, email: &str, at: u64) -> Self {
        Self {
            subject: subject.to_owned(),
            email: email.to_owned(),
            verified: true,
            at,
            instead: json!({}),
            by_other_key: false,
            by_user_info: false,
        }
    }
}

impl TestProvider {
    pub(crate) async fn start() -> Self {
        // Before anybody waits for an answer: on a busy machine a key takes longer to make than a service waits.
        LazyLock::force(&KEY);
        LazyLock::force(&OTHER_KEY);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let waiting = Waiting::default();
        let mut serving = JoinSet::new();
        serving.spawn(serve(listener, issuer.clone(), waiting.clone()));
        Self { issuer, waiting, _serving: serving }
    }

    /// The person agrees: where the provider sends the browser, that came by `address`, back to.
    pub(crate) fn agree(&self, address: &str, login: Login) -> String {
        let asked = parameters(address.strip_prefix(&format!("{}/authorize?", self.issuer)).unwrap());
        assert_eq!((asked["client_id"].as_str(), asked["response_type"].as_str()), (CLIENT_ID, "code"));
        assert_eq!(asked["code_challenge_method"], "S256");
        let code = format!("code-{}", self.waiting.lock().unwrap().len());
        let given = Given {
            login,
            redirect_uri: asked["redirect_uri"].clone(),
            challenge: asked["code_challenge"].clone(),
            nonce: asked["nonce"].clone(),
        };
        self.waiting.lock().unwrap().insert(code.clone(), given);
        let answer = [("code", code.as_str()), ("state", &asked["state"]), ("iss", &self.issuer)];
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(answer).finish();
        format!("{}?{query}", asked["redirect_uri"])
    }
}

pub(crate) fn parameters(query: &str) -> BTreeMap<String, String> {
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

async fn serve(listener: TcpListener, issuer: String, waiting: Waiting) {
    let mut conversations = JoinSet::new();
    while let Ok((stream, _peer)) = listener.accept().await {
        conversations.spawn(converse(stream, issuer.clone(), waiting.clone()));
    }
}

async fn converse(mut stream: TcpStream, issuer: String, waiting: Waiting) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    let header = |name: &str| {
        let lines = head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned()).next()
    };
    let length = header("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    let path = head.split(' ').nth(1).unwrap();
    let authorization = header("authorization").unwrap_or_default();
    let answer = answer(path, &authorization, &String::from_utf8(body).unwrap(), &issuer, &waiting);
    let (status, content) = answer.map_or_else(|why| ("400 Bad Request", json!({ "error": why })), |it| ("200 OK", it));
    let content = content.to_string();
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{content}",
        content.len()
    );
    stream.write_all(answer.as_bytes()).await.unwrap();
}

fn answer(path: &str, authorization: &str, body: &str, issuer: &str, waiting: &Waiting) -> Result<Value, String> {
    match path {
        "/.well-known/openid-configuration" => Ok(json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "userinfo_endpoint": format!("{issuer}/me"),
            "jwks_uri": format!("{issuer}/jwks"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "HS256"],
        })),
        "/jwks" => Ok(json!({ "keys": [jwk()] })),
        "/token" => token(authorization, body, issuer, waiting),
        "/me" => {
            let waiting = waiting.lock().unwrap();
            let login = &waiting.values().next_back().unwrap().login;
            Ok(json!({ "sub": login.subject, "email": login.email, "email_verified": login.verified }))
        }
        other => Err(format!("there is no {other}")),
    }
}

fn token(authorization: &str, body: &str, issuer: &str, waiting: &Waiting) -> Result<Value, String> {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let client = BASE64.encode(format!("{}:{}", encoded(CLIENT_ID), encoded(CLIENT_SECRET)).as_bytes());
    let form = parameters(body);
    let waiting = waiting.lock().unwrap();
    let given = waiting.get(&form["code"]).ok_or("invalid_grant")?;
    let challenge = BASE64URL_NOPAD.encode(Sha256::digest(form["code_verifier"].as_bytes()).as_slice());
    if authorization != format!("Basic {client}") {
        return Err("invalid_client".to_owned());
    }
    if challenge != given.challenge || form["redirect_uri"] != given.redirect_uri {
        return Err("invalid_grant".to_owned());
    }
    let id_token = id_token(given, issuer);
    Ok(json!({ "access_token": ACCESS_TOKEN, "token_type": "Bearer", "expires_in": 3600, "id_token": id_token }))
}

fn id_token(given: &Given, issuer: &str) -> String {
    let login = &given.login;
    let half = Sha256::digest(ACCESS_TOKEN.as_bytes());
    let mut claims = json!({
        "iss": issuer, "aud": CLIENT_ID, "sub": login.subject, "nonce": given.nonce, "iat": login.at,
        "exp": login.at + 3600, "at_hash": BASE64URL_NOPAD.encode(&half.as_slice()[..16]),
    });
    if !login.by_user_info {
        claims["email"] = login.email.as_str().into();
        claims["email_verified"] = login.verified.into();
    }
    for (name, value) in login.instead.as_object().unwrap() {
        claims[name] = value.clone();
    }
    let head = BASE64URL_NOPAD.encode(json!({ "alg": "RS256", "kid": "1", "typ": "JWT" }).to_string().as_bytes());
    let text = format!("{head}.{}", BASE64URL_NOPAD.encode(claims.to_string().as_bytes()));
    let key = if login.by_other_key { &*OTHER_KEY } else { &*KEY };
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
    format!("{text}.{}", BASE64URL_NOPAD.encode(&signature))
}

fn jwk() -> Value {
    let public = KEY.public_key();
    let encoded = |number: &[u8]| BASE64URL_NOPAD.encode(number);
    json!({
        "kty": "RSA", "use": "sig", "alg": "RS256", "kid": "1",
        "n": encoded(public.modulus().big_endian_without_leading_zero()),
        "e": encoded(public.exponent().big_endian_without_leading_zero()),
    })
}
