//! One file per check: does what the service needs work? A check changes nothing and sends nothing to anybody.

mod certificate;
mod clock;
mod database;
mod disk;
mod mail;
mod openness;
mod server_key;
mod sms;

use super::settings::Settings;
use crate::base::Clock;

/// What one check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub check: &'static str,
    pub verdict: Verdict,
    /// What is so, and what to do when it is not right.
    pub sentence: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Fine,
    /// It works, and may not do so for long or for everybody.
    Warning,
    Wrong,
}

impl Verdict {
    pub fn word(self) -> &'static str {
        match self {
            Self::Fine => "ok",
            Self::Warning => "warning",
            Self::Wrong => "wrong",
        }
    }
}

/// Settings that can be read at all are right already.
pub async fn all(settings: &Settings, clock: &Clock) -> Vec<Finding> {
    let plan = &settings.plan;
    vec![
        openness::check(settings),
        server_key::check(plan),
        database::check(plan).await,
        disk::check(plan),
        clock::check(clock),
        certificate::check(settings, clock),
        mail::check(plan).await,
        sms::check(plan).await,
    ]
}

fn fine(check: &'static str, sentence: impl Into<String>) -> Finding {
    Finding { check, verdict: Verdict::Fine, sentence: sentence.into() }
}

fn warning(check: &'static str, sentence: impl Into<String>) -> Finding {
    Finding { check, verdict: Verdict::Warning, sentence: sentence.into() }
}

fn wrong(check: &'static str, sentence: impl Into<String>) -> Finding {
    Finding { check, verdict: Verdict::Wrong, sentence: sentence.into() }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::cloud::bench::Bench;
    use crate::cloud::delivery::{MailServer, MailTls};
    use crate::cloud::settings::TlsFiles;
    use crate::settings::LogLevel;

    fn settings(bench: &Bench) -> Settings {
        Settings {
            plan: (*bench.cloud.plan).clone(),
            log: LogLevel::Info,
            listen: vec!["127.0.0.1:29980".parse().unwrap()],
            metrics_listen: Vec::new(),
            tls: None,
        }
    }

    async fn verdict(settings: &Settings, check: &str) -> (Verdict, String) {
        let found = all(settings, &Clock::system()).await.into_iter().find(|finding| finding.check == check).unwrap();
        (found.verdict, found.sentence)
    }

    #[tokio::test]
    async fn a_service_that_was_started_once_has_nothing_wrong() {
        let bench = Bench::new().await;
        let findings = all(&settings(&bench), &Clock::system()).await;
        assert_eq!(findings.len(), 8);
        assert!(findings.iter().all(|finding| finding.verdict != Verdict::Wrong), "{findings:?}");
    }

    #[tokio::test]
    async fn a_lost_damaged_or_foreign_server_key_is_found_and_none_is_made() {
        let bench = Bench::new().await;
        let settings = settings(&bench);
        let key = settings.plan.server_key();
        std::fs::write(&key, [7; 32]).unwrap();
        let (found, sentence) = verdict(&settings, "database").await;
        assert!(found == Verdict::Wrong && sentence.contains("another server key"), "{sentence}");
        std::fs::write(&key, [7; 31]).unwrap();
        assert_eq!(verdict(&settings, "server key").await.0, Verdict::Wrong);
        std::fs::remove_file(&key).unwrap();
        assert_eq!(verdict(&settings, "database").await.0, Verdict::Wrong);
        assert!(!key.exists());
    }

    #[tokio::test]
    async fn a_place_where_nothing_is_yet_is_left_as_it_is() {
        let bench = Bench::new().await;
        let folder = tempfile::tempdir().unwrap();
        let mut settings = settings(&bench);
        settings.plan.state = folder.path().join("new");
        settings.plan.database = None;
        for check in ["server key", "database"] {
            assert_eq!(verdict(&settings, check).await.0, Verdict::Warning, "{check}");
        }
        assert!(!settings.plan.state.exists());
    }

    #[tokio::test]
    async fn a_silent_mail_server_and_a_certificate_without_its_key_are_wrong() {
        let bench = Bench::new().await;
        let mut settings = settings(&bench);
        settings.plan.delivery.mail = Some(MailServer {
            host: "127.0.0.1".to_owned(),
            port: 1,
            tls: MailTls::None,
            from: "a@example.org".parse().unwrap(),
            user: None,
            password: None,
            ca_file: None,
        });
        let vectors = PathBuf::from("tests/vectors/tls");
        settings.tls = Some(TlsFiles { certificate: vectors.join("ca.pem"), key: vectors.join("localhost.key") });
        let (found, sentence) = verdict(&settings, "mail").await;
        let expected = "127.0.0.1:1: the mail server cannot be reached, or hung up.";
        assert_eq!((found, sentence.as_str()), (Verdict::Wrong, expected));
        assert_eq!(verdict(&settings, "certificate").await.0, Verdict::Wrong);
        settings.tls =
            Some(TlsFiles { certificate: vectors.join("localhost.pem"), key: vectors.join("localhost.key") });
        assert_ne!(verdict(&settings, "certificate").await.0, Verdict::Wrong);
    }
}
