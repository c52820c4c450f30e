//! Changes the two lines of one profile and leaves every other byte alone.

use super::{CredentialsFile, DEFAULT, Error, ID, SECRET, Section};
use crate::base::Secret;
use crate::protocol::access_key::AccessKey;

impl CredentialsFile {
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

    /// Removes the two keys of one profile (and the section if nothing else is left in it); for DEFAULT also those above
    /// all sections, which would answer for it from then on.
    pub fn remove(&mut self, profile: &str) {
        let profile = profile.trim();
        let mut sections = self.sections_of(profile);
        if profile.eq_ignore_ascii_case(DEFAULT) {
            sections.extend(self.sections().into_iter().take(1));
        }
        let mut doomed = Vec::new();
        for Section { header, body } in sections {
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
            let line = Secret::new(format!("{}{}", text.expose(), ending(self.line(number))));
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
        body.find(|line| !self.line(*line).trim_start().starts_with(['#', ';'])).unwrap_or(section.body.end)
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::protocol::access_key::KeyId;

    const SECRET_TEXT: &str = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e";

    #[test]
    fn a_new_file_is_what_the_download_button_gives() {
        let expected =
            format!("[DEFAULT]\n# me@example.com\nR3_ACCESS_KEY_ID=NEW\nR3_SECRET_ACCESS_KEY={SECRET_TEXT}\n");
        assert_eq!(edited("", |file| file.set("DEFAULT", &key(), Some("me@example.com")).unwrap()), expected);
    }

    #[test]
    fn only_the_two_lines_of_the_profile_change() {
        let text = "# mine\n\n[one]\nR3_ACCESS_KEY_ID=A\nR3_SECRET_ACCESS_KEY=B\n\n[two] ; work\ncolour = red\n  R3_ACCESS_KEY_ID = \"C\"\nR3_DEVELOPER_API_KEY=E\nR3_SECRET_ACCESS_KEY: D\ncolour=blue\n\n[three]\nR3_ACCESS_KEY_ID=F\nR3_SECRET_ACCESS_KEY=G";
        let expected = text
            .replace("  R3_ACCESS_KEY_ID = \"C\"", "R3_ACCESS_KEY_ID=NEW")
            .replace("R3_SECRET_ACCESS_KEY: D", &format!("R3_SECRET_ACCESS_KEY={SECRET_TEXT}"));
        assert_eq!(set(text, "two"), expected);
    }

    #[test]
    fn the_files_own_line_ending_and_bom_are_kept() {
        let text = "\u{feff}[default]\r\nR3_ACCESS_KEY_ID=OLD\r\nR3_SECRET_ACCESS_KEY=OLD";
        let expected = format!("\u{feff}[default]\r\nR3_ACCESS_KEY_ID=NEW\r\nR3_SECRET_ACCESS_KEY={SECRET_TEXT}");
        assert_eq!(set(text, "DEFAULT"), expected);
        let expected = format!("{text}\r\n\r\n[x]\r\nR3_ACCESS_KEY_ID=NEW\r\nR3_SECRET_ACCESS_KEY={SECRET_TEXT}\r\n");
        assert_eq!(set(text, "x"), expected);
    }

    #[test]
    fn missing_lines_come_to_where_they_belong() {
        let secret = format!("R3_SECRET_ACCESS_KEY={SECRET_TEXT}\n");
        let new = format!("R3_ACCESS_KEY_ID=NEW\n{secret}");
        assert_eq!(set("[a]\n# me\n[b]\n", "a"), format!("[a]\n# me\n{new}[b]\n"));
        assert_eq!(set("[a]\nR3_ACCESS_KEY_ID=OLD\nx=1\n", "a"), format!("[a]\n{new}x=1\n"));
        assert_eq!(set("[a]\nx=1\nR3_SECRET_ACCESS_KEY=OLD", "a"), format!("[a]\nx=1\n{secret}R3_ACCESS_KEY_ID=NEW\n"));
        assert_eq!(set("[a]", "a"), format!("[a]\n{new}"));
    }

    #[test]
    fn keys_above_all_sections_are_those_of_the_default_profile() {
        let text = "R3_ACCESS_KEY_ID=OLD\nR3_SECRET_ACCESS_KEY=OLD\n";
        let new = format!("R3_ACCESS_KEY_ID=NEW\nR3_SECRET_ACCESS_KEY={SECRET_TEXT}\n");
        assert_eq!(set(text, "DEFAULT"), new);
        assert_eq!(set(text, "work"), format!("{text}\n[work]\n{new}"));
        assert_eq!(edited(&format!("x=1\n{text}"), |file| file.remove("default")), "x=1\n");
    }

    #[test]
    fn a_removed_profile_leaves_no_key_behind() {
        let text = "[a]\nR3_ACCESS_KEY_ID=A\nR3_ACCESS_KEY_ID=A2\nR3_SECRET_ACCESS_KEY=B\n\n[b]\nR3_ACCESS_KEY_ID=C\n# why\n[c]\nx=1\n";
        assert_eq!(
            edited(text, |file| file.remove("A")),
            text.split_once("[b]").map(|(_, rest)| format!("[b]{rest}")).unwrap()
        );
        assert_eq!(edited(text, |file| file.remove("b")), text.replace("R3_ACCESS_KEY_ID=C\n", ""));
        assert_eq!(edited(text, |file| file.remove("c")), text);
        assert_eq!(edited(text, |file| file.remove("d")), text);
    }

    #[test]
    fn a_name_that_would_break_the_file_is_refused() {
        for name in ["", " ", "a]b", "a\nb", "a\0"] {
            assert_eq!(CredentialsFile::default().set(name, &key(), None), Err(Error::ProfileName), "{name:?}");
        }
        let text = edited("", |file| file.set("a", &key(), Some("x\n[b]\r\ny")).unwrap());
        assert_eq!(parsed(&text).profiles(), ["a"]);
    }

    proptest! {
        #[test]
        fn setting_a_key_changes_no_other_profile_and_no_other_line(text in FILES, profile in "[abA. ]{0,2}[abA]|DEFAULT") {
            let before = parsed(&text);
            let after = parsed(&set(&text, &profile));
            prop_assert_eq!(after.key(&profile).unwrap().id, key().id);
            for other in before.profiles().into_iter().filter(|other| other.to_lowercase() != profile.trim().to_lowercase()) {
                prop_assert_eq!(told(&before, &other), told(&after, &other));
            }
            let lines = |file: &CredentialsFile| -> Vec<String> {
                file.lines.iter().map(|line| line.expose().trim_end_matches(['\r', '\n']).to_owned()).collect()
            };
            let mut left = lines(&after).into_iter();
            for line in lines(&before).into_iter().filter(|line| !line.contains("R3_")) {
                prop_assert!(left.any(|kept| kept == line), "{line:?} is gone");
            }
        }

        #[test]
        fn removing_a_key_changes_no_other_profile(text in FILES, profile in "b|DEFAULT") {
            let before = parsed(&text);
            let after = parsed(&edited(&text, |file| file.remove(&profile)));
            let is_gone = matches!(after.key(&profile), Err(Error::NoProfile { .. } | Error::Incomplete(_)));
            prop_assert!(is_gone);
            for other in before.profiles().into_iter().filter(|other| other.to_lowercase() != profile.to_lowercase()) {
                prop_assert_eq!(told(&before, &other), told(&after, &other));
            }
        }
    }

    /// Files made of the lines that matter, in any order.
    const FILES: &str = "\u{feff}?((\\[[abA. ]{1,3}\\]( #)?|\\[DEFAULT\\]|#[a=]{0,3}|R3_ACCESS_KEY_ID ?= ?[A-C]|R3_SECRET_ACCESS_KEY=(AQIDBAUGBwgJCgsMDQ4PEBES)?|x=\\[1\\]|)(\r?\n|\n)){0,9}(\\[a\\]|R3_ACCESS_KEY_ID=Z|y)?";

    fn told(file: &CredentialsFile, profile: &str) -> Result<KeyId, Error> {
        file.key(profile).map(|key| key.id)
    }

    fn key() -> AccessKey {
        AccessKey::parse("NEW", SECRET_TEXT).unwrap()
    }

    fn set(text: &str, profile: &str) -> String {
        edited(text, |file| file.set(profile, &key(), None).unwrap())
    }

    fn edited(text: &str, edit: impl FnOnce(&mut CredentialsFile)) -> String {
        let mut file = parsed(text);
        edit(&mut file);
        String::from_utf8(file.to_bytes().expose().clone()).unwrap()
    }

    fn parsed(text: &str) -> CredentialsFile {
        CredentialsFile::parse(text.as_bytes()).unwrap()
    }
}
