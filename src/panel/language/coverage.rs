//! Whether every language has words for all that a page can say: every sentence of every template, whichever way its branches go,
//! and every sentence that the source holds for people.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::catalogue::Catalogue;
use super::{Language, page};

/// Stands for a value; a number, since a hole for numbers must take it.
const VALUE: &str = "7";
/// Ends a sentence.
const EDGE: &str = "<hr>";
/// How often the branches of a template are chosen anew.
const WALKS: u64 = 96;

/// Where sentences for people stand, beside the templates.
const SOURCES: [&str; 13] = [
    "src/panel",
    "src/account",
    "src/cloud/access_keys.rs",
    "src/cloud/event_log.rs",
    "src/cloud/factors/mod.rs",
    "src/cloud/passwords.rs",
    "src/cloud/portal",
    "src/keystore/mod.rs",
    "src/protocol/access_key.rs",
    "src/protocol/code.rs",
    "src/protocol/credentials_file/mod.rs",
    "src/protocol/recovery_code.rs",
    "src/device",
];

/// Literals that look like sentences, and are not shown on a page.
const NOT_SHOWN: &[&str] = &[
    // Another literal makes it whole.
    "This device's clock is wrong7. Set it, or wait for time synchronisation, and try again.",
    "7 ago",
    // In answers for programs only.
    "1 validation error detected: ",
    "Ask for 1 to 7 events at a time.",
    "Say what to change: enabled, name or both.",
    "The number of events to skip cannot be negative.",
    "There is no kind of event called '7'.",
    // For browsers and at the start of the agent.
    "7: the claim code must have 8 to 64 letters and digits, such as \"ACDE-3467\".",
    "Lax",
    "Strict",
    "Access denied",
    "Failed to connect to bus",
    "No journal files were found",
    "Operation not permitted",
    "Permission denied",
    "0x",
    // The same in every language.
    "Android",
    "Bearer",
    "Bearer 7",
    "Chrome",
    "Code",
    "Edge",
    "Firefox",
    "Google",
    "GraphQL answered with status 7",
    "GraphQL sent a log that cannot be read",
    "GraphQL sent no log",
    "Latchkey",
    "Linux",
    "Mac OS X",
    "Opera",
    "Password did not conform with policy: ",
    "Safari",
    "Username",
    "Value",
    "Windows",
];

/// Other files of those folders say nothing to people.
const NOT_FOR_PEOPLE: &[&str] = &["bench.rs", "tests.rs", "own.rs"];

const TRANSLATED: [Language; 3] = [Language::German, Language::Spanish, Language::Japanese];

#[test]
fn every_language_has_words_for_every_sentence_of_a_template() {
    let templates = files(Path::new("assets/pages"), "html");
    assert!(templates.len() > 30);
    report(|catalogue, missing| {
        for template in &templates {
            let parts = Parts { rest: &without_comments(&fs::read_to_string(template).unwrap()) }.read(&[]).0;
            for walk in 0..WALKS {
                let html = expand(&parts, &mut Dice(walk));
                page::rewrite(&html, &mut |sentence| {
                    let found = catalogue.find(sentence);
                    if found.is_none() && says_something(sentence) && !NOT_SHOWN.contains(&sentence) {
                        missing.insert(sentence.to_owned());
                    }
                    found
                });
            }
        }
    });
}

#[test]
fn every_language_has_words_for_every_sentence_of_the_source() {
    let sources: Vec<PathBuf> = SOURCES.iter().flat_map(|path| files(Path::new(path), "rs")).collect();
    let sentences: BTreeSet<String> = sources.iter().flat_map(|path| sentences(path)).collect();
    assert!(sentences.len() > 50);
    report(|catalogue, missing| {
        missing.extend(sentences.iter().filter(|sentence| catalogue.find(sentence).is_none()).cloned());
    });
}

#[test]
fn the_words_of_every_language_have_the_tags_and_holes_of_the_english_ones() {
    for language in TRANSLATED {
        let text = fs::read_to_string(format!("assets/languages/{}.toml", language.tag())).unwrap();
        let table: toml::Table = text.parse().unwrap();
        let lines = text.lines().filter(|line| line.starts_with('"')).count();
        assert_eq!(table.len(), lines, "{language:?}: a line that TOML reads otherwise");
        for (english, words) in &table {
            let words = words.as_str().unwrap();
            assert!(!text.contains('\\'), "{language:?}: no escapes");
            assert_eq!(marks(english, '<', '>'), marks(words, '<', '>'), "{language:?}: {english}");
            assert_eq!(marks(english, '{', '}').len(), marks(words, '{', '}').len(), "{language:?}: {english}");
            if !english.contains('{') {
                let found = language.catalogue().unwrap().find(english);
                assert_eq!(found.as_deref(), Some(words), "{language:?}: {english}");
            }
        }
    }
}

fn report(missing: impl Fn(&Catalogue<'_>, &mut BTreeSet<String>)) {
    let mut lacks = String::new();
    for language in TRANSLATED {
        let mut sentences = BTreeSet::new();
        missing(language.catalogue().unwrap(), &mut sentences);
        for sentence in sentences {
            lacks.push_str(&format!("{}: {sentence}\n", language.tag()));
        }
    }
    assert!(lacks.is_empty(), "assets/languages lacks\n{lacks}");
}

fn marks(text: &str, from: char, to: char) -> BTreeSet<(usize, String)> {
    let mut counted: Vec<String> =
        text.split(from).skip(1).filter_map(|rest| Some(rest.split_once(to)?.0.to_owned())).collect();
    counted.sort();
    counted.into_iter().enumerate().collect()
}

fn files(path: &Path, extension: &str) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let mut found: Vec<PathBuf> = fs::read_dir(path)
        .unwrap()
        .flat_map(|entry| {
            let path = entry.unwrap().path();
            if path.is_dir() { files(&path, extension) } else { vec![path] }
        })
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .filter(|path| {
            !path.starts_with("src/panel/language")
                && !path.starts_with("src/account/cognito")
                && !path.starts_with("src/panel/api")
        })
        .filter(|path| !NOT_FOR_PEOPLE.iter().any(|name| path.ends_with(name)))
        .collect();
    found.sort();
    found
}

fn without_comments(template: &str) -> String {
    template.split("{#").enumerate().fold(String::new(), |text, (number, part)| {
        text + if number == 0 { part } else { part.split_once("#}").unwrap().1 }
    })
}

/// A template, read.
enum Part {
    Text(String),
    Choice(Vec<Vec<Part>>),
}

struct Parts<'t> {
    rest: &'t str,
}

impl Parts<'_> {
    /// As far as one of these words, and which it was.
    fn read(&mut self, ends: &[&str]) -> (Vec<Part>, String) {
        let mut parts = Vec::new();
        while let Some(at) = self.rest.find("{%").into_iter().chain(self.rest.find("{{")).min() {
            let (text, code) = self.rest.split_at(at);
            parts.push(Part::Text(text.to_owned()));
            if let Some(value) = code.strip_prefix("{{") {
                self.rest = value.split_once("}}").unwrap().1;
                parts.push(Part::Text(VALUE.to_owned()));
                continue;
            }
            let (statement, rest) = code.split_once("%}").unwrap();
            self.rest = rest;
            let words: Vec<&str> = statement.trim_matches(['{', '%', '-', ' ']).split([' ', '(']).collect();
            if ends.contains(&words[0]) {
                return (parts, words.join(" "));
            }
            self.statement(&words, &mut parts);
        }
        parts.push(Part::Text(self.rest.to_owned()));
        self.rest = "";
        (parts, String::new())
    }

    fn statement(&mut self, words: &[&str], parts: &mut Vec<Part>) {
        match words[0] {
            "if" => parts.push(self.choice(&["else", "endif"], "endif")),
            "match" => {
                self.read(&["when", "else"]);
                parts.push(self.choice(&["when", "else", "endmatch"], "endmatch"));
            }
            "for" => parts.extend(self.read(&["endfor"]).0),
            "call" => {
                self.read(&["endcall"]);
            }
            "block" => {
                let inside = self.read(&["endblock"]).0;
                let is_empty = matches!(inside.as_slice(), [Part::Text(text)] if text.is_empty());
                if is_empty || words[1] == "width" {
                    parts.push(Part::Text(VALUE.to_owned()));
                } else {
                    parts.push(Part::Text(EDGE.to_owned()));
                    parts.extend(inside);
                    parts.push(Part::Text(EDGE.to_owned()));
                }
            }
            // Attributes, not text.
            "macro" if words[1] == "marks" => {
                self.read(&["endmacro"]);
            }
            "macro" | "endmacro" | "include" => parts.push(Part::Text(EDGE.to_owned())),
            _ => {}
        }
    }

    fn choice(&mut self, ends: &[&str], last: &str) -> Part {
        let (mut branches, mut has_else) = (Vec::new(), last == "endmatch");
        loop {
            let (branch, end) = self.read(ends);
            branches.push(branch);
            has_else |= end == "else";
            if end == last {
                break;
            }
            assert!(!end.is_empty(), "{last} is missing");
        }
        if !has_else {
            branches.push(Vec::new());
        }
        Part::Choice(branches)
    }
}

struct Dice(u64);

impl Dice {
    fn below(&mut self, number: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % number
    }
}

fn expand(parts: &[Part], dice: &mut Dice) -> String {
    let text = |part: &Part| match part {
        Part::Text(text) => text.clone(),
        Part::Choice(branches) => expand(&branches[dice.below(branches.len())], dice),
    };
    parts.iter().map(text).collect()
}

fn says_something(sentence: &str) -> bool {
    sentence
        .split('<')
        .map(|part| part.split_once('>').map_or(part, |(_, text)| text))
        .any(|text| text.contains(char::is_alphabetic))
}

/// The literals of a file, outside its tests, that read like something for people.
fn sentences(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let source = text.split("#[cfg(test)]\nmod ").next().unwrap();
    let code: String =
        source.lines().filter(|line| !line.trim_start().starts_with("//")).map(|line| format!("{line}\n")).collect();
    let code = code.replace("'\"'", "").replace("\\\"", "\u{1}");
    let literals = code.split('"').skip(1).step_by(2);
    literals.map(plain).filter(|literal| is_for_people(literal)).collect()
}

fn plain(literal: &str) -> String {
    let mut text = String::new();
    for (number, line) in literal.split("\\\n").enumerate() {
        text.push_str(if number == 0 { line } else { line.trim_start() });
    }
    let mut plain = String::new();
    let mut rest = text.as_str();
    while let Some((before, (_, after))) = rest.split_once('{').and_then(|(a, b)| Some((a, b.split_once('}')?))) {
        plain.push_str(before);
        plain.push_str(VALUE);
        rest = after;
    }
    (plain + rest).replace('\u{1}', "\"")
}

fn is_for_people(literal: &str) -> bool {
    let begins = literal.starts_with(|sign: char| sign.is_ascii_uppercase() || sign.is_ascii_digit());
    let is_word = !literal.contains(' ')
        && literal.len() > 1
        && literal.chars().skip(1).all(|sign| sign.is_ascii_lowercase() || sign == '-');
    let is_sentence = literal.contains(' ') && !literal.contains([';', '=', '\\', '/']);
    begins && (is_word || is_sentence) && says_something(literal) && !NOT_SHOWN.contains(&literal)
}
