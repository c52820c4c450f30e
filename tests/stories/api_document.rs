//! A program that asks the device by its document, and notices whatever the document does not say.

#![expect(clippy::unwrap_used, reason = "a story that cannot go on fails")]

use std::collections::BTreeSet;
use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt;
use latchkey::net::Peer;
use serde_json::{Value, json};
use tower::Service;

use crate::world::World;

/// Something that speaks JSON with the device.
pub(crate) struct Program {
    router: Router,
    peer: SocketAddr,
    document: Value,
    pub(crate) token: Option<String>,
    pub(crate) headers: Vec<(&'static str, String)>,
    /// Operations that were asked, with the status that they answered.
    pub(crate) heard: BTreeSet<(String, u16)>,
}

/// An answer that is as the document says.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Program {
    pub(crate) async fn of(world: &World) -> Self {
        let mut program = Self {
            router: world.panel.router(),
            peer: SocketAddr::new([127, 0, 0, 1].into(), 4711),
            document: Value::Null,
            token: None,
            headers: Vec::new(),
            heard: BTreeSet::new(),
        };
        let (status, _, text) = program.send("GET", "/openapi.json", None).await;
        assert_eq!(status, StatusCode::OK);
        program.document = serde_json::from_str(&text).unwrap();
        program
    }

    /// From somewhere else on the network.
    pub(crate) fn at(&mut self, peer: &str) {
        self.peer = SocketAddr::new(peer.parse().unwrap(), 4711);
    }

    pub(crate) fn with(&mut self, token: &str) -> &mut Self {
        self.token = Some(token.to_owned());
        self
    }

    pub(crate) async fn get(&mut self, path: &str) -> Told {
        self.ask("GET", path, None).await
    }

    pub(crate) async fn post(&mut self, path: &str, body: Value) -> Told {
        self.ask("POST", path, Some(body.to_string())).await
    }

    /// The answer, which must have a status and a form that the document names for the operation.
    pub(crate) async fn ask(&mut self, method: &str, path: &str, body: Option<String>) -> Told {
        let (status, headers, text) = self.send(method, path, body).await;
        let body: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{method} {path}: {text}"));
        assert_eq!(headers[header::CONTENT_TYPE], "application/json");
        assert_eq!(headers[header::CACHE_CONTROL], "no-store");
        assert!(!headers.contains_key(header::SET_COOKIE) && !headers.contains_key("access-control-allow-origin"));
        match self.operation(method, path) {
            Some(operation) => {
                let id = operation["operationId"].as_str().unwrap().to_owned();
                let response = self.resolve(&operation["responses"][status.as_str()]);
                assert!(!response.is_null(), "{id} answered {status}, which the document does not say: {body}");
                for (name, described) in response["headers"].as_object().into_iter().flatten() {
                    assert!(described["required"] != true || headers.contains_key(name), "{id}: {name} is missing");
                }
                self.must_fit(&body, &response["content"]["application/json"]["schema"], &id);
                self.heard.insert((id, status.as_u16()));
            }
            None => self.must_fit(&body, &json!({ "$ref": "#/components/schemas/Error" }), path),
        }
        Told { status, headers, body }
    }

    /// Every operation of the document, by its id.
    pub(crate) fn operations(&self) -> BTreeSet<String> {
        let paths = self.document["paths"].as_object().unwrap().values();
        paths
            .flat_map(|path| path.as_object().unwrap().values())
            .map(|one| one["operationId"].as_str().unwrap().to_owned())
            .collect()
    }

    /// What the document says of the tokens that there are.
    pub(crate) fn schema(&self, name: &str) -> &Value {
        &self.document["components"]["schemas"][name]
    }

    async fn send(&mut self, method: &str, path: &str, body: Option<String>) -> (StatusCode, HeaderMap, String) {
        let mut request = Request::builder().method(method).uri(format!("/api/v1{path}"));
        if !self.headers.iter().any(|(name, _)| *name == "host") {
            request = request.header(header::HOST, "127.0.0.1:29999");
        }
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if body.is_some() && !self.headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let mut request = request.body(Body::from(body.unwrap_or_default())).unwrap();
        request.extensions_mut().insert(Peer::Tcp(self.peer));
        let (head, body) = self.router.call(request).await.unwrap().into_parts();
        assert_eq!(head.headers["x-content-type-options"], "nosniff");
        let text = body.collect().await.unwrap().to_bytes();
        (head.status, head.headers, String::from_utf8(text.to_vec()).unwrap())
    }

    fn operation(&self, method: &str, path: &str) -> Option<Value> {
        let fits = |template: &str| {
            let (asked, described): (Vec<_>, Vec<_>) = (path.split('/').collect(), template.split('/').collect());
            asked.len() == described.len()
                && asked.iter().zip(described).all(|(one, other)| other.starts_with('{') || *one == other)
        };
        let paths = self.document["paths"].as_object().unwrap();
        let found = paths
            .iter()
            .find(|(template, _)| *template == path)
            .or_else(|| paths.iter().find(|(template, _)| fits(template)));
        found.and_then(|(_, path)| path.get(method.to_ascii_lowercase())).cloned()
    }

    fn resolve(&self, value: &Value) -> Value {
        match value["$ref"].as_str() {
            Some(reference) => self.document.pointer(reference.trim_start_matches('#')).unwrap().clone(),
            None => value.clone(),
        }
    }

    /// As much of JSON Schema as the document uses.
    fn must_fit(&self, value: &Value, schema: &Value, at: &str) {
        let schema = self.resolve(schema);
        if let Some(ways) = schema["anyOf"].as_array() {
            let way = ways.iter().find(|way| (way["type"] == "null") == value.is_null()).unwrap();
            return self.must_fit(value, way, at);
        }
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(number) if number.is_f64() => "number",
            Value::Number(_) => "integer",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        let allowed = |one: &Value| one == kind;
        let right =
            schema["type"].as_array().map_or_else(|| allowed(&schema["type"]), |kinds| kinds.iter().any(allowed));
        assert!(right, "{at}: {value} is no {}", schema["type"]);
        if let Some(known) = schema["enum"].as_array() {
            assert!(known.contains(value), "{at}: {value} is none of {known:?}");
        }
        for one in value.as_array().into_iter().flatten() {
            self.must_fit(one, &schema["items"], at);
        }
        let Some(members) = value.as_object() else { return };
        for name in schema["required"].as_array().into_iter().flatten() {
            assert!(members.contains_key(name.as_str().unwrap()), "{at}: {name} is missing in {value}");
        }
        if schema["properties"].is_object() {
            for (name, member) in members {
                let described = schema["properties"].get(name);
                self.must_fit(
                    member,
                    described.unwrap_or_else(|| panic!("{at}: {name} is not described")),
                    &format!("{at}.{name}"),
                );
            }
        }
    }
}

impl Told {
    pub(crate) fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }
}
