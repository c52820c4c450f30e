//! Signs a request that is about to be sent, given as method, URL and headers.

use std::time::SystemTime;

use http::{Method, Uri};

use super::{Refusal, Request, cavage, message};
use crate::protocol::access_key::AccessKey;
use crate::protocol::http_date;

/// How a request is to be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// draft-cavage, the documented main scheme.
    Cavage,
    /// RFC 9421.
    Message,
}

/// Header lines (names in lower case) that make the request a signed one: `host`, `date`, then `authorization`, or
/// `signature-input` and `signature`. `headers` are the ones that will be sent beside these; draft-cavage covers all of
/// them, RFC 9421 its `content-digest`. Where they name a header that is made here, the one made here counts.
pub fn sign_url(
    key: &AccessKey,
    method: &str,
    url: &str,
    headers: &[(String, String)],
    now: SystemTime,
    scheme: Scheme,
) -> Result<Vec<(String, String)>, Refusal> {
    Method::from_bytes(method.as_bytes()).map_err(|_| Refusal::Method)?;
    let url = Destination::parse(url)?;
    let date = http_date::format(now);
    let mut sent = vec![("host", url.host.as_str()), ("date", date.as_str())];
    let others = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    sent.extend(others.filter(|(name, _)| !MADE_HERE.iter().any(|made| made.eq_ignore_ascii_case(name))));
    let request = Request { method, scheme: url.scheme, target: &url.target, headers: &sent };
    let signature = match scheme {
        Scheme::Cavage => vec![("authorization", cavage::sign(key, &request, &all_names(&sent))?)],
        Scheme::Message => {
            let lines = message::sign(key, &request, now)?;
            vec![("signature-input", lines.signature_input), ("signature", lines.signature)]
        }
    };
    let lines = [("host", url.host.clone()), ("date", date.clone())].into_iter().chain(signature);
    Ok(lines.map(|(name, value)| (name.to_owned(), value)).collect())
}

const MADE_HERE: [&str; 5] = ["host", "date", "authorization", "signature-input", "signature"];

fn all_names<'a>(sent: &[(&'a str, &str)]) -> Vec<&'a str> {
    let mut names = vec!["(request-target)"];
    for (name, _) in sent {
        if !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            names.push(name);
        }
    }
    names
}

struct Destination {
    scheme: &'static str,
    /// With the port only when it is not the scheme's own; IPv6 in brackets.
    host: String,
    /// Path and query exactly as given.
    target: String,
}

impl Destination {
    fn parse(url: &str) -> Result<Self, Refusal> {
        let uri: Uri = url.parse().map_err(|_| Refusal::Url)?;
        let (scheme, own_port) = match uri.scheme_str() {
            Some("http") => ("http", 80),
            Some("https") => ("https", 443),
            _ => return Err(Refusal::Url),
        };
        let authority = uri.authority().ok_or(Refusal::Url)?;
        let after_host = authority.as_str().strip_prefix(authority.host()).ok_or(Refusal::Url)?;
        let host = match after_host.strip_prefix(':') {
            None | Some("") => authority.host().to_owned(),
            Some(port) => match port.parse::<u16>().map_err(|_| Refusal::Url)? {
                port if port == own_port => authority.host().to_owned(),
                port => format!("{}:{port}", authority.host()),
            },
        };
        let target = uri.path_and_query().map_or("/", |target| target.as_str());
        let slash = if target.starts_with('/') { "" } else { "/" };
        if !target.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Refusal::Url);
        }
        Ok(Self { scheme, host, target: format!("{slash}{target}") })
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;
    use crate::protocol::access_key::KeyId;

    #[test]
    fn the_host_has_a_port_only_when_it_is_not_the_schemes_own() {
        for (url, scheme, host) in [
            ("https://api.example.test/", "https", "api.example.test"),
            ("https://api.example.test:443/", "https", "api.example.test"),
            ("HTTP://api.example.test:80", "http", "api.example.test"),
            ("http://api.example.test:443/", "http", "api.example.test:443"),
            ("https://api.example.test:8443/", "https", "api.example.test:8443"),
            ("https://API.Example.Test", "https", "API.Example.Test"),
            ("https://[2001:db8::5]:8443/", "https", "[2001:db8::5]:8443"),
            ("https://[2001:db8::5]/", "https", "[2001:db8::5]"),
        ] {
            let destination = Destination::parse(url).unwrap();
            assert_eq!((destination.scheme, destination.host.as_str()), (scheme, host), "{url}");
        }
    }

    #[test]
    fn the_target_stays_as_it_was_given() {
        for (rest, target) in [
            ("/a/../b//c?x=%20a&y=%2f", "/a/../b//c?x=%20a&y=%2f"),
            ("", "/"),
            ("?x=1", "/?x=1"),
            ("/a#fragment", "/a"),
            ("/?", "/?"),
        ] {
            assert_eq!(Destination::parse(&format!("https://a.test{rest}")).unwrap().target, target, "{rest}");
        }
    }

    #[test]
    fn a_url_that_cannot_be_signed_is_refused() {
        for url in [
            "",
            "/graphql/v1",
            "api.remote.it/graphql/v1",
            "ftp://a.test/",
            "https://",
            "https://me:secret@a.test/",
            "https://a.test:99999/",
            "https://a.test/a b",
            "https://a.test/\r\nx: y",
            "https://a.test/é",
        ] {
            assert_eq!(Destination::parse(url).err(), Some(Refusal::Url), "{url}");
        }
    }

    #[test]
    fn what_could_smuggle_a_line_into_the_request_is_refused() {
        for scheme in [Scheme::Cavage, Scheme::Message] {
            let headers = [("content-digest".to_owned(), "a\r\nx: y".to_owned())];
            let refusal = signed("POST", &headers, scheme).unwrap_err();
            assert_eq!(refusal, Refusal::LineBreak("content-digest".to_owned()));
            assert_eq!(signed("GET /\r\n", &[], scheme), Err(Refusal::Method));
        }
    }

    #[test]
    fn official_clients_lines_are_made() {
        let headers = [("content-type", "application/json"), ("content-length", "37")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let lines = signed("POST", &headers, Scheme::Cavage).unwrap();
        let signature = "Signature keyId=\"EXAMPLEKEYID00000001\",algorithm=\"hmac-sha256\",\
            headers=\"(request-target) host date content-type content-length\",\
            signature=\"yAIjIyjPDN/WbZhTbAPG9t4+Pue/sz1wX4ystCxkh10=\"";
        assert_eq!(lines, with_host_and_date(&[("authorization", signature)]));
        let lines = signed("POST", &headers, Scheme::Message).unwrap();
        let input = "remoteit=(\"@method\" \"@authority\" \"@target-uri\" \"date\");keyid=\"EXAMPLEKEYID00000001\";\
            alg=\"hmac-sha256\";created=1704164645;expires=1704164945";
        let signature = "remoteit=:zD7ek/YMn/Kw+S5hQfM6R6HWAWAGf8w+ZqA0hNvCuUc=:";
        assert_eq!(lines, with_host_and_date(&[("signature-input", input), ("signature", signature)]));
    }

    #[test]
    fn headers_made_here_replace_the_callers_own() {
        let own = ["Host", "DATE", "authorization", "Signature", "signature-input"];
        let own = own.map(|name| (name.to_owned(), "the caller's".to_owned()));
        for scheme in [Scheme::Cavage, Scheme::Message] {
            assert_eq!(signed("GET", &own, scheme).unwrap(), signed("GET", &[], scheme).unwrap());
        }
    }

    fn signed(method: &str, headers: &[(String, String)], scheme: Scheme) -> Result<Vec<(String, String)>, Refusal> {
        let key = AccessKey::from_bytes(KeyId::parse("EXAMPLEKEYID00000001").unwrap(), (1..=30).collect());
        let now = UNIX_EPOCH + Duration::from_secs(1_704_164_645);
        sign_url(&key, method, "https://api.remote.it/graphql/v1", headers, now, scheme)
    }

    fn with_host_and_date(signature: &[(&str, &str)]) -> Vec<(String, String)> {
        let lines = [("host", "api.remote.it"), ("date", "Tue, 02 Jan 2024 03:04:05 GMT")];
        lines.iter().chain(signature).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }
}
