//! A certificate of the device, issued by its own authority. It outlives a restart, so that the exception which a browser made
//! for it stays good; another one is made when it lacks a name or an address of the moment, or when its time comes.

use std::time::{Duration, SystemTime};

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use serde::{Deserialize, Serialize};

use super::authority::{Authority, Fingerprint};
use super::subject::Subject;
use crate::base::Secret;

/// A certificate with its key, ready to serve with.
pub struct Leaf {
    /// Leaf first, root last.
    pub chain: Vec<CertificateDer<'static>>,
    pub key: PrivateKeyDer<'static>,
    pub term: Term,
}

/// What a leaf is good for, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    pub names: Subject,
    pub begins: SystemTime,
    /// From then on a new one should be issued.
    pub renew: SystemTime,
}

/// What is written down of it.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// Fingerprint of the root that issued it.
    root: String,
    certificate: Vec<u8>,
    key: Vec<u8>,
    names: Subject,
    /// Seconds since 1970.
    begins: u64,
    renew: u64,
}

impl Term {
    /// Does it name all of that, now? What it names beside that does no harm: an address may be back tomorrow.
    pub fn fits(&self, wanted: &Subject, now: SystemTime) -> bool {
        (self.begins..self.renew).contains(&now)
            && wanted.names.iter().all(|name| self.names.names.contains(name))
            && wanted.addresses.iter().all(|address| self.names.addresses.contains(address))
    }
}

impl Leaf {
    /// With the private key: to be sealed.
    pub fn to_bytes(&self, root: Fingerprint) -> Secret<Vec<u8>> {
        let seconds = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let kept = Kept {
            root: root.hex(),
            certificate: self.chain.first().map(|leaf| leaf.to_vec()).unwrap_or_default(),
            key: self.key.secret_der().to_vec(),
            names: self.term.names.clone(),
            begins: seconds(self.term.begins),
            renew: seconds(self.term.renew),
        };
        Secret::new(serde_json::to_vec(&kept).unwrap_or_default())
    }

    /// As [`Leaf::to_bytes`] wrote it; `None` where it cannot be read, or another root issued it.
    pub fn from_bytes(bytes: &Secret<Vec<u8>>, root: &Authority) -> Option<Self> {
        let kept: Kept = serde_json::from_slice(bytes.expose()).ok()?;
        let time = |seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
        (kept.root == root.fingerprint().hex()).then_some(())?;
        Some(Self {
            chain: vec![kept.certificate.into(), root.certificate().to_vec().into()],
            key: PrivatePkcs8KeyDer::from(kept.key).into(),
            term: Term { names: kept.names, begins: time(kept.begins)?, renew: time(kept.renew)? },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(names: &[&str], addresses: &[&str]) -> Subject {
        Subject {
            names: names.iter().map(|&name| name.to_owned()).collect(),
            addresses: addresses.iter().map(|text| text.parse().unwrap()).collect(),
        }
    }

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn a_leaf_fits_as_long_as_it_names_everything_and_its_time_lasts() {
        let names = subject(&["pi.local", "pi"], &["192.168.1.20", "127.0.0.1"]);
        let term = Term { names: names.clone(), begins: at(10), renew: at(20) };
        assert!(term.fits(&names, at(10)) && term.fits(&names, at(19)));
        assert!(!term.fits(&names, at(9)) && !term.fits(&names, at(20)));
        assert!(term.fits(&subject(&["pi"], &["127.0.0.1"]), at(15)), "the network is not up yet");
        assert!(!term.fits(&subject(&["pie.local"], &[]), at(15)));
        assert!(!term.fits(&subject(&["pi"], &["192.168.1.21"]), at(15)));
    }

    #[test]
    fn a_leaf_that_was_kept_is_the_same_and_counts_for_its_own_root_only() {
        let now = at(1_800_000_000);
        let root = || Authority::new("pi", &[], now).unwrap();
        let (own, other) = (root(), root());
        let leaf = own.issue(&subject(&["pi.local"], &["10.0.0.7"]), now).unwrap();
        let bytes = leaf.to_bytes(own.fingerprint());
        let again = Leaf::from_bytes(&bytes, &own).unwrap();
        assert_eq!((&again.chain, &again.term), (&leaf.chain, &leaf.term));
        assert_eq!(again.key.secret_der(), leaf.key.secret_der());
        assert!(Leaf::from_bytes(&bytes, &other).is_none());
        assert!(Leaf::from_bytes(&Secret::new(b"{}".to_vec()), &own).is_none());
    }
}
