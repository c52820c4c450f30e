//! The rules of the source that the compiler does not know: what each folder of `src` may name, which one is pure, how
//! files are laid out, and what the agent must not link.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a source that cannot be read fails the test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use syn::visit::{self, Visit};

/// What may name what. A folder may always name itself; nothing that is not listed here may be named.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("protocol", &["base"]),
    ("net", &["base"]),
    ("settings", &["base"]),
    ("keystore", &["base", "protocol"]),
    ("device", &["base", "protocol"]),
    ("account", &["base", "protocol", "net", "keystore"]),
    ("broker", &["base", "protocol", "net", "keystore", "account"]),
    ("panel", &["base", "protocol", "net", "keystore", "account", "device", "broker::status"]),
    ("cli", AGENT),
    ("app", AGENT),
    ("cloud", &["base", "protocol", "net", "settings", "panel::screens"]),
    ("lib", &[]),
    ("main", WHOLE),
    ("bin", &["base", "protocol", "net", "settings", "cli", "cloud"]),
];

const AGENT: &[&str] =
    &["base", "protocol", "net", "settings", "keystore", "device", "account", "broker", "panel", "cli", "app"];

/// The agent's program brings both halves together, for the demo.
const WHOLE: &[&str] = &["base", "protocol", "net", "cli", "cloud"];

/// What pure code (`protocol`, outside its tests) must not name: files, network, time, randomness, logs, tasks.
const IMPURE: &[&str] = &[
    "std::env",
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "tokio",
    "tracing",
    "getrandom",
    "crate::base::Clock",
    "crate::base::clock",
    "crate::base::Entropy",
    "crate::base::entropy",
];

/// Functions that read a clock, whatever type has them.
const CLOCK_READERS: &[&str] = &["::now", "::now_utc", "::now_local", "::elapsed"];

/// What the agent never links: the account service's own dependencies, and TLS that is not `rustls` with `ring`.
const NOT_IN_THE_AGENT: &[&str] =
    &["aws-lc-rs", "aws-lc-sys", "jsonwebtoken", "juniper", "native-tls", "openssl", "openssl-sys", "sqlx"];

const LONGEST_FILE: usize = 350;
const DEEPEST_FOLDER: usize = 2;
const EMPTY_NAMES: &[&str] =
    &["util", "utils", "helper", "helpers", "common", "misc", "type", "types", "manager", "managers"];

#[test]
fn every_folder_names_only_what_the_table_allows() {
    let wrong =
        sources().iter().flat_map(|file| file.named()).filter_map(|named| not_allowed(&named)).collect::<Vec<_>>();
    report(wrong);
}

#[test]
fn every_folder_is_in_the_table() {
    let missing = |file: &Source| (!MAY_NAME.iter().any(|(folder, _)| *folder == file.folder())).then(|| file.shown());
    report(sources().iter().filter_map(missing));
}

#[test]
fn the_protocol_folder_is_pure() {
    let protocol = sources().into_iter().filter(|file| file.folder() == "protocol");
    report(protocol.flat_map(|file| file.named()).filter_map(|named| impure(&named)));
}

#[test]
fn no_file_is_longer_than_350_lines() {
    let too_long = |file: &Source| {
        let over = file.text.lines().count().saturating_sub(LONGEST_FILE);
        (over > 0).then(|| format!("{} is {over} lines too long", file.shown()))
    };
    report(sources().iter().chain(&tests()).filter_map(too_long));
}

#[test]
fn every_file_begins_by_saying_what_it_is_for() {
    let silent =
        |file: &&Source| !file.text.lines().next().is_some_and(|line| line.len() > 10 && line.starts_with("//! "));
    report(sources().iter().filter(silent).map(Source::shown));
}

#[test]
fn files_and_folders_have_names_that_say_something() {
    let empty = |file: &&Source| file.module().iter().any(|name| EMPTY_NAMES.contains(&name.as_str()));
    report(sources().iter().filter(empty).map(Source::shown));
}

#[test]
fn folders_are_shallow_and_have_their_front_door_inside() {
    let wrong = |file: &Source| {
        let folders = file.path.components().count() - 1;
        let beside = Path::new("src").join(&file.path).with_extension("").is_dir();
        if folders > DEEPEST_FOLDER {
            Some(format!("{} lies {folders} folders deep", file.shown()))
        } else {
            beside.then(|| format!("{} stands beside its folder; move it to mod.rs in there", file.shown()))
        }
    };
    report(sources().iter().filter_map(wrong));
}

#[test]
fn only_front_doors_hand_on_what_lies_elsewhere() {
    let door = |file: &Source| file.path.ends_with("mod.rs") || file.path.ends_with("lib.rs");
    let wrong = sources().into_iter().filter(|file| !door(file) && file.read().hands_on);
    report(wrong.map(|file| format!("{} has a 'pub use'", file.shown())));
}

#[test]
fn the_agent_links_nothing_of_the_account_service() {
    let linked = tree(&["--no-default-features"]);
    report(NOT_IN_THE_AGENT.iter().filter(|name| linked.contains(&(**name).to_owned())).map(|name| name.to_string()));
    assert!(linked.contains(&"rustls".to_owned()), "the tree was not read: {linked:?}");
    assert!(tree(&[]).contains(&"sqlx".to_owned()), "the account service has another store now: mend the list");
}

#[test]
fn the_reader_sees_every_way_to_name_a_folder() {
    for (text, seen) in [
        ("use crate::account::{Account, attempt::{Ask, self}};", "crate::account::attempt"),
        ("use crate::{base, cloud as c};", "crate::cloud"),
        ("use super::super::panel;", "crate::panel"),
        ("use super::super::*;", "crate"),
        ("fn f(x: crate::panel::Panel) {}", "crate::panel::Panel"),
        ("fn f() { let _ = <super::super::cloud::Cloud as Clone>::clone; }", "crate::cloud::Cloud"),
        ("fn f() { assert!(matches!(1, crate::cloud::ONE)); }", "crate::cloud::ONE"),
        ("mod tests { use super::super::super::cli; }", "crate::cli"),
    ] {
        assert!(names("net/listen.rs", text).contains(&seen.to_owned()), "{text}");
    }
    assert_eq!(names("main.rs", "use latchkey::app::{self, App}; use crate::net;"), ["crate::app", "crate::app::App"]);
    assert_eq!(names("net/listen.rs", r#"fn f() { g!("a latchkey: {}", self.x) }"#), ["g"]);
}

fn names(path: &str, text: &str) -> Vec<String> {
    let file = Source { path: path.into(), text: text.into() };
    file.named().into_iter().map(|named| named.what).collect()
}

/// One file of `src`, by its path below it.
struct Source {
    path: PathBuf,
    text: String,
}

/// A path in a source, with `self` and `super` resolved.
struct Named {
    by: String,
    file: String,
    what: String,
    in_tests: bool,
}

fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    collect(Path::new("src"), &mut found);
    assert!(found.len() > 20, "the sources were not found");
    found
}

fn tests() -> Vec<Source> {
    let mut found = Vec::new();
    collect(Path::new("tests"), &mut found);
    found
}

fn collect(folder: &Path, found: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("node_modules") {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            found.push(Source { path: path.components().skip(1).collect(), text });
        }
    }
}

fn report(wrong: impl IntoIterator<Item = String>) {
    let mut wrong: Vec<_> = wrong.into_iter().collect();
    wrong.sort();
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

fn not_allowed(named: &Named) -> Option<String> {
    let (_, allowed) = MAY_NAME.iter().find(|(folder, _)| *folder == named.by)?;
    let below = named.what.strip_prefix("crate").filter(|rest| rest.is_empty() || rest.starts_with("::"))?;
    let below = below.trim_start_matches("::");
    let is_allowed = allowed.iter().chain([&named.by.as_str()]).any(|name| starts_with(below, name));
    (!is_allowed).then(|| format!("{} names '{below}', which '{}' may not", named.file, named.by))
}

fn impure(named: &Named) -> Option<String> {
    let reads_clock = CLOCK_READERS.iter().any(|reader| named.what.ends_with(reader));
    let impure = reads_clock || IMPURE.iter().any(|name| starts_with(&named.what, name));
    (impure && !named.in_tests).then(|| format!("{} names {}", named.file, named.what))
}

fn starts_with(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// Names of the packages that are linked into the binary.
fn tree(features: &[&str]) -> Vec<String> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["tree", "--locked", "-e", "normal", "--prefix", "none", "--format", "{p}"]).args(features);
    let output = cargo.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

impl Source {
    fn shown(&self) -> String {
        self.path.display().to_string()
    }

    /// `net/listen.rs` is `["net", "listen"]`, `net/mod.rs` is `["net"]`.
    fn module(&self) -> Vec<String> {
        let path = self.path.with_extension("");
        let mut names: Vec<_> = path.iter().map(|name| name.to_str().unwrap().to_owned()).collect();
        names.pop_if(|last| last == "mod");
        names
    }

    fn folder(&self) -> String {
        self.module().swap_remove(0)
    }

    fn read(&self) -> Reader {
        let is_program = ["main", "bin"].contains(&self.folder().as_str());
        let library = if is_program { "latchkey" } else { "crate" };
        let module = [vec!["crate".to_owned()], self.module()].concat();
        let mut reader = Reader { library, module, named: Vec::new(), test_modules: 0, hands_on: false };
        reader.visit_file(&syn::parse_file(&self.text).unwrap_or_else(|error| panic!("{}: {error}", self.shown())));
        reader
    }

    fn named(&self) -> Vec<Named> {
        let (by, file) = (self.folder(), self.shown());
        let named = self.read().named.into_iter();
        named.map(|(what, in_tests)| Named { by: by.clone(), file: file.clone(), what, in_tests }).collect()
    }
}

/// Collects every path of one file: in code, in `use` trees, inside macros.
struct Reader {
    /// What the library is called in this file.
    library: &'static str,
    module: Vec<String>,
    named: Vec<(String, bool)>,
    test_modules: usize,
    hands_on: bool,
}

impl Reader {
    fn name(&mut self, segments: &[String]) {
        let mut absolute = match segments.first().map(String::as_str) {
            Some("self" | "super") if self.library == "crate" => self.module.clone(),
            Some(first) if first == self.library => vec!["crate".to_owned()],
            Some("self" | "super" | "crate") | None => return,
            Some(_) => Vec::new(),
        };
        for segment in segments {
            match segment.as_str() {
                "self" | "crate" | "latchkey" => {}
                "super" => drop(absolute.pop()),
                other => absolute.push(other.to_owned()),
            }
        }
        self.named.push((absolute.join("::"), self.test_modules > 0));
    }

    fn name_tree(&mut self, before: &[String], tree: &syn::UseTree) {
        let with = |ident: &syn::Ident| [before, &[ident.to_string()]].concat();
        match tree {
            syn::UseTree::Path(path) => self.name_tree(&with(&path.ident), &path.tree),
            syn::UseTree::Name(name) => self.name(&with(&name.ident)),
            syn::UseTree::Rename(rename) => self.name(&with(&rename.ident)),
            syn::UseTree::Glob(_) => self.name(before),
            syn::UseTree::Group(group) => group.items.iter().for_each(|tree| self.name_tree(before, tree)),
        }
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        let is_test = usize::from(module.ident == "tests");
        self.module.push(module.ident.to_string());
        self.test_modules += is_test;
        visit::visit_item_mod(self, module);
        self.test_modules -= is_test;
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.hands_on |= !matches!(item.vis, syn::Visibility::Inherited);
        self.name_tree(&[], &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.name(&path.segments.iter().map(|segment| segment.ident.to_string()).collect::<Vec<_>>());
        visit::visit_path(self, path);
    }

    /// What stands in a macro is no syntax yet: its words are read as text.
    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        let text = call.tokens.to_string().replace(" :: ", "::");
        let words = text.split(|letter: char| !letter.is_alphanumeric() && letter != '_' && letter != ':');
        for path in words.filter(|word| word.contains("::")) {
            self.name(&path.split("::").filter(|name| !name.is_empty()).map(str::to_owned).collect::<Vec<_>>());
        }
        visit::visit_macro(self, call);
    }

    /// `pub(crate)` names nothing.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}
}
