//! Settings that an installer left on the boot partition: below all others, and never in the way of a start.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::error::Origin;
use super::layers::Layers;
use super::raw::{Raw, RawPanel};
use super::{Provisioning, check};

/// Where Raspberry Pi OS has its boot partition, now and formerly.
const PLACES: [&str; 2] = ["/boot/firmware/latchkey.toml", "/boot/latchkey.toml"];

/// What else stands there is not for the settings.
#[derive(Default, Deserialize)]
struct File {
    service: Option<String>,
    client_id: Option<String>,
    names: Option<Vec<String>>,
}

/// The file, and what it says unless that is not right.
pub(super) fn read(named: Option<PathBuf>) -> Option<(Provisioning, Option<(Origin, Raw)>)> {
    let file = named.or_else(|| PLACES.iter().map(PathBuf::from).find(|place| place.exists()))?;
    let (layer, mistake) = match layer(&file) {
        Ok(layer) => (Some(layer), None),
        Err(sentence) => (None, Some(sentence)),
    };
    Some((Provisioning { file, mistake }, layer))
}

fn layer(path: &Path) -> Result<(Origin, Raw), String> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    // What is no TOML at all is told by who reads the claim code.
    let File { service, client_id, names } = toml::from_str(&text).unwrap_or_default();
    let raw = Raw { service, client_id, panel: RawPanel { names, ..RawPanel::default() }, ..Raw::default() };
    let layer = (Origin::File(path.to_owned()), raw);
    let tried = Layers(vec![(Origin::Defaults, Raw::defaults()), layer.clone()]);
    match check::settings(&tried, Vec::new()) {
        Ok(_right) => Ok(layer),
        Err(mistakes) => Err(mistakes.to_string().replace('\n', " ")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Environment, Service, Settings, source};
    use super::*;

    fn settings(text: &str, flags: Raw) -> Settings {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("latchkey.toml");
        std::fs::write(&path, text).unwrap();
        let environment: Environment = [("LATCHKEY_PROVISIONING".into(), path.into_os_string())].into_iter().collect();
        source::read(Some(Path::new("/dev/null")), &environment, flags).unwrap()
    }

    #[test]
    fn an_installers_settings_are_used_unless_another_source_says_otherwise() {
        let text = "claim_code = \"ACDE-3467\"\nservice = \"https://x.example\"\nnames = [\"pi.lan\"]";
        let provisioned = settings(text, Raw::default());
        assert_eq!(provisioned.service, Service::Url("https://x.example".to_owned()));
        assert_eq!(provisioned.panel.names, ["pi.lan"]);
        assert_eq!(provisioned.provisioning.unwrap().mistake, None);
        let flags = Raw { service: Some("https://y.example".to_owned()), ..Raw::default() };
        assert_eq!(settings(text, flags).service, Service::Url("https://y.example".to_owned()));
    }

    #[test]
    fn an_installers_mistake_is_told_and_stops_nobody() {
        let settings = settings("service = \"ftp://x\"\nnames = [\"pi.lan\"]", Raw::default());
        assert_eq!(settings.service, Service::Url("http://127.0.0.1:29980".to_owned()));
        let mistake = settings.provisioning.unwrap().mistake.unwrap();
        assert!(mistake.contains("service: 'ftp://x' must begin with https://."), "{mistake}");
    }
}
