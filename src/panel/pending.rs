//! Sign-ins under way on disk, so that a restart of the agent between password and code costs nobody the password again. Sealed;
//! written only when a question changes, never for a wrong answer to it. A sign-in that holds what must stay in memory (a new
//! authenticator's secret, user tokens) is not here: after a restart it begins again.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::Panel;
use super::place::{Places, Turn};
use super::screens::token::TokenHash;
use crate::account::Account;
use crate::base::report;
use crate::keystore::{Keystore, Loaded};

const KIND: &str = "pending-sign-ins";
/// More than people sign in at once at one device.
const AT_MOST: usize = 16;
/// Seconds that two looks at the same end may differ by.
const ROUNDED: u64 = 2;
/// Where the service does not say how long it remembers.
const REMEMBERED: Duration = Duration::from_secs(15 * 60);

/// What is on disk.
pub(super) struct Pending {
    keystore: Keystore,
    kept: Mutex<BTreeMap<TokenHash, Line>>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Line {
    visitor: String,
    email: String,
    attempt: String,
    /// Seconds since 1970, by the device's clock.
    written: u64,
    /// Seconds from then; `None` where the service does not say.
    left: Option<u64>,
    claimed: u64,
}

impl Pending {
    /// What was under way when the agent stopped goes back to where its visitor stood. Damage is no news to anybody: then a sign-in
    /// begins again.
    pub(super) fn load(keystore: Keystore, account: &Account, places: &Places, now: (SystemTime, Duration)) -> Self {
        let (wall, monotonic) = now;
        let lines: Vec<Line> = match keystore.load(KIND) {
            Ok(Loaded::Whole(content) | Loaded::Older { content, .. }) => {
                serde_json::from_slice(content.expose()).unwrap_or_default()
            }
            Ok(Loaded::Absent | Loaded::Lost { .. }) => Vec::new(),
            Err(error) => {
                tracing::warn!(error = report::chain(&error), "sign-ins under way are not taken up again");
                Vec::new()
            }
        };
        let mut kept = BTreeMap::new();
        for line in lines {
            if let Some((visitor, turn)) = line.read(account, wall, monotonic) {
                places.restore(visitor, turn, monotonic);
                kept.insert(visitor, line);
            }
        }
        Self { keystore, kept: Mutex::new(kept) }
    }

    /// Keeps where this visitor's sign-in stands now; what has expired goes on the way.
    async fn keep(&self, visitor: TokenHash, turn: &Turn, account: &Account, now: (SystemTime, Duration)) {
        let line = Line::write(visitor, turn, account, now);
        let mut kept = self.kept.lock().await;
        let is_kept = match (&line, kept.get(&visitor)) {
            (Some(line), Some(before)) => line.says_the_same(before),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        if is_kept {
            return;
        }
        kept.retain(|hash, line| *hash != visitor && line.has_passed(now.0).is_some());
        while kept.len() >= AT_MOST {
            let Some(oldest) = kept.iter().min_by_key(|(_, line)| line.written).map(|(hash, _)| *hash) else { break };
            kept.remove(&oldest);
        }
        if let Some(line) = line {
            kept.insert(visitor, line);
        }
        self.save(kept.values().cloned().collect()).await;
    }

    /// Nobody's half sign-in outlives an ownership.
    pub(super) async fn clear(&self) {
        let mut kept = self.kept.lock().await;
        if !kept.is_empty() {
            kept.clear();
            self.save(Vec::new()).await;
        }
    }

    /// A full disk holds nobody up: then a restart costs the password once more.
    async fn save(&self, lines: Vec<Line>) {
        let keystore = self.keystore.clone();
        let write = move || match serde_json::to_vec(&lines) {
            Ok(_) if lines.is_empty() => keystore.remove(KIND),
            Ok(content) => keystore.save(KIND, &content),
            Err(_) => Ok(()),
        };
        match tokio::task::spawn_blocking(write).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(error = report::chain(&error), "a sign-in under way is not kept"),
            Err(stopped) => tracing::warn!(error = report::chain(&stopped), "a sign-in under way is not kept"),
        }
    }
}

impl Panel {
    /// After every move: where this visitor's sign-in stands now.
    pub(super) async fn keep_pending(&self, visitor: TokenHash, turn: &Turn) {
        self.0.pending.keep(visitor, turn, &self.0.account, (self.0.clock.wall(), self.monotonic())).await;
    }
}

impl Line {
    fn write(
        visitor: TokenHash,
        turn: &Turn,
        account: &Account,
        (wall, monotonic): (SystemTime, Duration),
    ) -> Option<Self> {
        let attempt = turn.attempt.as_ref()?;
        Some(Self {
            visitor: Base64UrlUnpadded::encode_string(&visitor.0),
            email: turn.email.clone(),
            attempt: account.write_down(attempt)?.expose().clone(),
            written: wall.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs(),
            left: attempt.expires_in(monotonic).map(|left| left.as_secs()),
            claimed: turn.claimed_for(monotonic).as_secs(),
        })
    }

    /// Where a question stays, and the service has not begun to wait anew.
    fn says_the_same(&self, before: &Self) -> bool {
        let end = |line: &Self| line.left.map(|left| line.written.saturating_add(left));
        let renewed = end(self).zip(end(before)).is_some_and(|(end, before)| end.abs_diff(before) > ROUNDED);
        self.attempt == before.attempt && !renewed
    }

    fn read(&self, account: &Account, wall: SystemTime, monotonic: Duration) -> Option<(TokenHash, Turn)> {
        let hash = Base64UrlUnpadded::decode_vec(&self.visitor).ok()?;
        let passed = self.has_passed(wall)?;
        let left = self.left.map(|left| Duration::from_secs(left).saturating_sub(passed));
        let attempt = account.take_up(&self.attempt, left)?;
        let claimed = Duration::from_secs(self.claimed).saturating_sub(passed);
        Some((TokenHash(hash.try_into().ok()?), Turn::resumed(self.email.clone(), attempt, monotonic + claimed)))
    }

    /// The time since it was written, while it is not over. A clock that was set back has let none pass: the service knows better.
    fn has_passed(&self, wall: SystemTime) -> Option<Duration> {
        let now = wall.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let passed = now.saturating_sub(Duration::from_secs(self.written));
        (passed < self.left.map_or(REMEMBERED, Duration::from_secs)).then_some(passed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_is_written_anew_when_the_service_waits_anew_and_not_for_a_wrong_answer() {
        let line = |written, left| Line {
            visitor: String::new(),
            email: String::new(),
            attempt: String::new(),
            written,
            left,
            claimed: 0,
        };
        assert!(line(1100, Some(80)).says_the_same(&line(1000, Some(180))), "a wrong answer");
        assert!(line(1100, Some(79)).says_the_same(&line(1000, Some(180))), "and the rest of a second");
        assert!(!line(1100, Some(180)).says_the_same(&line(1000, Some(180))), "another text");
        assert!(line(1100, None).says_the_same(&line(1000, None)));
    }

    #[test]
    fn a_sign_in_is_over_when_its_time_is_whatever_the_clock_did() {
        let line = |left| Line {
            visitor: String::new(),
            email: String::new(),
            attempt: String::new(),
            written: 1000,
            left,
            claimed: 0,
        };
        let passed = |left, now| line(left).has_passed(SystemTime::UNIX_EPOCH + Duration::from_secs(now));
        assert_eq!(passed(Some(180), 1100), Some(Duration::from_secs(100)));
        assert_eq!(passed(Some(180), 1180), None);
        assert_eq!(passed(Some(180), 10), Some(Duration::ZERO));
        assert_eq!((passed(None, 1899), passed(None, 1900)), (Some(Duration::from_secs(899)), None));
    }
}
