//! What the service is told. Every source is read raw (defaults, `/etc/latchkey-cloud/latchkey-cloud.toml`, `conf.d/*.toml`
//! beside it, `LATCHKEY_CLOUD_…` in the environment, flags; the later wins) and checked once into [`Settings`]. Secrets stand
//! in files of their own, or come from systemd.

mod check;
pub(super) mod keys;
mod secrets;
mod sheet;
mod values;

pub use keys::REFERENCE;
pub use sheet::Sheet;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::Plan;
use crate::settings::source::{files, unreadable};
use crate::settings::{Environment, Error, Layers, LogLevel, Origin};

const CONFIG: &str = "/etc/latchkey-cloud/latchkey-cloud.toml";

/// Complete and typed.
#[derive(Clone, Debug)]
pub struct Settings {
    pub plan: Plan,
    pub log: LogLevel,
    pub listen: Vec<SocketAddr>,
    pub metrics_listen: Vec<SocketAddr>,
    /// HTTPS by the service itself.
    pub tls: Option<TlsFiles>,
}

/// Certificate chain and key, PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// Reads every source and checks what they say together. `config` stands for the usual file, and must exist.
pub fn read(config: Option<&Path>, environment: &Environment, flags: Sheet) -> Result<Settings, Error> {
    let mut mistakes = Vec::new();
    let mut layers = Layers(vec![(Origin::Defaults, keys::defaults())]);
    let config = config.map(Path::to_owned).or_else(|| environment.path("LATCHKEY_CLOUD_CONFIG"));
    for path in files(config.as_deref(), Path::new(CONFIG), &mut mistakes) {
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                let (sheet, found) = Sheet::of_file(&path, &text);
                mistakes.extend(found);
                layers.0.push((Origin::File(path), sheet));
            }
            Err(error) => mistakes.push(unreadable(&path, &error)),
        }
    }
    let (variables, found) = Sheet::of_environment(environment);
    mistakes.extend(found);
    layers.0.push((Origin::Environment(sheet::PREFIX), variables));
    layers.0.push((Origin::Flags, flags));
    check::settings(&layers, environment, mistakes)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::cloud::delivery::{MailTls, Sms};

    /// A folder with a configuration file, and what it says.
    struct Desk(tempfile::TempDir);

    impl Desk {
        fn new(config: &str) -> Self {
            let desk = Self(tempfile::tempdir().unwrap());
            desk.write("latchkey-cloud.toml", &config.replace("[dir]", desk.0.path().to_str().unwrap()), 0o644);
            desk
        }

        fn write(&self, name: &str, text: &str, mode: u32) -> PathBuf {
            let path = self.0.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            path
        }

        fn read(&self, variables: &[(&str, &str)], flags: Sheet) -> Result<Settings, Error> {
            let environment =
                variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))).collect();
            read(Some(&self.0.path().join("latchkey-cloud.toml")), &environment, flags)
        }

        fn mistakes(&self) -> String {
            self.read(&[], Sheet::default()).unwrap_err().to_string().replace(self.0.path().to_str().unwrap(), "[dir]")
        }
    }

    #[test]
    fn without_any_source_the_service_listens_on_its_own_machine_and_keeps_messages_to_itself() {
        let settings = Desk::new("").read(&[], Sheet::default()).unwrap();
        assert_eq!(settings.listen, ["127.0.0.1:29980".parse().unwrap()]);
        assert_eq!(settings.plan.state, Path::new("/var/lib/latchkey-cloud"));
        assert_eq!(settings.plan.user_pool_id, crate::cloud::USUAL_POOL);
        assert_eq!(settings.plan.client_id, Plan::new(PathBuf::new()).client_id);
        assert_eq!(settings.plan.access_keys_per_account, 2);
        assert!(settings.plan.delivery.mail.is_none() && settings.plan.delivery.sms.is_none());
        assert!(settings.plan.database.is_none() && settings.tls.is_none() && settings.metrics_listen.is_empty());
    }

    #[test]
    fn file_then_folder_then_variables_then_flags() {
        let desk = Desk::new("state_dir = \"/one\"\nbrand = \"One\"\naccess_keys = 3\nlog = \"debug\"");
        desk.write("conf.d/10.toml", "brand = \"Two\"\naccess_keys = 4\nlog = \"warn\"", 0o644);
        let mut flags = Sheet::default();
        flags.say("access_keys", Some(6));
        flags.say_all("listen", vec!["127.0.0.1:1".to_owned(), "[::1]:2".to_owned()]);
        let variables = [("LATCHKEY_CLOUD_ACCESS_KEYS", "5"), ("LATCHKEY_CLOUD_LOG", "error"), ("LATCHKEY_LOG", "x")];
        let settings = desk.read(&variables, flags).unwrap();
        assert_eq!(settings.plan.state, Path::new("/one"));
        assert_eq!(settings.plan.brand, "Two");
        assert_eq!(settings.log, LogLevel::Error);
        assert_eq!(settings.plan.access_keys_per_account, 6);
        assert_eq!(settings.listen.len(), 2);
    }

    #[test]
    fn every_mistake_is_one_sentence_with_its_place() {
        let desk = Desk::new(
            "log = \"loud\"\nlisten = \"127.0.0.1:1\"\npublic_url = \"x\"\n[mail]\nport = \"many\"\nserver = \"smtp.example.org\"\nsmpt = 1\n",
        );
        let mut flags = Sheet::default();
        flags.say("state_dir", Some("here"));
        let variables = [("LATCHKEY_CLOUD_ACCESS_KEYS", "two"), ("LATCHKEY_CLOUD_LISTN", "x")];
        let lines = desk.read(&variables, flags).unwrap_err().to_string();
        let file = format!("{}/latchkey-cloud.toml", desk.0.path().display());
        for expected in [
            format!("{file}: line 2: listen must be a list, such as [\"…\"]."),
            format!("{file}: line 7: there is no setting 'mail.smpt'; remove it or mend its name."),
            "LATCHKEY_CLOUD_LISTN: there is no such setting; remove the variable or mend its name.".to_owned(),
            "--state-dir: 'here' must be an absolute path, beginning with '/'.".to_owned(),
            format!("{file}: log: 'loud' is not a log level; choose error, warn, info or debug."),
            format!("{file}: public_url: 'x' is no base URL; write it like https://accounts.example.org."),
            "LATCHKEY_CLOUD_ACCESS_KEYS: 'two' is not a whole number in its range.".to_owned(),
            format!("{file}: mail.port: 'many' is not a whole number in its range."),
            format!("{file}: mail.from: it is needed beside mail.server."),
        ] {
            assert!(lines.lines().any(|line| line == expected), "{expected}\nis missing in\n{lines}");
        }
        assert_eq!(lines.lines().count(), 9, "{lines}");
    }

    #[test]
    fn plain_http_for_other_machines_wants_a_proxy_a_certificate_or_a_clear_word() {
        let sentence = Desk::new("listen = [\"0.0.0.0:80\"]").mistakes();
        assert!(
            sentence.contains("listen: 0.0.0.0:80 is open to other machines, who would send passwords unprotected")
        );
        for fine in
            ["trusted_proxies = [\"10.0.0.1\"]", "insecure_http = true", "[tls]\ncertificate = \"/c\"\nkey = \"/k\""]
        {
            let settings = Desk::new(&format!("listen = [\"0.0.0.0:80\"]\n{fine}")).read(&[], Sheet::default());
            assert!(settings.is_ok(), "{fine}: {settings:?}");
        }
    }

    #[test]
    fn secrets_are_read_from_files_that_others_cannot_read() {
        let desk = Desk::new(
            "[mail]\nserver = \"smtp.example.org\"\nfrom = \"accounts@example.org\"\nuser = \"ann\"\npassword_file = \"[dir]/pw\"",
        );
        assert!(desk.mistakes().contains("mail.password_file: [dir]/pw cannot be read"), "{}", desk.mistakes());
        desk.write("pw", "hunter2\n", 0o644);
        assert!(
            desk.mistakes()
                .contains("every user of this machine can read [dir]/pw; mend it with 'chmod 640 [dir]/pw'.")
        );
        desk.write("pw", "\n", 0o640);
        assert!(desk.mistakes().contains("[dir]/pw is empty"));
        desk.write("pw", "hunter2\nsecond line", 0o640);
        let mail = desk.read(&[], Sheet::default()).unwrap().plan.delivery.mail.unwrap();
        assert_eq!(mail.password.unwrap().expose(), "hunter2");
        assert_eq!((mail.port, mail.tls), (587, MailTls::StartTls));
    }

    #[test]
    fn a_credential_of_systemd_stands_for_the_file() {
        let desk = Desk::new("");
        desk.write("database-url", "postgres://ann:hunter2@db/x", 0o400);
        let folder = desk.0.path().to_str().unwrap().to_owned();
        let settings = desk.read(&[("CREDENTIALS_DIRECTORY", &folder)], Sheet::default()).unwrap();
        assert_eq!(settings.plan.database.unwrap().expose(), "postgres://ann:hunter2@db/x");
    }

    #[test]
    fn twilio_works_from_settings_alone() {
        let desk = Desk::new(
            "[sms]\nby = \"gateway\"\nurl = \"https://api.twilio.com/2010-04-01/Accounts/AC1/Messages.json\"\nuser = \"AC1\"\n\
             secret_file = \"[dir]/token\"\nfrom = \"+12065550100\"",
        );
        desk.write("token", "secret\n", 0o600);
        let Some(Sms::Gateway(gateway)) = desk.read(&[], Sheet::default()).unwrap().plan.delivery.sms else { panic!() };
        assert_eq!((gateway.method.as_str(), gateway.body.as_str()), ("POST", "To={to}&From={from}&Body={text}"));
        assert_eq!(gateway.user.as_deref(), Some("AC1"));
        assert!(
            Desk::new("[sms]\nby = \"gateway\"")
                .mistakes()
                .contains("sms.url: it is needed when sms.by is \"gateway\".")
        );
    }

    #[test]
    fn mail_goes_unprotected_to_this_machine_only() {
        let far = "[mail]\nserver = \"smtp.example.org\"\nfrom = \"a@example.org\"\ntls = \"none\"";
        assert!(
            Desk::new(far)
                .mistakes()
                .contains("mail.tls: smtp.example.org is another machine; choose starttls or implicit.")
        );
        let near = Desk::new(&far.replace("smtp.example.org", "127.0.0.1")).read(&[], Sheet::default()).unwrap();
        assert_eq!(near.plan.delivery.mail.unwrap().port, 25);
    }

    #[test]
    fn google_is_named_as_its_section_and_wants_everything_that_it_needs() {
        let desk = Desk::new(
            "redirect_urls = [\"remoteit://authCallback\"]\n[identity_providers.Google]\nissuer = \"https://accounts.google.com\"\n\
             client_id = \"1234\"\nclient_secret_file = \"[dir]/google\"",
        );
        desk.write("google", "hunter2\n", 0o600);
        let plan = desk.read(&[], Sheet::default()).unwrap().plan;
        let [google] = plan.identity_providers.as_slice() else { panic!("one provider") };
        assert_eq!((google.name.as_str(), google.client_secret.expose().as_str()), ("Google", "hunter2"));
        assert_eq!(plan.redirect_urls, ["remoteit://authCallback"]);
        let lines =
            Desk::new("logout_urls = [\"javascript://x\"]\n[identity_providers.Own]\nissuer = \"http://id.lan\"")
                .mistakes();
        for expected in
            ["Own.client_id: it is needed", "Own.client_secret_file: it is needed", "'javascript://x' must be a URL"]
        {
            assert!(lines.contains(expected), "{lines}");
        }
        let open = Desk::new(
            "[identity_providers.Own]\nissuer = \"http://id.lan\"\nclient_id = \"x\"\nclient_secret_file = \"[dir]/own\"",
        );
        open.write("own", "x", 0o600);
        assert!(open.mistakes().contains("'http://id.lan' must be an https:// URL"), "{}", open.mistakes());
    }
}
