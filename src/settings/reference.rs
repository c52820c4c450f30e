//! What every setting is called, means and usually is, said once: the settings file that a package installs, the table in
//! the README and the manual page are written from it.

/// One setting.
#[derive(Debug)]
pub struct Key {
    /// `mail.server`; `*` stands for a name that the operator chooses.
    pub name: &'static str,
    pub kind: Kind,
    /// As it stands in a file.
    pub example: &'static str,
    /// What it does, then when to change it.
    pub about: &'static str,
}

/// How it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text, a number, true or false; the example is the default.
    One,
    /// A list of texts; the example is the default.
    Many,
    /// As `One`, without a default.
    OneIfAny,
}

/// The settings of one program.
#[derive(Debug)]
pub struct Reference {
    pub program: &'static str,
    /// Where its settings file is.
    pub file: &'static str,
    /// How variables begin that say a setting.
    pub variables: &'static str,
    /// The lines at the top of the settings file.
    pub preface: &'static str,
    /// In the order of the settings file: those without a section first.
    pub keys: &'static [Key],
}

const WIDTH: usize = 118;

/// A setting with one value, which is this unless somebody says otherwise.
pub const fn one(name: &'static str, example: &'static str, about: &'static str) -> Key {
    Key { name, kind: Kind::One, example, about }
}

/// A setting with a list of values.
pub const fn many(name: &'static str, example: &'static str, about: &'static str) -> Key {
    Key { name, kind: Kind::Many, example, about }
}

/// A setting that is not there unless somebody says it.
pub const fn one_if_any(name: &'static str, example: &'static str, about: &'static str) -> Key {
    Key { name, kind: Kind::OneIfAny, example, about }
}

impl Kind {
    pub fn is_list(self) -> bool {
        matches!(self, Self::Many)
    }

    pub fn has_default(self) -> bool {
        matches!(self, Self::One | Self::Many)
    }
}

impl Key {
    pub fn is(&self, name: &str) -> bool {
        let (mut pattern, mut words) = (self.name.split('.'), name.split('.'));
        loop {
            match (pattern.next(), words.next()) {
                (None, None) => return true,
                (Some("*"), Some(word)) if !word.is_empty() => {}
                (Some(expected), Some(word)) if expected == word => {}
                _differs => return false,
            }
        }
    }

    /// `MAIL_SERVER`
    pub fn variable(&self) -> String {
        self.name.to_uppercase().replace('.', "_")
    }

    /// The section of the file, empty for those above all sections, and the name in there.
    pub fn place(&self) -> (&'static str, &'static str) {
        self.name.rsplit_once('.').unwrap_or(("", self.name))
    }

    /// How a value is written, in words.
    pub fn written(&self) -> &'static str {
        match self.example.chars().next() {
            Some('[') => "list of texts",
            Some('"') => "text",
            Some('t' | 'f') => "true or false",
            _digit => "whole number",
        }
    }
}

impl Reference {
    /// The settings file as it is installed: everything there, and nothing said.
    pub fn settings_file(&self) -> String {
        let mut text = wrapped("# ", self.preface);
        let mut section = "";
        for key in self.keys {
            let (of, name) = key.place();
            if of != section {
                section = of;
                let sleeping = if of.contains('*') { "#" } else { "" };
                text += &format!("\n{sleeping}[{}]\n", of.replace('*', "Google"));
            } else {
                text += "\n";
            }
            let default = if key.kind.has_default() { "" } else { " Not set unless you say it." };
            text += &wrapped("# ", &format!("{}{default}", key.about));
            text += &format!("#{name} = {}\n", key.example);
        }
        text
    }

    /// The rows of a Markdown table.
    pub fn table(&self) -> String {
        let mut text = "| setting | value | what it does, and when to change it |\n|---|---|---|\n".to_owned();
        for key in self.keys {
            let value = match key.kind.has_default() {
                true => format!("{}; `{}`", key.written(), key.example),
                false => format!("{}; not set; e.g. `{}`", key.written(), key.example),
            };
            let about = key.about.replace('|', "\\|").replace('<', "&lt;").replace('*', "\\*");
            text += &format!("| `{}` | {value} | {about} |\n", key.name);
        }
        text
    }

    /// What was written from the settings says the same as they do.
    #[cfg(test)]
    pub(crate) fn check_documents(&self, installed_file: &str) {
        let again = "write it again: packaging/documents --here";
        assert_eq!(installed_file, self.settings_file(), "{again}");
        assert!(include_str!("../../README.md").contains(&self.table()), "the README lacks a setting; {again}");
    }
}

/// Lines that begin so and are not too long for a terminal.
fn wrapped(start: &str, text: &str) -> String {
    let mut lines = String::new();
    for paragraph in text.lines() {
        let mut line = start.trim_end().to_owned();
        for word in paragraph.split(' ') {
            if line.chars().count() + 1 + word.chars().count() > WIDTH {
                lines += &format!("{line}\n");
                line = start.trim_end().to_owned();
            }
            line += &format!(" {word}");
        }
        lines += &format!("{line}\n");
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const FEW: Reference = Reference {
        program: "x",
        file: "/etc/x.toml",
        variables: "X_",
        preface: "Settings of x.\nSecond line.",
        keys: &[
            one("log", r#""info""#, "How much is logged."),
            many("door.names", "[]", "Names."),
            one_if_any("door.of.*.key", r#""k""#, "A | key."),
        ],
    };

    #[test]
    fn the_settings_file_says_nothing_until_a_line_is_woken() {
        assert_eq!(
            FEW.settings_file(),
            "# Settings of x.\n# Second line.\n\n# How much is logged.\n#log = \"info\"\n\n[door]\n# Names.\n#names = []\n\n\
             #[door.of.Google]\n# A | key. Not set unless you say it.\n#key = \"k\"\n"
        );
    }

    #[test]
    fn the_table_tells_a_default_from_an_example() {
        let table = FEW.table();
        assert!(table.contains("| `log` | text; `\"info\"` | How much is logged. |"), "{table}");
        assert!(table.contains("| `door.of.*.key` | text; not set; e.g. `\"k\"` | A \\| key. |"), "{table}");
    }

    #[test]
    fn long_explanations_are_broken_between_words() {
        let text = wrapped("# ", &"word ".repeat(50));
        assert!(text.lines().all(|line| line.starts_with("# word") && line.len() <= WIDTH), "{text}");
        assert!(text.lines().count() == 3, "{text}");
    }
}
