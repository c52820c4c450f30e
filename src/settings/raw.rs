//! One source's settings as written: everything optional, everything text.

use serde::Deserialize;

/// What one source says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Raw {
    pub service: Option<String>,
    pub client_id: Option<String>,
    pub ca_file: Option<String>,
    pub state_dir: Option<String>,
    pub runtime_dir: Option<String>,
    pub sealing_key: Option<String>,
    pub log: Option<String>,
    #[serde(default)]
    pub panel: RawPanel,
    #[serde(default)]
    pub broker: RawBroker,
    #[serde(default)]
    pub device: RawDevice,
    #[serde(default)]
    pub updates: RawUpdates,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawPanel {
    pub listen: Option<Vec<String>>,
    pub names: Option<Vec<String>>,
    pub trusted_proxies: Option<Vec<String>>,
    pub certificate: Option<String>,
    pub certificate_key: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawBroker {
    pub groups: Option<Vec<String>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawDevice {
    pub unit: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawUpdates {
    pub index: Option<String>,
    pub public_key: Option<String>,
}

impl Raw {
    pub(super) fn defaults() -> Self {
        let texts = |texts: &[&str]| Some(texts.iter().map(|&text| text.to_owned()).collect());
        Self {
            service: Some("http://127.0.0.1:29980".to_owned()),
            state_dir: Some("/var/lib/latchkey".to_owned()),
            runtime_dir: Some("/run/latchkey".to_owned()),
            log: Some("info".to_owned()),
            panel: RawPanel {
                listen: texts(&["[::]:29999"]),
                names: texts(&[]),
                trusted_proxies: texts(&[]),
                ..RawPanel::default()
            },
            broker: RawBroker { groups: texts(&["latchkey"]) },
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the package installs.
    const INSTALLED: &str = include_str!("../../systemd/latchkey.toml");

    #[test]
    fn the_installed_file_says_nothing_and_explains_every_setting_with_its_default() {
        let said: Raw = toml::from_str(INSTALLED).unwrap();
        assert_eq!(format!("{said:?}"), format!("{:?}", Raw::default()));
        let uncommented = |line: &'static str| match line.strip_prefix('#') {
            Some(setting) if !setting.is_empty() && !setting.starts_with(' ') => setting,
            _ => line,
        };
        let every: Vec<&str> = INSTALLED.lines().map(uncommented).collect();
        let every: Raw = toml::from_str(&every.join("\n")).unwrap();
        assert!(!format!("{every:?}").contains("None"), "one is missing: {every:?}");
        let usual = Raw::defaults();
        assert_eq!(
            (every.service, every.state_dir, every.runtime_dir),
            (usual.service, usual.state_dir, usual.runtime_dir)
        );
        assert_eq!((every.log, every.panel.listen), (usual.log, usual.panel.listen));
        assert_eq!((every.panel.names, every.panel.trusted_proxies), (usual.panel.names, usual.panel.trusted_proxies));
        assert_eq!(every.broker.groups, usual.broker.groups);
    }
}
