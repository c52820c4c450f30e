//! `POST /v1/sign`: the header lines that make a request a signed one. The program sends the request itself, with these
//! lines and its own, unchanged; the secret never leaves the agent.
//!
//! In: `{"method", "url", "headers": [{"name", "value"}, …], "scheme": "cavage" | "message", "body_sha256"}`; the last three
//! may be absent, and `headers` may also be an object. Out: `{"headers": [{"name", "value"}, …]}`.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use base64ct::{Base64, Encoding};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::Broker;
use super::error::Error;
use crate::account::{Scheme, Unsigned};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    method: String,
    url: String,
    #[serde(default)]
    headers: Headers,
    #[serde(default)]
    scheme: AskedScheme,
    body_sha256: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Headers {
    Lines(Vec<Line>),
    Map(BTreeMap<String, String>),
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum AskedScheme {
    #[default]
    Cavage,
    Message,
}

#[derive(Deserialize, Serialize)]
struct Line {
    name: String,
    value: String,
}

#[derive(Serialize)]
pub(super) struct Signed {
    headers: Vec<Line>,
}

pub(super) async fn sign(
    State(broker): State<Broker>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Signed>, Error> {
    let asked: Asked = serde_json::from_slice(&body?).map_err(Error::Json)?;
    let digest = asked.body_sha256.as_deref().map(|text| digest_line(text, asked.scheme)).transpose()?;
    let mut request = Unsigned::from(asked);
    request.headers.extend(digest.clone());
    let lines = broker.account.sign(&request)?;
    let headers = digest.into_iter().chain(lines).map(|(name, value)| Line { name, value });
    Ok(Json(Signed { headers: headers.collect() }))
}

impl Default for Headers {
    fn default() -> Self {
        Self::Lines(Vec::new())
    }
}

impl From<Asked> for Unsigned {
    fn from(asked: Asked) -> Self {
        let headers = match asked.headers {
            Headers::Lines(lines) => lines.into_iter().map(|line| (line.name, line.value)).collect(),
            Headers::Map(map) => map.into_iter().collect(),
        };
        let scheme = match asked.scheme {
            AskedScheme::Cavage => Scheme::Cavage,
            AskedScheme::Message => Scheme::Message,
        };
        Self { method: asked.method, url: asked.url, headers, scheme }
    }
}

/// Each scheme has its own header for the digest of the body.
fn digest_line(text: &str, scheme: AskedScheme) -> Result<(String, String), Error> {
    let digest = base16ct::mixed::decode_vec(text.as_bytes()).or_else(|_not_hex| Base64::decode_vec(text));
    let digest = digest.ok().filter(|digest| digest.len() == 32).ok_or(Error::Digest)?;
    let digest = Base64::encode_string(&digest);
    Ok(match scheme {
        AskedScheme::Cavage => ("digest".to_owned(), format!("SHA-256={digest}")),
        AskedScheme::Message => ("content-digest".to_owned(), format!("sha-256=:{digest}:")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_may_be_lines_or_an_object_and_nothing_else_is_guessed() {
        let unsigned = |text| serde_json::from_str::<Asked>(text).map(Unsigned::from);
        let lines = r#"{"method":"POST","url":"https://a.test/","headers":[{"name":"content-type","value":"x/y"}]}"#;
        let object = r#"{"method":"POST","url":"https://a.test/","headers":{"content-type":"x/y"}}"#;
        assert_eq!(unsigned(lines).unwrap().headers, unsigned(object).unwrap().headers);
        assert!(unsigned(r#"{"method":"POST","url":"https://a.test/","body":"secret"}"#).is_err());
    }

    #[test]
    fn the_digest_may_be_hexadecimal_or_base64() {
        let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let base64 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        let cavage = ("digest".to_owned(), format!("SHA-256={base64}"));
        assert_eq!(digest_line(hex, AskedScheme::Cavage).unwrap(), cavage);
        assert_eq!(digest_line(&hex.to_uppercase(), AskedScheme::Cavage).unwrap(), cavage);
        let message = ("content-digest".to_owned(), format!("sha-256=:{base64}:"));
        assert_eq!(digest_line(base64, AskedScheme::Message).unwrap(), message);
        assert!(matches!(digest_line("abc", AskedScheme::Cavage), Err(Error::Digest)));
    }
}
