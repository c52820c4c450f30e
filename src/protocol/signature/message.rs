//! RFC 9421 HTTP Message Signatures, the subset of reference §4.2.

use std::time::SystemTime;

use data_encoding::BASE64;

use super::freshness::{Times, unix_seconds};
use super::structured::{Bare, InnerList, byte_sequences, inner_lists};
use super::{CLOCK_WINDOW, Refusal, Request, check_tag, digest, request, tag};
use crate::protocol::access_key::{AccessKey, KeyId};

const LABEL: &str = "remoteit";
const ALGORITHM: &str = "hmac-sha256";

/// A parsed pair of `Signature-Input` and `Signature`; [`Signature::lines`] gives back an equal pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    label: String,
    components: Vec<String>,
    /// The value of `@signature-params`: components and parameters exactly as received.
    parameters: String,
    key_id: KeyId,
    created: Option<i64>,
    expires: Option<i64>,
    signature: Vec<u8>,
}

/// The two header values to add.
#[derive(Debug)]
pub struct Lines {
    pub signature_input: String,
    pub signature: String,
}

/// Label `remoteit`, components `"@method" "@authority" "@target-uri" "date"` (and `"content-digest"` when present),
/// params keyid, alg, created, expires = created + 300 s.
pub fn sign(key: &AccessKey, request: &Request<'_>, created: SystemTime) -> Result<Lines, Refusal> {
    let mut components = vec!["@method", "@authority", "@target-uri", "date"];
    components.extend(request::header(request.headers, "content-digest").map(|_| "content-digest"));
    let created = unix_seconds(created);
    let expires = created.saturating_add_unsigned(CLOCK_WINDOW.as_secs());
    let list = components.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(" ");
    let id = key.id.as_str();
    let mut signature = Signature {
        label: LABEL.to_owned(),
        components: components.into_iter().map(str::to_owned).collect(),
        parameters: format!("({list});keyid=\"{id}\";alg=\"{ALGORITHM}\";created={created};expires={expires}"),
        key_id: key.id.clone(),
        created: Some(created),
        expires: Some(expires),
        signature: Vec::new(),
    };
    signature.signature = tag(key.secret_bytes(), &signature.base(request)?);
    Ok(signature.lines())
}

impl Signature {
    /// The values of `Signature-Input` and `Signature`. Of several labels, the first that is supported counts.
    pub fn parse(signature_input: &str, signature: &str) -> Result<Self, Refusal> {
        let signatures = byte_sequences(signature)?;
        let mut first_refusal = None;
        for member in inner_lists(signature_input)? {
            match Self::from_member(member, &signatures) {
                Ok(signature) => return Ok(signature),
                Err(refusal) => first_refusal = first_refusal.or(Some(refusal)),
            }
        }
        Err(first_refusal.unwrap_or(Refusal::Unsigned))
    }

    /// The two header values.
    pub fn lines(&self) -> Lines {
        Lines {
            signature_input: format!("{}={}", self.label, self.parameters),
            signature: format!("{}=:{}:", self.label, BASE64.encode(&self.signature)),
        }
    }

    pub(super) fn key_id(&self) -> &KeyId {
        &self.key_id
    }

    pub(super) fn verify(
        &self,
        request: &Request<'_>,
        body: &[u8],
        secret: &[u8],
        now: SystemTime,
    ) -> Result<(), Refusal> {
        self.check_coverage()?;
        let base = self.base(request)?;
        let date = self.covers("date").then(|| request.covered_header("date")).transpose()?;
        Times { created: self.created, expires: self.expires, date: date.as_deref() }.check(now)?;
        digest::check(&self.components, request, body)?;
        check_tag(secret, &base, &self.signature)
    }

    fn from_member(member: InnerList<'_>, signatures: &[(&str, Vec<u8>)]) -> Result<Self, Refusal> {
        if text(&member, "alg")?.is_some_and(|algorithm| algorithm != ALGORITHM) {
            return Err(Refusal::Algorithm);
        }
        let key_id = text(&member, "keyid")?.ok_or(Refusal::Malformed("keyid is missing"))?;
        let signature = signatures.iter().find(|(label, _)| *label == member.label);
        let (_, signature) = signature.ok_or(Refusal::Malformed("Signature lacks the label of Signature-Input"))?;
        Ok(Self {
            label: member.label.to_owned(),
            parameters: member.text.to_owned(),
            key_id: KeyId::parse(key_id).map_err(|_| Refusal::Malformed("keyid is not the id of an access key"))?,
            created: unix_time(&member, "created")?,
            expires: unix_time(&member, "expires")?,
            components: components(member)?,
            signature: signature.clone(),
        })
    }

    /// Method, host, path and query must be covered, or the signature could be replayed elsewhere (SIG-11).
    fn check_coverage(&self) -> Result<(), Refusal> {
        if !self.covers("@method") {
            return Err(Refusal::MustCover("@method"));
        }
        if self.covers("@target-uri") {
            return Ok(());
        }
        if !self.covers("@authority") {
            return Err(Refusal::MustCover("@target-uri, or @authority and @request-target"));
        }
        if self.covers("@request-target") || (self.covers("@path") && self.covers("@query")) {
            return Ok(());
        }
        Err(Refusal::MustCover("@target-uri, or @request-target beside @authority"))
    }

    fn covers(&self, component: &str) -> bool {
        self.components.iter().any(|name| name == component)
    }

    fn base(&self, request: &Request<'_>) -> Result<String, Refusal> {
        let mut base = String::new();
        for name in &self.components {
            base.push_str(&format!("\"{name}\": {}\n", value(name, request)?));
        }
        base.push_str(&format!("\"@signature-params\": {}", self.parameters));
        Ok(base)
    }
}

fn value(component: &str, request: &Request<'_>) -> Result<String, Refusal> {
    match component {
        "@method" => Ok(request.method.to_owned()),
        "@authority" => request.authority(),
        "@target-uri" => request.target_uri(),
        "@scheme" => Ok(request.scheme.to_owned()),
        "@request-target" => Ok(request.target.to_owned()),
        "@path" => Ok(request.path().to_owned()),
        "@query" => Ok(request.query()),
        header => request.covered_header(header),
    }
}

fn components(member: InnerList<'_>) -> Result<Vec<String>, Refusal> {
    let mut names: Vec<String> = Vec::new();
    for item in member.items {
        if item.has_parameters {
            return Err(Refusal::Malformed("components with parameters are not supported"));
        }
        if names.contains(&item.name) {
            return Err(Refusal::Malformed("a component occurs twice"));
        }
        names.push(item.name);
    }
    Ok(names)
}

fn text<'m>(member: &'m InnerList<'_>, name: &str) -> Result<Option<&'m str>, Refusal> {
    match member.parameters.iter().find(|(known, _)| *known == name) {
        Some((_, Bare::Text(text))) => Ok(Some(text)),
        Some((_, Bare::Integer(_) | Bare::Other)) => Err(Refusal::Malformed("keyid and alg must be quoted")),
        None => Ok(None),
    }
}

fn unix_time(member: &InnerList<'_>, name: &str) -> Result<Option<i64>, Refusal> {
    match member.parameters.iter().find(|(known, _)| *known == name) {
        Some((_, Bare::Integer(seconds))) => Ok(Some(*seconds)),
        Some((_, Bare::Text(_) | Bare::Other)) => Err(Refusal::Malformed("created and expires must be Unix times")),
        None => Ok(None),
    }
}
