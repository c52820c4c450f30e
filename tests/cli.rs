//! Runs the command lines of `tests/cli/*.toml`: arguments, input and files in; output, complaint and exit code out.
//!
//! Every case has an empty environment but for the folders of its own, and nobody answers at its account service.
//! Where a case has an index of releases, it is served and in the settings. `[dir]` stands for the case's folder, `[..]` for anything.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a failed case")]

#[path = "cli/index.rs"]
mod index;

use std::collections::BTreeMap;
use std::fs::{Permissions, set_permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// A sentence that a user would agree with.
    name: String,
    args: Vec<String>,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    /// Made before.
    #[serde(default)]
    files: BTreeMap<String, String>,
    #[serde(default)]
    modes: BTreeMap<String, u32>,
    /// Run as somebody without rights (where the test itself may choose).
    #[serde(default)]
    as_nobody: bool,
    /// Of `latchkey-cloud`, the account service.
    #[serde(default)]
    cloud: bool,
    /// Only true of the agent alone.
    #[serde(default)]
    without_cloud: bool,
    index: Option<index::Index>,
    #[serde(default)]
    stdin: String,
    #[serde(default)]
    stdout: String,
    #[serde(default)]
    stderr: String,
    code: i32,
}

/// Cargo tells its path also where it is not built: without the feature `cloud`.
const SERVICE: &str = env!("CARGO_BIN_EXE_latchkey-cloud");
const NOBODY: u32 = 65534;

#[test]
fn every_command_line_does_what_its_case_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|kind| kind == "toml"));
    files.sort();
    let mut failures = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let cases: Cases = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let cases = cases.case.iter().filter(|case| !(case.without_cloud && cfg!(feature = "cloud")));
        let cases = cases.filter(|case| !case.cloud || cfg!(feature = "cloud"));
        failures.extend(cases.filter_map(|case| run(case).err()));
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

/// What differs, if anything does.
fn run(case: &Case) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    prepare(case, dir);
    let mut child = command(case, dir).spawn().unwrap();
    // A command that fails early does not read its input.
    let _unread = child.stdin.take().unwrap().write_all(case.stdin.as_bytes());
    let output = child.wait_with_output().unwrap();
    let mut differences = String::new();
    let code = output.status.code();
    if code != Some(case.code) {
        differences += &format!("  exit code {code:?}, not {}\n", case.code);
    }
    for (what, seen, expected) in [("stdout", output.stdout, &case.stdout), ("stderr", output.stderr, &case.stderr)] {
        let seen = String::from_utf8(seen).unwrap();
        if !fits(seen.trim_end(), expected.replace("[dir]", dir.to_str().unwrap()).trim_end()) {
            differences += &format!("  {what}:\n{seen}  instead of:\n{expected}\n");
        }
    }
    if differences.is_empty() { Ok(()) } else { Err(format!("{}\n{differences}", case.name)) }
}

fn prepare(case: &Case, dir: &Path) {
    set_permissions(dir, Permissions::from_mode(0o755)).unwrap();
    std::fs::write(dir.join("latchkey.toml"), "").unwrap();
    std::fs::write(dir.join("latchkey-cloud.toml"), "").unwrap();
    for (name, content) in &case.files {
        let path = dir.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    for (name, mode) in &case.modes {
        set_permissions(dir.join(name), Permissions::from_mode(*mode)).unwrap();
    }
}

fn command(case: &Case, dir: &Path) -> Command {
    let place = |text: &String| text.replace("[dir]", dir.to_str().unwrap());
    let mut command = Command::new(program(case, dir));
    command.args(case.args.iter().map(place)).current_dir(dir).env_clear();
    command.env("LATCHKEY_CONFIG", dir.join("latchkey.toml"));
    command.env("LATCHKEY_STATE_DIR", dir.join("state")).env("LATCHKEY_RUNTIME_DIR", dir.join("run"));
    command.env("LATCHKEY_SERVICE", "http://127.0.0.1:1");
    command.env("LATCHKEY_CLOUD_CONFIG", dir.join("latchkey-cloud.toml"));
    command.env("LATCHKEY_CLOUD_STATE_DIR", dir.join("accounts"));
    command.envs(case.index.iter().flat_map(|index| index.settings(dir)));
    command.envs(case.environment.iter().map(|(name, value)| (name, place(value))));
    if case.as_nobody && nix::unistd::geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Nobody may not look into the folder where the program was built.
fn program(case: &Case, dir: &Path) -> PathBuf {
    let agent = env!("CARGO_BIN_EXE_latchkey");
    let built = PathBuf::from(if case.cloud { SERVICE } else { agent });
    if !case.as_nobody {
        return built;
    }
    let copy = dir.join("latchkey");
    std::fs::copy(&built, &copy).unwrap();
    copy
}

/// The pieces between `[..]` in their order, from the first to the last character.
fn fits(seen: &str, expected: &str) -> bool {
    let pieces: Vec<&str> = expected.split("[..]").collect();
    let (Some(first), Some(last)) = (pieces.first(), pieces.last()) else { return false };
    if pieces.len() == 1 {
        return seen == expected;
    }
    let Some(mut rest) = seen.strip_prefix(first).and_then(|rest| rest.strip_suffix(last)) else { return false };
    for piece in pieces.iter().skip(1).take(pieces.len() - 2) {
        match rest.find(piece) {
            Some(at) => rest = rest.get(at + piece.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    true
}
