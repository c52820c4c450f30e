//! `check`: does everything that the service needs work?

use std::io::{self, Write as _};

use clap::Args;
use serde_json::json;

use super::Error;
use crate::base::Clock;
use crate::cloud::checks::{self, Verdict};
use crate::cloud::settings::{REFERENCE, Settings};

#[derive(Args)]
pub(super) struct Check {
    /// One JSON object per check instead of text.
    #[arg(long)]
    json: bool,
    /// Print a settings file with every setting in it, and check nothing.
    #[arg(long)]
    pub(super) print_settings: bool,
}

pub(super) fn print_settings() -> Result<(), Error> {
    Ok(write!(io::stdout(), "{}", REFERENCE.settings_file())?)
}

/// Fails when something is wrong; a warning is none.
pub(super) async fn check(settings: &Settings, options: &Check) -> Result<(), Error> {
    let mut out = io::stdout();
    let mut wrong = 0;
    for finding in checks::all(settings, &Clock::system()).await {
        let word = finding.verdict.word();
        if options.json {
            writeln!(out, "{}", json!({ "check": finding.check, "verdict": word, "text": finding.sentence }))?;
        } else {
            writeln!(out, "{word:8} {:12} {}", finding.check, finding.sentence)?;
        }
        wrong += usize::from(finding.verdict == Verdict::Wrong);
    }
    if wrong == 0 { Ok(()) } else { Err(Error::ChecksFailed(wrong)) }
}
