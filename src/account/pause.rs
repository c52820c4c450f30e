//! A sign-in that outlives the program: written down for whoever keeps it sealed, and taken up again.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::attempt::Pending;
use super::{Account, Attempt, cognito};
use crate::base::Secret;

#[derive(Serialize, Deserialize)]
struct Written {
    /// Which service remembers it.
    service: String,
    question: String,
}

impl Account {
    /// The attempt as text, to be kept sealed; `None` when it holds what must stay in memory. A mistake that leaves the attempt
    /// as it was leaves the text as it was.
    pub fn write_down(&self, attempt: &Attempt) -> Option<Secret<String>> {
        let question = match &attempt.0 {
            Pending::SignIn(asking) => asking.write_down()?,
            Pending::Enrolment(_) => return None,
        };
        let written = Written { service: self.0.directory.name(), question: question.expose().clone() };
        serde_json::to_string(&written).ok().map(Secret::new)
    }

    /// The attempt again, if it is one at the present service; `left` as [`Attempt::expires_in`] said, less what has passed.
    pub fn take_up(&self, written: &str, left: Option<Duration>) -> Option<Attempt> {
        let written: Written = serde_json::from_str(written).ok()?;
        if written.service != self.0.directory.name() {
            return None;
        }
        let deadline = left.map(|left| self.0.clock.monotonic().saturating_add(left));
        cognito::take_up(&written.question, deadline).map(|asking| Attempt(Pending::SignIn(asking)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::bench::World;
    use super::super::{Answer, Progress};
    use super::*;

    #[tokio::test]
    async fn a_sign_in_goes_on_after_a_restart() {
        let world = World::new().await;
        world.service().asks_for_code = true;
        let begun = world.account.begin("ann@example.test", Secret::from("password")).await;
        let Ok(Progress::Ask(attempt)) = begun else { panic!("no code is asked for") };
        let written = world.account.write_down(&attempt).unwrap();
        let restarted = world.restarted();
        let again = restarted.take_up(written.expose(), Some(Duration::from_secs(60))).unwrap();
        assert_eq!(again.ask(), attempt.ask());
        assert_eq!(again.expires_in(restarted.0.clock.monotonic()), Some(Duration::from_secs(60)));
        assert_eq!(restarted.write_down(&again).unwrap().expose(), written.expose());
        world.service().asks_for_code = false;
        let code = Answer::Code("123456".parse().unwrap());
        assert!(matches!(restarted.answer(again, code).await, Ok(Progress::SignedIn(_))));
    }

    #[tokio::test]
    async fn a_sign_in_at_another_service_is_not_taken_up() {
        let world = World::new().await;
        world.service().asks_for_code = true;
        let begun = world.account.begin("ann@example.test", Secret::from("password")).await;
        let Ok(Progress::Ask(attempt)) = begun else { panic!("no code is asked for") };
        let written = world.account.write_down(&attempt).unwrap();
        assert!(World::new().await.account.take_up(written.expose(), None).is_none());
    }
}
