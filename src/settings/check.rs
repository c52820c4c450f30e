//! From what was written to what it means; every mistake is found, not only the first.

use std::net::SocketAddr;

use base64ct::{Base64, Encoding};

use super::error::{Error, Mistake};
use super::layers::{Check, Layers};
use super::raw::Raw;
use super::values::{absolute, is_loopback, log_level, proxy};
use super::{Broker, Certificate, Device, Panel, Service, Settings, Updates};
use crate::base::UnitName;

/// `mistakes` are those found while reading; nothing is returned while there is one.
pub(super) fn settings(layers: &Layers<Raw>, mistakes: Vec<Mistake>) -> Result<Settings, Error> {
    let mut check = Check { layers, mistakes };
    let settings = check.all();
    check.finish(settings)
}

impl Check<'_, Raw> {
    fn all(&mut self) -> Option<Settings> {
        let service = self.service();
        let ca_file = self.text("ca_file", |raw| raw.ca_file.as_ref(), absolute);
        let state_dir = self.text("state_dir", |raw| raw.state_dir.as_ref(), absolute);
        let runtime_dir = self.text("runtime_dir", |raw| raw.runtime_dir.as_ref(), absolute);
        let sealing_key = self.text("sealing_key", |raw| raw.sealing_key.as_ref(), absolute);
        let log = self.text("log", |raw| raw.log.as_ref(), log_level);
        let names = self.list("panel.names", |raw| raw.panel.names.as_ref(), host_name);
        let trusted_proxies = self.list("panel.trusted_proxies", |raw| raw.panel.trusted_proxies.as_ref(), proxy);
        let listen = self.list("panel.listen", |raw| raw.panel.listen.as_ref(), address);
        let certificate = self.certificate();
        let groups = self.list("broker.groups", |raw| raw.broker.groups.as_ref(), group);
        let unit = self.text("device.unit", |raw| raw.device.unit.as_ref(), UnitName::parse);
        let updates = self.updates();
        Some(Settings {
            service: service?,
            ca_file,
            state_dir: state_dir?,
            runtime_dir: runtime_dir?,
            sealing_key,
            log: log?,
            provisioning: None,
            panel: Panel { listen, names, trusted_proxies, certificate },
            broker: Broker { groups },
            device: Device { unit },
            updates,
        })
    }

    /// One without the other is a mistake.
    fn certificate(&mut self) -> Option<Certificate> {
        let chain = self.text("panel.certificate", |raw| raw.panel.certificate.as_ref(), absolute);
        let key = self.text("panel.certificate_key", |raw| raw.panel.certificate_key.as_ref(), absolute);
        let said = [
            ("panel.certificate", self.layers.last(|raw| raw.panel.certificate.as_ref())),
            ("panel.certificate_key", self.layers.last(|raw| raw.panel.certificate_key.as_ref())),
        ];
        if let [(_, Some((origin, _))), (missing, None)] | [(missing, None), (_, Some((origin, _)))] = said {
            self.mistake(origin, missing, "it is needed too: a certificate and its key are two files.".to_owned());
        }
        Some(Certificate { chain: chain?, key: key? })
    }

    /// Off while no index is set; without a key nobody's news would count.
    fn updates(&mut self) -> Option<Updates> {
        let (origin, _) = self.layers.last(|raw| raw.updates.index.as_ref())?;
        if self.layers.last(|raw| raw.updates.public_key.as_ref()).is_none() {
            self.mistake(origin, "updates.public_key", "it is needed beside updates.index.".to_owned());
        }
        let index = self.text("updates.index", |raw| raw.updates.index.as_ref(), https_url);
        let public_key = self.text("updates.public_key", |raw| raw.updates.public_key.as_ref(), public_key);
        Some(Updates { index: index?, public_key: public_key? })
    }

    fn service(&mut self) -> Option<Service> {
        let (origin, service) = self.layers.last(|raw| raw.service.as_ref())?;
        if service != "remote.it" {
            return self.text("service", |raw| raw.service.as_ref(), service_url).map(Service::Url);
        }
        if self.layers.last(|raw| raw.client_id.as_ref()).is_none() {
            self.mistake(origin, "client_id", "it is needed when service is \"remote.it\".".to_owned());
        }
        let client_id = self.text("client_id", |raw| raw.client_id.as_ref(), client_id);
        client_id.map(|client_id| Service::RemoteIt { client_id })
    }
}

/// `https://` only, since it names what people install.
fn https_url(text: &str) -> Result<String, String> {
    match text.trim().parse::<http::Uri>() {
        Ok(uri) if uri.scheme_str() == Some("https") && uri.host().is_some() => Ok(text.trim().to_owned()),
        Ok(_) | Err(_) => Err(format!("'{text}' is not a URL that begins with https://.")),
    }
}

fn public_key(text: &str) -> Result<[u8; 32], String> {
    let key = Base64::decode_vec(text.trim()).ok().and_then(|bytes| bytes.try_into().ok());
    key.ok_or_else(|| "this is not an Ed25519 public key: 32 bytes in base64.".to_owned())
}

fn service_url(text: &str) -> Result<String, String> {
    let url = text.trim().trim_end_matches('/');
    let uri = url.parse::<http::Uri>().ok();
    let host = uri.as_ref().and_then(http::Uri::host).filter(|host| !host.is_empty());
    let (Some(uri), Some(host)) = (&uri, host) else {
        return Err(format!("'{text}' is not a URL; write \"https://…\" or \"remote.it\"."));
    };
    if uri.query().is_some() || uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err("the URL must be a plain base URL, without query, user name or password.".to_owned());
    }
    match uri.scheme_str() {
        Some("https") => Ok(url.to_owned()),
        Some("http") if is_loopback(host) => Ok(url.to_owned()),
        Some("http") => Err(format!("'{host}' is another machine; use https:// so that nobody on the way can listen.")),
        _ => Err(format!("'{text}' must begin with https://.")),
    }
}

fn client_id(text: &str) -> Result<String, String> {
    let right = (1..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+".contains(&byte));
    right
        .then(|| text.to_owned())
        .ok_or_else(|| format!("'{text}' is not a client id; it has letters and digits only."))
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.trim().parse().map_err(|_| {
        format!("'{text}' is not an address with a port; write it like \"127.0.0.1:29999\" or \"[::1]:29999\".")
    })
}

fn host_name(text: &str) -> Result<String, String> {
    let name = text.trim().trim_end_matches('.').to_ascii_lowercase();
    let right = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    match name.len() <= 253 && name.split('.').all(right) {
        true => Ok(name),
        false => Err(format!("'{text}' is not a host name; write only the name, without http:// and port.")),
    }
}

fn group(text: &str) -> Result<String, String> {
    let right = !text.is_empty() && !text.contains([':', '/', ' ', '\n']);
    right.then(|| text.to_owned()).ok_or_else(|| format!("'{text}' is not the name of a group."))
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::settings::Origin;

    #[test]
    fn every_mistake_is_named_with_its_place() {
        let file = read_toml(
            "service = \"ftp://x\"\nlog = \"loud\"\n[panel]\nlisten = [\"127.0.0.1\"]\n[device]\nunit = \"--all\"",
        );
        let flags = Raw { state_dir: Some("here".to_owned()), ..Raw::default() };
        let path = PathBuf::from("/etc/latchkey/latchkey.toml");
        let error = check(vec![(Origin::File(path), file), (Origin::Flags, flags)]).unwrap_err();
        let lines = error.to_string();
        for expected in [
            "/etc/latchkey/latchkey.toml: service: 'ftp://x' must begin with https://.",
            "--state-dir: 'here' must be an absolute path, beginning with '/'.",
            "/etc/latchkey/latchkey.toml: log: 'loud' is not a log level; choose error, warn, info or debug.",
            "/etc/latchkey/latchkey.toml: panel.listen: '127.0.0.1' is not an address with a port; write it like \"127.0.0.1:29999\" or \"[::1]:29999\".",
            "/etc/latchkey/latchkey.toml: device.unit: '--all' is not the name of a service; write it like \"remoteit.service\".",
        ] {
            assert!(lines.lines().any(|line| line == expected), "{expected}\nis missing in\n{lines}");
        }
        assert_eq!(error.0.len(), 5, "{lines}");
    }

    #[test]
    fn news_of_releases_need_an_address_that_cannot_be_forged_and_a_key() {
        let refused = |text: &str| check(vec![(Origin::Flags, read_toml(text))]).unwrap_err().to_string();
        assert!(refused("[updates]\nindex = \"http://example.org/x\"").contains("begins with https://"));
        assert!(refused("[updates]\nindex = \"https://example.org/x\"").contains("it is needed beside updates.index"));
        let short = "[updates]\nindex = \"https://example.org/x\"\npublic_key = \"AAAA\"";
        assert!(refused(short).contains("32 bytes in base64"));
        let key = Base64::encode_string(&[7; 32]);
        let right = format!("[updates]\nindex = \"https://example.org/x\"\npublic_key = \"{key}\"");
        let updates = check(vec![(Origin::Flags, read_toml(&right))]).unwrap().updates;
        assert_eq!(updates.unwrap().public_key, [7; 32]);
        assert_eq!(check(Vec::new()).unwrap().updates, None);
    }

    #[test]
    fn without_any_source_the_agent_uses_the_service_on_its_own_machine() {
        let settings = check(Vec::new()).unwrap();
        assert_eq!(settings.service, Service::Url("http://127.0.0.1:29980".to_owned()));
        assert_eq!(settings.panel.listen, ["[::]:29999".parse().unwrap()]);
        assert_eq!(settings.console_file(), Path::new("/run/issue.d/latchkey.issue"));
        assert_eq!(settings.broker_socket(), Path::new("/run/latchkey/broker.sock"));
    }

    #[test]
    fn the_later_source_wins() {
        let first = read_toml("[panel]\nnames = [\"one\"]\nlisten = [\"127.0.0.1:1\"]");
        let second = read_toml("[panel]\nnames = [\"Two.Example.\"]");
        let settings = check(vec![(Origin::Environment("LATCHKEY_"), first), (Origin::Flags, second)]).unwrap();
        assert_eq!(settings.panel.names, ["two.example"]);
        assert_eq!(settings.panel.listen, ["127.0.0.1:1".parse().unwrap()]);
    }

    #[test]
    fn a_certificate_needs_its_key() {
        let both = read_toml("[panel]\ncertificate = \"/a.pem\"\ncertificate_key = \"/a.key\"");
        let certificate = check(vec![(Origin::Flags, both)]).unwrap().panel.certificate.unwrap();
        assert_eq!([certificate.chain, certificate.key], ["/a.pem", "/a.key"].map(PathBuf::from));
        let one = read_toml("[panel]\ncertificate = \"/a.pem\"");
        let error = check(vec![(Origin::Environment("LATCHKEY_"), one)]).unwrap_err().to_string();
        assert_eq!(error, "LATCHKEY_PANEL_CERTIFICATE_KEY: it is needed too: a certificate and its key are two files.");
    }

    #[test]
    fn remote_it_needs_a_client_id() {
        let error = check(vec![(Origin::Environment("LATCHKEY_"), read_toml("service = \"remote.it\""))]).unwrap_err();
        assert_eq!(error.to_string(), "LATCHKEY_CLIENT_ID: it is needed when service is \"remote.it\".");
        let both = read_toml("service = \"remote.it\"\nclient_id = \"abc123\"");
        let service = check(vec![(Origin::Environment("LATCHKEY_"), both)]).unwrap().service;
        assert_eq!(service, Service::RemoteIt { client_id: "abc123".to_owned() });
    }

    #[test]
    fn plain_http_goes_to_this_machine_only() {
        assert_eq!(service_url("http://[::1]:29980/").as_deref(), Ok("http://[::1]:29980"));
        assert!(service_url("http://pi.local:29980").unwrap_err().contains("use https://"));
        assert!(service_url("https://ann:secret@example.test").unwrap_err().contains("without"));
        assert!(service_url("example").is_err());
    }

    fn read_toml(text: &str) -> Raw {
        toml::from_str(text).unwrap()
    }

    fn check(sources: Vec<(Origin, Raw)>) -> Result<Settings, Error> {
        let mut layers = Layers(vec![(Origin::Defaults, Raw::defaults())]);
        layers.0.extend(sources);
        settings(&layers, Vec::new())
    }
}
