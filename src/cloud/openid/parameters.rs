//! What came in a query or a form: each name once, as OAuth wants it (RFC 6749 §3.1).

use std::collections::BTreeMap;

use crate::base::Secret;

/// Every value is held as a secret, since the form does not know which ones are.
#[derive(Debug, Default)]
pub(super) struct Parameters(BTreeMap<String, Secret<String>>);

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("A parameter is there twice; send each of them once.")]
pub(crate) struct Repeated;

impl Parameters {
    pub(super) fn parse(text: &[u8]) -> Result<Self, Repeated> {
        let mut members = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(text) {
            if members.insert(name.into_owned(), Secret::new(value.into_owned())).is_some() {
                return Err(Repeated);
            }
        }
        Ok(Self(members))
    }

    /// `None` also for an empty one, which counts as left out.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.expose().as_str()).filter(|value| !value.is_empty())
    }

    /// At most so many characters, none of them a control character.
    pub(super) fn short(&self, name: &str, at_most: usize) -> Option<&str> {
        self.text(name).filter(|value| value.chars().count() <= at_most && !value.contains(char::is_control))
    }
}

/// The address with these parameters after it.
pub(super) fn with_query(address: &str, parameters: &[(&str, Option<&str>)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in parameters {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    let (query, sign) = (query.finish(), if address.contains('?') { '&' } else { '?' });
    if query.is_empty() { address.to_owned() } else { format!("{address}{sign}{query}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_there_twice_is_refused_and_an_empty_one_is_as_good_as_none() {
        assert_eq!(Parameters::parse(b"code=1&code=2").unwrap_err(), Repeated);
        let parameters = Parameters::parse(b"code=&state=a%26b+c&long=12345&line=a%0Ab").unwrap();
        assert_eq!(parameters.text("code"), None);
        assert_eq!(parameters.text("state"), Some("a&b c"));
        assert_eq!((parameters.short("long", 4), parameters.short("long", 5)), (None, Some("12345")));
        assert_eq!(parameters.short("line", 9), None);
    }

    #[test]
    fn parameters_come_after_those_that_an_address_has() {
        let parameters = [("code", Some("a b")), ("state", None)];
        assert_eq!(with_query("https://app.test/back", &parameters), "https://app.test/back?code=a+b");
        assert_eq!(with_query("https://app.test/?x=1", &parameters), "https://app.test/?x=1&code=a+b");
        assert_eq!(with_query("app://back", &[]), "app://back");
    }
}
