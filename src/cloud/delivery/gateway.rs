//! Text messages, by the HTTP request that a gateway understands.

use std::time::Duration;

use bytes::Bytes;
use data_encoding::BASE64;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Request};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Encoding, Failure, Gateway};
use crate::base::Secret;
use crate::net::{Client, client};

/// The courier gives up before.
const PATIENCE: Duration = Duration::from_secs(60);
const LONGEST_ANSWER: usize = 64 * 1024;

pub(super) struct HttpGateway {
    gateway: Gateway,
    client: Client,
}

impl HttpGateway {
    pub(super) fn new(gateway: Gateway) -> Result<Self, client::Error> {
        let client = Client::new(gateway.ca_file.as_deref())?;
        Ok(Self { gateway, client })
    }

    pub(super) async fn send(&self, to: &str, text: &str) -> Result<(), Failure> {
        let request =
            request(&self.gateway, to, text).ok_or_else(|| Failure::forever("the request cannot be written"))?;
        let answer = self.client.send(request, PATIENCE, LONGEST_ANSWER).await.map_err(|error| {
            tracing::debug!(%error, "the SMS gateway was not reached");
            Failure::later(&format!("the SMS gateway: {error}"))
        })?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        tracing::debug!(%status, body = %String::from_utf8_lossy(answer.body()), "the SMS gateway refused a message");
        let reason = format!("the SMS gateway answered {}", status.as_u16());
        let passes = status.is_server_error() || [408, 425, 429].contains(&status.as_u16());
        Err(if passes { Failure::later(&reason) } else { Failure::forever(&reason) })
    }
}

fn request(gateway: &Gateway, to: &str, text: &str) -> Option<Request<Bytes>> {
    let values = [("{to}", to), ("{text}", text), ("{from}", gateway.from.as_str())];
    let (media_type, body) = match gateway.encoding {
        Encoding::Form => ("application/x-www-form-urlencoded", fill(&gateway.body, &values, percent)),
        Encoding::Json => ("application/json", fill(&gateway.body, &values, json)),
    };
    let mut request = Request::builder().method(&gateway.method).uri(fill(&gateway.url, &values, percent));
    let has_body = gateway.method != http::Method::GET;
    request = request.header(ACCEPT, "*/*");
    if has_body {
        request = request.header(CONTENT_TYPE, media_type);
    }
    let secret = gateway.secret.as_ref().map(Secret::expose).map_or("", String::as_str);
    for (name, value) in &gateway.headers {
        let mut value = HeaderValue::try_from(value.replace("{secret}", secret)).ok()?;
        value.set_sensitive(true);
        request.headers_mut()?.insert(HeaderName::try_from(name).ok()?, value);
    }
    if let Some(user) = &gateway.user {
        let mut basic =
            HeaderValue::try_from(format!("Basic {}", BASE64.encode(format!("{user}:{secret}").as_bytes()))).ok()?;
        basic.set_sensitive(true);
        request = request.header(AUTHORIZATION, basic);
    }
    request.body(if has_body { body.into() } else { Bytes::new() }).ok()
}

/// In one pass: what a value holds is never filled in again.
fn fill(template: &str, values: &[(&str, &str)], encode: fn(&str) -> String) -> String {
    let mut rest = template;
    let mut filled = String::new();
    while let Some(place) = rest.find('{') {
        let (before, from) = rest.split_at(place);
        filled.push_str(before);
        match values.iter().find(|(name, _)| from.starts_with(name)) {
            Some((name, value)) => {
                filled.push_str(&encode(value));
                rest = from.strip_prefix(name).unwrap_or_default();
            }
            None => {
                filled.push('{');
                rest = from.strip_prefix('{').unwrap_or_default();
            }
        }
    }
    filled + rest
}

fn percent(value: &str) -> String {
    utf8_percent_encode(value, NON_ALPHANUMERIC).to_string()
}

/// As it stands between quotation marks.
fn json(value: &str) -> String {
    let quoted = serde_json::Value::from(value).to_string();
    quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or_default().to_owned()
}

/// Twilio's form, at a port of this machine.
#[cfg(test)]
pub(super) fn twilio(port: u16) -> Gateway {
    Gateway {
        url: format!("http://127.0.0.1:{port}/2010-04-01/Accounts/AC1/Messages.json"),
        method: http::Method::POST,
        encoding: Encoding::Form,
        body: "To={to}&From={from}&Body={text}".to_owned(),
        headers: Vec::new(),
        user: Some("AC1".to_owned()),
        secret: Some(Secret::from("hunter2")),
        from: "+12065550199".to_owned(),
        ca_file: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "1 & \"2\" {to} \\ ü\n3";

    #[test]
    fn twilio_gets_its_form_and_basic_authentication() {
        let request = request(&twilio(8000), "+12065550100", TEXT).unwrap();
        assert_eq!(request.headers()[AUTHORIZATION], "Basic QUMxOmh1bnRlcjI=");
        assert_eq!(request.headers()[CONTENT_TYPE], "application/x-www-form-urlencoded");
        let fields: Vec<_> = form_urlencoded::parse(request.body()).collect();
        let expected = [("To", "+12065550100"), ("From", "+12065550199"), ("Body", TEXT)];
        assert_eq!(fields, expected.map(|(name, value)| (name.into(), value.into())));
    }

    #[test]
    fn json_and_header_tokens_are_written_as_the_gateway_wants_them() {
        let gateway = Gateway {
            encoding: Encoding::Json,
            body: r#"{"messages": [{"to": "{to}", "text": "{text}"}]}"#.to_owned(),
            headers: vec![("X-Key".to_owned(), "App {secret}".to_owned())],
            user: None,
            ..twilio(8000)
        };
        let request = request(&gateway, "+1", TEXT).unwrap();
        assert_eq!(request.headers()["x-key"], "App hunter2");
        let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
        assert_eq!(body, serde_json::json!({"messages": [{"to": "+1", "text": TEXT}]}));
    }

    #[test]
    fn a_gateway_that_wants_everything_in_the_address_gets_it_there() {
        let url = "http://127.0.0.1:1/send?to={to}&text={text}".to_owned();
        let gateway = Gateway { url, method: http::Method::GET, ..twilio(1) };
        let request = request(&gateway, "+1", "a b").unwrap();
        assert_eq!(request.uri().query(), Some("to=%2B1&text=a%20b"));
        assert!(request.body().is_empty());
    }
}
