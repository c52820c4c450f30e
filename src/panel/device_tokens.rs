//! Tokens for programs that ask this device (`/api/v1/…`): made by the owner, each for some things only, kept as hashes, and
//! gone with the ownership of the device.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use serde::{Deserialize, Serialize};

use super::limits::neighbourhood;
use super::screens::token::{Token, TokenHash};
use super::throttle::Throttle;
use crate::base::{Entropy, Secret, report};
use crate::keystore::{self, Keystore, Loaded};

const KIND: &str = "device-tokens";
/// By which secret scanners and people know what they found.
const PREFIX: &str = "lk_";
const AT_MOST: usize = 32;
pub(super) const LONGEST_NAME: usize = 60;
/// That a token was used is written down at most so often; the disk is a card.
const WORTH_WRITING: Duration = Duration::from_secs(24 * 3600);

/// What a token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scope {
    StatusRead,
    KeysRead,
    SessionsRead,
    SessionsWrite,
    DeviceRead,
    DeviceWrite,
    Release,
}

/// Every token of the device.
pub(super) struct DeviceTokens {
    keystore: Keystore,
    tokens: Mutex<BTreeMap<TokenHash, DeviceToken>>,
    wrong: Mutex<Throttle<IpAddr>>,
    trouble: Mutex<Option<String>>,
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

impl Scope {
    pub(super) const ALL: [Self; 7] = [
        Self::StatusRead,
        Self::KeysRead,
        Self::SessionsRead,
        Self::SessionsWrite,
        Self::DeviceRead,
        Self::DeviceWrite,
        Self::Release,
    ];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::StatusRead => "status:read",
            Self::KeysRead => "keys:read",
            Self::SessionsRead => "sessions:read",
            Self::SessionsWrite => "sessions:write",
            Self::DeviceRead => "device:read",
            Self::DeviceWrite => "device:write",
            Self::Release => "release",
        }
    }

    /// For the owner.
    pub(super) fn sentence(self) -> &'static str {
        match self {
            Self::StatusRead => "See the owner, the state of the access key and what needs attention",
            Self::KeysRead => "See the list of the account's access keys, without their secrets",
            Self::SessionsRead => "See who is signed in at this panel",
            Self::SessionsWrite => "End sessions at this panel",
            Self::DeviceRead => "See the health of this device and its daemon",
            Self::DeviceWrite => "Restart the daemon",
            Self::Release => "Sign this device out, so that somebody else can claim it",
        }
    }

    pub(super) fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.word() == word)
    }
}

/// What is shown once.
pub(super) fn text(token: &Token) -> Secret<String> {
    Secret::new(format!("{PREFIX}{}", token.text().expose()))
}

/// Names a token where its owner revokes it.
pub(super) fn id(hash: TokenHash) -> String {
    HEXLOWER.encode(hash.0.split_at(8).0)
}

impl DeviceTokens {
    pub(super) fn load(keystore: Keystore) -> Result<Self, keystore::Error> {
        let (tokens, trouble) = read(&keystore)?;
        Ok(Self {
            keystore,
            tokens: Mutex::new(tokens),
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

    /// Asked before what cannot be undone.
    pub(super) fn would_be_made(&self, wanted: &DeviceToken) -> Result<(), NotMade> {
        self.could_be_made(&self.tokens(), wanted)
    }

    fn could_be_made(&self, tokens: &BTreeMap<TokenHash, DeviceToken>, wanted: &DeviceToken) -> Result<(), NotMade> {
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
        let worth_writing =
            found.used.is_none_or(|used| wall.duration_since(used).is_ok_and(|ago| ago > WORTH_WRITING));
        found.used = Some(wall);
        if worth_writing {
            self.keep(&tokens);
        }
        Ok(scopes)
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

    fn keep(&self, tokens: &BTreeMap<TokenHash, DeviceToken>) {
        let lines: Vec<Line> = tokens.iter().map(|(hash, token)| Line::write(*hash, token)).collect();
        let kept = self.keystore.save(KIND, &serde_json::to_vec(&lines).unwrap_or_default());
        let trouble = kept.err().map(|error| {
            tracing::warn!(error = report::chain(&error), "device tokens are not kept");
            format!(
                "The device tokens could not be written down; the newest changes end when Latchkey restarts. {error}"
            )
        });
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    fn tokens(&self) -> MutexGuard<'_, BTreeMap<TokenHash, DeviceToken>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Read = (BTreeMap<TokenHash, DeviceToken>, Option<String>);

fn read(keystore: &Keystore) -> Result<Read, keystore::Error> {
    const LOST: &str =
        "The record of the device tokens was damaged and set aside. Make new ones for programs that are refused.";
    let (content, trouble) = match keystore.load(KIND)? {
        Loaded::Absent => return Ok((BTreeMap::new(), None)),
        Loaded::Whole(content) => (content, None),
        Loaded::Older { content, .. } => (content, Some(LOST.to_owned())),
        Loaded::Lost { .. } => return Ok((BTreeMap::new(), Some(LOST.to_owned()))),
    };
    match serde_json::from_slice::<Vec<Line>>(content.expose()) {
        Ok(lines) => Ok((lines.into_iter().filter_map(Line::read).collect(), trouble)),
        Err(_) => Ok((BTreeMap::new(), Some(LOST.to_owned()))),
    }
}

#[derive(Serialize, Deserialize)]
struct Line {
    hash: String,
    name: String,
    owner: String,
    scopes: Vec<String>,
    created: u64,
    used: Option<u64>,
}

impl Line {
    fn write(hash: TokenHash, token: &DeviceToken) -> Self {
        let seconds = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        Self {
            hash: BASE64URL_NOPAD.encode(&hash.0),
            name: token.name.clone(),
            owner: token.owner.clone(),
            scopes: token.scopes.iter().map(|scope| scope.word().to_owned()).collect(),
            created: seconds(token.created),
            used: token.used.map(seconds),
        }
    }

    /// A scope of a later Latchkey is not given here.
    fn read(self) -> Option<(TokenHash, DeviceToken)> {
        let at = |seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
        let hash = BASE64URL_NOPAD.decode(self.hash.as_bytes()).ok()?;
        let token = DeviceToken {
            name: self.name,
            owner: self.owner,
            scopes: self.scopes.iter().filter_map(|word| Scope::of(word)).collect(),
            created: at(self.created)?,
            used: self.used.and_then(at),
        };
        Some((TokenHash(hash.try_into().ok()?), token))
    }
}
