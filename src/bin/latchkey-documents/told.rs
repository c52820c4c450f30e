//! What manual pages tell beyond what the programs know of themselves, and how it is set.

use clap_mangen::roff::{Roff, bold, roman};
use time::OffsetDateTime;

/// What all pages of a program share; pairs are a name and what it is.
pub(super) struct Program {
    pub(super) commands: &'static [Told],
    pub(super) files: &'static [(&'static str, &'static str)],
    pub(super) environment: &'static [(&'static str, &'static str)],
    pub(super) settings_example: &'static str,
}

/// One command.
pub(super) struct Told {
    /// As it is typed, without options.
    pub(super) command: &'static str,
    /// Paragraphs below its one sentence.
    pub(super) more: &'static [&'static str],
    /// A line as it is typed, and what it does.
    pub(super) examples: &'static [(&'static str, &'static str)],
    /// Pages, section 1.
    pub(super) see: &'static [&'static str],
}

/// Dated by SOURCE_DATE_EPOCH, so that the same commit gives the same bytes.
pub(super) fn title(roff: &mut Roff, name: &str, section: &str, version: &str) {
    let epoch =
        std::env::var_os("SOURCE_DATE_EPOCH").and_then(|epoch| epoch.to_str()?.parse().ok()).unwrap_or_default();
    let date = OffsetDateTime::from_unix_timestamp(epoch).unwrap_or(OffsetDateTime::UNIX_EPOCH).date().to_string();
    let version = version.split(' ').next().unwrap_or_default();
    roff.control("TH", [name, section, &date, &format!("Latchkey {version}"), "Latchkey"]);
}

pub(super) fn paragraphs(roff: &mut Roff, paragraphs: &[&str]) {
    for paragraph in paragraphs {
        roff.control("PP", []).text([roman(*paragraph)]);
    }
}

pub(super) fn list(roff: &mut Roff, heading: &str, rows: &[(&str, &str)]) {
    roff.control("SH", [heading]);
    for (name, what) in rows {
        roff.control("TP", []).text([bold(*name)]).text([roman(*what)]);
    }
}
