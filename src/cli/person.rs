//! Whoever answers: a person in a terminal, or a script that gives one answer per line on standard input.

use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::os::fd::AsFd;

use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use super::error::Error;
use crate::base::Secret;

/// Where answers come from. Questions go to standard error, so that standard output stays clean.
#[derive(Clone, Copy, Debug)]
pub(super) struct Person {
    in_terminal: bool,
}

const LONGEST_ANSWER: usize = 4096;

impl Person {
    pub(super) fn at_standard_input() -> Self {
        Self { in_terminal: io::stdin().is_terminal() }
    }

    /// A person may try again after a mistake; a script ends.
    pub(super) fn may_try_again(self) -> bool {
        self.in_terminal
    }

    /// Asks for something that may be seen; outer blanks are forgiven. `what` names it in an error: "The e-mail address".
    pub(super) async fn ask(self, what: &str, prompt: &str) -> Result<Secret<String>, Error> {
        let answer = self.answer(what, prompt).await?;
        Ok(Secret::from(answer.expose().trim()))
    }

    /// Asks without echo; nothing but the line end is taken off.
    pub(super) async fn ask_secret(self, what: &str, prompt: &str) -> Result<Secret<String>, Error> {
        if !self.in_terminal {
            return self.answer(what, prompt).await;
        }
        let quiet = EchoOff::start().map_err(Error::Terminal)?;
        let answer = self.answer(what, prompt).await;
        drop(quiet);
        self.tell("");
        answer
    }

    /// For the demo: returns when Enter was pressed in the terminal; never, where there is none.
    #[cfg(feature = "cloud")]
    pub(super) async fn enter(self) {
        let line = match self.in_terminal {
            true => tokio::task::spawn_blocking(read_line).await.ok().and_then(Result::ok).flatten(),
            false => None,
        };
        if line.is_none() {
            std::future::pending::<()>().await;
        }
    }

    /// Says something to the person, beside the result.
    pub(super) fn tell(self, sentence: &str) {
        let _nobody_reads = writeln!(io::stderr(), "{sentence}");
    }

    async fn answer(self, what: &str, prompt: &str) -> Result<Secret<String>, Error> {
        if self.in_terminal {
            let mut err = io::stderr();
            let _nobody_reads = write!(err, "{prompt}: ").and_then(|()| err.flush());
        }
        let read = tokio::task::spawn_blocking(read_line).await;
        match read.unwrap_or_else(|gone| Err(Error::Terminal(io::Error::other(gone))))? {
            Some(line) => Ok(line),
            None => Err(Error::NoAnswer(what.to_owned())),
        }
    }
}

/// Byte by byte, so that no buffer keeps secrets or takes what the next question needs.
fn read_line() -> Result<Option<Secret<String>>, Error> {
    let input = io::stdin().as_fd().try_clone_to_owned().map(File::from);
    let mut input = input.map_err(Error::Terminal)?;
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST_ANSWER));
    let mut byte = [0];
    loop {
        match input.read(&mut byte) {
            Ok(0) if line.is_empty() => return Ok(None),
            Ok(0) => break,
            Ok(_) if byte == *b"\n" => break,
            Ok(_) if line.len() == LONGEST_ANSWER => return Err(Error::UnreadableAnswer),
            Ok(_) => line.extend_from_slice(&byte),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Error::Terminal(error)),
        }
    }
    let text = line.strip_suffix(b"\r").unwrap_or(&line);
    let text = std::str::from_utf8(text).map_err(|_| Error::UnreadableAnswer)?;
    Ok(Some(Secret::from(text)))
}

/// A terminal that does not show what is typed, until dropped (also when a signal ends the command).
struct EchoOff(Termios);

impl EchoOff {
    fn start() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut quiet = before.clone();
        quiet.local_flags.remove(LocalFlags::ECHO);
        tcsetattr(io::stdin(), SetArg::TCSADRAIN, &quiet)?;
        Ok(Self(before))
    }
}

impl Drop for EchoOff {
    fn drop(&mut self) {
        let _terminal_gone = tcsetattr(io::stdin(), SetArg::TCSADRAIN, &self.0);
    }
}
