//! The settings of both programs where the source tells of them: the installed settings files and the README.

use std::fs;
use std::io::{Error, Result};

use latchkey::settings::reference::Reference;

use super::programs;

/// Run it in the folder with Cargo.toml.
pub(super) fn write() -> Result<()> {
    let mut readme = fs::read_to_string("README.md")?;
    for settings in programs().map(|program| program.settings) {
        fs::write(format!("systemd/{}.toml", settings.program), settings.settings_file())?;
        readme = with_table(&readme, settings).ok_or_else(|| Error::other("README.md has no place for the table"))?;
    }
    fs::write("README.md", readme)
}

/// Between `<!-- settings of NAME -->` and the next `<!-- end -->`.
fn with_table(readme: &str, settings: &Reference) -> Option<String> {
    let (before, rest) = readme.split_once(&format!("<!-- settings of {} -->\n", settings.program))?;
    let (_old, after) = rest.split_once("<!-- end -->")?;
    Some(format!("{before}<!-- settings of {} -->\n{}<!-- end -->{after}", settings.program, settings.table()))
}
