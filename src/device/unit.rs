//! The daemon's unit: how it stands, its last words, and starting it anew. systemd's own programs are asked, with fixed arguments.

use std::path::Path;
use std::time::Duration;

use super::program::{self, Said, Silent};
use crate::base::UnitName;

/// How the unit stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitState {
    /// What the unit calls itself.
    pub description: String,
    pub loaded: Loaded,
    pub active: Active,
    /// How long it has been so.
    pub since: Option<Duration>,
    /// How often systemd started it again by itself.
    pub restarts: u32,
}

/// Does systemd know the unit?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loaded {
    Yes,
    NoSuchUnit,
    Masked,
    /// Its file is not right.
    Broken,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Active {
    Running,
    Starting,
    Stopping,
    Stopped,
    Failed,
    /// A word that this version does not know.
    Unknown,
}

/// Why nothing is known of the unit, or nothing became of the restart.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("This machine does not run systemd, so the daemon can be seen and restarted only by what started it.")]
    NoSystemd,
    #[error("There is no such unit. Check 'unit' in the [device] section of Latchkey's settings.")]
    NoSuchUnit,
    #[error(
        "systemd does not let Latchkey do that. Latchkey's package brings the rule that does; or restart the daemon in a terminal."
    )]
    NotAllowed,
    #[error("systemd takes longer than usual. Look again in a moment.")]
    TookTooLong,
    #[error("The daemon did not start. Its last words are below.")]
    DidNotStart,
    #[error("systemd could not be asked. Look again in a moment.")]
    NotAsked,
}

const PATIENCE: Duration = Duration::from_secs(5);
/// A daemon may take its time to stop and to start.
const RESTART_PATIENCE: Duration = Duration::from_secs(25);
const PROPERTIES: &str = "--property=Description,LoadState,ActiveState,StateChangeTimestampMonotonic,NRestarts";
const LONGEST_LINE: usize = 400;

pub(super) async fn state(systemctl: &Path, unit: &UnitName, uptime: Option<Duration>) -> Result<UnitState, Error> {
    let said = ask(systemctl, &["show", PROPERTIES, "--", unit.as_str()], PATIENCE).await?;
    if said.succeeded { Ok(read(&said.out, uptime)) } else { Err(why(&said).unwrap_or(Error::NotAsked)) }
}

pub(super) async fn restart(systemctl: &Path, unit: &UnitName) -> Result<(), Error> {
    let said = ask(systemctl, &["restart", "--no-ask-password", "--", unit.as_str()], RESTART_PATIENCE).await?;
    if said.succeeded { Ok(()) } else { Err(why(&said).unwrap_or(Error::DidNotStart)) }
}

pub(super) async fn log(journalctl: &Path, unit: &UnitName) -> Result<Vec<String>, Error> {
    let of_unit = format!("--unit={unit}");
    let said =
        ask(journalctl, &[&of_unit, "--lines=50", "--no-pager", "--output=short-iso", "--quiet"], PATIENCE).await?;
    if said.succeeded { Ok(said.out.lines().map(tidy).collect()) } else { Err(why(&said).unwrap_or(Error::NotAsked)) }
}

async fn ask(program: &Path, arguments: &[&str], within: Duration) -> Result<Said, Error> {
    program::run(program, arguments, within).await.map_err(|silent| match silent {
        Silent::NotThere => Error::NoSystemd,
        Silent::TookTooLong => Error::TookTooLong,
        Silent::NotRun(cause) => {
            tracing::warn!(program = %program.display(), error = %cause, "a program of systemd cannot be run");
            Error::NotAsked
        }
    })
}

/// What systemd's refusals mean.
fn why(said: &Said) -> Option<Error> {
    tracing::info!(said = said.err.trim(), "systemd did not do it");
    let says = |words: &[&str]| words.iter().any(|words| said.err.contains(words));
    if says(&["not been booted with systemd", "Failed to connect to bus", "No journal files were found"]) {
        Some(Error::NoSystemd)
    } else if says(&["not found", "not loaded"]) {
        Some(Error::NoSuchUnit)
    } else if says(&["Access denied", "authentication required", "Permission denied", "Operation not permitted"]) {
        Some(Error::NotAllowed)
    } else {
        None
    }
}

/// Lines of `Name=value`. systemd counts the time of a change from the machine's start.
fn read(shown: &str, uptime: Option<Duration>) -> UnitState {
    let value = |name: &str| {
        shown.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).unwrap_or_default().trim()
    };
    let changed = value("StateChangeTimestampMonotonic").parse().ok().filter(|&micros| micros > 0);
    UnitState {
        description: value("Description").to_owned(),
        loaded: match value("LoadState") {
            "not-found" => Loaded::NoSuchUnit,
            "masked" => Loaded::Masked,
            "bad-setting" | "error" => Loaded::Broken,
            _ => Loaded::Yes,
        },
        active: match value("ActiveState") {
            "active" | "reloading" | "refreshing" => Active::Running,
            "activating" => Active::Starting,
            "deactivating" => Active::Stopping,
            "inactive" => Active::Stopped,
            "failed" => Active::Failed,
            _ => Active::Unknown,
        },
        since: changed.map(Duration::from_micros).and_then(|changed| uptime?.checked_sub(changed)),
        restarts: value("NRestarts").parse().unwrap_or_default(),
    }
}

/// A daemon may write anything.
fn tidy(line: &str) -> String {
    line.chars().filter(|sign| !sign.is_control() || *sign == '\t').take(LONGEST_LINE).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::*;

    const RUNNING: &str = "Description=remote.it device\nLoadState=loaded\nActiveState=active\n\
        StateChangeTimestampMonotonic=40000000\nNRestarts=2\n";

    #[test]
    fn a_running_unit_is_read() {
        let state = read(RUNNING, Some(Duration::from_secs(100)));
        assert_eq!(
            (state.description.as_str(), state.loaded, state.active),
            ("remote.it device", Loaded::Yes, Active::Running)
        );
        assert_eq!((state.since, state.restarts), (Some(Duration::from_secs(60)), 2));
        assert_eq!(read(RUNNING, None).since, None);
    }

    #[test]
    fn every_state_has_a_word() {
        for (load, active, expected) in [
            ("not-found", "inactive", (Loaded::NoSuchUnit, Active::Stopped)),
            ("masked", "inactive", (Loaded::Masked, Active::Stopped)),
            ("bad-setting", "inactive", (Loaded::Broken, Active::Stopped)),
            ("loaded", "failed", (Loaded::Yes, Active::Failed)),
            ("loaded", "activating", (Loaded::Yes, Active::Starting)),
            ("loaded", "deactivating", (Loaded::Yes, Active::Stopping)),
            ("loaded", "pondering", (Loaded::Yes, Active::Unknown)),
        ] {
            let state = read(&format!("LoadState={load}\nActiveState={active}\n"), None);
            assert_eq!((state.loaded, state.active), expected);
        }
    }

    #[tokio::test]
    async fn the_programs_are_asked_with_fixed_arguments() {
        let home = tempfile::tempdir().unwrap();
        let program =
            script(home.path(), &format!("echo \"$@\" >> {0}/asked; printf '{RUNNING}'", home.path().display()));
        assert_eq!(state(&program, &unit(), None).await.unwrap().active, Active::Running);
        restart(&program, &unit()).await.unwrap();
        assert_eq!(log(&program, &unit()).await.unwrap().len(), 5);
        let asked = fs::read_to_string(home.path().join("asked")).unwrap();
        assert_eq!(
            asked,
            format!(
                "show {PROPERTIES} -- remoteit.service\nrestart --no-ask-password -- remoteit.service\n\
                 --unit=remoteit.service --lines=50 --no-pager --output=short-iso --quiet\n"
            )
        );
    }

    #[tokio::test]
    async fn what_systemd_refuses_is_told_in_words() {
        for (said, meant) in [
            ("System has not been booted with systemd as init system (PID 1). Can't operate.", "does not run systemd"),
            ("Failed to restart remoteit.service: Unit remoteit.service not found.", "no such unit"),
            ("Failed to restart remoteit.service: Interactive authentication required.", "does not let Latchkey"),
            ("Failed to restart remoteit.service: Access denied", "does not let Latchkey"),
            ("Job for remoteit.service failed because the control process exited with error code.", "did not start"),
        ] {
            let home = tempfile::tempdir().unwrap();
            let program = script(home.path(), &format!("echo \"{said}\" >&2; exit 1"));
            let error = restart(&program, &unit()).await.unwrap_err();
            assert!(error.to_string().contains(meant), "{error}");
        }
        let nothing = Path::new("/nonexistent/systemctl");
        assert!(matches!(state(nothing, &unit(), None).await, Err(Error::NoSystemd)));
    }

    #[test]
    fn what_would_play_with_a_screen_is_left_out_of_the_log() {
        assert_eq!(tidy("a\u{1b}[31mb\tc\u{7}"), "a[31mb\tc");
        assert_eq!(tidy(&"x".repeat(5000)).len(), LONGEST_LINE);
    }

    fn unit() -> UnitName {
        UnitName::parse("remoteit.service").unwrap()
    }

    fn script(folder: &Path, text: &str) -> PathBuf {
        let path = folder.join("program");
        std::os::unix::fs::symlink(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/system/program"), &path).unwrap();
        fs::write(folder.join("program.script"), text).unwrap();
        path
    }
}
