//! Sessions on disk: hashes, whose they are, and when they end; sealed, and written only when one begins or ends.

use std::time::{Duration, SystemTime};

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Serialize};

use super::kept_lines::load_lines;
use super::screens::token::TokenHash;
use crate::base::report;
use crate::keystore::{self, Keystore};

const KIND: &str = "panel-sessions";

/// What is kept of one session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) hash: TokenHash,
    pub(super) owner: String,
    pub(super) ends: SystemTime,
    pub(super) about: About,
}

/// Where a session comes from, so that its owner recognises it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct About {
    /// `User-Agent`.
    pub(super) program: String,
    pub(super) address: String,
    /// As far as the time was known then.
    pub(super) began: SystemTime,
}

#[derive(Serialize, Deserialize)]
struct Line {
    hash: String,
    owner: String,
    ends: u64,
    #[serde(default)]
    program: String,
    #[serde(default)]
    address: String,
    #[serde(default)]
    began: u64,
}

/// The sessions, and a sentence for the owner when they (or the newest of them) are lost.
pub(super) fn load(keystore: &Keystore) -> Result<(Vec<Kept>, Option<String>), keystore::Error> {
    const LOST: &str = "The panel's kept sessions were damaged and set aside; some browsers have to sign in again.";
    let (lines, trouble) = load_lines::<Line>(keystore, KIND, LOST)?;
    Ok((lines.into_iter().filter_map(Line::read).collect(), trouble))
}

/// The error is a sentence for the owner.
pub(super) fn save(keystore: &Keystore, kept: impl Iterator<Item = Kept>) -> Result<(), String> {
    let lines: Vec<Line> = kept.map(|kept| Line::write(&kept)).collect();
    let saved = match serde_json::to_vec(&lines) {
        Ok(content) => keystore.save(KIND, &content),
        Err(_) => return Err("The panel's sessions could not be written down.".to_owned()),
    };
    saved.map_err(|error| {
        tracing::warn!(error = report::chain(&error), "panel sessions are not kept");
        format!("This sign-in ends when Latchkey restarts, since it could not be written down. {error}")
    })
}

pub(super) fn forget(keystore: &Keystore) -> Result<(), keystore::Error> {
    keystore.remove(KIND)
}

impl Line {
    fn write(kept: &Kept) -> Self {
        let seconds = |at: SystemTime| at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        Self {
            hash: Base64UrlUnpadded::encode_string(&kept.hash.0),
            owner: kept.owner.clone(),
            ends: seconds(kept.ends),
            program: kept.about.program.clone(),
            address: kept.about.address.clone(),
            began: seconds(kept.about.began),
        }
    }

    fn read(self) -> Option<Kept> {
        let hash = Base64UrlUnpadded::decode_vec(&self.hash).ok()?;
        let moment = |seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
        let (ends, began) = (moment(self.ends)?, moment(self.began)?);
        let about = About { program: self.program, address: self.address, began };
        Some(Kept { hash: TokenHash(hash.try_into().ok()?), owner: self.owner, ends, about })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_kept_by_an_older_latchkey_is_still_one() {
        let hash = Base64UrlUnpadded::encode_string(&[7; 32]);
        let line: Line = serde_json::from_str(&format!(r#"{{"hash":"{hash}","owner":"ann","ends":5000}}"#)).unwrap();
        let kept = line.read().unwrap();
        assert_eq!((kept.hash, kept.owner.as_str(), kept.about.program.as_str()), (TokenHash([7; 32]), "ann", ""));
    }
}
