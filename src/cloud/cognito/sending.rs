//! Codes that confirm something, by mail or text message: how often one is sent, and how many wrong answers are borne. Both
//! are counted for names without an account as well.

use std::time::Duration;

use super::fault::Fault;
use super::pending::unlocked;
use crate::cloud::ids::AccountId;
use crate::cloud::site::Site;
use crate::cloud::store::{Answer, Channel, Confirming, Policy};
use crate::protocol::code::Code;
use crate::protocol::cognito::Confidential;

/// To one person or address, whoever asks: three messages at once, then 1 min, doubling to 1 h.
pub(super) const MESSAGES: Policy = Policy {
    kind: "message",
    free: 3,
    first: Duration::from_secs(60),
    longest: Duration::from_secs(3600),
    forget: Duration::from_secs(2 * 3600),
};
/// That an account's owner asks for, wherever to. Counted apart, so that nobody else can use up what an owner may have.
pub(super) const OWN_MESSAGES: Policy = Policy { kind: "own message", free: 6, ..MESSAGES };
/// Five answers, then 1 s, doubling to 15 min.
const ANSWERS: Policy = Policy {
    kind: "confirmation",
    free: 5,
    first: Duration::from_secs(1),
    longest: Duration::from_secs(900),
    forget: Duration::from_secs(24 * 3600),
};

/// Before a message is sent to, or for, the subject.
pub(super) async fn count_message(site: &Site, policy: &Policy, subject: &AccountId) -> Result<(), Fault> {
    unlocked(site.cloud.store.note_wrong(policy, subject.as_str(), site.cloud.now()).await?)
}

/// Mail that goes out soon: neither the answer nor its time tells whether anybody gets it. `to`: `None` when nobody does, which
/// takes the same work.
pub(super) async fn post(site: &Site, to: Option<&str>, text: &str) -> Result<(), Fault> {
    let (store, now) = (&site.cloud.store, site.cloud.now());
    match to {
        Some(to) => store.post(Channel::Mail, to, text, now).await?,
        None => store.post_to_nobody(text).await?,
    }
    Ok(())
}

/// A message that its owner, who is signed in, waits for. One that cannot be sent does not count (SMS-04).
pub(super) async fn hand_over(
    site: &Site,
    owner: &AccountId,
    channel: Channel,
    to: &str,
    text: &str,
) -> Result<(), Fault> {
    let sent = site.cloud.hand_over(channel, to, text).await;
    if sent.is_err() {
        site.cloud.store.unnote(&OWN_MESSAGES, owner.as_str()).await?;
    }
    Ok(sent?)
}

/// Which of several matters a code confirms; it is used up then. Counted before it is looked at, so that many guesses at once
/// get no further than as many one after the other.
pub(super) async fn confirm<'a>(
    site: &Site,
    subject: &AccountId,
    matters: &[Confirming<'a>],
    typed: &Confidential,
) -> Result<Confirming<'a>, Fault> {
    let (store, now) = (&site.cloud.store, site.cloud.now());
    if !(1..=2048).contains(&typed.expose().len()) {
        return Err(Fault::Constraint("confirmationCode", "Member must have length between 1 and 2048"));
    }
    unlocked(store.note_wrong(&ANSWERS, subject.as_str(), now).await?)?;
    let mut fault = Fault::ExpiredCode;
    for &matter in matters {
        let answer = match typed.expose().parse::<Code>() {
            Ok(code) => store.confirm(matter, code.expose(), now).await?,
            Err(_not_six_digits) => Answer::Wrong,
        };
        match answer {
            Answer::Right => {
                store.forget_wrong(&ANSWERS, subject.as_str()).await?;
                return Ok(matter);
            }
            Answer::Wrong => fault = Fault::WrongConfirmation,
            Answer::Expired => {}
        }
    }
    if matches!(fault, Fault::ExpiredCode) {
        store.unnote(&ANSWERS, subject.as_str()).await?;
    }
    Err(fault)
}
