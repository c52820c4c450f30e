//! The file that an installer leaves on the boot partition, which any computer can write: `latchkey.toml`, with
//! `claim_code = "…"` and, as settings below all others, `service`, `client_id` and `names`.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::base::Secret;

/// Shorter codes would be guessed.
const SHORTEST: usize = 8;
const LONGEST: usize = 64;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("The file {0} cannot be read; check the card.")]
    Unreadable(PathBuf, #[source] std::io::Error),
    /// Not with the line itself: that may be the code.
    #[error(
        "{path}, line {line} is not understood; write lines like claim_code = \"ACDE-3467\", service = \"https://…\" or names = [\"…\"]."
    )]
    NotToml { path: PathBuf, line: usize },
    #[error("{0}: the claim code must have 8 to 64 letters and digits, such as \"ACDE-3467\".")]
    Code(PathBuf),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    claim_code: Option<String>,
    #[serde(rename = "service")]
    _service: Option<IgnoredAny>,
    #[serde(rename = "client_id")]
    _client_id: Option<IgnoredAny>,
    #[serde(rename = "names")]
    _names: Option<IgnoredAny>,
}

/// The claim code that the installer chose: letters and digits only, upper case.
pub fn claim_code(path: &Path) -> Result<Option<Secret<String>>, Error> {
    let text = std::fs::read_to_string(path).map_err(|cause| Error::Unreadable(path.to_owned(), cause))?;
    let text = Secret::new(text);
    let file: File = toml::from_str(text.expose()).map_err(|error| {
        let before = text.expose().get(..error.span().map_or(0, |span| span.start)).unwrap_or_default();
        Error::NotToml { path: path.to_owned(), line: before.matches('\n').count() + 1 }
    })?;
    let Some(written) = file.claim_code.map(Secret::new) else { return Ok(None) };
    let is_separator = |letter: char| letter == '-' || letter == ' ';
    let code: String = written.expose().chars().filter(|&letter| !is_separator(letter)).collect();
    let code = Secret::new(code.to_ascii_uppercase());
    let right = (SHORTEST..=LONGEST).contains(&code.expose().len())
        && code.expose().bytes().all(|letter| letter.is_ascii_alphanumeric());
    if right { Ok(Some(code)) } else { Err(Error::Code(path.to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<String>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("latchkey.toml");
        std::fs::write(&path, text).unwrap();
        let read = claim_code(&path).map_err(|error| error.to_string().replace(path.to_str().unwrap(), "FILE"));
        read.map(|code| code.map(|code| code.expose().clone()))
    }

    #[test]
    fn a_code_is_taken_as_people_write_it() {
        assert_eq!(read("claim_code = \"acde-3467\"\r\n"), Ok(Some("ACDE3467".to_owned())));
        assert_eq!(read("service = \"https://x.example\"\nnames = [\"pi.lan\"]\n"), Ok(None));
    }

    #[test]
    fn a_mistake_is_told_in_a_sentence_that_does_not_repeat_the_code() {
        assert!(read("claim_code = \"1234567\"").unwrap_err().starts_with("FILE: the claim code must have 8 to 64"));
        assert!(read("claim_code = \"pass word §\"").is_err());
        for wrong in ["\nclaim_code = 12345678", "\nclaimcode = \"12345678\"", "\nclaim_code = 12345678 x"] {
            let sentence = read(wrong).unwrap_err();
            assert!(
                sentence.starts_with("FILE, line 2 is not understood") && !sentence.contains("12345678"),
                "{sentence}"
            );
        }
        assert!(claim_code(Path::new("/nonexistent/latchkey.toml")).is_err());
    }
}
