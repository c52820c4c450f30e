//! The two generations of one kind. They are written in turn, so that the newer one is never touched while a new one is
//! being made.

use std::path::{Path, PathBuf};
use std::{fs, io};

use super::Error;
use crate::base::Secret;
use crate::protocol::sealed::{self, Opened, SealingKey};

pub(super) struct Generations([Generation; 2]);

struct Generation {
    path: PathBuf,
    state: State,
}

enum State {
    Absent,
    Good(Opened),
    Damaged,
}

impl Generations {
    /// Without a key, whatever is there counts as damaged.
    pub(super) fn find(folder: &Path, kind: &str, key: Option<&SealingKey>) -> Result<Self, Error> {
        let generation = |number: u8| {
            let path = folder.join(format!("{kind}.{number}"));
            let state = State::read(&path, kind, key)?;
            Ok(Generation { path, state })
        };
        Ok(Self([generation(1)?, generation(2)?]))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|generation| matches!(generation.state, State::Absent))
    }

    pub(super) fn damaged(&self) -> impl Iterator<Item = &Path> {
        let damaged = self.0.iter().filter(|generation| matches!(generation.state, State::Damaged));
        damaged.map(|generation| generation.path.as_path())
    }

    pub(super) fn newest(self) -> Option<Secret<Vec<u8>>> {
        let good = self.0.into_iter().filter_map(|generation| match generation.state {
            State::Good(opened) => Some(opened),
            State::Absent | State::Damaged => None,
        });
        good.max_by_key(|opened| opened.generation).map(|opened| opened.content)
    }

    /// Where the next one is to be written.
    pub(super) fn oldest(&self) -> &Path {
        let [first, second] = &self.0;
        if first.number() <= second.number() { &first.path } else { &second.path }
    }

    pub(super) fn next_number(&self) -> u64 {
        let [first, second] = &self.0;
        first.number().max(second.number()).saturating_add(1)
    }

    /// The older one first: a power cut in between must not bring it back as the content.
    pub(super) fn remove(mut self) -> io::Result<()> {
        self.0.sort_by_key(Generation::number);
        for Generation { path, .. } in self.0 {
            super::durable::remove(&path)?;
        }
        Ok(())
    }
}

impl Generation {
    /// 0 when there is nothing good.
    fn number(&self) -> u64 {
        match &self.state {
            State::Good(opened) => opened.generation,
            State::Absent | State::Damaged => 0,
        }
    }
}

impl State {
    fn read(path: &Path, kind: &str, key: Option<&SealingKey>) -> Result<Self, Error> {
        let file = match fs::read(path) {
            Ok(file) => file,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(Self::Absent),
            Err(cause) if cause.kind() == io::ErrorKind::PermissionDenied => {
                return Err(Error::NotReadable(path.to_owned(), cause));
            }
            // A worn-out card answers with an input/output error: the other generation may be on a good block.
            Err(_) => return Ok(Self::Damaged),
        };
        let Some(key) = key else { return Ok(Self::Damaged) };
        match sealed::open(key, kind, &file) {
            Ok(opened) => Ok(Self::Good(opened)),
            Err(sealed::Error::Newer(_)) => Err(Error::Newer(path.to_owned())),
            Err(sealed::Error::NotSealed | sealed::Error::Damaged) => Ok(Self::Damaged),
        }
    }
}

/// A sealed file of whatever kind.
pub(super) fn any_in(folder: &Path) -> Option<PathBuf> {
    let mut paths = fs::read_dir(folder).ok()?.filter_map(Result::ok).map(|entry| entry.path());
    paths.find(|path| path.extension().is_some_and(|number| number == "1" || number == "2"))
}

/// Renames `<kind>.1` to the first free `<kind>.corrupt-<number>`.
pub(super) fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let free = (1..u32::MAX).map(|number| path.with_extension(format!("corrupt-{number}"))).find(|path| !path.exists());
    let free = free.ok_or(io::ErrorKind::AlreadyExists)?;
    fs::rename(path, &free)?;
    super::durable::sync_folder_of(&free)?;
    Ok(free)
}
