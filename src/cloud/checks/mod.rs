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
