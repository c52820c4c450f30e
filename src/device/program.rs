//! Runs one program of the system with fixed arguments: no shell, nothing of our own environment, an end to its time and to what
//! it may say.

use std::io::ErrorKind;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;

/// What a program said, and whether it was content.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) succeeded: bool,
    pub(super) out: String,
    pub(super) err: String,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum Silent {
    #[error("it is not there")]
    NotThere,
    #[error("it cannot be run")]
    NotRun(#[source] std::io::Error),
    #[error("it took too long")]
    TookTooLong,
}

/// More is cut off.
const AT_MOST: u64 = 128 * 1024;

/// A program that does not end in time is killed.
pub(super) async fn run(program: &Path, arguments: &[&str], within: Duration) -> Result<Said, Silent> {
    let mut command = Command::new(program);
    command.args(arguments).env_clear().env("LC_ALL", "C.UTF-8").env("SYSTEMD_COLORS", "0").kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| match error.kind() == ErrorKind::NotFound {
        true => Silent::NotThere,
        false => Silent::NotRun(error),
    })?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let ended = async {
        let (out, err, status) = tokio::join!(hear(out), hear(err), child.wait());
        Ok(Said { succeeded: status.map_err(Silent::NotRun)?.success(), out, err })
    };
    tokio::time::timeout(within, ended).await.unwrap_or(Err(Silent::TookTooLong))
}

/// Listens to the end, so that the program is never held up, and keeps the beginning.
async fn hear(pipe: Option<impl AsyncRead + Unpin>) -> String {
    let Some(mut pipe) = pipe else { return String::new() };
    let mut kept = Vec::new();
    let _what_came_before_counts = (&mut pipe).take(AT_MOST).read_to_end(&mut kept).await;
    let _nobody_reads_it = tokio::io::copy(&mut pipe, &mut tokio::io::sink()).await;
    String::from_utf8_lossy(&kept).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn it_hears_what_the_program_says_and_whether_it_succeeded() {
        let said = shell("echo \"$# $1 $HOME\"; echo trouble >&2; exit 3", LONG).await.unwrap();
        assert_eq!((said.succeeded, said.out.as_str(), said.err.as_str()), (false, "1 a b \n", "trouble\n"));
    }

    #[tokio::test]
    async fn a_program_that_talks_without_end_is_cut_short_but_not_held_up() {
        let said = shell("i=0; while [ $i -lt 3000 ]; do printf '%0100d\\n' $i; i=$((i+1)); done", LONG).await.unwrap();
        assert!(said.succeeded);
        assert_eq!(said.out.len() as u64, AT_MOST);
    }

    #[tokio::test]
    async fn a_program_that_hangs_is_given_up() {
        assert!(matches!(shell("exec sleep 600", Duration::from_millis(50)).await, Err(Silent::TookTooLong)));
    }

    #[tokio::test]
    async fn a_program_that_is_missing_or_no_program_is_told_apart() {
        let home = tempfile::tempdir().unwrap();
        assert!(matches!(run(&home.path().join("none"), &[], LONG).await, Err(Silent::NotThere)));
        assert!(matches!(run(home.path(), &[], LONG).await, Err(Silent::NotRun(_))));
    }

    async fn shell(script: &str, within: Duration) -> Result<Said, Silent> {
        run(Path::new("/bin/sh"), &["-c", script, "sh", "a b"], within).await
    }
}
