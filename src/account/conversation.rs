//! Carries a sign-in between the person and the service: sends what the machine wants sent, brings back the reply, until
//! it asks the person or has tokens.

use super::provider::{Outcome, Provider, Request, Step, Tokens, Waiting};
use super::{Account, Answer, Attempt, Error, Failed, Progress, Session, attempt};
use crate::base::Secret;

impl Account {
    /// E-mail (outer blanks forgiven) and password (never trimmed).
    pub async fn begin(&self, email: &str, password: Secret<String>) -> Result<Progress, Error> {
        let provider = self.provider().await?;
        let (email, random) = (email.to_owned(), self.0.entropy.secret());
        let first = aside(move || provider.begin(&email, password, &random)).await;
        self.carry(first).await.map_err(|failed| failed.error)
    }

    /// One answer to what the attempt asks. A mistake that can be mended gives the attempt back.
    pub async fn answer(&self, attempt: Attempt, answer: Answer) -> Result<Progress, Failed> {
        match attempt.0 {
            attempt::Pending::SignIn(asking) => self.carry(asking.answer(answer)).await,
            attempt::Pending::Enrolment(enrolment) => self.make_room(*enrolment, answer).await,
        }
    }

    /// "Can't access your two-factor device?": from a pending code step whose password was right. Asks for the mailed code.
    pub async fn recover(&self, attempt: Attempt) -> Result<Progress, Failed> {
        match attempt.0 {
            attempt::Pending::SignIn(asking) => self.carry(asking.recover()).await,
            attempt::Pending::Enrolment(_) => Err(Failed { error: Error::OutOfTurn, attempt: Some(attempt) }),
        }
    }

    /// Ends a panel (or CLI) session's hold on the user's tokens: revoked at the service, best effort, then wiped.
    pub async fn forget(&self, session: Session) {
        self.retire(&*session.tokens.lock().await).await;
    }

    pub(super) async fn carry(&self, mut outcome: Outcome) -> Result<Progress, Failed> {
        loop {
            match outcome {
                Ok(Step::Send(request, waiting)) => outcome = self.exchange(request, waiting).await,
                Ok(Step::Ask(asking)) => return Ok(Progress::Ask(Attempt(attempt::Pending::SignIn(asking)))),
                Ok(Step::SignedIn(tokens)) => return self.enrol(tokens).await,
                Err(refused) => {
                    self.0.directory.doubt_after(&refused.error);
                    let attempt = refused.again.map(|asking| Attempt(attempt::Pending::SignIn(asking)));
                    return Err(Failed { error: refused.error, attempt });
                }
            }
        }
    }

    async fn exchange(&self, request: Request, waiting: Box<dyn Waiting>) -> Outcome {
        let reply = self.0.transport.send(&request).await;
        let now = self.0.transport.now();
        aside(move || waiting.on_reply(reply, now)).await
    }

    pub(super) async fn provider(&self) -> Result<Box<dyn Provider>, Error> {
        self.0.directory.provider(&self.0.transport).await
    }

    /// The access token, renewed when its time is over.
    pub(super) async fn bearer(&self, tokens: &mut Tokens) -> Result<Secret<String>, Error> {
        let now = self.0.transport.now();
        if let Some(renewal) = tokens.renewal.clone().filter(|_| now.monotonic >= tokens.expires) {
            let provider = self.provider().await?;
            let reply = self.0.transport.send(&provider.renew(&renewal)).await?;
            *tokens = provider.renewed(reply, tokens, self.0.transport.now())?;
        }
        Ok(tokens.access.clone())
    }

    /// Takes the person's tokens back at the service; best effort, since they die by themselves too.
    pub(super) async fn retire(&self, tokens: &Tokens) {
        let Some(renewal) = &tokens.renewal else { return };
        let Ok(provider) = self.provider().await else { return };
        if let Err(error) = self.0.transport.send(&provider.revoke(renewal)).await {
            tracing::debug!(%error, "the tokens of an ended session could not be revoked");
        }
    }
}

/// Computes (or writes) where it does not hold up others. Work that is lost because the program stops has nobody waiting.
pub(super) async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(lost) => std::panic::resume_unwind(lost.into_panic()),
    }
}
