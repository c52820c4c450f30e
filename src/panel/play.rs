//! One move of a sign-in, from a posted form to what comes next. Played on a task of the panel's own: a browser that gives
//! up half-way (a double click does that) must not take the pending sign-in with it.

use std::time::Duration;

use tokio::sync::oneshot;

use super::limits::Guess;
use super::place::Turn;
use super::returns::StateHash;
use super::screens::form::Mark;
use super::screens::rooms::Act;
use super::screens::sign_in::Why;
use super::screens::token::TokenHash;
use super::screens::{Error, Move, Outcome, Problem, Visitor, step};
use super::{Panel, claim, offline};
use crate::account::{self, Answer, Ask, Attempt, Failed, Progress};
use crate::base::report;
use crate::protocol::access_key::AccessKey;
use crate::protocol::recovery_code::RecoveryCodes;

/// What a visitor of this panel may ask for.
#[derive(Debug)]
pub(super) enum Wanted {
    Move(Move),
    /// Sign in with an access key alone.
    Adopt(AccessKey),
    /// Back from Google, with the state that a visitor left with.
    Return(StateHash, TokenHash),
    /// Change something of the account.
    Act(Act),
    /// Passphrase and code of this device, while the service is away.
    Unlock(offline::Key),
}

impl Panel {
    /// Plays a move for a visitor; the same form sent twice is played once.
    pub(super) async fn play_once(&self, visitor: &Visitor, mark: Mark, wanted: Wanted) -> Result<Outcome, Problem> {
        let place = self.0.places.of(visitor.key(), self.monotonic());
        let played_before = place.played();
        let (panel, visitor) = (self.clone(), visitor.clone());
        let (tell, told) = oneshot::channel();
        self.in_background(async move {
            let mut turn = place.turn.lock().await;
            let before = turn.replay(mark, played_before, panel.monotonic());
            let result = match before.filter(|result| panel.still_stands(result)) {
                Some(result) => result,
                None => {
                    let result = match wanted {
                        Wanted::Act(act) => panel.act(&mut turn, &visitor, act).await,
                        Wanted::Unlock(key) => panel.unlock(&mut turn, &visitor, key).await,
                        Wanted::Move(_) | Wanted::Adopt(_) | Wanted::Return(..) => {
                            panel.play_now(&mut turn, &visitor, wanted).await
                        }
                    };
                    panel.keep_pending(visitor.key(), &turn).await;
                    place.ended(&mut turn, mark, result.clone(), panel.monotonic());
                    result
                }
            };
            let _listener_gone = tell.send(result);
        });
        told.await.unwrap_or_else(|_| Err(Error::Stopping.problem()))
    }

    /// Nobody is let into a session again that has ended meanwhile.
    fn still_stands(&self, result: &Result<Outcome, Problem>) -> bool {
        match result {
            Ok(Outcome::SignedIn(token, _page)) => self.glance_at(token.hash()).is_some(),
            Ok(Outcome::Ask(_) | Outcome::Elsewhere(_)) | Err(_) => true,
        }
    }

    async fn play_now(&self, turn: &mut Turn, visitor: &Visitor, wanted: Wanted) -> Result<Outcome, Problem> {
        let now = self.monotonic();
        if !self.is_owned() && !turn.has_claimed(now) {
            return Ok(Outcome::Elsewhere(claim::Why::Lapsed.link().to_owned()));
        }
        if let Wanted::Move(Move::Begin { email, .. }) = &wanted {
            turn.email.clone_from(email);
        }
        let account = Some(turn.email.as_str()).filter(|email| !email.is_empty());
        let guess =
            self.0.limits.admit(visitor.source.address, account, now).map_err(|wait| Error::Wait(wait).problem())?;
        let enrols = matches!(turn.attempt.as_ref().map(Attempt::ask), Some(Ask::EnrolAuthenticator { .. }));
        match self.ask_the_service(turn, wanted).await {
            Some(Ok(progress)) => {
                turn.enrolled |= enrols;
                Ok(self.advance_to(turn, visitor, progress, &guess).await)
            }
            Some(Err(failed)) => self.fall_back(turn, failed, &guess, now),
            None => {
                self.0.limits.take_back(&guess);
                Ok(elsewhere(Why::NothingPending))
            }
        }
    }

    /// `None`: the move answers a sign-in that is not there.
    async fn ask_the_service(&self, turn: &mut Turn, wanted: Wanted) -> Option<Result<Next, Failed>> {
        let afresh = |error| Failed { error, attempt: None };
        let progress = match wanted {
            Wanted::Move(Move::Begin { email, password }) => {
                turn.attempt = None;
                self.0.account.begin(&email, password).await.map_err(afresh)
            }
            Wanted::Move(Move::Answer(answer)) => self.0.account.answer(turn.attempt.take()?, answer).await,
            Wanted::Move(Move::SendAgain) => self.0.account.answer(turn.attempt.take()?, Answer::SendAgain).await,
            Wanted::Move(Move::Recover) => self.0.account.recover(turn.attempt.take()?).await,
            Wanted::Return(state, visitor) => {
                let (away, code) = self.0.returns.take(state, visitor, self.monotonic())?;
                turn.attempt = None;
                self.0.account.come_back(away, code).await
            }
            Wanted::Act(_) | Wanted::Unlock(_) => return None,
            Wanted::Adopt(key) => {
                return Some(self.0.account.adopt(key).await.map(|_owner| Next::Adopted).map_err(afresh));
            }
        };
        Some(progress.map(Next::Progress))
    }

    async fn advance_to(&self, turn: &mut Turn, visitor: &Visitor, next: Next, guess: &Guess) -> Outcome {
        let session = match next {
            Next::Progress(Progress::Ask(attempt)) => {
                self.0.limits.take_back(guess);
                let path = step::path(&attempt.ask());
                turn.attempt = Some(attempt);
                return Outcome::Ask(path.to_owned());
            }
            Next::Progress(Progress::SignedIn(session)) => Some(session),
            Next::Adopted => None,
        };
        self.0.limits.forgive(guess);
        let codes = match &session {
            Some(session) if turn.enrolled => self.codes_of_enrolment(session).await,
            Some(_) | None => None,
        };
        turn.leave();
        self.open_session(visitor, session, codes, turn.wish.take())
    }

    /// A sign-in that had to set up an app has no place for them in its answer. Whoever gets none can make some later.
    async fn codes_of_enrolment(&self, session: &account::Session) -> Option<RecoveryCodes> {
        self.0.account.make_recovery_codes(session).await.unwrap_or_else(|error| {
            tracing::warn!(error = report::chain(&error), "no recovery codes for a new authenticator app");
            None
        })
    }

    fn fall_back(&self, turn: &mut Turn, failed: Failed, guess: &Guess, now: Duration) -> Result<Outcome, Problem> {
        turn.attempt = failed.attempt.filter(|attempt| attempt.expires_in(now) != Some(Duration::ZERO));
        let error = Error::Account(failed.error);
        if !error.is_wrong_guess() {
            self.0.limits.take_back(guess);
        }
        tracing::info!(error = report::chain(&error), "a sign-in did not lead on");
        match (&error, &turn.attempt) {
            (Error::Account(account::Error::SignInExpired), _) => Ok(elsewhere(Why::Expired)),
            (Error::Account(account::Error::OutOfTurn), Some(attempt)) => {
                Ok(Outcome::Ask(step::path(&attempt.ask()).to_owned()))
            }
            (Error::Account(account::Error::OutOfTurn), None) => Ok(elsewhere(Why::NothingPending)),
            _ => Err(error.problem()),
        }
    }
}

fn elsewhere(why: Why) -> Outcome {
    Outcome::Elsewhere(why.link().to_owned())
}

enum Next {
    Progress(Progress),
    Adopted,
}
