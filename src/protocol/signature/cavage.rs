//! draft-cavage-http-signatures: `Authorization: Signature keyId="…",algorithm="hmac-sha256",headers="…",signature="…"`.

use std::fmt;
use std::time::SystemTime;

use base64ct::{Base64, Encoding};

use super::freshness::Times;
use super::scanner::Scanner;
use super::{Refusal, Request, check_tag, digest, tag};
use crate::protocol::access_key::{AccessKey, KeyId};

/// What official clients cover.
pub const USUAL: &[&str] = &[TARGET, "host", "date", "content-type", "content-length"];

const TARGET: &str = "(request-target)";
const CREATED: &str = "(created)";
const EXPIRES: &str = "(expires)";

/// A parsed `Authorization: Signature …`; printing it gives back an equal header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    key_id: KeyId,
    algorithm: Option<Algorithm>,
    /// Lower case, in the order of the signing string.
    covered: Vec<String>,
    created: Option<i64>,
    expires: Option<i64>,
    signature: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Algorithm {
    HmacSha256,
    /// "Whatever belongs to the key", which here is HMAC-SHA256.
    Hs2019,
}

/// Header lines to add (`authorization`). `cover` lists the names in order, e.g. [`USUAL`]; every covered header
/// must be in the request. The caller has set `host` and `date` itself (SIG-10).
pub fn sign(key: &AccessKey, request: &Request<'_>, cover: &[&str]) -> Result<String, Refusal> {
    let mut signature = Signature {
        key_id: key.id.clone(),
        algorithm: Some(Algorithm::HmacSha256),
        covered: cover.iter().map(|name| name.to_ascii_lowercase()).collect(),
        created: None,
        expires: None,
        signature: Vec::new(),
    };
    signature.signature = tag(key.secret_bytes(), &signature.signing_string(request)?);
    Ok(signature.to_string())
}

impl Signature {
    /// The value of an `Authorization` header; never panics (SIG-05, SIG-06, SIG-07).
    pub fn parse(authorization: &str) -> Result<Self, Refusal> {
        let parameters = Parameters::parse(after_scheme_word(authorization)?)?;
        let key_id = parameters.named("keyid").ok_or(Refusal::Malformed("keyId is missing"))?;
        let signature = parameters.named("signature").ok_or(Refusal::Malformed("the signature itself is missing"))?;
        Ok(Self {
            key_id: KeyId::parse(key_id).map_err(|_| Refusal::Malformed("keyId is not the id of an access key"))?,
            algorithm: parameters.named("algorithm").map(Algorithm::parse).transpose()?,
            covered: covered(parameters.named("headers"))?,
            created: parameters.unix_time("created")?,
            expires: parameters.unix_time("expires")?,
            signature: Base64::decode_vec(signature).map_err(|_| Refusal::Malformed("the signature is not base64"))?,
        })
    }

    pub(super) fn key_id(&self) -> &KeyId {
        &self.key_id
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
        for required in [TARGET, "host", "date"] {
            if !self.covered.iter().any(|name| name == required) {
                return Err(Refusal::MustCover(required));
            }
        }
        let text = self.signing_string(request)?;
        let date = request.covered_header("date")?;
        Times { created: self.created, expires: self.expires, date: Some(&date) }.check(now)?;
        digest::check(&self.covered, request, body)?;
        check_tag(secret, &text, &self.signature)
    }

    fn signing_string(&self, request: &Request<'_>) -> Result<String, Refusal> {
        let lines = self.covered.iter().map(|name| Ok(format!("{name}: {}", self.value(name, request)?)));
        Ok(lines.collect::<Result<Vec<_>, Refusal>>()?.join("\n"))
    }

    fn value(&self, name: &str, request: &Request<'_>) -> Result<String, Refusal> {
        let time = |time: Option<i64>| {
            time.map(|seconds| seconds.to_string())
                .ok_or(Refusal::Malformed("it covers (created) or (expires) without saying when that is"))
        };
        match name {
            TARGET => Ok(format!("{} {}", request.method.to_ascii_lowercase(), request.target)),
            CREATED => time(self.created),
            EXPIRES => time(self.expires),
            _ => request.covered_header(name),
        }
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature keyId=\"{}\",", self.key_id.as_str())?;
        match self.algorithm {
            Some(Algorithm::HmacSha256) => f.write_str("algorithm=\"hmac-sha256\",")?,
            Some(Algorithm::Hs2019) => f.write_str("algorithm=\"hs2019\",")?,
            None => {}
        }
        if let Some(created) = self.created {
            write!(f, "created={created},")?;
        }
        if let Some(expires) = self.expires {
            write!(f, "expires={expires},")?;
        }
        write!(f, "headers=\"{}\",signature=\"{}\"", self.covered.join(" "), Base64::encode_string(&self.signature))
    }
}

impl Algorithm {
    fn parse(name: &str) -> Result<Self, Refusal> {
        match name.to_ascii_lowercase().as_str() {
            "hmac-sha256" => Ok(Self::HmacSha256),
            "hs2019" => Ok(Self::Hs2019),
            _ => Err(Refusal::Algorithm),
        }
    }
}

/// Is this `Authorization` a signature, or a bare parameter list that was meant as one (SIG-07)?
pub(super) fn is_meant_by(authorization: &str) -> bool {
    let word = Scanner::new(authorization.trim()).take_while(|c| c.is_ascii_alphanumeric());
    word.eq_ignore_ascii_case("signature") || word.eq_ignore_ascii_case("keyid")
}

fn after_scheme_word(authorization: &str) -> Result<&str, Refusal> {
    match authorization.trim().split_once([' ', '\t']) {
        Some((word, parameters)) if word.eq_ignore_ascii_case("signature") => Ok(parameters),
        _ => Err(Refusal::Malformed("it must start with the word Signature, then keyId=\"…\"")),
    }
}

/// Without a list the date alone is covered, which the coverage rules then refuse (SIG-06).
fn covered(list: Option<&str>) -> Result<Vec<String>, Refusal> {
    let Some(list) = list else { return Ok(vec!["date".to_owned()]) };
    let names: Vec<String> = list.split_ascii_whitespace().map(str::to_ascii_lowercase).collect();
    if names.is_empty() {
        return Err(Refusal::Malformed("the list of headers is empty"));
    }
    if names.iter().all(|name| [TARGET, CREATED, EXPIRES].contains(&name.as_str()) || is_token(name)) {
        Ok(names)
    } else {
        Err(Refusal::Malformed("the list of headers holds something that is not a header name"))
    }
}

fn is_token(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c))
}

/// Comma-separated `name=value`; the value is a token or a quoted string, the names are kept in lower case.
struct Parameters(Vec<(String, String)>);

impl Parameters {
    fn parse(text: &str) -> Result<Self, Refusal> {
        let mut scanner = Scanner::new(text);
        let mut parameters = Self(Vec::new());
        loop {
            scanner.skip_blanks();
            let name = scanner.take_while(|c| c.is_ascii_alphanumeric() || "_-".contains(c)).to_ascii_lowercase();
            if name.is_empty() || !scanner.eat('=') {
                return Err(Refusal::Malformed("a parameter is not of the form name=\"value\""));
            }
            if parameters.named(&name).is_some() {
                return Err(Refusal::Malformed("a parameter occurs twice"));
            }
            parameters.0.push((name, value(&mut scanner)?));
            scanner.skip_blanks();
            if scanner.is_at_end() {
                return Ok(parameters);
            }
            if !scanner.eat(',') {
                return Err(Refusal::Malformed("a comma is missing between two parameters"));
            }
        }
    }

    fn named(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn unix_time(&self, name: &str) -> Result<Option<i64>, Refusal> {
        let time = self.named(name).map(|text| text.split_once('.').map_or(text, |(whole, _)| whole).parse());
        time.transpose().map_err(|_| Refusal::Malformed("created and expires must be Unix times"))
    }
}

fn value(scanner: &mut Scanner<'_>) -> Result<String, Refusal> {
    if scanner.eat('"') {
        return scanner.quoted();
    }
    let token = scanner.take_while(|c| c.is_ascii_graphic() && !"\",".contains(c));
    if token.is_empty() { Err(Refusal::Malformed("a parameter has no value")) } else { Ok(token.to_owned()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::{headers_of, request_of, text, vectors};
    use super::*;

    #[test]
    fn the_signing_strings_of_the_draft_are_built() {
        for vector in vectors()["cavage_strings"].as_array().unwrap() {
            let headers = headers_of(vector);
            let signature = Signature::parse(text(vector, "authorization")).unwrap();
            let string = signature.signing_string(&request_of(vector, &headers)).unwrap();
            assert_eq!(string, text(vector, "string"), "{vector}");
        }
    }

    #[test]
    fn values_may_be_quoted_or_not() {
        let quoted = parsed(r#"keyId="K1",algorithm="hmac-sha256",headers="host date",signature="AAEC""#);
        assert_eq!(parsed("signature=AAEC, headers=\"host date\" ,algorithm=hmac-sha256,keyId=K1"), quoted);
        assert_eq!(
            parsed(r#"keyid="K1",algorithm="hmac-sha256",headers="host date",signature="AA\EC",opaque="a,b""#),
            quoted
        );
    }

    #[test]
    fn a_header_that_cannot_be_read_is_refused_with_the_reason() {
        for (parameters, reason) in [
            (r#"keyId=K1,headers="(request-target) host date,signature=AAEC"#, "a quoted value is not closed"),
            (r#"keyId="K1,headers="host",signature="AAEC""#, "a comma is missing between two parameters"),
            (r#"keyId="K1",keyId="K2",signature="AAEC""#, "a parameter occurs twice"),
            (r#"keyId="K1",KEYID="K2",signature="AAEC""#, "a parameter occurs twice"),
            (r#"keyId="",signature="AAEC""#, "keyId is not the id of an access key"),
            (r#"keyId=,signature="AAEC""#, "a parameter has no value"),
            (r#"keyId="a,b",signature="AAEC""#, "keyId is not the id of an access key"),
            (r#"signature="AAEC""#, "keyId is missing"),
            (r#"keyId="K1""#, "the signature itself is missing"),
            (r#"keyId="K1",signature="A*EC""#, "the signature is not base64"),
            (r#"keyId="K1",headers="",signature="AAEC""#, "the list of headers is empty"),
            (r#"keyId="K1",headers=" ",signature="AAEC""#, "the list of headers is empty"),
            (
                r#"keyId="K1",headers="a:b",signature="AAEC""#,
                "the list of headers holds something that is not a header name",
            ),
            (r#"keyId="K1",created=soon,signature="AAEC""#, "created and expires must be Unix times"),
            ("", "it must start with the word Signature, then keyId=\"…\""),
            ("keyId", "a parameter is not of the form name=\"value\""),
            (",", "a parameter is not of the form name=\"value\""),
        ] {
            let refusal = Signature::parse(&format!("Signature {parameters}")).unwrap_err();
            assert_eq!(refusal, Refusal::Malformed(reason), "{parameters}");
        }
    }

    #[test]
    fn another_algorithm_is_refused() {
        for algorithm in ["rsa-sha256", "hmac-sha512", ""] {
            let header = format!(r#"Signature keyId="K1",algorithm="{algorithm}",signature="AAEC""#);
            assert_eq!(Signature::parse(&header), Err(Refusal::Algorithm));
        }
    }

    #[test]
    fn the_word_signature_may_have_any_case_but_must_be_there() {
        let right = parsed(r#"keyId="K1",signature="AAEC""#);
        for word in ["signature ", "SIGNATURE  ", "Signature \t"] {
            assert_eq!(Signature::parse(&format!(r#"{word}keyId="K1",signature="AAEC""#)), Ok(right.clone()));
        }
        let refusal = Signature::parse(r#"keyId="K1",signature="AAEC""#).unwrap_err();
        assert!(refusal.to_string().contains("must start with the word Signature"), "{refusal}");
    }

    #[test]
    fn header_names_are_folded_to_lower_case_and_keep_their_order() {
        let signature = parsed(r#"keyId="K1",headers="Date  (Request-Target) HOST",signature="AAEC""#);
        assert_eq!(signature.covered, ["date", "(request-target)", "host"]);
    }

    #[test]
    fn without_a_list_of_headers_only_the_date_is_covered() {
        assert_eq!(parsed(r#"keyId="K1",signature="AAEC""#).covered, ["date"]);
    }

    #[test]
    fn a_header_with_several_lines_or_outer_blanks_is_covered_as_one_value() {
        let headers = [("X-Tag", " a "), ("x-tag", "b"), ("empty", "")];
        let request = Request { method: "GET", scheme: "https", target: "/", headers: &headers };
        let signature = parsed(r#"keyId="K1",headers="x-tag empty",signature="AAEC""#);
        assert_eq!(signature.signing_string(&request).unwrap(), "x-tag: a, b\nempty: ");
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_as_the_same(
            id in "[A-Za-z0-9_-]{1,128}",
            algorithm in prop::option::of(prop_oneof![Just(Algorithm::HmacSha256), Just(Algorithm::Hs2019)]),
            covered in prop::collection::vec("[a-z0-9-]{1,20}|\\(request-target\\)|\\(created\\)", 1..6),
            times in any::<(Option<i64>, Option<i64>)>(),
            signature in any::<Vec<u8>>(),
        ) {
            let key_id = KeyId::parse(&id).unwrap();
            let (created, expires) = times;
            let signature = Signature { key_id, algorithm, covered, created, expires, signature };
            prop_assert_eq!(Signature::parse(&signature.to_string()), Ok(signature));
        }

        #[test]
        fn no_header_stops_the_parser(noise in "\\PC*", salted in r#"[Ss]ignature ([a-zA-Z]*=?"?[ -~é]{0,9}"?,?){0,9}"#) {
            let _ = Signature::parse(&noise);
            let _ = Signature::parse(&salted);
        }
    }

    fn parsed(parameters: &str) -> Signature {
        Signature::parse(&format!("Signature {parameters}")).unwrap()
    }
}
