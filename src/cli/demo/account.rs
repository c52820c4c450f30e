//! The demo's ready account; remembered beside the state, so that a second start shows the same one.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use base32::Alphabet;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::Service;
use super::folders::Folders;
use crate::base::{Entropy, Secret};
use crate::cli::error::Error;
use crate::protocol::totp::TotpSecret;

const EMAIL: &str = "owner@demo.example";

#[derive(Debug)]
pub(super) struct DemoAccount {
    pub(super) email: String,
    pub(super) password: Secret<String>,
    pub(super) totp: TotpSecret,
    pub(super) recovery_code: Secret<String>,
    /// Where service and panel were last time; 0 for "nowhere yet".
    pub(super) service_port: u16,
    pub(super) panel_port: u16,
}

/// The file: secrets of an account that opens nothing but the demo.
#[derive(Deserialize, Serialize)]
struct Record {
    email: String,
    password: String,
    totp_secret: String,
    recovery_code: String,
    service_port: u16,
    panel_port: u16,
}

impl DemoAccount {
    pub(super) async fn kept_or_new(
        folders: &Folders,
        service: &dyn Service,
        entropy: &Entropy,
    ) -> Result<Self, Error> {
        let path = record_file(folders);
        match std::fs::read(&path).map(Zeroizing::new) {
            Ok(text) => read(&text).ok_or_else(|| damaged(&path)),
            Err(error) if error.kind() == ErrorKind::NotFound => make(service, entropy).await,
            Err(cause) => Err(Error::Unreadable(path, cause)),
        }
    }

    /// Written anew at each start: the ports may have changed.
    pub(super) fn keep(
        &self,
        folders: &Folders,
        service: Option<SocketAddr>,
        panel: Option<SocketAddr>,
    ) -> Result<(), Error> {
        let port = |address: Option<SocketAddr>| address.map_or(0, |address| address.port());
        let record = Record {
            email: self.email.clone(),
            password: self.password.expose().clone(),
            totp_secret: self.totp.text().expose().clone(),
            recovery_code: self.recovery_code.expose().clone(),
            service_port: port(service),
            panel_port: port(panel),
        };
        let text = serde_json::to_vec_pretty(&record).map_err(std::io::Error::from).map(Zeroizing::new);
        let written = text.and_then(|text| replace(&record_file(folders), &text));
        written.map_err(|cause| crate::keystore::Error::NotWritable(folders.state().to_owned(), cause).into())
    }
}

fn replace(path: &Path, text: &[u8]) -> std::io::Result<()> {
    let new = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(text)?;
    file.sync_all()?;
    std::fs::rename(new, path)
}

fn record_file(folders: &Folders) -> PathBuf {
    folders.state().join("demo.json")
}

fn read(text: &[u8]) -> Option<DemoAccount> {
    let record: Record = serde_json::from_slice(text).ok()?;
    Some(DemoAccount {
        totp: TotpSecret::parse(&record.totp_secret).ok()?,
        email: record.email,
        password: Secret::new(record.password),
        recovery_code: Secret::new(record.recovery_code),
        service_port: record.service_port,
        panel_port: record.panel_port,
    })
}

fn damaged(path: &Path) -> Error {
    Error::Demo(format!("{} is damaged; remove the demo's folder, or choose another with --state-dir.", path.display()))
}

async fn make(service: &dyn Service, entropy: &Entropy) -> Result<DemoAccount, Error> {
    let password =
        format!("Demo-{}-1", base32::encode(Alphabet::Rfc4648Lower { padding: false }, &entropy.bytes::<5>()));
    let totp = TotpSecret::from_bytes(entropy.bytes::<20>().to_vec());
    let added = service.add_account(EMAIL, Secret::new(password.clone()), totp.clone()).await;
    let recovery_code = added.map_err(|failure| Error::demo("The demo's account cannot be added", &*failure))?;
    Ok(DemoAccount {
        email: EMAIL.to_owned(),
        password: Secret::new(password),
        totp,
        recovery_code: Secret::from(recovery_code.expose()),
        service_port: 0,
        panel_port: 0,
    })
}
