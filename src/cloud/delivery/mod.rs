//! How mail and text messages leave: by which server, gateway or modem. [`rounds`] says when, and what happens when they cannot.

mod gateway;
mod mail;
pub(crate) mod modem;
mod rounds;
#[cfg(test)]
mod servers;

pub(crate) use rounds::Undelivered;

use std::path::PathBuf;
use std::time::Duration;

use lettre::message::Mailbox;
use tokio::time::timeout;

use crate::base::Secret;
use crate::cloud;
use crate::cloud::store::{Carried, Channel, Due};
use crate::net::client;
use gateway::HttpGateway;
use mail::Mailer;

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

/// Carries messages; one per service.
pub(crate) struct Courier {
    mail: Option<Mailer>,
    sms: Option<Carrier>,
}

enum Carrier {
    Gateway(Box<HttpGateway>),
    Modem,
}

/// Why a message did not leave; names nobody.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) reason: String,
    /// Another try would end the same.
    pub(crate) forever: bool,
}

impl Failure {
    fn later(reason: &str) -> Self {
        Self { reason: reason.to_owned(), forever: false }
    }

    fn forever(reason: &str) -> Self {
        Self { reason: reason.to_owned(), forever: true }
    }
}

impl Plan {
    pub(crate) fn carried(&self) -> Carried {
        Carried { mail: self.mail.is_some(), sms: self.sms.is_some() }
    }
}

impl Courier {
    pub(crate) fn new(plan: &cloud::Plan) -> Result<Self, client::Error> {
        let server = plan.delivery.mail.clone();
        let mail = server.map(|server| Mailer::new(server, &plan.brand, plan.public_url.as_deref()));
        let sms = match plan.delivery.sms.clone() {
            Some(Sms::Gateway(gateway)) => Some(Carrier::Gateway(Box::new(HttpGateway::new(gateway)?))),
            Some(Sms::Modem) => Some(Carrier::Modem),
            None => None,
        };
        Ok(Self { mail, sms })
    }

    /// Does the mail server answer? `None`: there is none.
    pub(crate) async fn greet_mail_server(&self) -> Option<Result<(), Failure>> {
        match &self.mail {
            Some(mailer) => Some(mailer.greet().await),
            None => None,
        }
    }

    fn carries_any(&self) -> bool {
        self.mail.is_some() || self.sms.is_some()
    }

    async fn carry(&self, due: &Due, within: Duration) -> Result<(), Failure> {
        let carried = async {
            match (due.channel, &self.mail, &self.sms) {
                (Channel::Mail, Some(mailer), _) => mailer.send(due).await,
                (Channel::Sms, _, Some(Carrier::Gateway(gateway))) => gateway.send(&due.to, due.text.expose()).await,
                (Channel::Sms, _, Some(Carrier::Modem)) => modem::send(&due.to, due.text.expose()).await,
                (Channel::Mail, None, _) | (Channel::Sms, _, None) => {
                    Err(Failure::later("nothing in the settings of this instance carries it"))
                }
            }
        };
        timeout(within, carried).await.unwrap_or_else(|_late| Err(Failure::later("it took too long")))
    }
}
