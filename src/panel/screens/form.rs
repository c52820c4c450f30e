//! A posted form: its fields, and a mark by which the same form sent twice is recognised.

use axum::body::{Bytes, to_bytes};
use axum::extract::{FromRequest, Request};
use http::{StatusCode, Uri};
use sha2::{Digest, Sha256};

use super::error::Error;
use super::gate::Visitor;
use crate::base::Secret;

/// Every value is held as a secret, since the form does not know which ones are. The default is one not filled in yet.
#[derive(Debug, Default)]
pub(crate) struct Form {
    fields: Vec<(String, Secret<String>)>,
    pub(crate) mark: Mark,
}

/// Of a form whose sender must sign in first, no more is looked at.
const LONGEST_UNREAD: usize = 64 * 1024;

/// Equal for equal forms sent to the same address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark([u8; 32]);

impl Mark {
    /// Of what is as random as a mark.
    pub(crate) fn of(random: &[u8; 32]) -> Self {
        Self(*random)
    }

    #[cfg(feature = "cloud")]
    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Form {
    fn parse(path: &str, body: &[u8], salt: &[u8; 32]) -> Self {
        let fields = form_urlencoded::parse(body)
            .map(|(name, value)| (name.into_owned(), Secret::new(value.into_owned())))
            .collect();
        let mark = Sha256::new().chain_update(salt).chain_update(path).chain_update([0]).chain_update(body);
        Self { fields, mark: Mark(mark.finalize().into()) }
    }

    /// What was typed before its owner had to sign in again; never a secret.
    pub(crate) fn of_address(address: &Uri) -> Self {
        let query = address.query().unwrap_or_default();
        Self { mark: Mark::default(), ..Self::parse("", query.as_bytes(), &[0; 32]) }
    }

    /// What a form is filled in with that cannot be used.
    pub(super) async fn unused(request: Request) -> Self {
        let body = to_bytes(request.into_body(), LONGEST_UNREAD).await.unwrap_or_default();
        Self { mark: Mark::default(), ..Self::parse("", &body, &[0; 32]) }
    }

    /// A field without outer blanks; empty when it was not sent.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.find(name).map_or("", |value| value.expose().trim())
    }

    /// A field exactly as typed.
    pub(crate) fn secret(&self, name: &str) -> Secret<String> {
        self.find(name).cloned().unwrap_or_else(|| Secret::from(""))
    }

    /// Fields whose names begin with `prefix`: the rest of the name, and the value without outer blanks.
    pub(crate) fn starting(&self, prefix: &str) -> Vec<(String, String)> {
        self.fields
            .iter()
            .filter_map(|(name, value)| Some((name.strip_prefix(prefix)?.to_owned(), value.expose().trim().to_owned())))
            .collect()
    }

    fn find(&self, name: &str) -> Option<&Secret<String>> {
        self.fields.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let path = request.uri().path().to_owned();
        let salt = request.extensions().get::<Visitor>().map(|visitor| visitor.form_salt).unwrap_or_default();
        let body = Bytes::from_request(request, state).await.map_err(|rejection| {
            if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE { Error::TooLarge } else { Error::BadForm }
        })?;
        Ok(Self::parse(&path, &body, &salt))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(path: &str, body: &str) -> Form {
        Form::parse(path, body.as_bytes(), &[7; 32])
    }

    #[test]
    fn text_is_trimmed_and_secrets_are_not() {
        let form = form("/sign-in", "email=+ann%2Bpi%40example.test+&password=secret+12%21+");
        assert_eq!(form.text("email"), "ann+pi@example.test");
        assert_eq!(form.secret("password").expose(), "secret 12! ");
        assert_eq!(form.text("absent"), "");
    }

    #[test]
    fn passwords_with_signs_of_the_form_language_arrive_whole() {
        for password in ["p%40ss&x=1", "🙂🙂aA1!aA1!", "\"'<>+ ", &"x".repeat(256)] {
            let body: String =
                form_urlencoded::Serializer::new(String::new()).append_pair("password", password).finish();
            assert_eq!(form("/", &body).secret("password").expose(), password);
        }
    }

    #[test]
    fn the_same_form_sent_twice_has_the_same_mark() {
        assert_eq!(form("/code", "code=1").mark, form("/code", "code=1").mark);
        assert_ne!(form("/code", "code=1").mark, form("/code", "code=2").mark);
        assert_ne!(form("/code", "code=1").mark, form("/mailed-code", "code=1").mark);
    }
}
