//! A certificate authority for one device: a root of its own that can vouch for names and addresses of the local network
//! only, and short leaves for the names and addresses that the device has now.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::{Duration, SystemTime};

use base64ct::{Base64, Encoding};
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints, PKCS_ECDSA_P256_SHA256, SanType,
};
use rustls::pki_types::PrivatePkcs8KeyDer;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::leaf::{Leaf, Term};
use super::subject::Subject;
use crate::base::Secret;
use crate::base::clock::BUILT;

/// People install the root by hand, so it lasts as long as a device does.
const ROOT_LIFETIME: Duration = days(20 * 365);
/// Renewed after two thirds of it.
const LEAF_LIFETIME: Duration = days(60);
/// Browsers' clocks differ from the device's.
const EARLIER: Duration = days(1);
/// Every device is in these domains; others are named by its host name and its settings.
const LOCAL_DOMAINS: [&str; 2] = ["local", "localhost"];

/// A root and its key.
pub struct Authority {
    kept: Kept,
    key: KeyPair,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("A certificate could not be made.")]
    Make(#[from] rcgen::Error),
    #[error("The device's certificate authority is kept in a form that cannot be read.")]
    Unreadable(#[from] serde_json::Error),
}

/// What is written down of it.
#[derive(Serialize, Deserialize)]
struct Kept {
    owner: String,
    domains: Vec<String>,
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl Authority {
    /// A new root, for a device of that name. Beside the local domains it can vouch for `names` and what lies below them.
    pub fn new(owner: &str, names: &[String], now: SystemTime) -> Result<Self, Error> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let domains = LOCAL_DOMAINS.iter().map(|&domain| domain.to_owned()).chain(names.iter().cloned()).collect();
        let mut kept = Kept { owner: owner.to_owned(), domains, certificate: Vec::new(), key: key.serialize_der() };
        let mut root = kept.issuer();
        // A clock that was ahead when the root was made must not make it useless for years.
        root.not_before = (*BUILT - EARLIER).into();
        root.not_after = (now.max(*BUILT) + ROOT_LIFETIME).into();
        root.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        root.name_constraints = Some(kept.constraints());
        kept.certificate = root.self_signed(&key)?.der().to_vec();
        Ok(Self { kept, key })
    }

    /// As [`Authority::to_bytes`] wrote it.
    pub fn from_bytes(bytes: &Secret<Vec<u8>>) -> Result<Self, Error> {
        let kept: Kept = serde_json::from_slice(bytes.expose())?;
        let key = KeyPair::from_pkcs8_der_and_sign_algo(&kept.key.clone().into(), &PKCS_ECDSA_P256_SHA256)?;
        Ok(Self { kept, key })
    }

    /// With the private key: to be sealed.
    pub fn to_bytes(&self) -> Result<Secret<Vec<u8>>, Error> {
        Ok(Secret::new(serde_json::to_vec(&self.kept)?))
    }

    /// The root, DER.
    pub fn certificate(&self) -> &[u8] {
        &self.kept.certificate
    }

    /// The root as text, as most systems want to be given it.
    pub fn pem(&self) -> String {
        const LINE: usize = 64;
        let text = Base64::encode_string(&self.kept.certificate);
        let lines: Vec<_> = text.as_bytes().chunks(LINE).map(String::from_utf8_lossy).collect();
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
    }

    /// SHA-256 of the root.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint(Sha256::digest(&self.kept.certificate).into())
    }

    /// Can it vouch for this name?
    pub fn covers(&self, name: &str) -> bool {
        self.kept.domains.iter().any(|domain| {
            name == domain || name.strip_suffix(domain.as_str()).is_some_and(|above| above.ends_with('.'))
        })
    }

    /// What of it the root can vouch for.
    pub fn certifiable(&self, subject: &Subject) -> Subject {
        Subject {
            names: subject.names.iter().filter(|name| self.covers(name)).cloned().collect(),
            addresses: subject.addresses.iter().copied().filter(is_local).collect(),
        }
    }

    /// A new leaf. Names that the root does not cover, and addresses of the wide Internet, are left out: no browser would
    /// believe them.
    pub fn issue(&self, subject: &Subject, now: SystemTime) -> Result<Leaf, Error> {
        let now = now.max(*BUILT);
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut leaf = CertificateParams::default();
        leaf.distinguished_name = named(&self.kept.owner);
        leaf.not_before = (now - EARLIER).into();
        leaf.not_after = (now + LEAF_LIFETIME).into();
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        leaf.use_authority_key_identifier_extension = true;
        let names = self.certifiable(subject);
        for name in &names.names {
            leaf.subject_alt_names.push(SanType::DnsName(name.as_str().try_into()?));
        }
        leaf.subject_alt_names.extend(names.addresses.iter().map(|&address| SanType::IpAddress(address)));
        let issuer = self.kept.issuer();
        let certificate = leaf.signed_by(&key, &Issuer::from_params(&issuer, &self.key))?;
        Ok(Leaf {
            chain: vec![certificate.der().clone(), self.kept.certificate.clone().into()],
            key: PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
            term: Term {
                names,
                begins: whole_seconds(now - EARLIER),
                renew: whole_seconds(now + LEAF_LIFETIME * 2 / 3),
            },
        })
    }
}

impl Kept {
    /// The root as the issuer of leaves: who it is, what it may do.
    fn issuer(&self) -> CertificateParams {
        let mut issuer = CertificateParams::default();
        issuer.distinguished_name = named(&format!("Latchkey on {}", self.owner));
        issuer.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        issuer
    }

    fn constraints(&self) -> NameConstraints {
        let domains = self.domains.iter().cloned().map(GeneralSubtree::DnsName);
        let networks =
            NETWORKS.map(|(address, prefix)| GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(address, prefix)));
        NameConstraints { permitted_subtrees: domains.chain(networks).collect(), excluded_subtrees: Vec::new() }
    }
}

/// Loopback, private (RFC 1918), link-local and unique local (RFC 4193) networks.
const NETWORKS: [(IpAddr, u8); 8] = [
    (IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)), 8),
    (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 0)), 8),
    (IpAddr::V4(Ipv4Addr::new(172, 16, 0, 0)), 12),
    (IpAddr::V4(Ipv4Addr::new(192, 168, 0, 0)), 16),
    (IpAddr::V4(Ipv4Addr::new(169, 254, 0, 0)), 16),
    (IpAddr::V6(Ipv6Addr::LOCALHOST), 128),
    (IpAddr::V6(Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0)), 7),
    (IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0)), 10),
];

/// Does the address lie in a network that the root may vouch for?
pub fn is_local(address: &IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

/// By which a person recognises a root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// `AB:CD:…`, as browsers show it.
    pub fn hex(&self) -> String {
        let pairs: Vec<String> = self.0.iter().map(|byte| format!("{byte:02X}")).collect();
        pairs.join(":")
    }

    /// Its first 66 bits as six words of the BIP-39 list, to be read out.
    pub fn words(&self) -> [&'static str; 6] {
        let list = bip39::Language::English.word_list();
        let bits = self.0.iter().take(9).fold(0_u128, |bits, &byte| (bits << 8) | u128::from(byte));
        // 72 bits: the first word is the highest 11.
        [0, 1, 2, 3, 4, 5].map(|place| {
            let number = (bits >> (72 - 11 * (place + 1))) & 0x7ff;
            usize::try_from(number).ok().and_then(|number| list.get(number).copied()).unwrap_or_default()
        })
    }
}

/// As much as a certificate says.
fn whole_seconds(time: SystemTime) -> SystemTime {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_secs(since.as_secs())
}

fn named(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

const fn days(number: u64) -> Duration {
    Duration::from_secs(number * 24 * 3600)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustls::RootCertStore;
    use rustls::client::WebPkiServerVerifier;
    use rustls::client::danger::ServerCertVerifier as _;
    use rustls::pki_types::{ServerName, UnixTime};

    use super::*;

    const NOW: Duration = Duration::from_secs(1_800_000_000);

    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + NOW
    }

    fn subject() -> Subject {
        Subject {
            names: ["raspberrypi.local", "raspberrypi", "localhost", "evil.example"].map(str::to_owned).to_vec(),
            addresses: ["192.168.1.20", "fe80::1", "::1", "203.0.113.7"].map(|text| text.parse().unwrap()).to_vec(),
        }
    }

    fn authority() -> Authority {
        Authority::new("raspberrypi", &["raspberrypi".to_owned()], now()).unwrap()
    }

    /// What a browser that trusts the root says to a server of that name.
    fn is_believed(root: &Authority, leaf: &Leaf, name: &str, at: Duration) -> bool {
        let mut roots = RootCertStore::empty();
        roots.add(root.certificate().to_vec().into()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let time = UnixTime::since_unix_epoch(at);
        verifier.verify_server_cert(&leaf.chain[0], &leaf.chain[1..], &name, &[], time).is_ok()
    }

    #[test]
    fn a_browser_that_trusts_the_root_believes_the_device_under_all_its_local_names() {
        let root = authority();
        let leaf = root.issue(&subject(), now()).unwrap();
        for name in ["raspberrypi.local", "raspberrypi", "localhost", "192.168.1.20", "fe80::1", "::1"] {
            assert!(is_believed(&root, &leaf, name, NOW), "{name}");
        }
        for name in ["evil.example", "203.0.113.7", "other.local", "192.168.1.21"] {
            assert!(!is_believed(&root, &leaf, name, NOW), "{name}");
        }
        assert!(!is_believed(&root, &leaf, "localhost", NOW + LEAF_LIFETIME + Duration::from_secs(1)));
        assert!(leaf.term.renew < now() + LEAF_LIFETIME);
    }

    #[test]
    fn a_device_that_believes_it_is_1970_makes_a_certificate_of_the_time_it_was_built() {
        let root = Authority::new("raspberrypi", &[], SystemTime::UNIX_EPOCH).unwrap();
        let leaf = root.issue(&subject(), SystemTime::UNIX_EPOCH).unwrap();
        let built = BUILT.duration_since(SystemTime::UNIX_EPOCH).unwrap();
        assert!(is_believed(&root, &leaf, "localhost", built));
        assert!(root.pem().starts_with("-----BEGIN CERTIFICATE-----\nMII"));
    }

    #[test]
    fn a_stolen_root_vouches_for_nothing_outside_the_local_network() {
        let mut stolen = authority();
        stolen.kept.domains.push("bank.example".to_owned());
        let forged = Subject { names: vec!["bank.example".to_owned()], addresses: Vec::new() };
        let leaf = stolen.issue(&forged, now()).unwrap();
        assert!(!is_believed(&stolen, &leaf, "bank.example", NOW));
    }

    #[test]
    fn a_root_that_was_kept_issues_leaves_as_before() {
        let root = authority();
        let again = Authority::from_bytes(&root.to_bytes().unwrap()).unwrap();
        assert_eq!(again.fingerprint(), root.fingerprint());
        assert!(is_believed(&root, &again.issue(&subject(), now()).unwrap(), "raspberrypi.local", NOW));
        assert!(Authority::from_bytes(&Secret::new(b"{}".to_vec())).is_err());
    }

    #[test]
    fn a_fingerprint_is_told_in_hex_and_in_six_words() {
        let fingerprint = Fingerprint(std::array::from_fn(|place| u8::try_from(place * 8).unwrap_or(0)));
        assert!(fingerprint.hex().starts_with("00:08:10:18:20"));
        assert_eq!(Fingerprint([0; 32]).words(), ["abandon"; 6]);
        assert_eq!(Fingerprint([0xff; 32]).words(), ["zoo"; 6]);
        let second = Fingerprint(std::array::from_fn(|place| if place == 2 { 0b0000_0100 } else { 0 }));
        assert_eq!(second.words(), ["abandon", "ability", "abandon", "abandon", "abandon", "abandon"]);
    }

    #[test]
    fn a_root_covers_its_domains_and_what_lies_below_them() {
        let root = authority();
        for name in ["pi.local", "local", "raspberrypi", "a.raspberrypi"] {
            assert!(root.covers(name), "{name}");
        }
        for name in ["notlocal", "example.org", "myraspberrypi", ""] {
            assert!(!root.covers(name), "{name}");
        }
    }
}
