//! RFC 9421 HTTP Message Signatures, the subset of reference §4.2.

use std::time::SystemTime;

use base64ct::{Base64, Encoding};

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
    nonce: Option<String>,
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
        nonce: None,
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
            signature: format!("{}=:{}:", self.label, Base64::encode_string(&self.signature)),
        }
    }

    pub(super) fn key_id(&self) -> &KeyId {
        &self.key_id
    }

    pub(super) fn nonce(&self) -> Option<&str> {
        self.nonce.as_deref()
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.signature
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
        if quoted(&member, "alg")?.is_some_and(|algorithm| algorithm != ALGORITHM) {
            return Err(Refusal::Algorithm);
        }
        let key_id = quoted(&member, "keyid")?.ok_or(Refusal::Malformed("keyid is missing"))?;
        let signature = signatures.iter().find(|(label, _)| *label == member.label);
        let (_, signature) = signature.ok_or(Refusal::Malformed("Signature lacks the label of Signature-Input"))?;
        Ok(Self {
            label: member.label.to_owned(),
            parameters: member.text.to_owned(),
            key_id: KeyId::parse(key_id).map_err(|_| Refusal::Malformed("keyid is not the id of an access key"))?,
            created: unix_time(&member, "created")?,
            expires: unix_time(&member, "expires")?,
            nonce: quoted(&member, "nonce")?.map(str::to_owned),
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

fn quoted<'m>(member: &'m InnerList<'_>, name: &str) -> Result<Option<&'m str>, Refusal> {
    match member.parameters.iter().find(|(known, _)| *known == name) {
        Some((_, Bare::Text(text))) => Ok(Some(text)),
        Some((_, Bare::Integer(_) | Bare::Other)) => Err(Refusal::Malformed("keyid, alg and nonce must be quoted")),
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::{headers_of, request_of, text, vectors};
    use super::*;

    #[test]
    fn every_published_signature_base_is_built() {
        for vector in vectors()["message"].as_array().unwrap() {
            let headers = headers_of(vector);
            let signature = Signature::parse(text(vector, "signature_input"), text(vector, "signature")).unwrap();
            let base = signature.base(&request_of(vector, &headers)).unwrap();
            assert_eq!(base, text(vector, "base"), "{vector}");
            let key = AccessKey::parse(text(vector, "key_id"), text(vector, "secret")).unwrap();
            assert_eq!(check_tag(key.secret_bytes(), &base, &signature.signature), Ok(()), "{vector}");
        }
    }

    #[test]
    fn every_part_of_the_target_can_be_covered() {
        let request = request("/a%20b/?x=1?2");
        for (component, value) in [
            ("@method", "GET"),
            ("@authority", "example.com"),
            ("@scheme", "https"),
            ("@target-uri", "https://EXAMPLE.com:443/a%20b/?x=1?2"),
            ("@request-target", "/a%20b/?x=1?2"),
            ("@path", "/a%20b/"),
            ("@query", "?x=1?2"),
        ] {
            assert_eq!(super::value(component, &request).unwrap(), value);
        }
        assert_eq!(super::value("@query", &self::request("/")).unwrap(), "?");
        assert_eq!(super::value("@status", &request), Err(Refusal::HeaderMissing("@status".to_owned())));
    }

    #[test]
    fn the_first_supported_label_counts() {
        let input = r#"a=("@method");keyid="K1";alg="ed25519", b=("@query-param";name="x");keyid="K1", c=("date");created=1;keyid="K1";tag="t" ,d=();keyid="K1""#;
        let signature = Signature::parse(input, "d=:AA==:, c=:AAEC:, b=:AA==:, a=:AA==:").unwrap();
        assert_eq!((signature.label.as_str(), signature.signature.as_slice()), ("c", [0, 1, 2].as_slice()));
        assert_eq!(signature.parameters, r#"("date");created=1;keyid="K1";tag="t""#);
    }

    #[test]
    fn a_pair_that_cannot_be_read_is_refused_with_the_reason() {
        let malformed = |reason| Err(Refusal::Malformed(reason));
        for (input, refusal) in [
            (r#"l=("date");keyid="K1";alg="rsa-pss-sha512""#, Err(Refusal::Algorithm)),
            (r#"l=("date")"#, malformed("keyid is missing")),
            (r#"l=("date");keyid=K1"#, malformed("keyid, alg and nonce must be quoted")),
            (r#"l=("date");keyid="K1";nonce=7"#, malformed("keyid, alg and nonce must be quoted")),
            (r#"l=("date");keyid="a b""#, malformed("keyid is not the id of an access key")),
            (r#"l=("date");keyid="K1";created="1""#, malformed("created and expires must be Unix times")),
            (r#"l=("date");keyid="K1";created"#, malformed("created and expires must be Unix times")),
            (r#"l=("date");keyid="K1";keyid="K2""#, malformed("a parameter occurs twice")),
            (r#"l=("date" "date");keyid="K1""#, malformed("a component occurs twice")),
            (r#"l=("date";sf);keyid="K1""#, malformed("components with parameters are not supported")),
            (r#"m=("date");keyid="K1""#, malformed("Signature lacks the label of Signature-Input")),
            (r#"l=("date");keyid="K1", l=();keyid="K1""#, malformed("a label occurs twice")),
            (r#"l=("date";keyid="K1""#, malformed("a component is not followed by a blank or ')'")),
            (r#"l=("date" x"#, malformed("a component is not quoted, or the list is not closed")),
            (r#"l=("a""b");keyid="K1""#, malformed("a component is not followed by a blank or ')'")),
            (r#"l=("date");keyid="K1"#, malformed("a quoted value is not closed")),
            (r#"l=("date");keyid="#, malformed("a parameter has no value")),
            (r#"l="date""#, malformed("the list of components must start with '('")),
            (r#"l=("date");keyid="K1" x"#, malformed("a comma is missing between two labels")),
            ("l", malformed("'=' is missing after a label")),
            ("", malformed("a label or parameter name is missing or not in lower case")),
            ("L=()", malformed("a label or parameter name is missing or not in lower case")),
        ] {
            assert_eq!(Signature::parse(input, "l=:AA==:"), refusal, "{input}");
        }
        for (signature, reason) in [
            ("l=AA==", "a signature or digest must stand between colons"),
            ("l=:AA==", "a byte sequence is not closed by a colon"),
            ("l=:A:", "a byte sequence is not base64"),
        ] {
            assert_eq!(Signature::parse(r#"l=("date");keyid="K1""#, signature), malformed(reason), "{signature}");
        }
    }

    #[test]
    fn method_host_path_and_query_must_be_covered() {
        for (components, is_enough) in [
            (r#""@method" "@target-uri""#, true),
            (r#""@method" "@authority" "@request-target""#, true),
            (r#""@method" "@authority" "@path" "@query""#, true),
            (r#""@method" "@authority" "@path""#, false),
            (r#""@method" "@authority""#, false),
            (r#""@method" "@request-target""#, false),
            (r#""@authority" "@target-uri""#, false),
            ("", false),
        ] {
            let input = format!(r#"l=({components});keyid="K1";created=1"#);
            let coverage = Signature::parse(&input, "l=:AA==:").unwrap().check_coverage();
            assert_eq!(coverage.is_ok(), is_enough, "{components}: {coverage:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_as_the_same(
            label in "[a-z*][a-z0-9_.*-]{0,9}",
            components in prop::sample::subsequence(vec!["@method", "@authority", "date", "x-a"], 0..=4),
            parameters in prop::sample::subsequence(vec![r#";alg="hmac-sha256""#, "; created=17", ";expires=99", ";tag", r#";nonce="\"""#], 0..=5).prop_shuffle(),
            tag in any::<Vec<u8>>(),
        ) {
            let list = components.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(" ");
            let input = format!("{label}=({list});keyid=\"K1\"{}", parameters.concat());
            let tag = format!("{label}=:{}:", Base64::encode_string(&tag));
            let signature = Signature::parse(&input, &tag).unwrap();
            let lines = signature.lines();
            prop_assert_eq!((&lines.signature_input, &lines.signature), (&input, &tag));
            prop_assert_eq!(Signature::parse(&lines.signature_input, &lines.signature), Ok(signature));
        }

        #[test]
        fn no_header_stops_the_parser(noise in "\\PC*", salted in r#"([a-z]=\(("@?[ -~é]{0,5}"? ?){0,4}\)?(;[a-z]=?[ -~]{0,5}){0,3},?){0,4}"#) {
            let _ = Signature::parse(&noise, &salted);
            let _ = Signature::parse(&salted, "a=:AA==:, b=:AA==:");
        }
    }

    fn request(target: &str) -> Request<'_> {
        Request { method: "GET", scheme: "https", target, headers: &[("Host", "EXAMPLE.com:443")] }
    }
}
