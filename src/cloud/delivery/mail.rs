//! Mail, by SMTP: plain text that says who sends it, and that nobody need answer.

use std::sync::OnceLock;
use std::time::Duration;

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};

use super::{Failure, MailServer, MailTls};
use crate::cloud::store::Due;

type Transport = AsyncSmtpTransport<Tokio1Executor>;

/// Longer than the wait for somebody who waits: what gives up first is the courier.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) struct Mailer {
    server: MailServer,
    /// Who sends it, below the text.
    signature: String,
    subject: String,
    /// Made on first use: reading the system's certificates takes a while.
    transport: OnceLock<Transport>,
}

impl Mailer {
    pub(super) fn new(server: MailServer, brand: &str, url: Option<&str>) -> Self {
        let signature = url.map_or_else(|| brand.to_owned(), |url| format!("{brand}\n{url}"));
        Self { server, signature, subject: format!("Your {brand} account"), transport: OnceLock::new() }
    }

    pub(super) async fn send(&self, due: &Due) -> Result<(), Failure> {
        let message = self.compose(due)?;
        let sent = self.transport()?.send(message).await;
        sent.map(|_answer| ()).map_err(|error| {
            tracing::debug!(%error, "the mail server did not take a message");
            of_smtp(&error)
        })
    }

    /// Does the server answer, with TLS and password where they are wanted?
    pub(super) async fn greet(&self) -> Result<(), Failure> {
        match self.transport()?.test_connection().await {
            Ok(true) => Ok(()),
            Ok(false) => Err(Failure::later("the mail server hung up")),
            Err(error) => Err(of_smtp(&error)),
        }
    }

    /// The same at every try: a server that got it twice can tell by the id.
    fn compose(&self, due: &Due) -> Result<Message, Failure> {
        let to = due.to.parse::<Address>().map_err(|_| Failure::forever("mail servers know no such address"))?;
        let from = self.server.from.clone();
        let id = format!("<{}@{}>", due.id, from.email.domain());
        let text = format!("{}\n\n-- \n{}\n", due.text.expose(), self.signature);
        let message = Message::builder()
            .message_id(Some(id))
            .date(due.at.system_time())
            .from(from)
            .to(Mailbox::new(None, to))
            .subject(&self.subject)
            .raw_header(header("Auto-Submitted", "auto-generated"))
            .singlepart(SinglePart::plain(text));
        message.map_err(|_incomplete| Failure::forever("the message cannot be written as mail"))
    }

    fn transport(&self) -> Result<&Transport, Failure> {
        if let Some(transport) = self.transport.get() {
            return Ok(transport);
        }
        let made = self.connect()?;
        Ok(self.transport.get_or_init(|| made))
    }

    fn connect(&self) -> Result<Transport, Failure> {
        let server = &self.server;
        let tls = match server.tls {
            MailTls::None => Tls::None,
            MailTls::StartTls => Tls::Required(self.parameters()?),
            MailTls::Implicit => Tls::Wrapper(self.parameters()?),
        };
        let mut transport = Transport::builder_dangerous(&server.host)
            .port(server.port)
            .tls(tls)
            .timeout(Some(PATIENCE))
            .hello_name(ClientId::Domain(server.from.email.domain().to_owned()));
        if let (Some(user), Some(password)) = (&server.user, &server.password) {
            transport = transport.credentials(Credentials::new(user.clone(), password.expose().clone()));
        }
        Ok(transport.build())
    }

    fn parameters(&self) -> Result<TlsParameters, Failure> {
        let unusable = || Failure::later("the certificates of mail.ca_file cannot be used");
        let mut tls = TlsParameters::builder(self.server.host.clone());
        if let Some(file) = &self.server.ca_file {
            let pem = std::fs::read(file).map_err(|_| unusable())?;
            tls = tls.add_root_certificate(Certificate::from_pem(&pem).map_err(|_| unusable())?);
        }
        tls.build().map_err(|_| Failure::later("TLS towards the mail server cannot be set up"))
    }
}

/// The answer's text may name the person; only its number is told.
fn of_smtp(error: &lettre::transport::smtp::Error) -> Failure {
    match error.status() {
        Some(code) if error.is_permanent() => Failure::forever(&format!("the mail server refused it ({code})")),
        Some(code) => Failure::later(&format!("the mail server put it off ({code})")),
        None if error.is_timeout() => Failure::later("the mail server did not answer in time"),
        None if error.is_tls() => Failure::later("no safe connection can be made to the mail server"),
        None => Failure::later("the mail server cannot be reached, or hung up"),
    }
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// For tests of others.
#[cfg(test)]
pub(super) fn server(port: u16) -> MailServer {
    MailServer {
        host: "127.0.0.1".to_owned(),
        port,
        tls: MailTls::None,
        from: "Latchkey <accounts@example.org>".parse().unwrap(),
        user: None,
        password: None,
        ca_file: None,
    }
}

/// Nobody waits for it: the clock of a message is when it was posted.
#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::base::Secret;
    use crate::cloud::moment::Moment;
    use crate::cloud::store::Channel;

    fn due(to: &str) -> Due {
        Due {
            id: "5d4fb7f2".to_owned(),
            channel: Channel::Mail,
            to: to.to_owned(),
            text: Secret::from("Grüße. 123456 is your code."),
            at: Moment::of(SystemTime::UNIX_EPOCH + Duration::from_secs(1_704_164_645)),
            tries: 1,
            awaited: false,
        }
    }

    #[test]
    fn mail_says_who_sends_it_when_and_that_a_machine_wrote_it() {
        let mailer = Mailer::new(server(25), "Home Cloud", Some("https://accounts.example.org"));
        let text = String::from_utf8(mailer.compose(&due("ann+pi@example.test")).unwrap().formatted()).unwrap();
        for line in [
            "Message-ID: <5d4fb7f2@example.org>",
            "Date: Tue, 02 Jan 2024 03:04:05 +0000",
            "From: Latchkey <accounts@example.org>",
            "To: ann+pi@example.test",
            "Subject: Your Home Cloud account",
            "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8",
            "https://accounts.example.org",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is missing in\n{text}");
        }
        assert!(text.contains("Gr=C3=BC=C3=9Fe. 123456 is your code."), "{text}");
    }

    #[test]
    fn an_address_cannot_bring_header_lines_with_it() {
        let mailer = Mailer::new(server(25), "Latchkey", None);
        let error = mailer.compose(&due("ann@example.test\r\nBcc: all@example.test")).unwrap_err();
        assert!(error.forever);
    }
}
