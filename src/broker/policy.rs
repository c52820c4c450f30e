//! Who may come in: decided by the user id that the kernel vouches for, before any handler runs.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::Extension;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderValue;
use http::header::CACHE_CONTROL;
use nix::unistd::{Gid, Uid, User, geteuid, getgrouplist};

use super::error::Error;
use super::{Broker, Policy};
use crate::base::Clock;
use crate::net::Peer;

/// Looking up a user's groups reads several files: too slow for every signature, and few users ever ask.
const REMEMBERED: Duration = Duration::from_secs(5);

/// The policy, and whom it let in lately.
pub(super) struct Door {
    policy: Policy,
    clock: Clock,
    lately: Mutex<BTreeMap<(u32, u32), Verdict>>,
}

#[derive(Clone, Copy)]
struct Verdict {
    admitted: bool,
    until: Duration,
}

/// Runs before every handler.
pub(super) async fn check(
    State(broker): State<Broker>,
    Extension(peer): Extension<Peer>,
    request: Request,
    next: Next,
) -> Result<Response, Error> {
    if !broker.door.admits(peer).await {
        tracing::info!(?peer, "refused a program whose user may not use the broker");
        return Err(Error::NotAllowed);
    }
    let mut response = next.run(request).await;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Root, or the user that the agent itself runs as.
pub(super) fn is_administrator(peer: Peer) -> bool {
    match peer {
        Peer::Unix { uid, .. } => uid == 0 || uid == geteuid().as_raw(),
        Peer::Tcp(_) | Peer::Tls(_) => false,
    }
}

impl Door {
    pub(super) fn new(policy: Policy, clock: Clock) -> Self {
        Self { policy, clock, lately: Mutex::default() }
    }

    async fn admits(&self, peer: Peer) -> bool {
        let Peer::Unix { uid, gid } = peer else { return false };
        if is_administrator(peer) || self.policy.users.contains(&uid) || self.policy.groups.contains(&gid) {
            return true;
        }
        if let Some(admitted) = self.remembered(uid, gid) {
            return admitted;
        }
        let member_of = tokio::task::spawn_blocking(move || groups_of(uid, gid)).await.unwrap_or_default();
        let admitted = member_of.iter().any(|group| self.policy.groups.contains(group));
        self.remember(uid, gid, admitted);
        admitted
    }

    fn remembered(&self, uid: u32, gid: u32) -> Option<bool> {
        let lately = self.lately.lock().unwrap_or_else(PoisonError::into_inner);
        lately.get(&(uid, gid)).filter(|verdict| self.clock.monotonic() < verdict.until).map(|verdict| verdict.admitted)
    }

    fn remember(&self, uid: u32, gid: u32, admitted: bool) {
        let now = self.clock.monotonic();
        let mut lately = self.lately.lock().unwrap_or_else(PoisonError::into_inner);
        lately.retain(|_, verdict| now < verdict.until);
        lately.insert((uid, gid), Verdict { admitted, until: now + REMEMBERED });
    }
}

/// Every group of a user: the kernel vouches only for the primary one, and members of `latchkey` have it beside theirs.
fn groups_of(uid: u32, gid: u32) -> Vec<u32> {
    let Ok(Some(user)) = User::from_uid(Uid::from_raw(uid)) else { return Vec::new() };
    let Ok(name) = std::ffi::CString::new(user.name) else { return Vec::new() };
    getgrouplist(&name, Gid::from_raw(gid)).unwrap_or_default().into_iter().map(Gid::as_raw).collect()
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    /// A user id that is neither root nor the one who runs the tests.
    const STRANGER: u32 = 4_294_000_000;

    fn door(users: &[u32], groups: &[u32]) -> (Door, crate::base::clock::Hand) {
        let (clock, hand) = Clock::by_hand(SystemTime::UNIX_EPOCH);
        (Door::new(Policy { users: users.to_vec(), groups: groups.to_vec() }, clock), hand)
    }

    #[tokio::test]
    async fn root_and_the_agents_own_user_come_in_and_strangers_do_not() {
        let (door, _) = door(&[], &[]);
        assert!(door.admits(Peer::Unix { uid: 0, gid: 0 }).await);
        assert!(door.admits(Peer::Unix { uid: geteuid().as_raw(), gid: STRANGER }).await);
        assert!(!door.admits(Peer::Unix { uid: STRANGER, gid: 0 }).await);
        assert!(!door.admits(Peer::Tcp("127.0.0.1:1".parse().unwrap())).await);
    }

    #[tokio::test]
    async fn a_listed_user_and_a_listed_primary_group_come_in() {
        assert!(door(&[STRANGER], &[]).0.admits(Peer::Unix { uid: STRANGER, gid: 7 }).await);
        assert!(door(&[], &[7]).0.admits(Peer::Unix { uid: STRANGER, gid: 7 }).await);
        assert!(!door(&[], &[8]).0.admits(Peer::Unix { uid: STRANGER, gid: 7 }).await);
    }

    #[test]
    fn every_group_of_a_user_counts_as_the_system_knows_it() {
        for name in ["root", "daemon", "nobody"] {
            let user = User::from_name(name).unwrap().unwrap();
            let said = std::process::Command::new("id").args(["-G", name]).output().unwrap().stdout;
            let said = String::from_utf8(said).unwrap();
            let mut known: Vec<u32> = said.split_whitespace().map(|id| id.parse().unwrap()).collect();
            let mut found = groups_of(user.uid.as_raw(), user.gid.as_raw());
            known.sort_unstable();
            found.sort_unstable();
            assert_eq!(found, known, "{name}");
        }
    }

    #[test]
    fn a_verdict_is_remembered_only_for_a_while() {
        let (door, hand) = door(&[], &[]);
        door.remember(STRANGER, 7, true);
        assert_eq!(door.remembered(STRANGER, 7), Some(true));
        assert_eq!(door.remembered(STRANGER, 8), None);
        hand.pass(REMEMBERED);
        assert_eq!(door.remembered(STRANGER, 7), None);
    }
}
