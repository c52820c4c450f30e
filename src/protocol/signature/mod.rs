//! HTTP request signatures with an access key, both schemes of reference §4: draft-cavage (scheme A) and RFC 9421 (B).
//! Sign and verify; the verifier works on the request exactly as received. Judged by third-party signers and verifiers.

pub mod cavage;
mod digest;
mod freshness;
pub mod message;
mod outgoing;
mod refusal;
mod request;
mod scanner;
mod structured;

use std::time::SystemTime;

use hmac::Mac;

use super::access_key::KeyId;
use crate::base::mac::hmac_sha256;

pub use outgoing::{Scheme, sign_url};
pub use refusal::Refusal;
pub use request::Request;

/// How far a signed time may be from the verifier's (reference §4.1: 300 s).
pub const CLOCK_WINDOW: std::time::Duration = std::time::Duration::from_secs(300);

/// A signature found in a request, not yet checked.
#[derive(Debug)]
pub enum Presented {
    Cavage(cavage::Signature),
    Message(message::Signature),
}

impl Presented {
    /// Finds the one signature of a request, whichever scheme it is; `Authorization: Signature` wins over scheme B.
    pub fn find(headers: &[(&str, &str)]) -> Result<Self, Refusal> {
        let authorization = request::header(headers, "authorization").unwrap_or_default();
        if cavage::is_meant_by(&authorization) {
            return cavage::Signature::parse(&authorization).map(Self::Cavage);
        }
        let input = request::header(headers, "signature-input").ok_or(Refusal::Unsigned)?;
        let signature = request::header(headers, "signature").ok_or(Refusal::Unsigned)?;
        message::Signature::parse(&input, &signature).map(Self::Message)
    }

    /// Which key to look up.
    pub fn key_id(&self) -> &KeyId {
        match self {
            Self::Cavage(signature) => signature.key_id(),
            Self::Message(signature) => signature.key_id(),
        }
    }

    /// What makes the request one of its kind, when the caller says so (RFC 9421 §2.3); draft-cavage has no such thing.
    pub fn nonce(&self) -> Option<&str> {
        match self {
            Self::Cavage(_) => None,
            Self::Message(signature) => signature.nonce(),
        }
    }

    /// The signature itself.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Cavage(signature) => signature.bytes(),
            Self::Message(signature) => signature.bytes(),
        }
    }

    /// Coverage rules, clock window, digest where covered, then the HMAC in constant time.
    pub fn verify(&self, request: &Request<'_>, body: &[u8], secret: &[u8], now: SystemTime) -> Result<(), Refusal> {
        match self {
            Self::Cavage(signature) => signature.verify(request, body, secret, now),
            Self::Message(signature) => signature.verify(request, body, secret, now),
        }
    }
}

fn tag(secret: &[u8], text: &str) -> Vec<u8> {
    hmac_sha256(secret, &[text.as_bytes()]).finalize().into_bytes().to_vec()
}

fn check_tag(secret: &[u8], text: &str, presented: &[u8]) -> Result<(), Refusal> {
    hmac_sha256(secret, &[text.as_bytes()]).verify_slice(presented).map_err(|_| Refusal::WrongSignature)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use serde_json::Value;

    use super::*;
    use crate::protocol::access_key::AccessKey;

    const BOTH: [Scheme; 2] = [Scheme::Cavage, Scheme::Message];
    const BODY: &[u8] = br#"{"query":"query { login { email } }"}"#;

    pub(super) fn vectors() -> Value {
        serde_json::from_str(include_str!("../../../tests/vectors/signatures.json")).unwrap()
    }

    pub(super) fn text<'v>(vector: &'v Value, name: &str) -> &'v str {
        vector[name].as_str().unwrap()
    }

    pub(super) fn headers_of(vector: &Value) -> Vec<(&str, &str)> {
        let lines = vector["headers"].as_array().unwrap().iter();
        lines.map(|line| (line[0].as_str().unwrap(), line[1].as_str().unwrap())).collect()
    }

    pub(super) fn request_of<'v>(vector: &'v Value, headers: &'v [(&'v str, &'v str)]) -> Request<'v> {
        Request { method: text(vector, "method"), scheme: "https", target: text(vector, "target"), headers }
    }

    #[test]
    fn every_published_cavage_signature_is_made_and_accepted() {
        for vector in vectors()["cavage"].as_array().unwrap() {
            let key = AccessKey::parse(text(vector, "key_id"), text(vector, "secret")).unwrap();
            let authorization = sign_vector(vector, &key);
            assert!(authorization.contains(&format!("signature=\"{}\"", text(vector, "signature"))), "{vector}");
            assert_eq!(verify_vector(vector, &authorization, &key), Ok(()), "{vector}");
        }
    }

    #[test]
    fn a_signature_made_with_the_undecoded_secret_is_refused() {
        let vectors = vectors();
        let mistaken = vectors["cavage"].as_array().unwrap().iter().filter(|vector| vector["undecoded"].is_string());
        for vector in mistaken {
            let key = AccessKey::parse(text(vector, "key_id"), text(vector, "secret")).unwrap();
            let undecoded = AccessKey::from_bytes(key.id.clone(), text(vector, "secret").as_bytes().to_vec());
            let authorization = sign_vector(vector, &undecoded);
            assert!(authorization.contains(text(vector, "undecoded")), "{vector}");
            assert_eq!(verify_vector(vector, &authorization, &key), Err(Refusal::WrongSignature), "{vector}");
        }
    }

    #[test]
    fn a_signed_request_is_accepted_for_five_minutes() {
        for scheme in BOTH {
            let sent = Sent::signed(scheme, "https://api.remote.it/graphql/v1?a=%20b");
            for off in [0, 300] {
                assert_eq!(sent.verify(now() + Duration::from_secs(off)), Ok(()));
                assert_eq!(sent.verify(now() - Duration::from_secs(off)), Ok(()));
            }
            let late = Err(Refusal::ClockOff { off: -301, window: 300 });
            assert_eq!(sent.verify(now() + Duration::from_secs(301)), late);
            let early = Err(Refusal::ClockOff { off: 301, window: 300 });
            assert_eq!(sent.verify(now() - Duration::from_secs(301)), early);
        }
    }

    #[test]
    fn a_signature_is_good_for_no_other_request() {
        for scheme in BOTH {
            let sent = Sent::signed(scheme, "https://api.remote.it/a?b=1");
            let refused = |change: &dyn Fn(&mut Sent)| {
                let mut other = sent.clone();
                change(&mut other);
                assert_eq!(other.verify(now()), Err(Refusal::WrongSignature), "{other:?}");
            };
            refused(&|other| other.method = "PUT".to_owned());
            refused(&|other| other.target = "/b?b=1".to_owned());
            refused(&|other| other.target = "/a?b=2".to_owned());
            refused(&|other| other.target = "/a".to_owned());
            refused(&|other| other.set("host", "evil.example"));
            refused(&|other| other.set("date", "Tue, 02 Jan 2024 03:04:06 GMT"));
            refused(&|other| other.secret = b"another secret".to_vec());
        }
    }

    #[test]
    fn the_host_is_the_one_that_was_sent() {
        let hosts = ["api.example.test", "api.example.test:8443", "API.Example.Test", "[2001:db8::5]:8443"];
        for (scheme, host) in BOTH.into_iter().flat_map(|scheme| hosts.map(|host| (scheme, host))) {
            let mut sent = Sent::signed(scheme, &format!("https://{host}/graphql/v1"));
            assert_eq!(sent.header("host"), host);
            assert_eq!(sent.verify(now()), Ok(()), "{host}");
            sent.set("host", "127.0.0.1:3000");
            assert_eq!(sent.verify(now()), Err(Refusal::WrongSignature), "rewritten by a proxy");
            sent.set("host", host);
            assert_eq!(sent.verify(now()), Ok(()), "the public host put back by the verifier");
        }
    }

    #[test]
    fn target_host_and_date_must_be_covered() {
        for (cover, missing) in [
            ("date", "(request-target)"),
            ("host date", "(request-target)"),
            ("(request-target) date", "host"),
            ("(request-target) host", "date"),
        ] {
            let sent = Sent::signed_by_hand(cover, "AAAA");
            assert_eq!(sent.verify(now()), Err(Refusal::MustCover(missing)));
        }
    }

    #[test]
    fn a_covered_header_that_was_not_sent_is_named() {
        let sent = Sent::signed_by_hand("(request-target) host date x-missing", "AAAA");
        let refusal = sent.verify(now()).unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "The signature covers the header 'x-missing', which the request does not have."
        );
    }

    #[test]
    fn a_changed_body_is_noticed_when_its_digest_is_covered() {
        for (scheme, name) in [(Scheme::Cavage, "digest"), (Scheme::Message, "content-digest")] {
            let digest = match scheme {
                Scheme::Cavage => "SHA-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=",
                Scheme::Message => "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:",
            };
            let mut sent = Sent::signed_with(scheme, "https://api.remote.it/", &[(name, digest)]);
            sent.body = br#"{"hello": "world"}"#.to_vec();
            assert_eq!(sent.verify(now()), Ok(()));
            sent.body = br#"{"hello": "World"}"#.to_vec();
            assert_eq!(sent.verify(now()), Err(Refusal::BodyChanged));
        }
    }

    #[test]
    fn of_two_signatures_the_one_in_authorization_counts() {
        let mut sent = Sent::signed(Scheme::Message, "https://api.remote.it/");
        sent.headers.push(("authorization".to_owned(), "Signature keyId=\"OTHER\",signature=\"AAAA\"".to_owned()));
        assert_eq!(sent.find().unwrap().key_id().as_str(), "OTHER");
    }

    #[test]
    fn an_authorization_of_another_kind_leaves_room_for_the_other_scheme() {
        for authorization in ["", "Bearer abc", "SignatureX a"] {
            let mut sent = Sent::signed(Scheme::Message, "https://api.remote.it/");
            sent.headers.insert(0, ("Authorization".to_owned(), authorization.to_owned()));
            assert_eq!(sent.verify(now()), Ok(()), "{authorization}");
        }
    }

    #[test]
    fn a_request_without_a_signature_is_told_what_to_send() {
        let bare = [("host", "a"), ("signature", "keyId=\"K1\"")];
        assert_eq!(Presented::find(&bare).unwrap_err(), Refusal::Unsigned);
        assert_eq!(Presented::find(&[("signature-input", "l=()")]).unwrap_err(), Refusal::Unsigned);
        let hint = Presented::find(&[("authorization", "keyId=\"K1\",signature=\"AAAA\"")]).unwrap_err();
        assert!(hint.to_string().contains("must start with the word Signature"), "{hint}");
    }

    fn sign_vector(vector: &Value, key: &AccessKey) -> String {
        let cover: Vec<&str> = text(vector, "cover").split(' ').collect();
        cavage::sign(key, &request_of(vector, &headers_of(vector)), &cover).unwrap()
    }

    fn verify_vector(vector: &Value, authorization: &str, key: &AccessKey) -> Result<(), Refusal> {
        let headers = headers_of(vector);
        let date = crate::protocol::http_date::parse(headers[1].1).unwrap();
        let presented = Presented::find(&[("Authorization", authorization)])?;
        assert_eq!(presented.key_id(), &key.id);
        let body = text(vector, "body").as_bytes();
        presented.verify(&request_of(vector, &headers), body, key.secret_bytes(), date)
    }

    #[derive(Clone, Debug)]
    struct Sent {
        method: String,
        target: String,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
        secret: Vec<u8>,
    }

    impl Sent {
        fn signed(scheme: Scheme, url: &str) -> Self {
            Self::signed_with(scheme, url, &[("content-type", "application/json")])
        }

        fn signed_with(scheme: Scheme, url: &str, headers: &[(&str, &str)]) -> Self {
            let key = AccessKey::from_bytes(KeyId::parse("EXAMPLEKEYID00000001").unwrap(), (1..=30).collect());
            let mut headers: Vec<_> = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
            headers.extend(sign_url(&key, "POST", url, &headers, now(), scheme).unwrap());
            let target = url.splitn(4, '/').last().map(|rest| format!("/{rest}")).unwrap();
            let secret = key.secret_bytes().to_vec();
            Self { method: "POST".to_owned(), target, headers, body: BODY.to_vec(), secret }
        }

        fn signed_by_hand(cover: &str, signature: &str) -> Self {
            let mut sent = Self::signed(Scheme::Cavage, "https://api.remote.it/graphql/v1");
            sent.set("authorization", &format!("Signature keyId=K1,headers=\"{cover}\",signature=\"{signature}\""));
            sent
        }

        fn set(&mut self, name: &str, value: &str) {
            self.headers.iter_mut().find(|(known, _)| known == name).unwrap().1 = value.to_owned();
        }

        fn header(&self, name: &str) -> &str {
            &self.headers.iter().find(|(known, _)| known == name).unwrap().1
        }

        fn lines(&self) -> Vec<(&str, &str)> {
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
        }

        fn find(&self) -> Result<Presented, Refusal> {
            Presented::find(&self.lines())
        }

        fn verify(&self, now: SystemTime) -> Result<(), Refusal> {
            let request =
                Request { method: &self.method, scheme: "https", target: &self.target, headers: &self.lines() };
            self.find()?.verify(&request, &self.body, &self.secret, now)
        }
    }

    /// Tue, 02 Jan 2024 03:04:05 GMT
    fn now() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_704_164_645)
    }
}
