//! Unix sockets by name: a stale one is replaced, a live one is not (SOCK-01).

use std::fs::Permissions;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, connect, socket};

use super::listen::{BACKLOG, Error, Listener};

/// The name of a bound Unix socket; removed on drop, if it is still that socket's.
#[derive(Debug)]
pub struct SocketFile {
    path: PathBuf,
    device_and_inode: (u64, u64),
}

impl Listener {
    /// Made with `mode` from the start (no window under any umask), owned by `group` when given.
    pub fn unix(path: &Path, mode: u32, group: Option<u32>) -> Result<Self, Error> {
        let bind_error = |cause| Error::Bind(path.display().to_string(), cause);
        if is_live(path).map_err(bind_error)? {
            return Err(Error::Live(path.to_owned()));
        }
        let unready = unready_name(path);
        let bound = bind_and_rename(&unready, path, mode, group);
        if bound.is_err() {
            let _not_there = std::fs::remove_file(&unready);
        }
        bound.map_err(bind_error)
    }
}

/// Does somebody serve this socket? A file that is no socket is an error, so that it is never replaced.
fn is_live(path: &Path) -> io::Result<bool> {
    let found = match std::fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(cause) => return Err(cause),
    };
    if !found.file_type().is_socket() {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "another file, not a socket, has this name"));
    }
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let probe = socket(AddressFamily::Unix, SockType::Stream, flags, None)?;
    match connect(probe.as_raw_fd(), &UnixAddr::new(path)?) {
        // EAGAIN: its queue is full, so somebody owns it.
        Ok(()) | Err(Errno::EAGAIN) => Ok(true),
        Err(Errno::ECONNREFUSED | Errno::ENOENT) => Ok(false),
        Err(cause) => Err(cause.into()),
    }
}

/// In the same folder, so that the rename is atomic.
fn unready_name(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}", std::process::id()));
    PathBuf::from(name)
}

/// Until `listen`, nobody can connect; until the rename, the name is not known: so no moment has a wrong mode.
fn bind_and_rename(unready: &Path, path: &Path, mode: u32, group: Option<u32>) -> io::Result<Listener> {
    match std::fs::remove_file(unready) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cause),
        Ok(()) | Err(_) => {}
    }
    let socket = tokio::net::UnixSocket::new_stream()?;
    socket.bind(unready)?;
    // Only where it changes something: a sandbox may forbid the call as such.
    if let Some(group) = group.filter(|group| std::fs::symlink_metadata(unready).is_ok_and(|made| made.gid() != *group))
    {
        std::os::unix::fs::chown(unready, None, Some(group))?;
    }
    std::fs::set_permissions(unready, Permissions::from_mode(mode))?;
    let made = std::fs::symlink_metadata(unready)?;
    let listener = socket.listen(BACKLOG)?;
    std::fs::rename(unready, path)?;
    let file = SocketFile { path: path.to_owned(), device_and_inode: (made.dev(), made.ino()) };
    Ok(Listener::Unix(listener, Some(file)))
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let ours = std::fs::symlink_metadata(&self.path)
            .is_ok_and(|found| (found.dev(), found.ino()) == self.device_and_inode);
        if ours {
            let _gone = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Peer;
    use super::*;

    fn mode_of(path: &Path) -> u32 {
        std::fs::symlink_metadata(path).unwrap().mode() & 0o777
    }

    fn leave_a_stale_socket(path: &Path) {
        drop(std::os::unix::net::UnixListener::bind(path).unwrap());
    }

    #[tokio::test]
    async fn a_socket_has_the_asked_mode_and_leaves_no_other_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("broker.sock");
        let _listener = Listener::unix(&path, 0o660, Some(nix::unistd::getgid().as_raw())).unwrap();
        assert_eq!(mode_of(&path), 0o660);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn the_mode_holds_under_an_open_umask() {
        let child = std::process::Command::new("sh")
            .args(["-c", "umask 000; exec \"$0\" --exact \"$1\""])
            .arg(std::env::current_exe().unwrap())
            .arg("net::socket_file::tests::a_socket_has_the_asked_mode_and_leaves_no_other_name")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&child.stdout);
        assert!(child.status.success() && said.contains("1 passed"), "{said}");
    }

    #[tokio::test]
    async fn a_socket_left_by_a_killed_agent_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("broker.sock");
        leave_a_stale_socket(&path);
        let listener = Listener::unix(&path, 0o600, None).unwrap();
        let _stream = tokio::net::UnixStream::connect(&path).await.unwrap();
        let (_, peer) = listener.accept().await.unwrap();
        let us = (nix::unistd::getuid().as_raw(), nix::unistd::getgid().as_raw());
        assert_eq!(peer, Peer::Unix { uid: us.0, gid: us.1 });
    }

    #[tokio::test]
    async fn the_socket_of_a_running_agent_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("broker.sock");
        let _running = Listener::unix(&path, 0o600, None).unwrap();
        assert!(matches!(Listener::unix(&path, 0o600, None), Err(Error::Live(_))));
        assert!(tokio::net::UnixStream::connect(&path).await.is_ok());
    }

    #[tokio::test]
    async fn a_file_that_is_no_socket_is_not_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes");
        std::fs::write(&path, "mine").unwrap();
        assert!(matches!(Listener::unix(&path, 0o600, None), Err(Error::Bind(..))));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    }

    #[tokio::test]
    async fn dropping_removes_the_name_only_while_it_is_ours() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("broker.sock");
        drop(Listener::unix(&path, 0o600, None).unwrap());
        assert!(!path.exists());

        let old = Listener::unix(&path, 0o600, None).unwrap();
        std::fs::remove_file(&path).unwrap();
        let _new = Listener::unix(&path, 0o600, None).unwrap();
        drop(old);
        assert!(path.exists());
    }
}
