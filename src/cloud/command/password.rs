//! Reading a password: from a file, or one line of standard input that is not shown while it is typed.

use std::fs;
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::path::Path;

use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};

use super::Error;
use crate::base::Secret;

pub(super) fn from_file(path: &Path) -> Result<Secret<String>, Error> {
    let content = fs::read(path).map_err(|error| Error::File(path.to_owned(), error))?;
    Ok(first_line(&Secret::new(content)))
}

pub(super) fn typed() -> Result<Secret<String>, Error> {
    let stdin = io::stdin();
    let shown = if stdin.is_terminal() { tcgetattr(&stdin).ok() } else { None };
    if let Some(mut hidden) = shown.clone() {
        write!(io::stderr(), "Password: ")?;
        hidden.local_flags.remove(LocalFlags::ECHO);
        let _stays_visible = tcsetattr(&stdin, SetArg::TCSANOW, &hidden);
    }
    let mut line = Vec::new();
    let read = stdin.lock().read_until(b'\n', &mut line);
    if let Some(shown) = shown {
        let _terminal_gone = tcsetattr(&stdin, SetArg::TCSANOW, &shown);
        writeln!(io::stderr())?;
    }
    if read? == 0 { Err(Error::NoPassword) } else { Ok(first_line(&Secret::new(line))) }
}

/// Without its line end, otherwise untouched (COG-21).
fn first_line(content: &Secret<Vec<u8>>) -> Secret<String> {
    let line = content.expose().split(|byte| *byte == b'\n').next().unwrap_or_default();
    Secret::new(String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line)).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_line_end_is_taken_off() {
        for (content, password) in [("secret\n", "secret"), ("secret\r\nmore\n", "secret"), (" se cret ", " se cret ")]
        {
            assert_eq!(first_line(&Secret::new(content.into())).expose(), password);
        }
    }
}
