//! Codes for a sign-in by text message. A text repeats the code that still counts, so that it does not matter in which order
//! texts arrive (SMS-05): there is never more than one right code, that of the newest text.

use std::time::Duration;

use super::Error;
use crate::cloud::masked;
use crate::cloud::moment::Moment;
use crate::cloud::site::Site;
use crate::cloud::store::{Account, Channel, Policy, Purpose};

/// From the first text with that code.
pub(crate) const LIFETIME: Duration = Duration::from_secs(180);
/// Texts cost money, and wake people up.
const SENDING: Policy = Policy {
    kind: "sign-in text",
    free: 3,
    first: Duration::from_secs(30),
    longest: Duration::from_secs(900),
    forget: Duration::from_secs(3600),
};

/// A text that is on its way.
pub(crate) struct Sent {
    /// Masked.
    pub(crate) to: String,
    /// From then on its code counts no more.
    pub(crate) expires: Moment,
}

/// For a sign-in that begins. So soon after other texts that none may be sent, the last one
/// must do, if its code still counts.
pub(crate) async fn send(site: &Site, account: &Account) -> Result<Sent, Error> {
    match send_again(site, account).await {
        Err(Error::TooManyTexts(wait)) => {
            let waits = site.cloud.store.code_waits(&account.id, Purpose::SignInBySms, site.cloud.now()).await?;
            let expires = waits.ok_or(Error::TooManyTexts(wait))?;
            let to = account.phone.as_deref().map(masked::phone).ok_or(Error::NoPhone)?;
            Ok(Sent { to, expires })
        }
        sent_or_failed => sent_or_failed,
    }
}

/// Because the person asks for another text.
pub(crate) async fn send_again(site: &Site, account: &Account) -> Result<Sent, Error> {
    let phone = account.phone.as_deref().ok_or(Error::NoPhone)?;
    let (store, now) = (&site.cloud.store, site.cloud.now());
    if let Some(wait) = store.note_wrong(&SENDING, account.id.as_str(), now).await? {
        return Err(Error::TooManyTexts(wait));
    }
    let (code, expires) = store.code_to_send(&account.id, Purpose::SignInBySms, now.plus(LIFETIME), now).await?;
    let (brand, left) = (&site.cloud.plan.brand, in_words(now.until(expires)));
    let text = format!("{} is your {brand} sign-in code. It is valid for {left}.", code.expose());
    if let Err(undelivered) = site.cloud.hand_over(Channel::Sms, phone, &text).await {
        // Nothing arrived, so there is nothing to wait for (SMS-04).
        store.unnote(&SENDING, account.id.as_str()).await?;
        return Err(undelivered.into());
    }
    Ok(Sent { to: masked::phone(phone), expires })
}

/// A text led to a sign-in: the next ones are free again.
pub(crate) async fn worked(site: &Site, account: &Account) -> Result<(), Error> {
    site.cloud.store.note_right(&SENDING, account.id.as_str(), site.cloud.now()).await?;
    Ok(())
}

/// Never more than is true.
pub(crate) fn in_words(left: Duration) -> String {
    match left.as_secs() {
        seconds @ 0..60 => format!("{seconds} seconds"),
        60..120 => "1 minute".to_owned(),
        seconds => format!("{} minutes", seconds / 60),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cloud::bench::{Bench, PHONE, Reply};

    async fn send_again(bench: &Bench, session: &str) -> Reply {
        bench.respond("SMS_MFA", session, json!({"RESEND": "true"})).await
    }

    async fn answer(bench: &Bench, session: &str, code: &str) -> Reply {
        bench.respond("SMS_MFA", session, json!({"SMS_MFA_CODE": code})).await
    }

    #[tokio::test]
    async fn a_text_is_sent_again_within_the_sign_in_and_holds_the_same_code_while_it_counts() {
        let bench = Bench::new().await;
        bench.ann(None, Some(PHONE)).await;
        let begun = bench.begin().await;
        let first = bench.code_sent_to(PHONE).await;
        bench.hand.pass(Duration::from_secs(60));
        let again = send_again(&bench, begun.session()).await;
        assert_eq!((again.challenge(), again.session()), ("SMS_MFA", begun.session()));
        let told = &again.body["ChallengeParameters"];
        assert_eq!(told["CODE_DELIVERY_DESTINATION"], "+*******0100");
        assert_eq!(told["CODE_EXPIRES_IN"], "120", "the code's own time does not begin again");
        assert_eq!(begun.body["ChallengeParameters"]["CODE_EXPIRES_IN"], "180");
        let said = bench.sent_to(PHONE).await;
        assert_eq!(said.last().unwrap(), &format!("{first} is your Latchkey sign-in code. It is valid for 2 minutes."));
        bench.hand.pass(Duration::from_secs(121));
        assert_eq!(answer(&bench, begun.session(), &first).await.fault(), "ExpiredCodeException");
        send_again(&bench, begun.session()).await;
        let newest = bench.code_sent_to(PHONE).await;
        if newest != first {
            assert_eq!(answer(&bench, begun.session(), &first).await.fault(), "CodeMismatchException");
        }
        assert!(answer(&bench, begun.session(), &newest).await.signed_in());
    }

    #[tokio::test]
    async fn too_many_texts_wait_and_say_how_long_while_the_last_one_still_counts() {
        let bench = Bench::new().await;
        bench.ann(None, Some(PHONE)).await;
        let begun = bench.begin().await;
        for _ in 0..2 {
            assert_eq!(send_again(&bench, begun.session()).await.challenge(), "SMS_MFA");
        }
        let refused = send_again(&bench, begun.session()).await;
        assert_eq!(
            (refused.fault(), &refused.headers["retry-after"]),
            ("LimitExceededException", &"30".parse().unwrap())
        );
        let other = bench.begin().await;
        assert_eq!(other.challenge(), "SMS_MFA", "a sign-in takes the text that is there");
        assert_eq!(bench.sent_to(PHONE).await.len(), 3);
        assert!(answer(&bench, other.session(), &bench.code_sent_to(PHONE).await).await.signed_in());
        assert_eq!(bench.begin().await.fault(), "LimitExceededException", "its code is used up");
        bench.hand.pass(Duration::from_secs(30));
        assert_eq!(bench.begin().await.challenge(), "SMS_MFA");
    }

    #[test]
    fn a_text_says_how_long_its_code_still_counts() {
        let said = [180, 170, 120, 119, 60, 59].map(|seconds| in_words(Duration::from_secs(seconds)));
        assert_eq!(said, ["3 minutes", "2 minutes", "2 minutes", "1 minute", "1 minute", "59 seconds"]);
    }
}
