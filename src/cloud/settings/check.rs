//! From what was written to what it means; every mistake is found, not only the first.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use lettre::message::Mailbox;

use super::sheet::Sheet;
use super::values::{self, number, switch};
use super::{Settings, TlsFiles, secrets};
use crate::base::Secret;
use crate::cloud::delivery::{self, Encoding, Gateway, MailServer, MailTls, Sms};
use crate::cloud::{IdentityProvider, Plan, SourceLimit};
use crate::settings::values::{absolute, is_loopback, log_level, proxy};
use crate::settings::{Check, Environment, Error, Layers, Mistake, Origin};

const PROVIDERS: &str = "identity_providers";
/// Where systemd shows the running service's credentials to root, so that commands see what the service sees.
const CREDENTIALS: &str = "/run/credentials/latchkey-cloud.service";

pub(super) fn settings(
    layers: &Layers<Sheet>,
    environment: &Environment,
    mistakes: Vec<Mistake>,
) -> Result<Settings, Error> {
    let mut reading = Reading { check: Check { layers, mistakes }, environment };
    let settings = reading.settings();
    reading.check.finish(settings)
}

struct Reading<'a> {
    check: Check<'a, Sheet>,
    environment: &'a Environment,
}

impl Reading<'_> {
    fn settings(&mut self) -> Option<Settings> {
        let log = self.one("log", log_level);
        let listen = self.many("listen", values::address);
        let metrics_listen = self.many("metrics_listen", values::address);
        let tls = self.tls();
        let plan = self.plan();
        let insecure = self.one("insecure_http", switch);
        self.check_openness(&listen, tls.is_some() || insecure == Some(true), plan.as_ref());
        Some(Settings { plan: plan?, log: log?, listen, metrics_listen, tls })
    }

    fn plan(&mut self) -> Option<Plan> {
        let state = self.one("state_dir", absolute);
        let brand = self.one("brand", values::brand);
        let public_url = self.one("public_url", values::base_url);
        let trusted_proxies = self.many("trusted_proxies", proxy);
        let user_pool_id = self.one("user_pool_id", values::pool_id);
        let client_id = self.one("client_id", values::client_id);
        let passwords = self.one("passwords", values::passwords);
        let access_keys_per_account = self.one("access_keys", number::<u32>);
        let events_days = self.one("events_days", number::<u32>);
        let failures = self.one("failures_per_source", number::<u32>);
        let database = self.database();
        let redirect_urls = self.many("redirect_urls", values::return_url);
        let logout_urls = self.many("logout_urls", values::return_url);
        let identity_providers = self.identity_providers();
        let delivery = delivery::Plan { mail: self.mail(), sms: self.sms() };
        Some(Plan {
            database,
            public_url,
            user_pool_id: user_pool_id?,
            client_id: client_id?,
            access_keys_per_account: access_keys_per_account?,
            passwords: passwords?,
            events_kept: Duration::from_secs(u64::from(events_days?) * 24 * 3600),
            source_limit: SourceLimit { failures: failures?, ..SourceLimit::default() },
            trusted_proxies,
            brand: brand?,
            delivery,
            identity_providers,
            redirect_urls,
            logout_urls,
            ..Plan::new(state?)
        })
    }

    fn check_openness(&mut self, listen: &[SocketAddr], allowed: bool, plan: Option<&Plan>) {
        let open = listen.iter().find(|address| !address.ip().to_canonical().is_loopback());
        let behind_proxy = plan.is_none_or(|plan| !plan.trusted_proxies.is_empty());
        if let Some(address) = open.filter(|_| !allowed && !behind_proxy) {
            self.wrong("listen", format!(
                "{address} is open to other machines, who would send passwords unprotected; give tls.certificate and tls.key, \
                 name the trusted_proxies that bring HTTPS, or say insecure_http = true."
            ));
        }
    }

    fn tls(&mut self) -> Option<TlsFiles> {
        let (certificate, key) = (self.one("tls.certificate", absolute), self.one("tls.key", absolute));
        self.both("tls.certificate", "tls.key");
        self.both("tls.key", "tls.certificate");
        Some(TlsFiles { certificate: certificate?, key: key? })
    }

    fn database(&mut self) -> Option<Secret<String>> {
        let open = self.one("database.url", values::open_database_url);
        let Some(secret) = self.secret("database.url_file") else { return open };
        if open.is_some() {
            self.wrong("database.url", "give it, or database.url_file, but not both.".to_owned());
        }
        let checked = values::database_url(secret.expose());
        checked.map_err(|sentence| self.wrong("database.url_file", sentence)).ok()
    }

    fn mail(&mut self) -> Option<MailServer> {
        let tls = self.one("mail.tls", mail_tls);
        let port = self.one("mail.port", number::<u16>);
        let from = self.one("mail.from", mailbox);
        let (user, password) = (self.one("mail.user", line), self.secret("mail.password_file"));
        let ca_file = self.one("mail.ca_file", absolute);
        let host = self.one("mail.server", values::host)?;
        self.both("mail.server", "mail.from");
        self.both("mail.user", "mail.password_file");
        if tls == Some(MailTls::None) && !is_loopback(&host) {
            self.wrong("mail.tls", format!("{host} is another machine; choose starttls or implicit."));
        }
        let (tls, from) = (tls?, from?);
        let usual = match tls {
            MailTls::StartTls => 587,
            MailTls::Implicit => 465,
            MailTls::None => 25,
        };
        Some(MailServer { host, port: port.unwrap_or(usual), tls, from, user, password, ca_file })
    }

    fn sms(&mut self) -> Option<Sms> {
        match self.one("sms.by", |text| Ok(text.to_owned()))?.as_str() {
            "none" => None,
            "modem" => Some(Sms::Modem),
            "gateway" => self.gateway().map(Sms::Gateway),
            other => {
                self.wrong("sms.by", format!("'{other}' must be gateway, modem or none."));
                None
            }
        }
    }

    fn gateway(&mut self) -> Option<Gateway> {
        let (url, method) = (self.one("sms.url", values::gateway_url), self.one("sms.method", method));
        let encoding = self.one("sms.encoding", encoding);
        let body = self.one("sms.body", |text| Ok(text.to_owned()));
        let headers = self.many("sms.headers", values::header);
        let (user, secret) = (self.one("sms.user", line), self.secret("sms.secret_file"));
        let from = self.one("sms.from", line).unwrap_or_default();
        let ca_file = self.one("sms.ca_file", absolute);
        if !self.is_said("sms.url") {
            self.wrong("sms.url", "it is needed when sms.by is \"gateway\".".to_owned());
        }
        let (url, method, encoding, body) = (url?, method?, encoding?, body?);
        Some(Gateway { url, method, encoding, body, headers, user, secret, from, ca_file })
    }

    fn identity_providers(&mut self) -> Vec<IdentityProvider> {
        let layers = self.check.layers;
        let names: BTreeSet<&str> = layers.0.iter().flat_map(|(_, sheet)| sheet.names_below(PROVIDERS)).collect();
        names.into_iter().filter_map(|name| self.identity_provider(name)).collect()
    }

    fn identity_provider(&mut self, name: &str) -> Option<IdentityProvider> {
        let key = |what: &str| format!("{PROVIDERS}.{name}.{what}");
        let issuer = self.one(&key("issuer"), line);
        let client_id = self.one(&key("client_id"), line);
        let ca_file = self.one(&key("ca_file"), absolute);
        let secret = key("client_secret_file");
        let client_secret = self.secret(&secret);
        let lacking = [(key("issuer"), false), (key("client_id"), false), (secret, client_secret.is_some())];
        for (key, there) in lacking {
            if there || self.is_said(&key) {
                continue;
            }
            let layers = self.check.layers;
            let of_section = |sheet: &Sheet| sheet.names_below(PROVIDERS).any(|other| other == name);
            let origin = layers.0.iter().rev().find(|(_, sheet)| of_section(sheet));
            let origin = origin.map_or(&Origin::Defaults, |(origin, _)| origin);
            self.check.mistake(origin, &key, "it is needed for a sign-in with this provider.".to_owned());
        }
        let (issuer, client_id, client_secret) = (issuer?, client_id?, client_secret?);
        let provider = IdentityProvider { name: name.to_owned(), issuer, client_id, client_secret, ca_file };
        provider.check().map_err(|sentence| self.wrong(&key("issuer"), sentence)).ok()?;
        Some(provider)
    }

    /// What a file holds that a setting names, or that systemd gives.
    fn secret(&mut self, key: &str) -> Option<Secret<String>> {
        let given = || self.environment.credential(CREDENTIALS, &secrets::credential(key));
        let path: PathBuf = if self.is_said(key) { self.one(key, absolute)? } else { given()? };
        secrets::first_line(&path).map_err(|sentence| self.wrong(key, sentence)).ok()
    }

    /// Where `one` is said, `other` must be.
    fn both(&mut self, one: &str, other: &str) {
        let given = self.environment.credential(CREDENTIALS, &secrets::credential(other)).is_some();
        if let Some((origin, _)) = self.check.layers.last(|sheet| sheet.one(one))
            && !self.is_said(other)
            && !(given && other.ends_with("_file"))
        {
            self.check.mistake(origin, other, format!("it is needed beside {one}."));
        }
    }

    fn is_said(&self, key: &str) -> bool {
        self.check.layers.last(|sheet| sheet.one(key)).is_some()
    }

    fn one<T>(&mut self, key: &str, read: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        self.check.text(key, |sheet| sheet.one(key), read)
    }

    fn many<T>(&mut self, key: &str, read: impl Fn(&str) -> Result<T, String>) -> Vec<T> {
        self.check.list(key, |sheet| sheet.many(key), read)
    }

    /// At the place that said it last.
    fn wrong(&mut self, key: &str, sentence: String) {
        let layers = self.check.layers;
        let said = layers.0.iter().rev().find(|(_, sheet)| sheet.one(key).is_some() || sheet.many(key).is_some());
        let origin = said.map_or(&Origin::Defaults, |(origin, _)| origin);
        self.check.mistake(origin, key, sentence);
    }
}

fn mail_tls(text: &str) -> Result<MailTls, String> {
    match text {
        "starttls" => Ok(MailTls::StartTls),
        "implicit" => Ok(MailTls::Implicit),
        "none" => Ok(MailTls::None),
        _ => Err(format!("'{text}' must be starttls, implicit or none.")),
    }
}

fn mailbox(text: &str) -> Result<Mailbox, String> {
    text.parse()
        .map_err(|_| format!("'{text}' is not an e-mail address; write it like \"Latchkey <accounts@example.org>\"."))
}

fn method(text: &str) -> Result<http::Method, String> {
    match text {
        "POST" => Ok(http::Method::POST),
        "PUT" => Ok(http::Method::PUT),
        "GET" => Ok(http::Method::GET),
        _ => Err(format!("'{text}' must be POST, PUT or GET.")),
    }
}

fn encoding(text: &str) -> Result<Encoding, String> {
    match text {
        "form" => Ok(Encoding::Form),
        "json" => Ok(Encoding::Json),
        _ => Err(format!("'{text}' must be form or json.")),
    }
}

fn line(text: &str) -> Result<String, String> {
    let fits = !text.is_empty() && !text.contains(char::is_control);
    fits.then(|| text.to_owned()).ok_or_else(|| "it must be one line of text.".to_owned())
}
