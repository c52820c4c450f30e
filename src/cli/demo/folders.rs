//! Where the demo keeps things: a folder of its own that goes away at the end, or the one given with `--state-dir`.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crate::cli::context::Context;
use crate::cli::error::Error;

pub(super) struct Folders {
    /// Removed at the end; holds the socket, whose path must be short, and everything else where nothing is to stay.
    temporary: PathBuf,
    kept: Option<PathBuf>,
    runtime: PathBuf,
}

impl Folders {
    pub(super) fn choose(context: &Context) -> Result<Self, Error> {
        let name = format!("latchkey-demo-{}", base16ct::lower::encode_string(&context.entropy.bytes::<6>()));
        let temporary = context.environment.temporary_folder().join(name);
        make(&temporary, false)?;
        let runtime = context.given.runtime_dir.clone().unwrap_or_else(|| temporary.join("run"));
        let folders = Self { temporary, kept: context.given.state_dir.clone(), runtime };
        make(folders.state(), true)?;
        Ok(folders)
    }

    /// Where state stays after the end, if it does.
    pub(super) fn kept(&self) -> Option<&Path> {
        self.kept.as_deref()
    }

    pub(super) fn state(&self) -> &Path {
        self.kept.as_deref().unwrap_or(&self.temporary)
    }

    pub(super) fn service(&self) -> PathBuf {
        self.state().join("cloud")
    }

    pub(super) fn agent(&self) -> PathBuf {
        self.state().join("agent")
    }

    pub(super) fn runtime(&self) -> &Path {
        &self.runtime
    }
}

impl Drop for Folders {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.temporary) {
            tracing::warn!(folder = %self.temporary.display(), %error, "the demo's folder cannot be removed");
        }
    }
}

fn make(folder: &Path, may_exist: bool) -> Result<(), Error> {
    let made = DirBuilder::new().recursive(may_exist).mode(0o700).create(folder);
    made.map_err(|cause| crate::app::Error::Folder(folder.to_owned(), cause).into())
}
