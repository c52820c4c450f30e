//! Sign-ins at the portal, as the screens see them.

use std::time::Duration;

use super::Portal;
use super::door::troubled;
use super::sign_in::{self, Failed, Next, Pending};
use super::visit::Memory;
use crate::base::report;
use crate::cloud::error::Error as ServiceError;
use crate::cloud::site::Site;
use crate::panel::screens::form::Mark;
use crate::panel::screens::sign_in::{Offers, Premises, Welcome, Why};
use crate::panel::screens::step::{self, Step};
use crate::panel::screens::token::Token;
use crate::panel::screens::{
    Error, Later, Move, Outcome, Problem, Reception, Refusal, Visitor, leaves_the_sign_in_open,
};
use crate::protocol::cognito::AuthenticationResult;

impl Reception for Portal {
    fn play<'a>(&'a self, visitor: &'a Visitor, mark: Mark, wanted: Move) -> Later<'a, Result<Outcome, Problem>> {
        let (site, before) = (self.site_for(visitor), visitor.session.as_ref().map(|session| session.hash));
        Box::pin(self.once(visitor, mark, move |portal, mut memory| async move {
            let result = portal.play_now(&site, &mut memory, wanted).await;
            if let (Ok(Outcome::SignedIn(..)), Some(before)) = (&result, before) {
                portal.end_session(&before.0).await;
            }
            (memory, result)
        }))
    }

    fn step<'a>(&'a self, visitor: &'a Visitor) -> Later<'a, Result<Step, String>> {
        Box::pin(async move {
            let nothing = if visitor.session.is_some() { "./" } else { Why::NothingPending.link() };
            let memory = self.memory(visitor).await.unwrap_or_default();
            let pending = memory.pending.ok_or(nothing)?;
            if pending.left(self.now()) == Duration::ZERO {
                return Err(Why::Expired.link().to_owned());
            }
            pending.step(self.now()).ok_or_else(|| nothing.to_owned())
        })
    }

    fn welcome<'a>(&'a self, visitor: &'a Visitor) -> Later<'a, Result<Welcome, String>> {
        Box::pin(async move {
            let memory = self.memory(visitor).await.unwrap_or_default();
            let providers = self.0.site.cloud.providers.iter().map(|provider| provider.name().to_owned()).collect();
            let offers = Offers { sign_up: true, providers, at_device: false };
            let at = match (&visitor.session, memory.then) {
                (Some(_), None) => return Err("./".to_owned()),
                (Some(_), Some(_wanted)) => Premises::Proof { offers },
                (None, _) => Premises::Service { offers },
            };
            let url = self.0.site.url();
            let service = url.split_once("://").map_or(url, |(_scheme, name)| name).to_owned();
            Ok(Welcome { email: memory.email, service, can_unlock: false, at })
        })
    }

    fn reason(&self, why: Why) -> &'static str {
        match why {
            Why::Expired => {
                "The sign-in took longer than the service waits (3 minutes for each step). Type the password again; a new code is asked for then."
            }
            Why::SendAgain => {
                "A text message is sent right after the password. Type the password again, and a new code is on its way."
            }
            Why::NothingPending => {
                "There is no sign-in under way in this browser: it was finished, or took too long, or the browser keeps no cookies. Start again here."
            }
            Why::SessionEnded => "Your session has ended. Sign in again.",
            Why::SignedOut => "You are signed out.",
            Why::SignedOutEverywhere | Why::SignedOutHereOnly => {
                "You are signed out everywhere: here, and wherever else your account was signed in. Access keys keep working."
            }
            Why::Confirmed => "Your account is ready. Sign in.",
            Why::PasswordReset => "Your new password is set. Sign in with it.",
            Why::Moved => "Your sign-in goes on at the other device.",
            Why::ServiceAnswers => "The service can be reached. Sign in.",
        }
    }
}

impl Portal {
    async fn play_now(&self, site: &Site, memory: &mut Memory, wanted: Move) -> Result<Outcome, Problem> {
        let next = match wanted {
            Move::Begin { email, password } => {
                memory.email.clone_from(&email);
                memory.pending = None;
                sign_in::begin(site, &email, password.expose()).await
            }
            Move::Answer(answer) => {
                let Some(pending) = self.still_pending(memory) else { return Ok(elsewhere(Why::NothingPending)) };
                match sign_in::answer(site, &pending, &answer).await {
                    Some(next) => next,
                    None => return Ok(question(&pending)),
                }
            }
            Move::SendAgain => {
                let Some(pending) = self.still_pending(memory) else { return Ok(elsewhere(Why::NothingPending)) };
                sign_in::send_again(site, &pending).await
            }
            Move::Recover => {
                let Some(pending) = self.still_pending(memory) else { return Ok(elsewhere(Why::NothingPending)) };
                sign_in::recover(site, &pending).await
            }
        };
        match next {
            Ok(Next::Ask(pending)) => {
                let outcome = question(&pending);
                memory.pending = Some(pending);
                Ok(outcome)
            }
            Ok(Next::SignedIn(result)) => self.let_in(site, memory, result).await,
            Err(failed) => fall_back(memory, failed),
        }
    }

    fn still_pending(&self, memory: &Memory) -> Option<Pending> {
        memory.pending.clone().filter(|pending| pending.left(self.now()) > Duration::ZERO)
    }

    pub(super) async fn let_in(
        &self,
        site: &Site,
        memory: &mut Memory,
        result: AuthenticationResult,
    ) -> Result<Outcome, Problem> {
        let store = &site.cloud.store;
        let refresh = result.refresh_token.unwrap_or_default();
        let family = store.family_of(&refresh).await.map_err(troubled)?.ok_or_else(|| Error::Trouble.problem())?;
        let token = Token::new(&site.cloud.entropy);
        let hash = token.hash();
        let opened = store.open_portal_session(&hash.0, &family.account, &family.id, self.now());
        opened.await.map_err(troubled)?;
        let wanted = std::mem::take(memory).then.unwrap_or_else(|| "./".to_owned());
        Ok(Outcome::SignedIn(token, wanted))
    }

    /// A browser leaves, or comes back with a newer session.
    pub(super) async fn end_session(&self, token: &[u8; 32]) {
        let (store, now) = (&self.0.site.cloud.store, self.now());
        let ended = async {
            if let Some(session) = store.portal_session(token, now).await? {
                store.revoke_family(&session.family, now).await?;
            }
            Ok::<(), ServiceError>(())
        };
        if let Err(error) = ended.await {
            tracing::warn!(error = report::chain(&error), "a session of the portal could not be ended");
        }
    }
}

fn fall_back(memory: &mut Memory, failed: Failed) -> Result<Outcome, Problem> {
    if failed.pending.is_some() {
        memory.pending = failed.pending;
    } else if !leaves_the_sign_in_open(&failed.refusal) {
        memory.pending = None;
    }
    tracing::info!(error = report::chain(&failed.refusal), "a sign-in did not lead on");
    match (&failed.refusal, &memory.pending) {
        (Refusal::SignInExpired, _) => Ok(elsewhere(Why::Expired)),
        (Refusal::OutOfTurn, Some(pending)) => Ok(question(pending)),
        (Refusal::OutOfTurn, None) => Ok(elsewhere(Why::NothingPending)),
        (Refusal::NotConfirmed, _) => Ok(Outcome::Elsewhere("confirm-email".to_owned())),
        (Refusal::PasswordResetRequired, _) => Ok(Outcome::Elsewhere("forgot-password".to_owned())),
        _told => Err(Error::from(failed.refusal).problem()),
    }
}

fn question(pending: &Pending) -> Outcome {
    match pending.ask() {
        Some(ask) => Outcome::Ask(step::path(&ask).to_owned()),
        None => elsewhere(Why::NothingPending),
    }
}

fn elsewhere(why: Why) -> Outcome {
    Outcome::Elsewhere(why.link().to_owned())
}
