//! One browser's turn at the portal. What is remembered between two pages lies sealed in the store; while a form is played, the
//! same form sent again (by a double click, perhaps to another instance) waits, and gets the same answer.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use super::Portal;
use super::door::troubled;
use super::provider::Away;
use super::sign_in::Pending;
use crate::base::Secret;
use crate::cloud::moment::Moment;
use crate::cloud::store::{self, LatestTurn, Visit, VisitKey};
use crate::panel::screens::form::Mark;
use crate::panel::screens::token::{Token, TokenHash};
use crate::panel::screens::{Error, Outcome, Problem, Visitor};

/// A form that comes again this soon after it led on is the same press of the button (WEB-12).
const SAME_PRESS: Duration = Duration::from_secs(3);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// In all about as long as a turn can last.
const LOOKS: usize = 700;

/// What is remembered of a browser.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Memory {
    /// As typed last.
    #[serde(default)]
    pub(super) email: String,
    #[serde(default)]
    pub(super) pending: Option<Pending>,
    /// At a provider.
    #[serde(default)]
    pub(super) away: Option<Away>,
    /// The page that wanted a (fresh) sign-in.
    #[serde(default)]
    pub(super) then: Option<String>,
}

/// A result as it is kept, to be told again.
#[derive(Serialize, Deserialize)]
enum Told {
    Ask(String),
    SignedIn(String, String),
    Elsewhere(String),
    Refused { status: u16, sentence: String, wait: Option<u64> },
}

pub(super) fn key(visitor: &Visitor) -> VisitKey {
    VisitKey(visitor.key().0)
}

impl Portal {
    pub(super) async fn memory(&self, visitor: &Visitor) -> Result<Memory, Problem> {
        let visit = self.0.site.cloud.store.visit(key(visitor), self.now()).await.map_err(troubled)?;
        Ok(read(&visit))
    }

    /// The page that a browser without a session wants. Somebody who is signing in already is not disturbed.
    pub(super) async fn note_wish(&self, visitor: TokenHash, page: String) -> Result<(), store::Error> {
        let (store, key) = (&self.0.site.cloud.store, VisitKey(visitor.0));
        if !store.take_turn(key, self.now()).await? {
            return Ok(());
        }
        let mut memory = read(&store.visit(key, self.now()).await?);
        memory.then = Some(page);
        let nothing = LatestTurn { mark: String::new(), at: self.now(), outcome: text(&()) };
        store.end_turn(key, &text(&memory), &nothing, self.now()).await
    }

    /// Plays on a task of its own, once for each press: a browser that gives up half-way must not take the sign-in with it.
    pub(super) async fn once<Playing>(
        &self,
        visitor: &Visitor,
        mark: Mark,
        play: impl FnOnce(Self, Memory) -> Playing + Send + 'static,
    ) -> Result<Outcome, Problem>
    where
        Playing: Future<Output = (Memory, Result<Outcome, Problem>)> + Send,
    {
        let (tell, told) = oneshot::channel();
        let (portal, key) = (self.clone(), key(visitor));
        self.in_background(async move {
            let _listener_gone = tell.send(portal.take_turn(key, &BASE64URL_NOPAD.encode(mark.bytes()), play).await);
        });
        told.await.unwrap_or_else(|_| Err(Error::Stopping.problem()))
    }

    async fn take_turn<Playing>(
        &self,
        key: VisitKey,
        mark: &str,
        play: impl FnOnce(Self, Memory) -> Playing,
    ) -> Result<Outcome, Problem>
    where
        Playing: Future<Output = (Memory, Result<Outcome, Problem>)>,
    {
        let store = &self.0.site.cloud.store;
        let played_before = store.visit(key, self.now()).await.map_err(troubled)?.turns;
        self.wait_for_turn(key).await?;
        let visit = store.visit(key, self.now()).await.map_err(troubled)?;
        if let Some(result) = replay(&visit, mark, played_before, self.now())
            && self.still_stands(&result).await?
        {
            store.leave_turn(key).await.map_err(troubled)?;
            return result;
        }
        let (memory, result) = play(self.clone(), read(&visit)).await;
        let latest = LatestTurn { mark: mark.to_owned(), at: self.now(), outcome: text(&Told::of(&result)) };
        store.end_turn(key, &text(&memory), &latest, self.now()).await.map_err(troubled)?;
        result
    }

    /// Nobody is let into a session again that has ended meanwhile.
    async fn still_stands(&self, result: &Result<Outcome, Problem>) -> Result<bool, Problem> {
        let Ok(Outcome::SignedIn(token, _page)) = result else { return Ok(true) };
        let session = self.0.site.cloud.store.portal_session(&token.hash().0, self.now()).await;
        Ok(session.map_err(troubled)?.is_some())
    }

    async fn wait_for_turn(&self, key: VisitKey) -> Result<(), Problem> {
        for _look in 0..LOOKS {
            if self.0.site.cloud.store.take_turn(key, self.now()).await.map_err(troubled)? {
                return Ok(());
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Err(Error::Stopping.problem())
    }
}

/// Somebody who waited for the same form gets any result; somebody who comes later gets only what led on, since a failure may be
/// tried again.
fn replay(visit: &Visit, mark: &str, played_before: i64, now: Moment) -> Option<Result<Outcome, Problem>> {
    let latest = visit.latest.as_ref().filter(|latest| latest.mark == mark)?;
    let result = serde_json::from_slice::<Told>(latest.outcome.expose()).ok()?.again();
    let waited = visit.turns > played_before;
    let led_on = matches!(result, Ok(Outcome::Ask(_) | Outcome::SignedIn(..)));
    let same_press = led_on && latest.at.until(now) < SAME_PRESS;
    (waited || same_press).then_some(result)
}

fn read(visit: &Visit) -> Memory {
    let content = visit.content.as_ref().and_then(|content| serde_json::from_slice(content.expose()).ok());
    content.unwrap_or_default()
}

fn text(content: &impl Serialize) -> Secret<Vec<u8>> {
    Secret::new(serde_json::to_vec(content).unwrap_or_default())
}

impl Told {
    fn of(result: &Result<Outcome, Problem>) -> Self {
        match result {
            Ok(Outcome::Ask(path)) => Self::Ask(path.clone()),
            Ok(Outcome::SignedIn(token, path)) => Self::SignedIn(token.text().expose().clone(), path.clone()),
            Ok(Outcome::Elsewhere(path)) => Self::Elsewhere(path.clone()),
            Err(problem) => Self::Refused {
                status: problem.status.as_u16(),
                sentence: problem.sentence.clone(),
                wait: problem.retry_after(),
            },
        }
    }

    fn again(self) -> Result<Outcome, Problem> {
        match self {
            Self::Ask(path) => Ok(Outcome::Ask(path)),
            Self::SignedIn(token, path) => match Token::parse(&token) {
                Some(token) => Ok(Outcome::SignedIn(token, path)),
                None => Ok(Outcome::Elsewhere(path)),
            },
            Self::Elsewhere(path) => Ok(Outcome::Elsewhere(path)),
            Self::Refused { status, sentence, wait } => {
                let status = http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::BAD_REQUEST);
                Err(Problem::new(status, sentence).after(wait.map(Duration::from_secs)))
            }
        }
    }
}
