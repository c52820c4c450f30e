//! Every setting of the service. Its settings file, the README and the manual page are written from this list.

use super::sheet::{PREFIX, Sheet, Value};
use crate::settings::reference::{Key, Reference, many, one, one_if_any};

/// The settings of `latchkey-cloud`.
pub const REFERENCE: Reference = Reference {
    program: "latchkey-cloud",
    file: "/etc/latchkey-cloud/latchkey-cloud.toml",
    variables: PREFIX,
    preface: "Settings of latchkey-cloud, the account service. What stands here is the default, or an example where there is \
              none; remove the '#' before a line to say it. Files in conf.d beside this one, LATCHKEY_CLOUD_… variables and \
              flags win over it. Secrets stand in files of their own that only the service can read.\n\
              After a change: latchkey-cloud check && sudo systemctl restart latchkey-cloud",
    keys: KEYS,
};

/// In the order of the configuration file: those without a section first.
pub(crate) const KEYS: &[Key] = &[
    one(
        "state_dir",
        r#""/var/lib/latchkey-cloud""#,
        "Folder for the server key, and for the database when it is a file. Change it to put them on another disk; the unit \
         then needs ReadWritePaths= for the new one.",
    ),
    one(
        "log",
        r#""info""#,
        "How much is logged: error, warn, info or debug. Choose debug while you look for the cause of trouble.",
    ),
    one(
        "brand",
        r#""Latchkey""#,
        "What mail, text messages, pages and authenticator apps call the service. Change it to the name that your people know.",
    ),
    many(
        "listen",
        r#"["127.0.0.1:29980"]"#,
        "Where clients connect. Change it when they come from other machines, and say too how HTTPS comes about: tls, \
         trusted_proxies or insecure_http.",
    ),
    one_if_any(
        "public_url",
        r#""https://accounts.example.org""#,
        "The URL that clients use. Set it whenever that is not the address in listen itself: behind a proxy, or with a name.",
    ),
    many(
        "trusted_proxies",
        "[]",
        "Addresses of reverse proxies: only from them is X-Forwarded-For believed, and plain HTTP taken on other addresses \
         than the loopback. Set it when a proxy brings HTTPS.",
    ),
    one(
        "insecure_http",
        "false",
        "Take plain HTTP from other machines although anybody on the way can listen. Leave it, except on a closed test network.",
    ),
    many(
        "metrics_listen",
        "[]",
        "Where Prometheus finds /metrics. Set it when you watch the service with Prometheus; nobody else should reach it.",
    ),
    one(
        "user_pool_id",
        r#""local_Latchkey""#,
        "Cognito user pool id, REGION_NAME. Passwords are bound to the name: choose it before the first account, never later.",
    ),
    one(
        "client_id",
        r#""latchkeyagent""#,
        "The client id that agents and panels send. Change it only for clients that have another one built in.",
    ),
    one(
        "passwords",
        r#""srp""#,
        "How passwords rest: \"srp\" (clients never send them) or \"argon2id\" (clients send them; a slower guess for \
         thieves). Accounts change over to argon2id as their owners sign in; the way back wants new passwords.",
    ),
    one(
        "access_keys",
        "2",
        "How many access keys an account may have; 0 for any number. Raise it for owners of many devices.",
    ),
    one(
        "events_days",
        "400",
        "For how many days owners can see what happened to their accounts. Lower it to keep less.",
    ),
    one(
        "failures_per_source",
        "60",
        "So many failed sign-ins, codes and the like are free for one address (IPv6: its /64 network); one more each minute. \
         After that it waits, each time longer. 0: no limit. This machine itself never waits. Raise it when many people share \
         one address.",
    ),
    many(
        "redirect_urls",
        "[]",
        "Addresses of programs of your own that a browser may be sent back to after a sign-in by way of an identity \
         provider. The one that panels use is always allowed.",
    ),
    many("logout_urls", "[]", "Addresses that a browser may be sent to after signing out. As with redirect_urls."),
    one_if_any(
        "database.url",
        r#""postgres:///latchkey?host=/run/postgresql""#,
        "A PostgreSQL, when its URL needs no password. Set it when several instances share the accounts; without it they are \
         in an SQLite file.",
    ),
    one_if_any(
        "database.url_file",
        r#""/etc/latchkey-cloud/database-url""#,
        "File whose first line is the URL, when it has a password. Or systemd's credential 'database-url'.",
    ),
    one_if_any(
        "tls.certificate",
        r#""/etc/latchkey-cloud/fullchain.pem""#,
        "Certificate and chain (PEM). Set it when the service brings HTTPS itself. Read again when it changes, and on SIGHUP.",
    ),
    one_if_any("tls.key", r#""/etc/latchkey-cloud/privkey.pem""#, "The key that belongs to tls.certificate (PEM)."),
    one_if_any(
        "mail.server",
        r#""smtp.example.org""#,
        "Host name of the mail server. Set it as soon as people other than you have accounts: without one, mail waits in \
         'latchkey-cloud outbox' only.",
    ),
    one_if_any(
        "mail.port",
        "587",
        "587 with starttls, 465 with implicit, 25 with none, unless another one is named here.",
    ),
    one("mail.tls", r#""starttls""#, "starttls, implicit, or none (only for a server on this machine)."),
    one_if_any("mail.from", r#""Latchkey <accounts@example.org>""#, "Who the mail is from; needed beside mail.server."),
    one_if_any("mail.user", r#""accounts@example.org""#, "Name at the mail server, when it wants one."),
    one_if_any(
        "mail.password_file",
        r#""/etc/latchkey-cloud/mail-password""#,
        "File whose first line is the password. Or systemd's credential 'mail-password'.",
    ),
    one_if_any(
        "mail.ca_file",
        r#""/etc/latchkey-cloud/ca.pem""#,
        "Certificates to trust beside the system's, when the mail server has one by an authority of your own.",
    ),
    one(
        "sms.by",
        r#""none""#,
        "How text messages travel: gateway (HTTP), modem (ModemManager's mmcli), or none ('latchkey-cloud outbox' only). Set \
         it when people shall use text messages as second factor.",
    ),
    one_if_any(
        "sms.url",
        r#""https://api.twilio.com/2010-04-01/Accounts/AC…/Messages.json""#,
        "URL of the gateway. In URL and body {to}, {text} and {from} are filled in, encoded as needed.",
    ),
    one("sms.method", r#""POST""#, "POST, PUT or GET, as the gateway wants it."),
    one("sms.encoding", r#""form""#, "How the body is written: form or json."),
    one(
        "sms.body",
        r#""To={to}&From={from}&Body={text}""#,
        "The body; this one is Twilio's. Change it for another gateway.",
    ),
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
    one_if_any(
        "sms.ca_file",
        r#""/etc/latchkey-cloud/ca.pem""#,
        "Certificates to trust beside the system's, when the gateway has one by an authority of your own.",
    ),
    one_if_any(
        "identity_providers.*.issuer",
        r#""https://accounts.google.com""#,
        "Sign-in with Google, or any other OpenID provider: a section for each, called as people shall read it. Register \
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
        "Certificates to trust beside the system's, when the provider has one by an authority of your own.",
    ),
];

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_installed_file_and_the_readme_say_what_the_settings_describe() {
        REFERENCE.check_documents(include_str!("../../../systemd/latchkey-cloud.toml"));
    }

    #[test]
    fn every_setting_can_be_said_in_a_file_and_most_in_a_variable() {
        let file = REFERENCE.settings_file();
        let awake: String = file
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
