//! What is kept of a sign-in: whose key, the key, where it is good; sealed on disk, written only when it changes. And what
//! is known of the key's state (DESIGN rule 3).

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tokio::sync::Notify;

use super::{Error, KeyState};
use crate::base::{Secret, report};
use crate::keystore::{self, Keystore, Loaded};
use crate::protocol::access_key::{AccessKey, KeyId};
use crate::protocol::graphql::Owner;

const KIND: &str = "access-key";
/// Written only to see whether the disk takes something of a key's size.
const REHEARSAL: &str = "rehearsal";
/// Of the JSON inside.
const VERSION: u32 = 1;

/// The key of this device and whose it is.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub owner: Owner,
    pub key: AccessKey,
    /// Name of the service that made the key.
    pub service: String,
    pub confirmed: Option<SystemTime>,
    /// Why the service refused the key, when it did.
    pub revoked: Option<String>,
}

/// The keeper of the one key.
pub(super) struct Keeper {
    keystore: Keystore,
    memory: Mutex<Memory>,
    /// Held while the disk is written, so that what is on disk is what was decided last.
    writing: Mutex<()>,
    /// Told when there is another key, or none.
    pub changed: Notify,
}

#[derive(Clone, Debug)]
pub(super) struct Memory {
    pub kept: Option<Kept>,
    pub state: KeyState,
    pub last_confirmed: Option<SystemTime>,
    /// About what was found on disk, and about what could not be written.
    pub found: Option<String>,
    pub unwritten: Option<String>,
}

impl Keeper {
    pub(super) fn open(keystore: Keystore) -> Result<Self, Error> {
        let memory = Mutex::new(read(&keystore)?);
        Ok(Self { keystore, memory, writing: Mutex::new(()), changed: Notify::new() })
    }

    /// Takes in what another process has written. A key that is the same stays as confirmed as it was; another one has just come
    /// from the service.
    pub(super) fn reload(&self) -> Result<(), Error> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let found = read(&self.keystore)?;
        let mut memory = self.lock();
        let same = |kept: &Option<Kept>| kept.as_ref().map(|kept| (kept.key.id.clone(), kept.revoked.clone()));
        if same(&found.kept) != same(&memory.kept) {
            *memory = found;
            if memory.found.is_none() && matches!(memory.state, KeyState::Leased { .. }) {
                memory.state = KeyState::Fresh;
            }
            self.changed.notify_one();
        }
        Ok(())
    }

    pub(super) fn memory(&self) -> Memory {
        self.lock().clone()
    }

    pub(super) fn kept(&self) -> Option<Kept> {
        self.lock().kept.clone()
    }

    /// Keeps a key that was just confirmed, unless the device got another owner meanwhile. Blocks on the disk.
    pub(super) fn keep(&self, kept: Kept) -> Result<(), Error> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.kept().is_some_and(|present| present.owner.id != kept.owner.id) {
            return Err(Error::OwnedByAnother);
        }
        self.keystore.save(KIND, write(&kept).expose())?;
        let last_confirmed = kept.confirmed;
        *self.lock() =
            Memory { kept: Some(kept), state: KeyState::Fresh, last_confirmed, found: None, unwritten: None };
        self.changed.notify_one();
        Ok(())
    }

    /// Could something be kept? Asked before what cannot be undone. Blocks on the disk.
    pub(super) fn rehearse(&self) -> Result<(), Error> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        self.keystore.save(REHEARSAL, &[0; 1024])?;
        Ok(self.keystore.remove(REHEARSAL)?)
    }

    /// Blocks on the disk.
    pub(super) fn remove(&self) -> Result<(), Error> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        self.keystore.remove(KIND)?;
        *self.lock() = Memory::nothing();
        self.changed.notify_one();
        Ok(())
    }

    /// The service knows the key. Blocks on the disk when something is to be remembered.
    pub(super) fn confirmed(&self, key: &KeyId, owner: Owner, at: SystemTime) {
        self.update(key, |memory, kept| {
            memory.state = KeyState::Fresh;
            memory.last_confirmed = Some(at);
            let news = kept.revoked.is_some() || kept.owner != owner;
            *kept = Kept { owner, revoked: None, confirmed: Some(at), ..kept.clone() };
            news
        });
    }

    /// The service could not be asked. A revoked key stays revoked.
    pub(super) fn unconfirmed(&self, key: &KeyId, because: String) {
        self.update(key, |memory, kept| {
            if kept.revoked.is_none() {
                memory.state = KeyState::Leased { because };
            }
            false
        });
    }

    /// The service refused the key. Blocks on the disk when that is news.
    pub(super) fn revoked(&self, key: &KeyId, because: &str) {
        self.update(key, |memory, kept| {
            memory.state = KeyState::Revoked { because: because.to_owned() };
            let news = kept.revoked.is_none();
            kept.revoked = Some(because.to_owned());
            news
        });
    }

    /// Changes what is known of `key`, if it is still the one that is kept; writes it down when `change` says that it is news.
    fn update(&self, key: &KeyId, change: impl FnOnce(&mut Memory, &mut Kept) -> bool) {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(kept) = self.changed_by(key, change) else { return };
        let unwritten = self.keystore.save(KIND, write(&kept).expose()).err().map(|error| {
            tracing::warn!(error = report::chain(&error), "what is known of the access key cannot be written");
            error.to_string()
        });
        self.lock().unwritten = unwritten;
    }

    fn changed_by(&self, key: &KeyId, change: impl FnOnce(&mut Memory, &mut Kept) -> bool) -> Option<Kept> {
        let mut memory = self.lock();
        let mut kept = memory.kept.clone().filter(|kept| kept.key.id == *key)?;
        let news = change(&mut memory, &mut kept);
        memory.kept = Some(kept.clone());
        news.then_some(kept)
    }

    fn lock(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    fn nothing() -> Self {
        Self { kept: None, state: KeyState::Absent, last_confirmed: None, found: None, unwritten: None }
    }

    fn of(kept: Kept) -> Self {
        let state = match &kept.revoked {
            Some(because) => KeyState::Revoked { because: because.clone() },
            None => KeyState::Leased { because: "It has not been confirmed since the start.".to_owned() },
        };
        Self { last_confirmed: kept.confirmed, kept: Some(kept), state, ..Self::nothing() }
    }
}

fn read(keystore: &Keystore) -> Result<Memory, Error> {
    match keystore.load(KIND)? {
        Loaded::Absent => Ok(Memory::nothing()),
        Loaded::Whole(content) => understand(&content),
        Loaded::Older { content, set_aside } => {
            let found = format!(
                "The newest record of the sign-in was damaged and is set aside as {}; the one before it is in use.",
                set_aside.display()
            );
            Ok(Memory { found: Some(found), ..understand(&content)? })
        }
        Loaded::Lost { set_aside } => {
            let names: Vec<String> = set_aside.iter().map(|path| path.display().to_string()).collect();
            let found = format!(
                "The record of the sign-in was damaged and is set aside as {}. Sign in again.",
                names.join(", ")
            );
            Ok(Memory { found: Some(found), ..Memory::nothing() })
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Record {
    version: u32,
    owner: Owner,
    key_id: String,
    secret: SecretText,
    service: String,
    #[serde(default)]
    confirmed_unix: Option<u64>,
    #[serde(default)]
    revoked: Option<String>,
}

/// Text that is secret, and is written only into what gets sealed.
struct SecretText(Secret<String>);

impl Serialize for SecretText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose())
    }
}

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Secret::new(text)))
    }
}

/// Enough to tell a record of a later Latchkey.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

fn understand(content: &Secret<Vec<u8>>) -> Result<Memory, Error> {
    let version = serde_json::from_slice(content.expose()).map(|Versioned { version }| version);
    if version.is_ok_and(|version| version > VERSION) {
        return Err(keystore::Error::Newer(KIND.into()).into());
    }
    let record: Option<Record> = serde_json::from_slice(content.expose()).ok();
    let kept = record.and_then(|record| {
        Some(Kept {
            key: AccessKey::parse(&record.key_id, record.secret.0.expose()).ok()?,
            owner: record.owner,
            service: record.service,
            confirmed: record.confirmed_unix.map(|seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)),
            revoked: record.revoked,
        })
    });
    let lost = "The record of the sign-in cannot be understood. Sign in again.".to_owned();
    Ok(kept.map_or(Memory { found: Some(lost), ..Memory::nothing() }, Memory::of))
}

fn write(kept: &Kept) -> Secret<Vec<u8>> {
    let since_epoch = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let record = Record {
        version: VERSION,
        owner: kept.owner.clone(),
        key_id: kept.key.id.as_str().to_owned(),
        secret: SecretText(kept.key.secret_text()),
        service: kept.service.clone(),
        confirmed_unix: kept.confirmed.map(since_epoch),
        revoked: kept.revoked.clone(),
    };
    Secret::new(serde_json::to_vec(&record).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::bench::{ANN, World};
    use super::*;
    use crate::base::Entropy;
    use crate::keystore::SealingSource;

    fn keystore(world: &World) -> Keystore {
        Keystore::open(world.folder.path(), &SealingSource::OwnFile, Entropy::repeatable(9)).unwrap()
    }

    /// Spoils what was written last (`true`), or everything.
    fn damage(world: &World, newest_only: bool) {
        let mut generations: Vec<_> = world.on_disk().into_iter().map(|(path, _)| path).collect();
        generations.retain(|path| path.file_name().unwrap().to_string_lossy().starts_with("access-key."));
        generations.sort_by_key(|path| fs::metadata(path).unwrap().modified().unwrap());
        let spoilt = if newest_only { generations.split_off(generations.len() - 1) } else { generations };
        for path in spoilt {
            fs::write(path, "spoilt").unwrap();
        }
    }

    #[tokio::test]
    async fn a_damaged_record_falls_back_to_the_one_before_and_says_so() {
        let world = World::signed_in().await;
        world.service().keys[0].enabled = false;
        world.account.confirm().await;
        damage(&world, true);
        let status = world.restarted().status();
        assert_eq!(status.owner.unwrap().id, ANN.0);
        assert!(status.notices[0].contains("the one before it is in use"), "{:?}", status.notices);
    }

    #[tokio::test]
    async fn a_record_that_is_lost_is_a_notice_and_the_device_goes_on() {
        let world = World::signed_in().await;
        damage(&world, false);
        let restarted = world.restarted();
        assert_eq!(restarted.status().state, KeyState::Absent);
        assert!(restarted.status().notices[0].contains("Sign in again."), "{:?}", restarted.status().notices);
    }

    #[tokio::test]
    async fn a_record_of_a_later_latchkey_is_left_alone() {
        let world = World::new().await;
        keystore(&world).save(KIND, br#"{"version":2,"keys":[]}"#).unwrap();
        let before = world.on_disk();
        assert!(matches!(Keeper::open(keystore(&world)), Err(Error::Keystore(keystore::Error::Newer(_)))));
        assert_eq!(world.on_disk(), before);
    }

    #[tokio::test]
    async fn what_another_process_did_is_seen_after_a_reload() {
        let world = World::signed_in().await;
        let other = world.restarted();
        other.sign_out().await.unwrap();
        world.account.reload().unwrap();
        assert!(matches!(world.account.key(), Err(Error::SignedOut)));
        world.sign_in().await.unwrap();
        other.reload().unwrap();
        assert_eq!(other.status().state, KeyState::Fresh, "the service gave the key just now");
        assert_eq!(other.status().last_confirmed, world.account.status().last_confirmed);
    }

    #[tokio::test]
    async fn a_reload_without_news_keeps_a_fresh_key_fresh() {
        let world = World::signed_in().await;
        world.account.reload().unwrap();
        assert_eq!(world.account.status().state, KeyState::Fresh);
    }
}
