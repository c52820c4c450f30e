//! Every setting there is: how it is called, what it means, what it is when nobody says. The default configuration file is
//! written from this list.

use super::sheet::{Sheet, Value};

/// One setting.
pub(crate) struct Key {
    /// `mail.server`; `*` stands for a name that the operator chooses.
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// As it stands in a file.
    pub(crate) example: &'static str,
    pub(crate) about: &'static str,
}

/// How it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Text, a number, true or false; the example is the default.
    One,
    /// A list of texts; the example is the default.
    Many,
    /// As `One`, without a default.
    OneIfAny,
}

const fn one(name: &'static str, example: &'static str, about: &'static str) -> Key {
    Key { name, kind: Kind::One, example, about }
}

const fn many(name: &'static str, example: &'static str, about: &'static str) -> Key {
    Key { name, kind: Kind::Many, example, about }
}

const fn one_if_any(name: &'static str, example: &'static str, about: &'static str) -> Key {
    Key { name, kind: Kind::OneIfAny, example, about }
}

/// In the order of the configuration file: those without a section first.
pub(crate) const KEYS: &[Key] = &[
    one(
        "state_dir",
        r#""/var/lib/latchkey-cloud""#,
        "Folder for the server key, and for the database when it is a file.",
    ),
    one("log", r#""info""#, "How much is logged: error, warn, info or debug."),
    one("brand", r#""Latchkey""#, "What mail, text messages and pages call the service."),
    many("listen", r#"["127.0.0.1:29980"]"#, "Where clients connect."),
    one_if_any(
        "public_url",
        r#""https://accounts.example.org""#,
        "The URL that clients use, when it is not the address itself.",
    ),
    many(
        "trusted_proxies",
        "[]",
        "Addresses of reverse proxies: only from them is X-Forwarded-For believed, and plain HTTP taken on other addresses\n\
         than the loopback.",
    ),
    one("insecure_http", "false", "Take plain HTTP from other machines although anybody on the way can listen."),
    many("metrics_listen", "[]", "Where Prometheus finds /metrics; nobody else should reach it."),
    one(
        "user_pool_id",
        r#""local_Latchkey""#,
        "Cognito user pool id, REGION_NAME. Passwords are bound to the name: choose it before the first account.",
    ),
    one("client_id", r#""latchkeyagent""#, "The client id that agents and panels send."),
    one(
        "passwords",
        r#""srp""#,
        "How passwords rest: \"srp\" (clients never send them) or \"argon2id\" (clients send them; a slower guess for thieves).",
    ),
    one("access_keys", "2", "How many access keys an account may have; 0 for any number."),
    one("events_days", "400", "For how many days owners can see what happened to their accounts."),
    one(
        "failures_per_source",
        "60",
        "So many failed sign-ins, codes and the like are free for one address (IPv6: its /64 network); one more each minute.\n\
         After that it waits, each time longer. 0: no limit. This machine itself never waits.",
    ),
    many(
        "redirect_urls",
        "[]",
        "Addresses of programs of your own that a browser may be sent back to after a sign-in by way of an identity\n\
         provider. The one that panels use is always allowed.",
    ),
    many("logout_urls", "[]", "The same after signing out."),
    one_if_any(
        "database.url",
        r#""postgres:///latchkey?host=/run/postgresql""#,
        "A PostgreSQL that several instances may share, when its URL needs no password. Without one, a SQLite file.",
    ),
    one_if_any(
        "database.url_file",
        r#""/etc/latchkey-cloud/database-url""#,
        "File whose first line is the URL, when it has a password. Or systemd's credential 'database-url'.",
    ),
    one_if_any(
        "tls.certificate",
        r#""/etc/latchkey-cloud/fullchain.pem""#,
        "Certificate and chain (PEM), when the service brings HTTPS itself. Read again when it changes, and on SIGHUP.",
    ),
    one_if_any("tls.key", r#""/etc/latchkey-cloud/privkey.pem""#, "The key that belongs to it (PEM)."),
    one_if_any(
        "mail.server",
        r#""smtp.example.org""#,
        "Host name of the mail server. Without one, mail waits in 'latchkey-cloud outbox' only.",
    ),
    one_if_any("mail.port", "587", "587 with starttls, 465 with implicit, 25 with none, unless another one is named."),
    one("mail.tls", r#""starttls""#, "starttls, implicit, or none (only for a server on this machine)."),
    one_if_any("mail.from", r#""Latchkey <accounts@example.org>""#, "Who the mail is from."),
    one_if_any("mail.user", r#""accounts@example.org""#, "Name at the mail server, when it wants one."),
    one_if_any(
        "mail.password_file",
        r#""/etc/latchkey-cloud/mail-password""#,
        "File whose first line is the password. Or systemd's credential 'mail-password'.",
    ),
    one_if_any("mail.ca_file", r#""/etc/latchkey-cloud/ca.pem""#, "Certificates to trust beside the system's."),
    one(
        "sms.by",
        r#""none""#,
        "How text messages travel: gateway (HTTP), modem (ModemManager's mmcli), or none ('latchkey-cloud outbox' only).",
    ),
    one_if_any(
        "sms.url",
        r#""https://api.twilio.com/2010-04-01/Accounts/AC…/Messages.json""#,
        "URL of the gateway. In URL and body {to}, {text} and {from} are filled in, encoded as needed.",
    ),
    one("sms.method", r#""POST""#, "POST, PUT or GET."),
    one("sms.encoding", r#""form""#, "How the body is written: form or json."),
    one("sms.body", r#""To={to}&From={from}&Body={text}""#, "The body; this one is Twilio's."),
    many(
        "sms.headers",
        "[]",
        "Further header lines, such as \"Authorization: Bearer {secret}\"; {secret} is what sms.secret_file holds.",
    ),
    one_if_any(
        "sms.user",
        r#""AC…""#,
        "Name for basic authentication (Twilio: the account SID); sms.secret_file has the password.",
    ),
    one_if_any(
        "sms.secret_file",
        r#""/etc/latchkey-cloud/sms-secret""#,
        "File whose first line is the gateway's password or token. Or systemd's credential 'sms-secret'.",
    ),
    one_if_any(
        "sms.from",
        r#""+12065550100""#,
        "The number or name that messages are from, when the gateway wants one.",
    ),
    one_if_any("sms.ca_file", r#""/etc/latchkey-cloud/ca.pem""#, "Certificates to trust beside the system's."),
    one_if_any(
        "identity_providers.*.issuer",
        r#""https://accounts.google.com""#,
        "Sign-in with Google, or any other OpenID provider: a section for each, called as people shall read it. Register\n\
         this service there with its public URL and /oauth2/idpresponse after it.",
    ),
    one_if_any(
        "identity_providers.*.client_id",
        r#""1234.apps.googleusercontent.com""#,
        "What the provider calls this service.",
    ),
    one_if_any(
        "identity_providers.*.client_secret_file",
        r#""/etc/latchkey-cloud/google-client-secret""#,
        "File whose first line is the secret that the provider gave. Or systemd's credential 'google-client-secret'.",
    ),
    one_if_any(
        "identity_providers.*.ca_file",
        r#""/etc/latchkey-cloud/ca.pem""#,
        "Certificates to trust beside the system's.",
    ),
];

impl Kind {
    pub(crate) fn is_list(self) -> bool {
        matches!(self, Self::Many)
    }

    pub(crate) fn has_default(self) -> bool {
        matches!(self, Self::One | Self::Many)
    }
}

impl Key {
    pub(crate) fn is(&self, name: &str) -> bool {
        let (mut pattern, mut words) = (self.name.split('.'), name.split('.'));
        loop {
            match (pattern.next(), words.next()) {
                (None, None) => return true,
                (Some("*"), Some(word)) if !word.is_empty() => {}
                (Some(expected), Some(word)) if expected == word => {}
                _differs => return false,
            }
        }
    }

    /// `MAIL_SERVER`
    pub(crate) fn variable(&self) -> String {
        self.name.to_uppercase().replace('.', "_")
    }
}

/// The setting of that name.
pub(crate) fn named(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.is(name))
}

/// What holds when nobody says otherwise.
pub(crate) fn defaults() -> Sheet {
    let mut sheet = Sheet::default();
    for key in KEYS.iter().filter(|key| key.kind.has_default()) {
        let inner = key.example.trim_matches(['[', ']', '"']);
        let value = match key.kind.is_list() {
            true if inner.is_empty() => Value::Many(Vec::new()),
            true => Value::Many(vec![inner.to_owned()]),
            false => Value::One(inner.to_owned()),
        };
        sheet.put(key.name, value);
    }
    sheet
}

/// The configuration file as it is installed: everything there, and nothing said.
pub fn template() -> String {
    let mut text = "# Settings of latchkey-cloud, the account service. What stands here is the default, or an example where there is none;\n\
                    # remove the '#' before a line to say it. Files in conf.d beside this one, LATCHKEY_CLOUD_… variables and flags win\n\
                    # over it. Secrets stand in files of their own that only the service can read.\n\
                    # Check what you wrote: latchkey-cloud check\n"
        .to_owned();
    let mut section = "";
    for key in KEYS {
        let (of, name) = key.name.rsplit_once('.').unwrap_or(("", key.name));
        if of != section {
            section = of;
            let sleeping = if of.contains('*') { "#" } else { "" };
            text += &format!("\n{sleeping}[{}]\n", of.replace('*', "Google"));
        } else {
            text += if of.is_empty() { "\n" } else { "" };
        }
        for line in key.about.lines() {
            text += &format!("# {line}\n");
        }
        text += &format!("#{name} = {}\n", key.example);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_installed_configuration_file_shows_every_setting_with_its_default() {
        let installed = include_str!("../../../systemd/latchkey-cloud.toml");
        assert_eq!(installed, template(), "write it again: latchkey-cloud check --print-settings");
    }

    #[test]
    fn every_setting_can_be_said_in_a_file_and_most_in_a_variable() {
        let awake: String = template()
            .lines()
            .map(|line| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line).to_owned() + "\n")
            .collect();
        let (sheet, mistakes) = Sheet::of_file(std::path::Path::new("x.toml"), &awake);
        assert!(mistakes.is_empty(), "{mistakes:?}");
        let mut variables: Vec<String> = KEYS.iter().map(Key::variable).collect();
        variables.sort();
        variables.dedup();
        assert_eq!(variables.len(), KEYS.len(), "two settings have one variable");
        for key in KEYS {
            let name = key.name.replace('*', "Google");
            assert!(sheet.one(&name).is_some() != sheet.many(&name).is_some(), "{name}");
        }
    }
}
