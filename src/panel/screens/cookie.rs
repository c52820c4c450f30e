//! The two cookies. Their names carry the product and the port, since browsers keep cookies per host and not per
//! port: another panel (or a second Latchkey) on the same Pi must not overwrite them.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};

use super::source::Source;
use super::token::Token;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// Ties a sign-in under way to one browser.
    Visitor,
    /// A signed-in owner.
    Session,
}

impl Cookie {
    pub(crate) fn read(self, source: &Source, headers: &HeaderMap) -> Option<Token> {
        token_named(&self.name(source), headers)
    }

    /// A visitor's cookie ends with the browser, whatever it `lasts`.
    pub(crate) fn set(self, source: &Source, token: &Token, lasts: Duration) -> Option<HeaderValue> {
        let age = match self {
            Self::Visitor => String::new(),
            Self::Session => format!("; Max-Age={}", lasts.as_secs()),
        };
        self.line(source, token.text().expose(), &age)
    }

    pub(crate) fn clear(self, source: &Source) -> Option<HeaderValue> {
        self.line(source, "", "; Max-Age=0")
    }

    /// No other site's link brings a session along: the gate leads on from there. A sign-in under way must go on after a
    /// form or a link of the provider's leads back.
    fn line(self, source: &Source, value: &str, age: &str) -> Option<HeaderValue> {
        let from_other_sites = match self {
            Self::Visitor => "Lax",
            Self::Session => "Strict",
        };
        written(&self.name(source), value, age, from_other_sites, source.https)
    }

    fn name(self, source: &Source) -> String {
        let role = match self {
            Self::Visitor => "visitor",
            Self::Session => "session",
        };
        let port = source.authority.port.map(|port| format!("-{port}")).unwrap_or_default();
        name(&format!("{role}{port}"), source.https)
    }
}

/// What a cookie of ours is called: with the prefix by which browsers see to it that only this host set it, where they can.
pub(crate) fn name(role: &str, https: bool) -> String {
    let prefix = if https { "__Host-" } else { "" };
    format!("{prefix}latchkey-{role}")
}

/// The first token among the cookies of that name.
pub(crate) fn token_named(name: &str, headers: &HeaderMap) -> Option<Token> {
    values_named(name, headers).find_map(Token::parse)
}

/// The values of all cookies of that name.
pub(crate) fn values_named<'h>(name: &'h str, headers: &'h HeaderMap) -> impl Iterator<Item = &'h str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(move |(key, _)| *key == name)
        .map(|(_, value)| value)
}

/// `age`: `; Max-Age=…`, or nothing for one that ends with the browser.
pub(crate) fn line(name: &str, value: &str, age: &str, https: bool) -> Option<HeaderValue> {
    written(name, value, age, "Lax", https)
}

fn written(name: &str, value: &str, age: &str, same_site: &str, https: bool) -> Option<HeaderValue> {
    let secure = if https { "; Secure" } else { "" };
    let mut line =
        HeaderValue::try_from(format!("{name}={value}; Path=/{age}; HttpOnly; SameSite={same_site}{secure}")).ok()?;
    line.set_sensitive(true);
    Some(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Entropy;
    use crate::panel::screens::host::Authority;

    fn source(host: &str, https: bool) -> Source {
        Source {
            address: [127, 0, 0, 1].into(),
            https,
            plain_is_safe: true,
            authority: Authority::parse(host).unwrap(),
        }
    }

    #[test]
    fn only_https_gets_a_secure_cookie() {
        let token = Token::new(&Entropy::repeatable(1));
        let text = |https| {
            let line = Cookie::Session.set(&source("pi:29999", https), &token, Duration::from_secs(2_592_000)).unwrap();
            line.to_str().unwrap().to_owned()
        };
        assert!(text(true).starts_with("__Host-latchkey-session-29999="));
        assert!(text(true).ends_with("; Path=/; Max-Age=2592000; HttpOnly; SameSite=Strict; Secure"));
        assert!(text(false).starts_with("latchkey-session-29999="));
        assert!(text(false).ends_with("; SameSite=Strict"));
    }

    #[test]
    fn our_cookie_is_found_among_those_of_others() {
        let token = Token::new(&Entropy::repeatable(1));
        let mut headers = HeaderMap::new();
        let strangers = format!("session=x; auth={}; latchkey-session-8080=y; broken", "a".repeat(8000));
        headers.append(header::COOKIE, strangers.parse().unwrap());
        headers.append(header::COOKIE, format!("a=b; latchkey-session={}", token.text().expose()).parse().unwrap());
        let read = |host| Cookie::Session.read(&source(host, false), &headers).map(|token| token.hash());
        assert_eq!(read("pi"), Some(token.hash()));
        assert_eq!(read("pi:29999"), None);
        assert_eq!(read("pi:8080"), None);
    }
}
