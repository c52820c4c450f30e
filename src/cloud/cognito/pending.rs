//! Finding the sign-in that a session text stands for, and how many answers it and its account bear.

use std::time::Duration;

use super::fault::Fault;
use super::fields;
use crate::cloud::guesses;
use crate::cloud::site::Site;
use crate::cloud::store::{Account, SignIn, Stage};
use crate::protocol::cognito::RespondToAuthChallenge;

/// A sign-in that waits for `stage`, and its account.
pub(super) async fn find(
    site: &Site,
    request: &RespondToAuthChallenge,
    stage: Stage,
) -> Result<(SignIn, Account), Fault> {
    find_any(site, request, |waits_for| waits_for == stage).await
}

/// A sign-in that waits for something that fits, and its account.
pub(super) async fn find_any(
    site: &Site,
    request: &RespondToAuthChallenge,
    fits: impl FnOnce(Stage) -> bool,
) -> Result<(SignIn, Account), Fault> {
    let username = fields::username(&request.challenge_responses)?;
    let sign_in = by_session(site, request.session.as_deref(), &request.client_id).await?;
    if !fits(sign_in.stage) {
        return Err(Fault::InvalidSession);
    }
    let account = owner(site, &sign_in, username).await?;
    check_age(site, &sign_in)?;
    Ok((sign_in, account))
}

/// Any sign-in of that client, expired or not.
pub(super) async fn by_session(site: &Site, session: Option<&str>, client: &str) -> Result<SignIn, Fault> {
    let sign_in = site.cloud.store.sign_in(fields::session(session)?).await?;
    sign_in.filter(|sign_in| sign_in.client_id == client).ok_or(Fault::InvalidSession)
}

/// The account of a sign-in, when `username` is its name.
pub(super) async fn owner(site: &Site, sign_in: &SignIn, username: &str) -> Result<Account, Fault> {
    let id = sign_in.account.as_ref().ok_or(Fault::InvalidSession)?;
    let account = site.cloud.store.account(id).await?;
    account.filter(|account| account.is_named(username)).ok_or(Fault::InvalidSession)
}

pub(super) fn check_age(site: &Site, sign_in: &SignIn) -> Result<(), Fault> {
    if sign_in.expires <= site.cloud.now() { Err(Fault::SessionExpired) } else { Ok(()) }
}

/// Before an answer is looked at.
pub(super) async fn count_try(site: &Site, sign_in: &SignIn) -> Result<(), Fault> {
    if site.cloud.store.count_try(sign_in).await? { Ok(()) } else { Err(Fault::InvalidSession) }
}

/// Before a code is looked at.
pub(super) async fn check_lock(site: &Site, account: &Account) -> Result<(), Fault> {
    unlocked(site.guess_wait(&guesses::CODE, account.id.as_str()).await?)
}

/// After a code was wrong; refused when so many were wrong that this one must not even be called so.
pub(super) async fn note_wrong(site: &Site, account: &Account) -> Result<(), Fault> {
    site.note_failure(&account.id, "wrong code").await?;
    unlocked(site.note_wrong_guess(&guesses::CODE, account.id.as_str()).await?)
}

/// After a code was right: it counts unless too many wrong ones came before, or the session was used meanwhile.
pub(super) async fn accept(site: &Site, sign_in: &SignIn, account: &Account) -> Result<(), Fault> {
    unlocked(site.note_right_guess(&guesses::CODE, account.id.as_str()).await?)?;
    if site.cloud.store.end_sign_in(sign_in).await? { Ok(()) } else { Err(Fault::InvalidSession) }
}

/// A lock that is left refuses.
pub(super) fn unlocked(left: Option<Duration>) -> Result<(), Fault> {
    left.map_or(Ok(()), |wait| Err(Fault::TooManyTries(wait)))
}
