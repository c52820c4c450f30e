//! Sockets that systemd bound for us (socket activation, sd_listen_fds(3)), told apart by where they are bound.

use std::os::fd::AsFd;
use std::os::unix::net::UnixListener;
use std::path::Path;

use listenfd::ListenFd;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};

use super::Listener;

/// What this process was started with; nothing where it was started in another way.
#[derive(Debug, Default)]
pub struct Passed {
    tcp: Vec<Listener>,
    unix: Vec<UnixListener>,
}

impl Passed {
    /// Once: the environment that tells of them is cleared.
    pub fn of_process() -> Self {
        let mut given = ListenFd::from_env();
        let mut passed = Self::default();
        for place in 0..given.len() {
            if let Ok(Some(socket)) = given.take_tcp_listener(place) {
                keep_from_children(&socket);
                match Listener::bound(socket) {
                    Ok(listener) => passed.tcp.push(listener),
                    Err(error) => tracing::warn!(%error, "a socket that systemd passed cannot be used"),
                }
            } else if let Ok(Some(socket)) = given.take_unix_listener(place) {
                keep_from_children(&socket);
                passed.unix.push(socket);
            } else {
                tracing::warn!(place, "a socket that systemd passed is none of ours");
            }
        }
        passed
    }

    /// Every TCP socket.
    pub fn take_tcp(&mut self) -> Vec<Listener> {
        std::mem::take(&mut self.tcp)
    }

    /// The Unix socket at this path.
    pub fn take_unix(&mut self, path: &Path) -> Option<Listener> {
        let is_there = |socket: &UnixListener| {
            socket.local_addr().is_ok_and(|address| address.as_pathname().is_some_and(|bound| bound == path))
        };
        let socket = self.unix.swap_remove(self.unix.iter().position(is_there)?);
        let listener = socket.set_nonblocking(true).and_then(|()| tokio::net::UnixListener::from_std(socket));
        match listener {
            Ok(listener) => Some(Listener::Unix(listener, None)),
            Err(error) => {
                tracing::warn!(%error, path = %path.display(), "a socket that systemd passed cannot be used");
                None
            }
        }
    }
}

/// Programs that we start are not to hold it.
fn keep_from_children(socket: &impl AsFd) {
    let _kept_open = fcntl(socket, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC));
}
