//! Device tokens on disk: hashes, whose they are and what they are good for; sealed.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Serialize};

use super::device_tokens::DeviceToken;
use super::kept_lines::load_lines;
use super::scope::Scope;
use super::screens::token::TokenHash;
use crate::base::report;
use crate::keystore::{self, Keystore};

const KIND: &str = "device-tokens";

pub(super) type Tokens = BTreeMap<TokenHash, DeviceToken>;

/// The tokens, and a sentence for the owner when they (or the newest of them) are lost.
pub(super) fn load(keystore: &Keystore) -> Result<(Tokens, Option<String>), keystore::Error> {
    const LOST: &str =
        "The record of the device tokens was damaged and set aside. Make new ones for programs that are refused.";
    let (lines, trouble) = load_lines::<Line>(keystore, KIND, LOST)?;
    Ok((lines.into_iter().filter_map(Line::read).collect(), trouble))
}

/// Why they could not be kept, for the owner.
pub(super) fn save(keystore: &Keystore, tokens: &Tokens) -> Result<(), String> {
    let lines: Vec<Line> = tokens.iter().map(|(hash, token)| Line::write(*hash, token)).collect();
    keystore.save(KIND, &serde_json::to_vec(&lines).unwrap_or_default()).map_err(|error| {
        tracing::warn!(error = report::chain(&error), "device tokens are not kept");
        format!("The device tokens could not be written down; the newest changes end when Latchkey restarts. {error}")
    })
}

#[derive(Serialize, Deserialize)]
struct Line {
    hash: String,
    name: String,
    owner: String,
    scopes: Vec<String>,
    created: u64,
    used: Option<u64>,
}

impl Line {
    fn write(hash: TokenHash, token: &DeviceToken) -> Self {
        let seconds = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        Self {
            hash: Base64UrlUnpadded::encode_string(&hash.0),
            name: token.name.clone(),
            owner: token.owner.clone(),
            scopes: token.scopes.iter().map(|scope| scope.word().to_owned()).collect(),
            created: seconds(token.created),
            used: token.used.map(seconds),
        }
    }

    /// A scope of a later Latchkey is not given here.
    fn read(self) -> Option<(TokenHash, DeviceToken)> {
        let at = |seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
        let hash = Base64UrlUnpadded::decode_vec(&self.hash).ok()?;
        let token = DeviceToken {
            name: self.name,
            owner: self.owner,
            scopes: self.scopes.iter().filter_map(|word| Scope::of(word)).collect(),
            created: at(self.created)?,
            used: self.used.and_then(at),
        };
        Some((TokenHash(hash.try_into().ok()?), token))
    }
}
