//! `latchkey credentials`: the access key, for a program that must have it.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::context::Context;
use super::error::Error;
use super::output;
use crate::base::Secret;
use crate::keystore::credentials::{self, Privacy};
use crate::protocol::access_key::AccessKey;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// How the key is written down.
    #[arg(long, value_enum, default_value = "ini")]
    format: Format,
    /// Which section of the credentials file.
    #[arg(long, default_value = "DEFAULT")]
    profile: String,
    /// Put the key into this credentials file instead; everything else in it stays as it is.
    #[arg(long, value_name = "FILE", conflicts_with = "format")]
    write: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    /// A credentials file.
    Ini,
    /// Lines for an environment file.
    Env,
    /// One JSON object.
    Json,
}

/// The broker's JSON form.
#[derive(Deserialize)]
struct Key {
    access_key_id: String,
    secret_access_key: String,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<(), Error> {
    if let Some(file) = &args.write {
        return write(file, &args.profile, context).await;
    }
    let format = match args.format {
        Format::Ini => "ini",
        Format::Env => "env",
        Format::Json => "json",
    };
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("format", format)
        .append_pair("profile", &args.profile)
        .finish();
    let text = context.agent().await?.get(&format!("/v1/credentials?{query}")).await?;
    output::write(&text)
}

async fn write(file: &Path, profile: &str, context: &Context) -> Result<(), Error> {
    let key: Key = context.agent().await?.read("/v1/credentials?format=json").await?;
    let secret = Secret::new(key.secret_access_key);
    let key = AccessKey::parse(&key.access_key_id, secret.expose())?;
    let privacy = credentials::write_profile(file, profile, &key, None)?;
    output::line(&format!("The access key {} is in {}, profile {profile}.", key.id.as_str(), file.display()))?;
    match privacy {
        Privacy::OwnerOnly => Ok(()),
        Privacy::OpenToOthers => output::line(&format!("Others can read it; run 'chmod go= {}'.", file.display())),
    }
}
