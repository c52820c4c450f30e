//! The access key as a systemd credential. systemd connects when a unit starts that says
//! `LoadCredential=latchkey.json:/run/latchkey/credentials.sock`, tells by the name of its own end which unit and which
//! credential that is for (systemd.exec(5)), and reads to the end. The ending of the credential's name chooses the form:
//! `.ini`, `.env`, else JSON. While nobody is signed in the credential is empty, so that the unit starts all the same.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio::time::{sleep, timeout};

use super::credentials::{Format, USUAL_PROFILE};
use super::policy;
use crate::account::Account;
use crate::net::serve::Stop;
use crate::net::{Listener, Peer};

/// systemd reads at once.
const LONGEST: Duration = Duration::from_secs(5);
/// How long to wait after a failed accept: the reason (no free file descriptor) does not go away at once.
const PAUSE: Duration = Duration::from_millis(500);

/// Serves until stopped, one caller after the other: there is only systemd.
pub async fn serve(listener: Listener, account: Account, mut stop: Stop) {
    let Listener::Unix(listener, _file) = &listener else { return };
    loop {
        let accepted = tokio::select! {
            () = stop.wait() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                if timeout(LONGEST, hand_over(stream, &account)).await.is_err() {
                    tracing::warn!("somebody asked for a credential and did not read it");
                }
            }
            Err(error) => {
                tracing::warn!(%error, "a connection cannot be accepted");
                sleep(PAUSE).await;
            }
        }
    }
}

async fn hand_over(mut stream: UnixStream, account: &Account) {
    let is_allowed =
        stream.peer_cred().is_ok_and(|peer| policy::is_administrator(Peer::Unix { uid: peer.uid(), gid: peer.gid() }));
    // Not what accept gave: mio leaves abstract names out there.
    let address = stream.peer_addr().ok();
    let name =
        String::from_utf8_lossy(address.as_ref().and_then(|address| address.as_abstract_name()).unwrap_or_default());
    let Some((unit, credential)) = requested(&name).filter(|_| is_allowed) else {
        tracing::warn!("refused a program that is not systemd: credentials are handed to units only");
        return;
    };
    let written = match account.key() {
        Ok(key) => Format::of_file(credential).write(&key, USUAL_PROFILE),
        Err(error) => return tracing::info!(unit, %error, "a unit started without the access key"),
    };
    let Ok(text) = written else { return };
    match stream.write_all(text.expose()).await {
        Ok(()) => tracing::info!(unit, credential, "handed the access key to a unit"),
        Err(error) => tracing::warn!(unit, %error, "a unit did not get the access key"),
    }
}

/// Unit and credential, out of `RANDOM/unit/UNIT/CREDENTIAL`.
fn requested(name: &str) -> Option<(&str, &str)> {
    let (_random, rest) = name.split_once("/unit/")?;
    rest.split_once('/').filter(|(unit, credential)| !unit.is_empty() && !credential.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systemd_says_which_unit_wants_which_credential() {
        assert_eq!(requested("8a1b/unit/daemon.service/latchkey.env"), Some(("daemon.service", "latchkey.env")));
        for other in ["", "8a1b", "8a1b/unit/", "8a1b/unit/daemon.service", "8a1b/unit//x", "8a1b/unit/daemon.service/"]
        {
            assert_eq!(requested(other), None, "{other}");
        }
    }
}
