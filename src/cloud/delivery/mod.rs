//! How mail and text messages leave: by which server, gateway or modem.

use std::path::PathBuf;

use lettre::message::Mailbox;

use crate::base::Secret;

/// What can be delivered; what cannot stays in the outbox.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    pub mail: Option<MailServer>,
    pub sms: Option<Sms>,
}

/// An SMTP server that takes our mail.
#[derive(Clone, Debug)]
pub struct MailServer {
    pub host: String,
    pub port: u16,
    pub tls: MailTls,
    pub from: Mailbox,
    pub user: Option<String>,
    pub password: Option<Secret<String>>,
    /// Certificates to trust beside the system's, PEM.
    pub ca_file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailTls {
    /// Only to this machine.
    None,
    StartTls,
    /// From the first byte.
    Implicit,
}

#[derive(Clone, Debug)]
pub enum Sms {
    Gateway(Gateway),
    /// ModemManager's first modem.
    Modem,
}

/// A request that a gateway understands. `{to}`, `{text}` and `{from}` are filled in.
#[derive(Clone, Debug)]
pub struct Gateway {
    pub url: String,
    pub method: http::Method,
    pub encoding: Encoding,
    pub body: String,
    /// Their values may hold `{secret}`.
    pub headers: Vec<(String, String)>,
    /// For basic authentication, with `secret` as the password.
    pub user: Option<String>,
    pub secret: Option<Secret<String>>,
    pub from: String,
    pub ca_file: Option<PathBuf>,
}

/// How the body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Form,
    Json,
}
