//! The credentials file of reference §5: INI that belongs to a person. Editing changes only the two lines that must change;
//! comments, order, other profiles, unknown keys and line endings stay byte for byte (DESIGN rule 6; CRED cards).

mod editing;

use std::ops::Range;

use super::access_key::AccessKey;
use crate::base::Secret;

/// The text of a file, read tolerantly (CRLF, BOM, quotes, blanks, comments behind a section; top-level fallback).
#[derive(Clone, Debug, Default)]
pub struct CredentialsFile {
    has_bom: bool,
    /// Each with its line ending, as in the file.
    lines: Vec<Secret<String>>,
}

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
    #[error("A profile name must not be empty, or hold ']' or a line break.")]
    ProfileName,
    #[error(transparent)]
    Key(#[from] super::access_key::Error),
}

const ID: &str = "R3_ACCESS_KEY_ID";
const SECRET: &str = "R3_SECRET_ACCESS_KEY";
const DEFAULT: &str = "DEFAULT";
const BOM: &str = "\u{feff}";

impl CredentialsFile {
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        if is_utf16(bytes) {
            return Err(Error::Utf16);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| Error::NotText)?;
        if text.contains('\0') {
            return Err(Error::NotText);
        }
        let without_bom = text.strip_prefix(BOM);
        let lines = without_bom.unwrap_or(text).split_inclusive('\n').map(Secret::from).collect();
        Ok(Self { has_bom: without_bom.is_some(), lines })
    }

    /// Names in file order.
    pub fn profiles(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for section in self.sections() {
            let name = match section.header {
                Some(header) => section_name(self.line(header)),
                None => self.holds_a_key(&section).then_some(DEFAULT),
            };
            names.extend(name.filter(|name| !names.iter().any(|known| known == name)).map(str::to_owned));
        }
        names
    }

    /// Section name case-insensitive with an exact match first; where there is no section DEFAULT, the keys above all
    /// sections answer for it. Of two lines with the same key the later one counts.
    pub fn key(&self, profile: &str) -> Result<AccessKey, Error> {
        let profile = profile.trim();
        let sections = self.sections_of(profile);
        if sections.is_empty() {
            let profiles = self.profiles();
            let present = if profiles.is_empty() { "none".to_owned() } else { profiles.join(", ") };
            return Err(Error::NoProfile { wanted: profile.to_owned(), present });
        }
        let value = |key| entry(self.line(self.last_line(&sections, key)?)).map(|(_, value)| value);
        let (Some(id), Some(secret)) = (value(ID), value(SECRET)) else {
            return Err(Error::Incomplete(profile.to_owned()));
        };
        Ok(AccessKey::parse(id, secret)?)
    }

    /// The bytes to write: secret, since the file holds keys.
    pub fn to_bytes(&self) -> Secret<Vec<u8>> {
        let texts =
            || self.has_bom.then_some(BOM).into_iter().chain(self.lines.iter().map(|line| line.expose().as_str()));
        // In one piece, so that growing leaves no copies behind.
        let mut bytes = Vec::with_capacity(texts().map(str::len).sum());
        texts().for_each(|text| bytes.extend_from_slice(text.as_bytes()));
        Secret::new(bytes)
    }

    /// Empty past the end.
    fn line(&self, number: usize) -> &str {
        self.lines.get(number).map_or("", |line| line.expose())
    }

    fn sections(&self) -> Vec<Section> {
        let mut sections = vec![Section { header: None, body: 0..0 }];
        for number in 0..self.lines.len() {
            if section_name(self.line(number)).is_some() {
                sections.push(Section { header: Some(number), body: number + 1..number + 1 });
            } else if let Some(section) = sections.last_mut() {
                section.body.end = number + 1;
            }
        }
        sections
    }

    /// Several sections of one name count as one.
    fn sections_of(&self, profile: &str) -> Vec<Section> {
        let named = |wanted: &dyn Fn(&str) -> bool| -> Vec<Section> {
            let is_wanted =
                |section: &Section| section.header.and_then(|line| section_name(self.line(line))).is_some_and(wanted);
            self.sections().into_iter().filter(is_wanted).collect()
        };
        let exact = named(&|name| name == profile);
        if !exact.is_empty() {
            return exact;
        }
        let similar = named(&|name| name.to_lowercase() == profile.to_lowercase());
        if similar.is_empty() && profile.eq_ignore_ascii_case(DEFAULT) {
            return self.sections().into_iter().take(1).filter(|top_level| self.holds_a_key(top_level)).collect();
        }
        similar
    }

    fn holds_a_key(&self, section: &Section) -> bool {
        section.body.clone().any(|line| self.is_key_line(line))
    }

    fn is_key_line(&self, number: usize) -> bool {
        [ID, SECRET].iter().any(|key| self.sets(number, key))
    }

    fn last_line(&self, sections: &[Section], key: &str) -> Option<usize> {
        sections.iter().flat_map(|section| section.body.clone()).rfind(|line| self.sets(*line, key))
    }

    fn sets(&self, number: usize, key: &str) -> bool {
        entry(self.line(number)).is_some_and(|(found, _)| found.eq_ignore_ascii_case(key))
    }
}

/// Line numbers; what stands above all headers is a section without one.
struct Section {
    header: Option<usize>,
    body: Range<usize>,
}

/// By its byte order mark, or by the zero half of its first character.
fn is_utf16(bytes: &[u8]) -> bool {
    match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => true,
        [first, second, ..] => (*first == 0) != (*second == 0),
        _ => false,
    }
}

/// `[name]`, whatever stands behind it.
fn section_name(line: &str) -> Option<&str> {
    line.trim().strip_prefix('[')?.split_once(']').map(|(name, _)| name.trim())
}

/// `key=value` or `key: value`; the value goes to the end of the line, since `#` and `;` may be part of it.
fn entry(line: &str) -> Option<(&str, &str)> {
    if line.trim_start().starts_with(['#', ';', '[']) {
        return None;
    }
    let (key, value) = line.split_once(['=', ':'])?;
    Some((key.trim(), value.trim()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::protocol::access_key;

    const KEYS: &str = "R3_ACCESS_KEY_ID=K1\nR3_SECRET_ACCESS_KEY=AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e\n";

    #[test]
    fn a_file_is_read_however_it_was_edited() {
        let secret = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e";
        for text in [
            format!("[DEFAULT]\n# me@example.com\n{}", KEYS.trim_end()),
            format!("[default]\r\nR3_ACCESS_KEY_ID=K1\r\nR3_SECRET_ACCESS_KEY={secret}\r\n"),
            format!("\u{feff}[default]\n{KEYS}"),
            format!("  [ DEFAULT ] # home\n{KEYS}"),
            format!("[default] ; x\n; c\n  R3_ACCESS_KEY_ID = \"K1\"\n\tR3_SECRET_ACCESS_KEY: '{secret}' \n"),
            format!("[default]\nr3_access_key_id=K1\nr3_secret_access_key={secret}"),
            format!("[default]\nR3_ACCESS_KEY_ID=OLD\n{KEYS}"),
            format!("[other]\nR3_ACCESS_KEY_ID=K2\n[default]\n{KEYS}[default]\nother=1\n"),
            KEYS.to_owned(),
            format!("\u{feff}{KEYS}[other]\n"),
        ] {
            let key = parsed(&text).key("DEFAULT").unwrap();
            assert_eq!((key.id.as_str(), key.secret_text().expose().as_str()), ("K1", secret), "{text:?}");
        }
    }

    #[test]
    fn profiles_are_found_by_their_names() {
        let text = format!(
            "[home pi]\n{KEYS}[Büro]\n{}[a.b]\n{}[A.B]\n{KEYS}",
            KEYS.replace("K1", "K2"),
            KEYS.replace("K1", "K3")
        );
        let file = parsed(&text);
        assert_eq!(file.profiles(), ["home pi", "Büro", "a.b", "A.B"]);
        for (name, id) in
            [("home pi", "K1"), ("HOME PI", "K1"), ("büro", "K2"), ("a.b", "K3"), ("A.B", "K1"), (" a.b ", "K3")]
        {
            assert_eq!(file.key(name).unwrap().id.as_str(), id, "{name}");
        }
    }

    #[test]
    fn a_missing_profile_is_told_which_there_are() {
        let refusal = parsed("[home]\n[work]\n").key("hom").unwrap_err();
        assert_eq!(refusal.to_string(), "There is no profile 'hom' in the credentials file; it has: home, work.");
        assert_eq!(parsed("[home]\n").key("DEFAULT").unwrap_err(), no_profile("DEFAULT", "home"));
        assert_eq!(parsed("").key("DEFAULT").unwrap_err(), no_profile("DEFAULT", "none"));
        assert_eq!(parsed(KEYS).key("work").unwrap_err(), no_profile("work", "DEFAULT"));
    }

    #[test]
    fn half_a_key_or_a_bad_one_is_refused() {
        let refused = |body: &str| parsed(&format!("[default]\n{body}")).key("default").unwrap_err();
        assert_eq!(refused("R3_ACCESS_KEY_ID=K1\n"), Error::Incomplete("default".to_owned()));
        assert_eq!(refused("#R3_ACCESS_KEY_ID=K1\nR3_SECRET_ACCESS_KEY=AA\n"), Error::Incomplete("default".to_owned()));
        assert_eq!(refused("R3_ACCESS_KEY_ID=ab#cd\nR3_SECRET_ACCESS_KEY=AA\n"), Error::Key(access_key::Error::Id));
        assert_eq!(
            refused("R3_ACCESS_KEY_ID=K1\nR3_SECRET_ACCESS_KEY=hunter2!\n"),
            Error::Key(access_key::Error::Secret)
        );
    }

    #[test]
    fn what_is_not_utf_8_text_is_refused() {
        for bytes in [b"\xff\xfe[\0d\0".as_slice(), b"\xfe\xff\0[\0d", b"[\0d\0", b"\0[\0d"] {
            assert_eq!(CredentialsFile::parse(bytes).err(), Some(Error::Utf16), "{bytes:?}");
        }
        for bytes in [b"[B\xfcro]".as_slice(), b"\0\0\0\0", b"[default]\0"] {
            assert_eq!(CredentialsFile::parse(bytes).err(), Some(Error::NotText), "{bytes:?}");
        }
    }

    #[test]
    fn a_file_shows_nothing_of_itself_in_a_log() {
        assert!(!format!("{:?}", parsed(KEYS)).contains("AQID"));
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_back_byte_for_byte(bytes in any::<Vec<u8>>(), text in "(\u{feff}|[\\[\\]a#;= \r\n\u{e9}]){0,40}") {
            for bytes in [bytes.as_slice(), text.as_bytes()] {
                if let Ok(file) = CredentialsFile::parse(bytes) {
                    prop_assert!(file.to_bytes().matches(bytes));
                    for profile in file.profiles() {
                        let _ = file.key(&profile);
                    }
                }
            }
        }
    }

    fn parsed(text: &str) -> CredentialsFile {
        CredentialsFile::parse(text.as_bytes()).unwrap()
    }

    fn no_profile(wanted: &str, present: &str) -> Error {
        Error::NoProfile { wanted: wanted.to_owned(), present: present.to_owned() }
    }
}
