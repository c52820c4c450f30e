//! The device's own certificate authority: made at first start, kept sealed, and what it vouches for.

use std::time::{Duration, SystemTime};

use super::{Error, Kept};
use crate::account::Account;
use crate::base::clock::BUILT;
use crate::base::report::chain;
use crate::base::{Clock, Secret};
use crate::device;
use crate::keystore::{Keystore, Loaded};
use crate::net::Identity;
use crate::net::authority::{self, Authority};
use crate::net::subject::Subject;
use crate::net::tls::Files;
use crate::settings::Settings;

const KIND: &str = "authority";
/// What the authority issued last.
const LEAF: &str = "certificate";

/// What browsers are shown.
pub(super) fn identity(settings: &Settings, kept: &Kept, clock: &Clock) -> Result<Identity, Error> {
    let time = time(&kept.account, clock);
    let subject = subject(&settings.panel.names, None);
    let authority = kept_or_new(&kept.keystore, &subject, time)?;
    let files =
        settings.panel.certificate.as_ref().map(|own| Files { certificate: own.chain.clone(), key: own.key.clone() });
    let identity = Identity::resume(authority, kept_leaf(&kept.keystore).as_ref(), files, subject, time)?;
    keep_leaf(&kept.keystore, &identity);
    let words = identity.fingerprint().words().join(" ");
    tracing::info!(
        words,
        sha256 = identity.fingerprint().hex(),
        "the fingerprint of the panel's certificate authority"
    );
    Ok(identity)
}

/// The machine's names and addresses of this moment; by the announced name others on the network reach it.
pub(super) fn subject(names: &[String], announced: Option<&str>) -> Subject {
    let host_name = device::host_name().unwrap_or_else(|| "localhost".to_owned());
    let mut subject = Subject::of_machine(&host_name, names);
    if let Some(announced) = announced {
        subject.names.retain(|name| name != announced);
        subject.names.insert(0, announced.to_owned());
    }
    subject
}

/// So that the next start shows browsers the same.
pub(super) fn keep_leaf(keystore: &Keystore, identity: &Identity) {
    let Some(bytes) = identity.leaf_to_keep() else { return };
    if let Err(error) = keystore.save(LEAF, bytes.expose()) {
        tracing::warn!(error = chain(&error), "the certificate is not kept; the next start makes another");
    }
}

pub(super) fn kept_leaf(keystore: &Keystore) -> Option<Secret<Vec<u8>>> {
    match keystore.load(LEAF) {
        Ok(Loaded::Whole(content) | Loaded::Older { content, .. }) => Some(content),
        Ok(Loaded::Absent | Loaded::Lost { .. }) => None,
        Err(error) => {
            tracing::warn!(error = chain(&error), "a new certificate is made");
            None
        }
    }
}

/// The time for certificates, as well as it is known: a Pi may boot in 1970.
pub(super) fn time(account: &Account, clock: &Clock) -> SystemTime {
    let status = account.status();
    let wall = clock.wall();
    let corrected = status.clock_ahead.and_then(|ahead| {
        let offset = Duration::from_secs(ahead.unsigned_abs());
        if ahead < 0 { wall.checked_add(offset) } else { wall.checked_sub(offset) }
    });
    corrected.unwrap_or(wall).max(status.last_confirmed.unwrap_or(*BUILT)).max(*BUILT)
}

/// The kept authority's, when there is one.
pub(crate) fn kept(keystore: &Keystore) -> Result<Option<Authority>, Error> {
    let content = match keystore.load(KIND)? {
        Loaded::Whole(content) | Loaded::Older { content, .. } => content,
        Loaded::Absent | Loaded::Lost { .. } => return Ok(None),
    };
    Ok(read(&content))
}

/// The next start makes a new one.
pub(crate) fn forget(keystore: &Keystore) -> Result<(), Error> {
    keystore.remove(LEAF)?;
    Ok(keystore.remove(KIND)?)
}

fn read(content: &Secret<Vec<u8>>) -> Option<Authority> {
    let authority = Authority::from_bytes(content);
    authority.inspect_err(|error| tracing::warn!(error = chain(error), "a new certificate authority is made")).ok()
}

fn kept_or_new(keystore: &Keystore, subject: &Subject, time: SystemTime) -> Result<Authority, Error> {
    if let Some(authority) = kept(keystore)? {
        return Ok(authority);
    }
    let label = subject.names.get(1).or(subject.names.first()).map_or("this device", String::as_str);
    let made = Authority::new(label, &subject.names, time).and_then(|made| Ok((made.to_bytes()?, made)));
    let (bytes, made) = made.map_err(|error: authority::Error| net_error(error))?;
    if let Err(error) = keystore.save(KIND, bytes.expose()) {
        tracing::warn!(error = chain(&error), "the certificate authority is not kept; the next start makes another");
    }
    Ok(made)
}

fn net_error(error: authority::Error) -> Error {
    Error::Identity(error.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Entropy;
    use crate::keystore::SealingSource;

    #[test]
    fn the_authority_is_made_once_and_anew_when_asked() {
        let folder = tempfile::tempdir().unwrap();
        let keystore = Keystore::open(folder.path(), &SealingSource::OwnFile, Entropy::kernel()).unwrap();
        let subject = subject(&["panel.example".to_owned()], None);
        let first = kept_or_new(&keystore, &subject, *BUILT).unwrap();
        assert!(first.covers("panel.example"));
        let again = kept_or_new(&keystore, &subject, *BUILT).unwrap();
        assert_eq!(again.fingerprint(), first.fingerprint());
        forget(&keystore).unwrap();
        assert!(kept(&keystore).unwrap().is_none());
        assert_ne!(kept_or_new(&keystore, &subject, *BUILT).unwrap().fingerprint(), first.fingerprint());
    }

    #[test]
    fn the_announced_name_comes_first_and_once() {
        let usual = subject(&[], None).names;
        let other = subject(&[], Some("pi-2.local")).names;
        assert_eq!((other[0].as_str(), &other[1..]), ("pi-2.local", &usual[..]));
        assert_eq!(subject(&[], Some(&usual[0])).names, usual);
    }
}
