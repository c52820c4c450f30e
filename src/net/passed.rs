//! Sockets that systemd bound for us (socket activation).

use listenfd::ListenFd;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};

use super::Listener;

/// Every TCP socket that was passed to this process; none where it was started in another way.
pub fn listeners() -> Vec<Listener> {
    let mut passed = ListenFd::from_env();
    let mut listeners = Vec::new();
    for place in 0..passed.len() {
        match passed.take_tcp_listener(place) {
            Ok(Some(socket)) => {
                // Programs that we start are not to hold it.
                let _kept_open = fcntl(&socket, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC));
                match Listener::bound(socket) {
                    Ok(listener) => listeners.push(listener),
                    Err(error) => tracing::warn!(%error, "a socket that systemd passed cannot be used"),
                }
            }
            Ok(None) => {}
            Err(error) => tracing::debug!(%error, "a socket that systemd passed is no TCP listener"),
        }
    }
    listeners
}
