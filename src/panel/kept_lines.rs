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

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::base::Entropy;
    use crate::keystore::SealingSource;

    #[test]
    fn what_is_lost_is_told_and_what_is_left_is_used() {
        let folder = tempfile::tempdir().unwrap();
        let keystore = Keystore::open(folder.path(), &SealingSource::OwnFile, Entropy::kernel()).unwrap();
        let found = || load_lines::<u8>(&keystore, "list", "lost").unwrap();
        let lost = || Some("lost".to_owned());
        assert_eq!(found(), (vec![], None), "nothing was kept yet");
        keystore.save("list", b"[1]").unwrap();
        keystore.save("list", b"[1,2]").unwrap();
        assert_eq!(found(), (vec![1, 2], None));
        fs::write(folder.path().join("list.2"), "spoilt").unwrap();
        assert_eq!(found(), (vec![1], lost()));
        fs::write(folder.path().join("list.1"), "spoilt").unwrap();
        assert_eq!(found(), (vec![], lost()));
        keystore.save("list", b"{}").unwrap();
        assert_eq!(found(), (vec![], lost()), "another Latchkey's, or nobody's");
    }
}
