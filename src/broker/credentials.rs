//! `GET /v1/credentials`: the access key in the forms that programs read (reference §5): JSON, a credentials file,
//! or lines for an environment file.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use serde::Deserialize;

use super::Broker;
use super::error::Error;
use crate::base::Secret;
use crate::protocol::access_key::AccessKey;
use crate::protocol::credentials_file::{self, CredentialsFile};

/// How the key is written down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    #[default]
    Json,
    Ini,
    Env,
}

/// The profile that every client looks for when it is told none.
pub(super) const USUAL_PROFILE: &str = "DEFAULT";

#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    format: Format,
    profile: Option<String>,
}

pub(super) async fn hand_out(
    State(broker): State<Broker>,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, Error> {
    let Query(wanted) = wanted?;
    let key = broker.account.key()?;
    let profile = wanted.profile.as_deref().unwrap_or(USUAL_PROFILE);
    let text = wanted.format.write(&key, profile)?;
    Ok(([(CONTENT_TYPE, wanted.format.content_type())], text.expose().clone()).into_response())
}

impl Format {
    /// By the ending of the file it is going to be.
    pub(super) fn of_file(name: &str) -> Self {
        match name.rsplit_once('.') {
            Some((_, "ini")) => Self::Ini,
            Some((_, "env")) => Self::Env,
            Some(_) | None => Self::Json,
        }
    }

    /// `profile` is the section of an ini file; the other forms have none.
    pub(super) fn write(self, key: &AccessKey, profile: &str) -> Result<Secret<Vec<u8>>, credentials_file::Error> {
        let (id, secret) = (key.id.as_str(), key.secret_text());
        // Ids and base64 hold nothing that JSON or a shell would want escaped.
        let text = match self {
            Self::Json => format!("{{\"access_key_id\":\"{id}\",\"secret_access_key\":\"{}\"}}\n", secret.expose()),
            Self::Env => format!("R3_ACCESS_KEY_ID={id}\nR3_SECRET_ACCESS_KEY={}\n", secret.expose()),
            Self::Ini => {
                let mut file = CredentialsFile::default();
                file.set(profile, key, None)?;
                return Ok(file.to_bytes());
            }
        };
        Ok(Secret::new(text.into_bytes()))
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Ini | Self::Env => "text/plain; charset=utf-8",
        }
    }
}
