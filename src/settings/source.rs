//! Where settings come from. The only reader of the environment.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::error::{Error, Mistake, Origin};
use super::layers::Layers;
use super::raw::Raw;
use super::{Settings, check, provisioned};

const CONFIG: &str = "/etc/latchkey/latchkey.toml";
const PREFIX: &str = "LATCHKEY_";
/// Variables of the account service, which has settings of its own.
const SERVICE_PREFIX: &str = "CLOUD_";
const CREDENTIAL: &str = "latchkey-sealing-key";
/// Where systemd shows the running agent's credentials to root, so that the CLI opens the same state as the agent.
const AGENT_CREDENTIALS: &str = "/run/credentials/latchkey.service";

/// What is said of a variable whose value is not UTF-8.
pub const NOT_TEXT: &str = "the value is not UTF-8 text.";
/// What is said of a variable that no setting has.
pub const NO_SUCH_SETTING: &str = "there is no such setting; remove the variable or mend its name.";

/// The environment as it was when it was read.
#[derive(Clone, Debug, Default)]
pub struct Environment(BTreeMap<OsString, OsString>);

/// Reads every source and checks what they say together. `config` stands for `/etc/latchkey/latchkey.toml`, and must exist.
pub fn read(config: Option<&Path>, environment: &Environment, flags: Raw) -> Result<Settings, Error> {
    let mut mistakes = Vec::new();
    let mut layers = Layers(vec![(Origin::Defaults, Raw::defaults())]);
    let (provisioning, provisioned) = provisioned::read(environment.path("LATCHKEY_PROVISIONING")).unzip();
    layers.0.extend(provisioned.flatten());
    layers.0.extend(environment.sealing_credential());
    let config = config.map(Path::to_owned).or_else(|| environment.path("LATCHKEY_CONFIG"));
    for path in files(config.as_deref(), Path::new(CONFIG), &mut mistakes) {
        match parse(&path) {
            Ok(raw) => layers.0.push((Origin::File(path), raw)),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    layers.0.push((Origin::Environment(PREFIX), environment.raw(&mut mistakes)));
    layers.0.push((Origin::Flags, flags));
    let settings = check::settings(&layers, mistakes)?;
    Ok(Settings { provisioning, ..settings })
}

impl Environment {
    /// Of this process.
    pub fn of_process() -> Self {
        std::env::vars_os().collect()
    }

    /// Is standard error the journal, which stamps the time itself?
    pub fn has_journal(&self) -> bool {
        self.path("JOURNAL_STREAM").is_some()
    }

    /// Where short-lived files may go.
    pub fn temporary_folder(&self) -> PathBuf {
        self.path("TMPDIR").unwrap_or_else(|| PathBuf::from("/tmp"))
    }

    /// A variable that names a file or folder, unless it is empty.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.0.get(std::ffi::OsStr::new(name)).filter(|value| !value.is_empty()).map(PathBuf::from)
    }

    /// A file that systemd hands to this unit, or to the running service whose folder that is. A missing one is normal.
    pub fn credential(&self, service: &str, name: &str) -> Option<PathBuf> {
        let folders = self.path("CREDENTIALS_DIRECTORY").into_iter().chain([PathBuf::from(service)]);
        folders.map(|folder| folder.join(name)).find(|path| path.exists())
    }

    /// The variables that begin so, without that beginning; `None`: the value is not text.
    pub fn variables<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, Option<&'a str>)> {
        let named = self.0.iter().filter_map(move |(name, value)| Some((name.to_str()?.strip_prefix(prefix)?, value)));
        named.map(|(key, value)| (key, value.to_str()))
    }

    /// Without one the agent keeps a sealing key of its own.
    fn sealing_credential(&self) -> Option<(Origin, Raw)> {
        let path = self.credential(AGENT_CREDENTIALS, CREDENTIAL)?;
        let sealing_key = Some(path.to_str()?.to_owned());
        Some((Origin::Environment(PREFIX), Raw { sealing_key, ..Raw::default() }))
    }

    fn raw(&self, mistakes: &mut Vec<Mistake>) -> Raw {
        let mut raw = Raw::default();
        let ours = |key: &str| !["CONFIG", "PROVISIONING"].contains(&key) && !key.starts_with(SERVICE_PREFIX);
        for (key, value) in self.variables(PREFIX).filter(|(key, _)| ours(key)) {
            let known = match value {
                Some(value) => set(&mut raw, key, value),
                None => Err(NOT_TEXT),
            };
            if let Err(sentence) = known {
                let sentence = sentence.to_owned();
                mistakes.push(Mistake { origin: Origin::Environment(PREFIX), key: key.to_owned(), sentence });
            }
        }
        raw
    }
}

impl FromIterator<(OsString, OsString)> for Environment {
    fn from_iter<I: IntoIterator<Item = (OsString, OsString)>>(variables: I) -> Self {
        Self(variables.into_iter().collect())
    }
}

/// What a variable that holds a list says: items between commas.
pub fn items(value: &str) -> Vec<String> {
    value.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

fn set(raw: &mut Raw, key: &str, value: &str) -> Result<(), &'static str> {
    let text = Some(value.to_owned());
    let list = || Some(items(value));
    match key {
        "SERVICE" => raw.service = text,
        "CLIENT_ID" => raw.client_id = text,
        "CA_FILE" => raw.ca_file = text,
        "STATE_DIR" => raw.state_dir = text,
        "RUNTIME_DIR" => raw.runtime_dir = text,
        "SEALING_KEY" => raw.sealing_key = text,
        "LOG" => raw.log = text,
        "PANEL_LISTEN" => raw.panel.listen = list(),
        "PANEL_NAMES" => raw.panel.names = list(),
        "PANEL_TRUSTED_PROXIES" => raw.panel.trusted_proxies = list(),
        "PANEL_CERTIFICATE" => raw.panel.certificate = text,
        "PANEL_CERTIFICATE_KEY" => raw.panel.certificate_key = text,
        "BROKER_GROUPS" => raw.broker.groups = list(),
        "DEVICE_UNIT" => raw.device.unit = text,
        "UPDATES_INDEX" => raw.updates.index = text,
        "UPDATES_PUBLIC_KEY" => raw.updates.public_key = text,
        _ => return Err(NO_SUCH_SETTING),
    }
    Ok(())
}

/// The main file (`usual` unless one is named, which then must exist), then `conf.d/*.toml` beside it by name.
pub fn files(named: Option<&Path>, usual: &Path, mistakes: &mut Vec<Mistake>) -> Vec<PathBuf> {
    let main = named.unwrap_or(usual);
    let folder = main.with_file_name("conf.d");
    let mut found = match fs::read_dir(&folder) {
        Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(error) => {
            mistakes.push(unreadable(&folder, &error));
            Vec::new()
        }
    };
    found.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    found.sort();
    if named.is_some() || main.exists() {
        found.insert(0, main.to_owned());
    }
    found
}

fn parse(path: &Path) -> Result<Raw, Mistake> {
    let text = fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
    toml::from_str(&text).map_err(|error| not_toml(path, &text, &error))
}

/// With the line where the file stops making sense.
pub fn not_toml(path: &Path, text: &str, error: &toml::de::Error) -> Mistake {
    let line = line_of(text, error.span().map_or(0, |span| span.start));
    let sentence = format!("line {line}: {}.", error.message().trim_end_matches('.').replace('\n', " "));
    Mistake { origin: Origin::File(path.to_owned()), key: String::new(), sentence }
}

/// Where a byte of a file is, for people.
pub fn line_of(text: &str, place: usize) -> usize {
    text.get(..place).map_or(1, |before| before.matches('\n').count() + 1)
}

/// The file or folder is there, but not for us.
pub fn unreadable(path: &Path, error: &std::io::Error) -> Mistake {
    let sentence = format!("it cannot be read ({error}); check the path and its permissions.");
    Mistake { origin: Origin::File(path.to_owned()), key: String::new(), sentence }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_then_environment_then_flags() {
        let folder = tempfile::tempdir().unwrap();
        let config =
            write(folder.path(), "latchkey.toml", "log = \"error\"\nstate_dir = \"/one\"\nruntime_dir = \"/a\"");
        write(folder.path(), "conf.d/20.toml", "state_dir = \"/three\"\n[broker]\ngroups = [\"x\"]");
        write(folder.path(), "conf.d/10.toml", "state_dir = \"/two\"");
        write(folder.path(), "conf.d/30.toml.bak", "nonsense");
        let environment = environment(&[("LATCHKEY_RUNTIME_DIR", "/b"), ("LATCHKEY_BROKER_GROUPS", "y, z")]);
        let flags = Raw { runtime_dir: Some("/c".to_owned()), ..Raw::default() };
        let settings = read(Some(&config), &environment, flags).unwrap();
        assert_eq!(settings.log, crate::settings::LogLevel::Error);
        assert_eq!(settings.state_dir, Path::new("/three"));
        assert_eq!(settings.runtime_dir, Path::new("/c"));
        assert_eq!(settings.broker.groups, ["y", "z"]);
    }

    #[test]
    fn a_misspelt_key_is_named_with_file_and_line() {
        let folder = tempfile::tempdir().unwrap();
        let config = write(folder.path(), "latchkey.toml", "log = \"info\"\n\n[panel]\nlisten_on = []\n");
        let error = read(Some(&config), &Environment::default(), Raw::default()).unwrap_err().to_string();
        let start = format!("{}: line 4: unknown field `listen_on`, expected one of ", config.display());
        assert!(error.starts_with(&start), "{error}");
        assert_eq!(error.lines().count(), 1);
    }

    #[test]
    fn a_misspelt_variable_is_named_and_those_of_the_service_are_not_ours() {
        let environment = environment(&[("LATCHKEY_CLOUD_LISTEN", "x"), ("LATCHKEY_PANEL_NAME", "x")]);
        let error = read(Some(&empty_config()), &environment, Raw::default()).unwrap_err();
        let sentence = "LATCHKEY_PANEL_NAME: there is no such setting; remove the variable or mend its name.";
        assert!(error.to_string().contains(sentence), "{error}");
        assert!(!error.to_string().contains("CLOUD"), "{error}");
    }

    #[test]
    fn every_setting_can_be_said_in_a_variable() {
        for key in crate::settings::keys::REFERENCE.keys {
            assert_eq!(set(&mut Raw::default(), &key.variable(), "x"), Ok(()), "{}", key.name);
        }
    }

    #[test]
    fn a_named_settings_file_must_exist() {
        let error = read(Some(Path::new("/nonexistent/x.toml")), &Environment::default(), Raw::default()).unwrap_err();
        assert!(error.to_string().starts_with("/nonexistent/x.toml: it cannot be read"), "{error}");
    }

    #[test]
    fn a_sealing_credential_is_used_when_systemd_gives_one_and_missed_by_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let environment = environment(&[("CREDENTIALS_DIRECTORY", folder.path().to_str().unwrap())]);
        let config = write(folder.path(), "latchkey.toml", "");
        assert_eq!(read(Some(&config), &environment, Raw::default()).unwrap().sealing_key, None);
        let credential = write(folder.path(), "latchkey-sealing-key", "");
        assert_eq!(read(Some(&config), &environment, Raw::default()).unwrap().sealing_key, Some(credential));
    }

    fn environment(variables: &[(&str, &str)]) -> Environment {
        variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))).collect()
    }

    fn empty_config() -> PathBuf {
        PathBuf::from("/dev/null")
    }

    fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }
}
