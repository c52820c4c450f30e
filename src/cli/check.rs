//! `latchkey check`: is everything in order? Settings were read before it comes here; then what is kept, the service, and,
//! where the settings name an index of releases, whether there is a newer Latchkey. It installs nothing: apt does that.

use std::time::Duration;

use bytes::Bytes;
use http::Request;

use super::context::Context;
use super::error::Error;
use super::output;
use crate::net::Client;
use crate::protocol::release::Release;
use crate::settings::Updates;

const WITHIN: Duration = Duration::from_secs(20);
const LARGEST: usize = 64 * 1024;

pub(super) async fn run(context: &Context) -> Result<(), Error> {
    output::line("The settings are in order.")?;
    let kept = context.open_kept()?;
    for notice in kept.account.status().notices {
        output::line(&notice)?;
    }
    let Some(updates) = &context.settings.updates else {
        return output::line("Newer versions: not asked for (updates.index is not set).");
    };
    let client = Client::new(context.settings.ca_file.as_deref()).map_err(|error| Error::Index(error.to_string()))?;
    let release = newest(&client, updates).await?;
    match release.is_newer_than(env!("CARGO_PKG_VERSION")) {
        true => output::line(&format!("Latchkey {} is out: {}", release.version, release.url)),
        false => output::line("There is no newer version."),
    }
}

async fn newest(client: &Client, updates: &Updates) -> Result<Release, Error> {
    let index = fetch(client, &updates.index).await?;
    let signature = fetch(client, &format!("{}.sig", updates.index)).await?;
    Release::read(&index, &signature, &updates.public_key).map_err(|error| Error::Index(error.to_string()))
}

async fn fetch(client: &Client, url: &str) -> Result<Bytes, Error> {
    let failed = |why: String| Error::Index(format!("{url} cannot be read: {why}"));
    let request = Request::get(url).body(Bytes::new()).map_err(|error| failed(error.to_string()))?;
    let reply = client.send(request, WITHIN, LARGEST).await.map_err(|error| failed(error.to_string()))?;
    if reply.status().is_success() { Ok(reply.into_body()) } else { Err(failed(format!("status {}", reply.status()))) }
}
