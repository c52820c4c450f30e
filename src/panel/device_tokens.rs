//! Tokens for programs that ask this device (`/api/v1/…`): made by the owner, each for some things only, kept as hashes, and
//! gone with the ownership of the device.

use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use super::kept_tokens::{self, Tokens};
use super::limits::neighbourhood;
use super::scope::Scope;
use super::screens::token::{Token, TokenHash};
use super::throttle::Throttle;
use crate::base::{Entropy, Secret};
use crate::keystore::{self, Keystore};

/// By which secret scanners and people know what they found.
const PREFIX: &str = "lk_";
const AT_MOST: usize = 32;
pub(super) const LONGEST_NAME: usize = 60;
/// That tokens were used is written down at most so often, and at the stop; the disk is a card.
const WRITTEN_EVERY: Duration = Duration::from_secs(3600);

/// Every token of the device.
pub(super) struct DeviceTokens {
    keystore: Keystore,
    tokens: Mutex<Tokens>,
    uses: Mutex<Uses>,
    wrong: Mutex<Throttle<IpAddr>>,
    trouble: Mutex<Option<String>>,
}

/// What is known here of their uses and not yet on disk.
#[derive(Default)]
struct Uses {
    /// By monotonic time.
    written: Option<Duration>,
    unwritten: bool,
}

/// One of them, without what it is shown by.
#[derive(Clone, Debug)]
pub(super) struct DeviceToken {
    pub(super) name: String,
    /// Account id.
    pub(super) owner: String,
    pub(super) scopes: Vec<Scope>,
    pub(super) created: SystemTime,
    pub(super) used: Option<SystemTime>,
}

/// Why a token was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotMade {
    #[error("Give the token a name of at most 60 characters, so that you know later what uses it.")]
    Name,
    #[error("There is a token of that name already. Choose another name, or revoke that one first.")]
    SameName,
    #[error("Choose at least one thing that the token is good for.")]
    NoScope,
    #[error("A device has at most 32 tokens. Revoke one that is not used any more.")]
    TooMany,
}

/// Why a token that was shown is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotTaken {
    Unknown,
    /// Too many wrong ones came from there.
    Wait(Duration),
}

/// What is shown once.
pub(super) fn text(token: &Token) -> Secret<String> {
    Secret::new(format!("{PREFIX}{}", token.text().expose()))
}

/// Names a token where its owner revokes it.
pub(super) fn id(hash: TokenHash) -> String {
    base16ct::lower::encode_string(hash.0.split_at(8).0)
}

impl DeviceTokens {
    pub(super) fn load(keystore: Keystore) -> Result<Self, keystore::Error> {
        let (tokens, trouble) = kept_tokens::load(&keystore)?;
        Ok(Self {
            keystore,
            tokens: Mutex::new(tokens),
            uses: Mutex::default(),
            wrong: Mutex::new(Throttle::new(10, Duration::from_secs(300))),
            trouble: Mutex::new(trouble),
        })
    }

    pub(super) fn make(&self, entropy: &Entropy, made: DeviceToken) -> Result<Token, NotMade> {
        let mut tokens = self.tokens();
        tokens.retain(|_, token| token.owner == made.owner);
        self.could_be_made(&tokens, &made)?;
        let token = Token::new(entropy);
        tokens.insert(token.hash(), made);
        self.keep(&tokens);
        Ok(token)
    }

    /// By a name after the wanted one where somebody has taken that meanwhile; tells which.
    pub(super) fn make_by_a_free_name(
        &self,
        entropy: &Entropy,
        wanted: &DeviceToken,
    ) -> Result<(Token, String), NotMade> {
        let numbered = (2..=AT_MOST.saturating_add(1)).map(|number| numbered(&wanted.name, number));
        for name in std::iter::once(wanted.name.clone()).chain(numbered) {
            match self.make(entropy, DeviceToken { name: name.clone(), ..wanted.clone() }) {
                Err(NotMade::SameName) => {}
                made => return made.map(|token| (token, name)),
            }
        }
        Err(NotMade::SameName)
    }

    /// Asked before what cannot be undone.
    pub(super) fn would_be_made(&self, wanted: &DeviceToken) -> Result<(), NotMade> {
        self.could_be_made(&self.tokens(), wanted)
    }

    fn could_be_made(&self, tokens: &Tokens, wanted: &DeviceToken) -> Result<(), NotMade> {
        let DeviceToken { name, scopes, owner, .. } = wanted;
        let own = || tokens.values().filter(|token| token.owner == *owner);
        if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
            Err(NotMade::Name)
        } else if scopes.is_empty() {
            Err(NotMade::NoScope)
        } else if own().any(|token| token.name == *name) {
            Err(NotMade::SameName)
        } else if own().count() >= AT_MOST {
            Err(NotMade::TooMany)
        } else {
            Ok(())
        }
    }

    /// A right token is always taken: nobody can guess one, so only wrong ones cost a wait.
    pub(super) fn check(
        &self,
        shown: &str,
        owner: Option<&str>,
        source: IpAddr,
        (wall, monotonic): (SystemTime, Duration),
    ) -> Result<Vec<Scope>, NotTaken> {
        let token = shown.strip_prefix(PREFIX).and_then(Token::parse);
        let mut tokens = self.tokens();
        let found = token.and_then(|token| tokens.get_mut(&token.hash()));
        let Some(found) = found.filter(|found| Some(found.owner.as_str()) == owner) else {
            return Err(self.count_wrong(source, monotonic));
        };
        let scopes = found.scopes.clone();
        found.used = Some(wall);
        drop(tokens);
        self.uses().unwritten = true;
        self.write_uses(monotonic);
        Ok(scopes)
    }

    /// Uses that wait long enough are written down.
    pub(super) fn write_uses(&self, now: Duration) {
        let written = self.uses().written;
        if written.is_none_or(|written| now.saturating_sub(written) >= WRITTEN_EVERY) {
            self.write_all_uses(now);
        }
    }

    /// Before the stop, whenever the last ones were.
    pub(super) fn write_all_uses(&self, now: Duration) {
        if self.uses().unwritten {
            self.uses().written = Some(now);
            self.keep(&self.tokens());
        }
    }

    fn count_wrong(&self, source: IpAddr, now: Duration) -> NotTaken {
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        let source = neighbourhood(source);
        match wrong.wait(&source, now) {
            Some(wait) => NotTaken::Wait(wait),
            None => {
                wrong.count(source, now);
                NotTaken::Unknown
            }
        }
    }

    /// The present owner's, the newest first.
    pub(super) fn list(&self, owner: &str) -> Vec<(String, DeviceToken)> {
        let tokens = self.tokens();
        let own = tokens.iter().filter(|(_, token)| token.owner == owner);
        let mut list: Vec<_> = own.map(|(hash, token)| (id(*hash), token.clone())).collect();
        list.sort_by_key(|(_, token)| std::cmp::Reverse(token.created));
        list
    }

    pub(super) fn revoke(&self, revoked: &str) -> bool {
        let mut tokens = self.tokens();
        let before = tokens.len();
        tokens.retain(|hash, _| id(*hash) != revoked);
        let found = tokens.len() < before;
        if found {
            self.keep(&tokens);
        }
        found
    }

    /// With the ownership of the device.
    pub(super) fn revoke_all(&self) {
        let mut tokens = self.tokens();
        if !tokens.is_empty() {
            tokens.clear();
            self.keep(&tokens);
        }
    }

    pub(super) fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, tokens: &Tokens) {
        self.uses().unwritten = false;
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = kept_tokens::save(&self.keystore, tokens).err();
    }

    fn uses(&self) -> MutexGuard<'_, Uses> {
        self.uses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tokens(&self) -> MutexGuard<'_, Tokens> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// "fleet 2", however long the name is.
fn numbered(name: &str, number: usize) -> String {
    let end = format!(" {number}");
    let kept: String = name.chars().take(LONGEST_NAME.saturating_sub(end.len())).collect();
    format!("{}{end}", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keystore::SealingSource;

    const OWNER: &str = "ann";
    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn at(seconds: u64) -> (SystemTime, Duration) {
        let monotonic = Duration::from_secs(seconds);
        (SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000) + monotonic, monotonic)
    }

    fn wanted(name: &str) -> DeviceToken {
        let scopes = vec![Scope::StatusRead];
        DeviceToken { name: name.to_owned(), owner: OWNER.to_owned(), scopes, created: at(0).0, used: None }
    }

    #[test]
    fn the_last_use_is_written_down_within_the_hour_and_at_the_stop_and_not_at_every_request() {
        let folder = tempfile::tempdir().unwrap();
        let open = || Keystore::open(folder.path(), &SealingSource::OwnFile, Entropy::kernel()).unwrap();
        let tokens = DeviceTokens::load(open()).unwrap();
        let token = text(&tokens.make(&Entropy::kernel(), wanted("monitor")).unwrap());
        let used = |seconds| tokens.check(token.expose(), Some(OWNER), HERE, at(seconds)).unwrap();
        let on_disk = || {
            let used = DeviceTokens::load(open()).unwrap().list(OWNER).first().and_then(|(_, token)| token.used);
            used.map(|used| used.duration_since(at(0).0).unwrap().as_secs())
        };
        used(10);
        assert_eq!(on_disk(), Some(10), "the first use");
        for seconds in 11..1000 {
            used(seconds);
        }
        assert_eq!(on_disk(), Some(10), "a card is not written at every request");
        tokens.write_uses(Duration::from_secs(3609));
        assert_eq!(on_disk(), Some(10));
        tokens.write_uses(Duration::from_secs(3610));
        assert_eq!(on_disk(), Some(999), "also when nobody asks any more");
        used(5000);
        tokens.write_all_uses(Duration::from_secs(5001));
        assert_eq!(on_disk(), Some(5000), "at the stop");
        used(90_000);
        assert_eq!(on_disk(), Some(90_000));
    }

    #[test]
    fn a_name_that_was_taken_meanwhile_gets_a_number_and_stays_short_enough() {
        let folder = tempfile::tempdir().unwrap();
        let keystore = Keystore::open(folder.path(), &SealingSource::OwnFile, Entropy::kernel()).unwrap();
        let tokens = DeviceTokens::load(keystore).unwrap();
        let make = |name: &str| tokens.make_by_a_free_name(&Entropy::kernel(), &wanted(name)).map(|(_, name)| name);
        assert_eq!([make("fleet"), make("fleet"), make("fleet")].map(Result::unwrap), ["fleet", "fleet 2", "fleet 3"]);
        let long = "é".repeat(LONGEST_NAME);
        assert_eq!(make(&long).unwrap(), long);
        assert_eq!(make(&long).unwrap(), format!("{} 2", "é".repeat(LONGEST_NAME - 2)));
        for _ in 6..AT_MOST {
            make("fleet").unwrap();
        }
        assert_eq!([make("fleet"), make("")], [Ok(format!("fleet {}", AT_MOST - 2)), Err(NotMade::Name)]);
        assert_eq!(make("fleet"), Err(NotMade::TooMany));
    }
}
