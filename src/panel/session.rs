//! Who is signed in at this panel. Tokens are kept as hashes; sessions survive a restart, end when unused or old, and all
//! end with the ownership of the device. While the panel runs they age by the monotonic clock; after a restart by the
//! service's time as soon as that is known, so that a wrong clock at boot neither ends them nor keeps them for ever.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use super::drawer::Drawer;
use super::kept_sessions::{self, About, Kept};
use super::screens::Standing;
use super::screens::token::{Token, TokenHash};
use crate::account;
use crate::keystore::{self, Keystore};

/// A session ends after this, used or not.
pub(super) const LONGEST: Duration = Duration::from_secs(30 * 24 * 3600);
const LONGEST_UNUSED: Duration = Duration::from_secs(24 * 3600);
/// More browsers than one owner has.
const AT_MOST: usize = 32;

/// The time as far as it is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub(super) monotonic: Duration,
    /// By the service's clock; `None` before it was first heard.
    pub(super) service: Option<SystemTime>,
    /// What this machine believes; good enough to write down, never to judge by.
    pub(super) wall: SystemTime,
}

/// Every session of the panel.
pub(super) struct Sessions {
    keystore: Keystore,
    entries: Mutex<BTreeMap<TokenHash, Entry>>,
    /// What went wrong with keeping them, for the overview.
    trouble: Mutex<Option<String>>,
}

struct Entry {
    owner: String,
    age: Age,
    used: Duration,
    about: About,
    drawer: Drawer,
}

/// A session as its owner sees it.
#[derive(Clone, Debug)]
pub(super) struct ListedSession {
    pub(super) hash: TokenHash,
    pub(super) about: About,
    /// Used last so long ago; `None`: not since the start.
    pub(super) used_ago: Option<Duration>,
}

#[derive(Clone, Copy, Debug)]
enum Age {
    Running { ends: Duration },
    Restored { at: Duration, ends: SystemTime },
}

impl Sessions {
    pub(super) fn load(keystore: Keystore, now: Duration) -> Result<Self, keystore::Error> {
        let (kept, trouble) = kept_sessions::load(&keystore)?;
        let restored = |kept: Kept| {
            let age = Age::Restored { at: now, ends: kept.ends };
            (kept.hash, Entry { owner: kept.owner, age, used: now, about: kept.about, drawer: Drawer::default() })
        };
        Ok(Self {
            keystore,
            entries: Mutex::new(kept.into_iter().map(restored).collect()),
            trouble: Mutex::new(trouble),
        })
    }

    /// Lets a browser in. Sessions that had to make room are given back, their tokens to be forgotten.
    pub(super) fn open(
        &self,
        token: &Token,
        owner: &str,
        about: About,
        drawer: Drawer,
        now: Times,
    ) -> Vec<account::Session> {
        let mut entries = self.entries();
        let mut ended = Vec::new();
        while entries.len() >= AT_MOST {
            let Some(stalest) = entries.iter().min_by_key(|(_, entry)| entry.used).map(|(hash, _)| *hash) else {
                break;
            };
            ended.extend(entries.remove(&stalest).and_then(|entry| entry.drawer.take_user()));
        }
        let age = Age::Running { ends: now.monotonic.saturating_add(LONGEST) };
        entries.insert(token.hash(), Entry { owner: owner.to_owned(), age, used: now.monotonic, about, drawer });
        self.keep(&entries, now);
        ended
    }

    /// Is this browser signed in, for the device's present owner?
    pub(super) fn check(&self, hash: TokenHash, owner: &str, now: Times) -> Option<Standing> {
        let mut entries = self.entries();
        let entry = entries.get_mut(&hash).filter(|entry| entry.owner == owner && entry.lasts(now))?;
        entry.used = now.monotonic;
        if let (Age::Restored { ends, .. }, Some(service)) = (entry.age, now.service) {
            let left = ends.duration_since(service).unwrap_or_default().min(LONGEST);
            entry.age = Age::Running { ends: now.monotonic.saturating_add(left) };
        }
        Some(entry.standing())
    }

    /// The same of a page that asks by itself: that is no use of a session.
    pub(super) fn glance(&self, hash: TokenHash, owner: &str, now: Times) -> Option<Standing> {
        let entries = self.entries();
        let entry = entries.get(&hash).filter(|entry| entry.owner == owner && entry.lasts(now))?;
        Some(entry.standing())
    }

    /// Drops what has ended, or is not the present owner's; gives back the tokens to be forgotten.
    pub(super) fn sweep(&self, owner: Option<&str>, now: Times) -> Vec<account::Session> {
        let stays = |entry: &Entry| Some(entry.owner.as_str()) == owner && entry.lasts(now);
        let mut entries = self.entries();
        if entries.values().all(stays) {
            return Vec::new();
        }
        let ended = entries
            .extract_if(.., |_, entry| !stays(entry))
            .filter_map(|(_, entry)| entry.drawer.take_user())
            .collect();
        self.keep(&entries, now);
        ended
    }

    /// What the browser of this session has in memory; nothing once it has ended.
    pub(super) fn drawer(&self, hash: TokenHash) -> Option<Drawer> {
        self.entries().get(&hash).map(|entry| entry.drawer.clone())
    }

    /// Every session of the owner, the one used last first.
    pub(super) fn list(&self, now: Times) -> Vec<ListedSession> {
        let listed = |(hash, entry): (&TokenHash, &Entry)| ListedSession {
            hash: *hash,
            about: entry.about.clone(),
            used_ago: matches!(entry.age, Age::Running { .. }).then(|| now.monotonic.saturating_sub(entry.used)),
        };
        let mut list: Vec<_> = self.entries().iter().map(listed).collect();
        list.sort_by_key(|session| session.used_ago.unwrap_or(Duration::MAX));
        list
    }

    /// Ends one session; gives back what lay in its drawer.
    pub(super) fn close(&self, hash: TokenHash, now: Times) -> Option<Drawer> {
        let mut entries = self.entries();
        let closed = entries.remove(&hash);
        self.keep(&entries, now);
        closed.map(|entry| entry.drawer)
    }

    pub(super) fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A full disk must not keep the owner out: then the sessions last until the next restart, and the overview says so.
    fn keep(&self, entries: &BTreeMap<TokenHash, Entry>, now: Times) {
        let kept = entries.iter().map(|(hash, entry)| entry.kept(*hash, now));
        let trouble = kept_sessions::save(&self.keystore, kept).err();
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    fn entries(&self) -> MutexGuard<'_, BTreeMap<TokenHash, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn lasts(&self, now: Times) -> bool {
        let in_use = now.monotonic.saturating_sub(self.used) < LONGEST_UNUSED;
        in_use
            && match self.age {
                Age::Running { ends } => now.monotonic < ends,
                Age::Restored { at, ends } => {
                    now.monotonic.saturating_sub(at) < LONGEST && now.service.is_none_or(|service| service < ends)
                }
            }
    }

    fn standing(&self) -> Standing {
        match self.age {
            Age::Running { .. } => Standing::Sure,
            Age::Restored { .. } => Standing::Unchecked,
        }
    }

    fn kept(&self, hash: TokenHash, now: Times) -> Kept {
        let ends = match self.age {
            Age::Running { ends } => now.service.unwrap_or(now.wall) + ends.saturating_sub(now.monotonic),
            Age::Restored { ends, .. } => ends,
        };
        Kept { hash, owner: self.owner.clone(), ends, about: self.about.clone() }
    }
}
