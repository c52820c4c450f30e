//! Lists on disk, sealed: what cannot be read costs its owner a sentence, never the start.

use serde::de::DeserializeOwned;

use crate::keystore::{self, Keystore, Loaded};

/// The lines of that kind, and `lost`, the sentence for the owner, when they (or the newest of them) are damaged.
pub(super) fn load_lines<Line: DeserializeOwned>(
    keystore: &Keystore,
    kind: &str,
    lost: &str,
) -> Result<(Vec<Line>, Option<String>), keystore::Error> {
    let (content, is_newest) = match keystore.load(kind)? {
        Loaded::Absent => return Ok((Vec::new(), None)),
        Loaded::Whole(content) => (content, true),
        Loaded::Older { content, .. } => (content, false),
        Loaded::Lost { .. } => return Ok((Vec::new(), Some(lost.to_owned()))),
    };
    let lines: Option<Vec<Line>> = serde_json::from_slice(content.expose()).ok();
    let trouble = (lines.is_none() || !is_newest).then(|| lost.to_owned());
    Ok((lines.unwrap_or_default(), trouble))
}
