//! The credentials file of reference §5: INI that belongs to a person. Editing changes only the two lines that must change;
//! comments, order, other profiles, unknown keys and line endings stay byte for byte (DESIGN rule 6; CRED cards).

use std::ops::Range;

use super::access_key::AccessKey;
use crate::base::Secret;

/// The text of a file, read tolerantly (CRLF, BOM, quotes, blanks, comments behind a section; top-level fallback).
#[derive(Clone, Debug, Default)]
pub struct CredentialsFile {
    /// Each with its line ending, as in the file; the first may start with a BOM.
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
const BOM: char = '\u{feff}';

impl CredentialsFile {
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        if is_utf16(bytes) {
            return Err(Error::Utf16);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| Error::NotText)?;
        if text.contains('\0') {
            return Err(Error::NotText);
        }
        Ok(Self { lines: text.split_inclusive('\n').map(Secret::from).collect() })
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

    /// Sets the two keys of one profile, adding the section (and `# comment`) at the end when it is new.
    pub fn set(&mut self, profile: &str, key: &AccessKey, comment: Option<&str>) -> Result<(), Error> {
        let profile = profile.trim();
        if profile.is_empty() || profile.contains(']') || profile.contains(char::is_control) {
            return Err(Error::ProfileName);
        }
        if self.sections_of(profile).is_empty() {
            self.append_section(profile, comment);
        }
        self.set_value(profile, ID, SECRET, key.id.as_str());
        self.set_value(profile, SECRET, ID, key.secret_text().expose());
        Ok(())
    }

    /// Removes the two keys of one profile (and the section if nothing else is left in it).
    pub fn remove(&mut self, profile: &str) {
        let mut doomed = Vec::new();
        for Section { header, body } in self.sections_of(profile.trim()) {
            let (keys, others): (Vec<_>, Vec<_>) = body.partition(|line| self.is_key_line(*line));
            doomed.extend(keys);
            if others.iter().all(|line| self.line(*line).trim().is_empty()) {
                doomed.extend(header);
                doomed.extend(others.into_iter().filter(|_| header.is_some()));
            }
        }
        let mut numbers = 0..self.lines.len();
        self.lines.retain(|_| numbers.next().is_none_or(|line| !doomed.contains(&line)));
    }

    /// The bytes to write: secret, since the file holds keys.
    pub fn to_bytes(&self) -> Secret<Vec<u8>> {
        let mut bytes = Vec::with_capacity(self.lines.iter().map(|line| line.expose().len()).sum());
        for line in &self.lines {
            bytes.extend_from_slice(line.expose().as_bytes());
        }
        Secret::new(bytes)
    }

    /// Empty past the end; without the BOM.
    fn line(&self, number: usize) -> &str {
        let line = self.lines.get(number).map_or("", |line| line.expose());
        if number == 0 { line.trim_start_matches(BOM) } else { line }
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
        entry(self.line(number)).is_some_and(|(key, _)| key == ID || key == SECRET)
    }

    fn last_line(&self, sections: &[Section], key: &str) -> Option<usize> {
        let mut lines = sections.iter().flat_map(|section| section.body.clone()).rev();
        lines.find(|line| entry(self.line(*line)).is_some_and(|(found, _)| found == key))
    }

    fn append_section(&mut self, profile: &str, comment: Option<&str>) {
        if self.lines.last().is_some_and(|last| !last.expose().trim().is_empty()) {
            self.insert(self.lines.len(), "");
        }
        self.insert(self.lines.len(), &format!("[{profile}]"));
        if let Some(comment) = comment {
            self.insert(self.lines.len(), &format!("# {}", comment.replace(char::is_control, " ")));
        }
    }

    /// In the place of the old line; else below its partner; else below what stands at the head of the section.
    fn set_value(&mut self, profile: &str, key: &str, partner: &str, value: &str) {
        let sections = self.sections_of(profile);
        let text = Secret::new(format!("{key}={value}"));
        if let Some(number) = self.last_line(&sections, key) {
            let bom = if number == 0 && self.starts_with_bom() { "\u{feff}" } else { "" };
            let ending = ending(self.lines.get(number).map_or("", |line| line.expose()));
            let line = Secret::new(format!("{bom}{}{ending}", text.expose()));
            self.lines.splice(number..=number, [line]);
            return;
        }
        let after_partner = self.last_line(&sections, partner).map(|line| line + 1);
        let after_head = sections.first().map_or(0, |section| self.after_head(section));
        self.insert(after_partner.unwrap_or(after_head), text.expose());
    }

    /// Comments right below the section's name belong to it.
    fn after_head(&self, section: &Section) -> usize {
        let mut body = section.body.clone();
        body.find(|line| !self.line(*line).starts_with('#')).unwrap_or(section.body.end)
    }

    /// Puts a line in, in the file's own line ending.
    fn insert(&mut self, number: usize, text: &str) {
        let endings = self.lines.iter().map(|line| ending(line.expose()));
        let own = endings.into_iter().find(|ending| !ending.is_empty()).unwrap_or("\n");
        if let Some(above) = number.checked_sub(1).and_then(|above| self.lines.get_mut(above))
            && ending(above.expose()).is_empty()
        {
            *above = Secret::new(format!("{}{own}", above.expose()));
        }
        self.lines.insert(number, Secret::new(format!("{text}{own}")));
    }

    fn starts_with_bom(&self) -> bool {
        self.lines.first().is_some_and(|line| line.expose().starts_with(BOM))
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

fn ending(line: &str) -> &'static str {
    if line.ends_with("\r\n") {
        "\r\n"
    } else if line.ends_with('\n') {
        "\n"
    } else {
        ""
    }
}
