//! When messages leave. A code that somebody waits for is tried at once, and the person hears when it cannot leave. Everything
//! else is taken up in rounds, by whichever instance comes first, and tried again after growing delays.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;

use super::Failure;
use crate::cloud::metrics::{GIVEN_UP, LATER, SENT};
use crate::cloud::store::{self, Channel, Due};
use crate::cloud::{Cloud, Error};
use crate::net::serve::Stop;

/// How long somebody who waits is kept waiting.
const WAIT: Duration = Duration::from_secs(10);
/// How long one message may take that nobody waits for.
const LONGEST: Duration = Duration::from_secs(30);
/// No other instance tries a message so soon after one took it up; longer than any try.
const HOLD: Duration = Duration::from_secs(120);
/// How often an instance looks for what others posted, or what is to be tried again.
const PAUSE: Duration = Duration::from_secs(5);
/// Between the tries; after the last one a message is given up.
const DELAYS: [Duration; 7] = [
    Duration::from_secs(10),
    Duration::from_secs(60),
    Duration::from_secs(5 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 3600),
    Duration::from_secs(6 * 3600),
    Duration::from_secs(12 * 3600),
];
/// At once, by one instance.
const MOST: i64 = 8;
/// Messages, sent or not, are forgotten.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// A code did not reach the person who waits for it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Undelivered {
    #[error("The code could not be sent by {}. Try again in a moment, or use another way if you have one.", spoken(*.0))]
    Channel(Channel),
    #[error(transparent)]
    Store(#[from] store::Error),
}

fn spoken(channel: Channel) -> &'static str {
    match channel {
        Channel::Mail => "e-mail",
        Channel::Sms => "text message",
    }
}

impl Cloud {
    /// Sends what somebody waits for, or says that it could not. Never where an answer, or its time, would tell a stranger
    /// whether an account exists.
    pub(crate) async fn hand_over(&self, channel: Channel, to: &str, text: &str) -> Result<(), Undelivered> {
        let now = self.now();
        let Some(due) = self.store.post_awaited(channel, to, text, now, now.plus(HOLD)).await? else { return Ok(()) };
        match self.courier.carry(&due, WAIT).await {
            Ok(()) => {
                self.metrics.note_message(channel, SENT);
                Ok(self.store.note_sent(&due).await?)
            }
            Err(failure) => {
                self.metrics.note_message(channel, GIVEN_UP);
                tell(&due, &failure);
                self.store.note_unsent(&due, &failure.reason, None).await?;
                Err(Undelivered::Channel(channel))
            }
        }
    }

    /// Delivers what waits, and forgets what is old, until stopped.
    pub(crate) async fn keep_delivering(self, mut stop: Stop) {
        while self.courier.carries_any() {
            if let Err(error) = self.deliver_due().await {
                tracing::warn!(error = crate::base::report::chain(&error), "messages cannot be taken up");
            }
            tokio::select! {
                () = stop.wait() => return,
                _woken = timeout(PAUSE, self.store.posted()) => {}
            }
        }
        stop.wait().await;
    }

    /// One round; says how many messages were tried.
    pub(crate) async fn deliver_due(&self) -> Result<usize, Error> {
        let now = self.now();
        let taken = self.store.take_up(MOST, now, now.plus(HOLD)).await?;
        let many = taken.len();
        let mut tries = JoinSet::new();
        for due in taken {
            let cloud = self.clone();
            tries.spawn(async move { cloud.deliver(&due).await });
        }
        for tried in tries.join_all().await {
            tried?;
        }
        Ok(many)
    }

    /// Forgets messages of long ago.
    pub(crate) async fn forget_old_messages(&self) -> Result<u64, Error> {
        Ok(self.store.forget_messages(self.now().minus(KEPT)).await?)
    }

    async fn deliver(&self, due: &Due) -> Result<(), Error> {
        if due.awaited {
            return Ok(self.store.note_unsent(due, "the service stopped while it was on its way", None).await?);
        }
        match self.courier.carry(due, LONGEST).await {
            Ok(()) => {
                self.metrics.note_message(due.channel, SENT);
                Ok(self.store.note_sent(due).await?)
            }
            Err(failure) => {
                let tried = usize::try_from(due.tries).unwrap_or_default();
                let delay = DELAYS.get(tried.saturating_sub(1)).filter(|_| !failure.forever);
                self.metrics.note_message(due.channel, if delay.is_some() { LATER } else { GIVEN_UP });
                if delay.is_none() {
                    tell(due, &failure);
                }
                let next = delay.map(|delay| self.now().plus(*delay));
                Ok(self.store.note_unsent(due, &failure.reason, next).await?)
            }
        }
    }
}

/// Without address or text.
fn tell(due: &Due, failure: &Failure) {
    tracing::warn!(
        id = due.id,
        channel = due.channel.name(),
        tries = due.tries,
        reason = failure.reason,
        "a message cannot be delivered and is given up"
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::bench::{Bench, EMAIL, PHONE};
    use crate::cloud::delivery::servers::{Answering, Smtp};
    use crate::cloud::delivery::{Plan, Sms, gateway, mail};

    fn by_mail(port: u16) -> Plan {
        Plan { mail: Some(mail::server(port)), sms: None }
    }

    fn by_twilio(port: u16) -> Plan {
        Plan { mail: None, sms: Some(Sms::Gateway(gateway::twilio(port))) }
    }

    async fn states(bench: &Bench) -> Vec<(String, String, String)> {
        let outbox = bench.cloud.outbox().await.unwrap();
        outbox.into_iter().map(|message| (message.state, message.text, message.reason)).collect()
    }

    fn state(state: &str, text: &str, reason: &str) -> Vec<(String, String, String)> {
        vec![(state.to_owned(), text.to_owned(), reason.to_owned())]
    }

    #[tokio::test]
    async fn mail_that_is_put_off_is_tried_again_later_and_wiped_once_it_is_sent() {
        let server = Smtp::start(&[451, 451, 250]).await;
        let bench = Bench::with(|plan| plan.delivery = by_mail(server.port)).await;
        bench.cloud.store.post(Channel::Mail, EMAIL, "Hello.", bench.cloud.now()).await.unwrap();
        assert_eq!(bench.cloud.deliver_due().await.unwrap(), 1);
        assert_eq!(bench.cloud.deliver_due().await.unwrap(), 0, "not at once");
        assert_eq!(states(&bench).await, state("waiting", "Hello.", "the mail server put it off (451)"));
        bench.hand.pass(DELAYS[0]);
        assert_eq!(bench.cloud.deliver_due().await.unwrap(), 1);
        bench.hand.pass(DELAYS[0]);
        assert_eq!(bench.cloud.deliver_due().await.unwrap(), 0, "the delays grow");
        bench.hand.pass(DELAYS[1]);
        assert_eq!(bench.cloud.deliver_due().await.unwrap(), 1);
        assert_eq!(states(&bench).await, state("sent", "", ""));
        assert_eq!(server.taken().iter().filter(|mail| mail.contains("Hello.")).count(), 1);
    }

    #[tokio::test]
    async fn mail_that_is_refused_is_given_up_at_once() {
        let server = Smtp::start(&[550, 250]).await;
        let bench = Bench::with(|plan| plan.delivery = by_mail(server.port)).await;
        bench.cloud.store.post(Channel::Mail, EMAIL, "Hello.", bench.cloud.now()).await.unwrap();
        bench.cloud.deliver_due().await.unwrap();
        assert_eq!(states(&bench).await, state("failed", "Hello.", "the mail server refused it (550)"));
        bench.hand.pass(DELAYS[6]);
        assert_eq!(bench.cloud.deliver_due().await.unwrap(), 0);
    }

    #[tokio::test]
    async fn after_the_last_try_a_message_is_given_up() {
        let bench = Bench::with(|plan| plan.delivery = by_mail(1)).await;
        bench.cloud.store.post(Channel::Mail, EMAIL, "Hello.", bench.cloud.now()).await.unwrap();
        for delay in DELAYS {
            assert_eq!(bench.cloud.deliver_due().await.unwrap(), 1);
            bench.hand.pass(delay);
        }
        assert_eq!(states(&bench).await[0].0, "waiting");
        bench.cloud.deliver_due().await.unwrap();
        assert_eq!(states(&bench).await, state("failed", "Hello.", "the mail server cannot be reached, or hung up"));
    }

    #[tokio::test]
    async fn two_instances_send_a_message_once() {
        let server = Smtp::start(&[250; 20]).await;
        let bench = Bench::with(|plan| plan.delivery = by_mail(server.port)).await;
        let other = bench.cloud_beside().await;
        for number in 0..6 {
            bench.cloud.store.post(Channel::Mail, EMAIL, &format!("No {number}."), bench.cloud.now()).await.unwrap();
        }
        let (one, two) = tokio::join!(bench.cloud.deliver_due(), other.deliver_due());
        assert_eq!(one.unwrap() + two.unwrap(), 6);
        assert_eq!(server.taken().len(), 6);
    }

    #[tokio::test]
    async fn a_code_that_cannot_be_sent_is_told_and_may_be_tried_again_at_once() {
        let gateway = Answering::start(&[500, 201]).await;
        let bench = Bench::with(|plan| plan.delivery = by_twilio(gateway.port)).await;
        bench.ann(None, Some(PHONE)).await;
        let refused = bench.begin().await;
        assert_eq!((refused.status.as_u16(), refused.fault()), (400, "CodeDeliveryFailureException"));
        let sentence =
            "The code could not be sent by text message. Try again in a moment, or use another way if you have one.";
        assert_eq!(refused.message(), sentence);
        assert_eq!(states(&bench).await, state("failed", "", "the SMS gateway answered 500"));
        assert_eq!(bench.begin().await.challenge(), "SMS_MFA");
        let taken = gateway.taken();
        assert!(taken[1].contains("To=%2B12065550100&From=%2B12065550199&Body="), "{}", taken[1]);
        assert!(states(&bench).await.iter().all(|(_, text, _)| text.is_empty()), "no code is kept");
    }

    #[tokio::test]
    async fn a_code_whose_sender_died_is_not_sent_later() {
        let server = Smtp::start(&[250]).await;
        let bench = Bench::with(|plan| plan.delivery = by_mail(server.port)).await;
        let now = bench.cloud.now();
        bench.cloud.store.post_awaited(Channel::Mail, EMAIL, "123456", now, now.plus(HOLD)).await.unwrap();
        assert_eq!(bench.cloud.deliver_due().await.unwrap(), 0);
        bench.hand.pass(HOLD);
        bench.cloud.deliver_due().await.unwrap();
        assert_eq!(states(&bench).await, state("failed", "", "the service stopped while it was on its way"));
        assert!(server.taken().is_empty());
    }

    #[tokio::test]
    async fn messages_are_forgotten_after_a_month() {
        let bench = Bench::new().await;
        bench.cloud.store.post(Channel::Mail, EMAIL, "Hello.", bench.cloud.now()).await.unwrap();
        assert_eq!(states(&bench).await, state("kept", "Hello.", ""));
        bench.hand.pass(KEPT);
        assert_eq!(bench.cloud.forget_old_messages().await.unwrap(), 0);
        bench.hand.pass(Duration::from_secs(1));
        assert_eq!(bench.cloud.forget_old_messages().await.unwrap(), 1);
    }
}
