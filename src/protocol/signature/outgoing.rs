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
