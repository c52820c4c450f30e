//! What is wrong with the settings: one sentence per mistake, with the place to mend.

use std::fmt;
use std::path::PathBuf;

/// Where a value was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Defaults,
    File(PathBuf),
    /// Variables that begin so.
    Environment(&'static str),
    Flags,
}

/// One thing to mend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    pub origin: Origin,
    /// `panel.listen`; empty where the whole source is meant.
    pub key: String,
    pub sentence: String,
}

/// Every mistake that was found, one per line.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(Mistake::to_string).collect::<Vec<_>>().join("\n"))]
pub struct Error(pub Vec<Mistake>);

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Origin::Defaults => write!(f, "the default of {}", self.key)?,
            Origin::File(path) if self.key.is_empty() => write!(f, "{}", path.display())?,
            Origin::File(path) => write!(f, "{}: {}", path.display(), self.key)?,
            Origin::Environment(prefix) => write!(f, "{prefix}{}", self.key.to_uppercase().replace('.', "_"))?,
            Origin::Flags => write!(f, "--{}", self.key.replace(['.', '_'], "-"))?,
        }
        write!(f, ": {}", self.sentence)
    }
}
