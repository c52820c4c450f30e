//! What the service does by itself each minute: forgets what is over, and tells owners of sign-ins that stopped at the second
//! factor. Every instance does it; the store sees to it that nothing is told twice.

use std::time::Duration;

use super::Cloud;
use super::error::Error;
use super::moment::Moment;
use crate::base::report;
use crate::net::serve::Stop;

const EVERY: Duration = Duration::from_secs(60);

impl Cloud {
    /// Until stopped.
    pub async fn keep_house(self, mut stop: Stop) {
        loop {
            if let Err(error) = self.do_chores().await {
                tracing::warn!(error = report::chain(&error), "the service's own chores were cut short");
            }
            tokio::select! {
                () = stop.wait() => break,
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }

    /// One round.
    pub(super) async fn do_chores(&self) -> Result<(), Error> {
        let (store, now) = (&self.store, self.now());
        store.tell_stopped_sign_ins(warning, now).await?;
        store.forget_sign_ins(now).await?;
        store.forget_sign_ups(now).await?;
        store.forget_confirmations(now).await?;
        store.forget_spent(now).await?;
        store.forget_throttles(now).await?;
        store.forget_authorizations(now).await?;
        store.forget_codes(now).await?;
        store.forget_families(now).await?;
        store.forget_portal(now).await?;
        store.forget_paid_sources(now).await?;
        store.forget_old_sources(now).await?;
        store.forget_events(now.minus(self.plan.events_kept)).await?;
        self.forget_old_messages().await?;
        Ok(())
    }
}

/// The address is told, the program is not: strangers choose its name.
fn warning(at: Moment, address: &str) -> String {
    format!(
        "Somebody began to sign in to your account at {}, from the address {address}. The password was right; the second factor \
         was not given, so the sign-in stopped there. If it was you, there is nothing to do. If not, somebody knows your password: \
         change it now. This mail comes at most once a day.",
        at.iso()
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cloud::bench::{Bench, CLIENT, EMAIL, PHONE};
    use crate::protocol::totp::TotpSecret;

    const DAY: Duration = Duration::from_secs(24 * 3600);

    fn secret() -> TotpSecret {
        TotpSecret::from_bytes(b"12345678901234567890".to_vec())
    }

    /// So much later, after a round of chores.
    async fn later(bench: &Bench, time: Duration) {
        bench.hand.pass(time);
        bench.cloud.do_chores().await.unwrap();
    }

    #[tokio::test]
    async fn the_owner_is_told_once_a_day_of_sign_ins_that_stopped_at_the_second_factor() {
        let bench = Bench::new().await;
        bench.ann(Some(&secret()), None).await;
        let begun = bench.begin().await;
        for _ in 0..5 {
            bench.respond("SOFTWARE_TOKEN_MFA", begun.session(), json!({"SOFTWARE_TOKEN_MFA_CODE": "000000"})).await;
        }
        bench.begin().await;
        later(&bench, Duration::from_secs(100)).await;
        assert!(bench.sent_to(EMAIL).await.is_empty(), "it may still be going on");
        later(&bench, Duration::from_secs(100)).await;
        bench.cloud.do_chores().await.unwrap();
        let [told] = bench.sent_to(EMAIL).await.try_into().unwrap();
        assert!(told.contains("at 2024-01-02T03:04:05Z, from the address 127.0.0.1. The password was right"), "{told}");
        bench.begin().await;
        later(&bench, DAY / 2).await;
        assert_eq!(bench.sent_to(EMAIL).await.len(), 1);
        bench.begin().await;
        later(&bench, DAY).await;
        assert_eq!(bench.sent_to(EMAIL).await.len(), 2);
    }

    #[tokio::test]
    async fn whoever_signs_in_after_all_is_not_warned_of_themselves() {
        let bench = Bench::new().await;
        bench.ann(Some(&secret()), Some(PHONE)).await;
        bench.begin().await;
        bench.hand.pass(Duration::from_secs(1));
        let chosen = bench
            .respond("SELECT_MFA_TYPE", bench.begin().await.session(), json!({"ANSWER": "SOFTWARE_TOKEN_MFA"}))
            .await;
        let code = secret().code_at(bench.unix());
        let answer = json!({"SOFTWARE_TOKEN_MFA_CODE": code.expose()});
        assert!(bench.respond("SOFTWARE_TOKEN_MFA", chosen.session(), answer).await.signed_in());
        later(&bench, Duration::from_secs(600)).await;
        assert!(bench.sent_to(EMAIL).await.is_empty());
    }

    #[tokio::test]
    async fn what_is_over_is_forgotten() {
        let bench = Bench::new().await;
        bench.ann(None, None).await;
        bench.access_token().await;
        bench.initiate("USER_PASSWORD_AUTH", json!({"USERNAME": EMAIL, "PASSWORD": "wrong-password"})).await;
        bench.initiate("CUSTOM_AUTH", json!({"USERNAME": EMAIL})).await;
        let new = json!({"ClientId": CLIENT, "Username": "bob@example.test", "Password": "tröt-zebra-9"});
        assert!(bench.cognito("SignUp", &new).await.body["UserSub"].is_string());
        later(&bench, Duration::from_secs(60)).await;
        assert!(bench.cloud.store.rows("events").await > 0);
        later(&bench, DAY * 401).await;
        for table in [
            "sign_ins",
            "sign_ups",
            "confirmations",
            "throttles",
            "token_families",
            "known_sources",
            "events",
            "spent_blocks",
        ] {
            assert_eq!(bench.cloud.store.rows(table).await, 0, "{table}");
        }
    }
}
