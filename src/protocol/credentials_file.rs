//! The credentials file of reference §5: INI that belongs to a person. Editing changes only the two lines that must change;
//! comments, order, other profiles, unknown keys and line endings stay byte for byte (DESIGN rule 6; CRED cards).

use super::access_key::AccessKey;

/// The text of a file, read tolerantly (CRLF, BOM, quotes, blanks, comments behind a section; top-level fallback).
#[derive(Clone, Debug, Default)]
pub struct CredentialsFile {}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("The credentials file is UTF-16; save it as UTF-8.")]
    Utf16,
    #[error("The credentials file is not text (UTF-8).")]
    NotText,
    #[error("There is no profile '{wanted}' in the credentials file; it has: {present}.")]
    NoProfile { wanted: String, present: String },
    #[error("The profile '{0}' lacks R3_ACCESS_KEY_ID or R3_SECRET_ACCESS_KEY.")]
    Incomplete(String),
    #[error("A profile name must not hold ']' or a line break.")]
    ProfileName,
    #[error(transparent)]
    Key(#[from] super::access_key::Error),
}

impl CredentialsFile {
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        todo!("{bytes:?}")
    }
    /// Names in file order.
    pub fn profiles(&self) -> Vec<String> {
        todo!()
    }
    /// Section name case-insensitive with an exact match first; without any section the top-level keys answer for DEFAULT.
    pub fn key(&self, profile: &str) -> Result<AccessKey, Error> {
        todo!("{profile}")
    }
    /// Sets the two keys of one profile, adding the section (and `# comment`) at the end when it is new.
    pub fn set(&mut self, profile: &str, key: &AccessKey, comment: Option<&str>) -> Result<(), Error> {
        todo!("{profile} {key:?} {comment:?}")
    }
    /// Removes the two keys of one profile (and the section if nothing else is left in it).
    pub fn remove(&mut self, profile: &str) {
        todo!("{profile}")
    }
    /// The bytes to write: secret, since the file holds keys.
    pub fn to_bytes(&self) -> crate::base::Secret<Vec<u8>> {
        todo!()
    }
}
