//! Is the key still good? Asked of the service now and then; its state is fresh, leased or revoked (DESIGN rule 3). A
//! request that fails never revokes a key, nor does a refusal of this device's clock (SIG-02).

use std::time::{Duration, SystemTime};

use super::conversation::aside;
use super::kept::Kept;
use super::provider::Credential;
use super::{Account, Error, KeyState, Status};
use crate::net::serve::Stop;
use crate::protocol::access_key::KeyId;
use crate::protocol::graphql::Owner;
use crate::protocol::http_date;

/// After the start, so that a site with many devices does not ask all at once after a power cut.
const FIRST: Duration = Duration::from_secs(4);
const BETWEEN: Duration = Duration::from_secs(30 * 60);
/// The longest wait after a failure, at first and when it has gone on for long.
const SOON: Duration = Duration::from_secs(30);
const LATER: Duration = Duration::from_secs(5 * 60);
/// A clock that is off by less is not worth a word (COG-08).
const CLOCK_MATTERS: u64 = 120;

impl Account {
    /// What is known now; asks nobody.
    pub fn status(&self) -> Status {
        let memory = self.0.keeper.memory();
        let ahead = self.0.transport.clock_ahead();
        let device = self.0.clock.wall();
        let service = self.0.directory.name();
        let clock = ahead.filter(|ahead| ahead.unsigned_abs() > CLOCK_MATTERS).map(|_| {
            format!(
                "{} The service's time is used until it is set.",
                two_clocks(device, self.0.transport.now().service)
            )
        });
        let unwritten = memory.unwritten.map(|why| format!("The state of the access key could not be written. {why}"));
        let kept = memory.kept;
        Status {
            state: memory.state,
            last_confirmed: memory.last_confirmed,
            clock_ahead: ahead,
            notices: [memory.found, unwritten, clock].into_iter().flatten().collect(),
            service,
            away: self.0.transport.away(),
            key: kept.as_ref().map(|kept| kept.key.id.clone()),
            owner: kept.map(|kept| kept.owner),
        }
    }

    /// Asks the service once whether the key is still good; sets the state. Time-outs never revoke; an explicit refusal does
    /// at once.
    pub async fn confirm(&self) -> KeyState {
        let Some(kept) = self.0.keeper.kept() else { return KeyState::Absent };
        match self.whose_is(&kept).await {
            Ok(owner) if owner.id == kept.owner.id => {
                let (account, at) = (self.clone(), self.0.transport.now().service);
                aside(move || account.0.keeper.confirmed(&kept.key.id, owner, at)).await;
            }
            Ok(_) => self.revoke(kept.key.id, "It belongs to another account now.".to_owned()).await,
            Err(Error::KeyRefused(reason)) => self.revoke(kept.key.id, reason).await,
            Err(error) => {
                self.0.directory.doubt_after(&error);
                self.0.keeper.unconfirmed(&kept.key.id, self.because(&error));
            }
        }
        self.0.keeper.memory().state
    }

    /// Confirms for ever: soon after start, then at intervals with jitter, after failures with capped back-off.
    pub async fn keep_confirming(&self, mut stop: Stop) {
        let mut failures = 0;
        let mut wait = FIRST;
        loop {
            let absent = self.0.keeper.kept().is_none();
            tokio::select! {
                () = stop.wait() => return,
                () = self.0.keeper.changed.notified() => {
                    // Another process that got the key has told nothing of the service's time.
                    let heard = self.0.transport.clock_ahead().is_some();
                    wait = if heard && self.0.keeper.memory().state == KeyState::Fresh { BETWEEN } else { FIRST };
                    continue;
                }
                () = tokio::time::sleep(self.0.transport.pause(wait)), if !absent => {}
            }
            let state = tokio::select! {
                () = stop.wait() => return,
                state = self.confirm() => state,
            };
            failures = if matches!(state, KeyState::Leased { .. }) { failures + 1 } else { 0 };
            wait = longest_wait(failures);
        }
    }

    /// Signs a GraphQL body and forwards it: the service's status and JSON body. A refusal of the key is taken in as one.
    pub async fn graphql(&self, body: Vec<u8>) -> Result<(u16, Vec<u8>), Error> {
        let key = self.key()?;
        let answered = async { self.graphql_as(Credential::Key(key.clone())).await?.forward(body).await }.await;
        match &answered {
            Ok(_) => {}
            Err(Error::KeyRefused(reason)) => self.revoke(key.id, reason.clone()).await,
            Err(error) => self.0.directory.doubt_after(error),
        }
        answered.map(|reply| (reply.status, reply.body.expose().clone()))
    }

    async fn whose_is(&self, kept: &Kept) -> Result<Owner, Error> {
        let configured = self.0.directory.name();
        if kept.service == configured {
            self.whose(Credential::Key(kept.key.clone())).await
        } else {
            let why = format!("the key was made by {}, but they name {configured}.", kept.service);
            Err(Error::Misconfigured(why))
        }
    }

    async fn revoke(&self, key: KeyId, reason: String) {
        let account = self.clone();
        aside(move || account.0.keeper.revoked(&key, &reason)).await;
    }

    /// Why the key could not be confirmed, in one sentence.
    fn because(&self, error: &Error) -> String {
        if matches!(error, Error::ClockWrong { .. }) && self.0.transport.clock_ahead().is_some() {
            two_clocks(self.0.clock.wall(), self.0.transport.now().service)
        } else {
            error.to_string()
        }
    }
}

fn two_clocks(device: SystemTime, service: SystemTime) -> String {
    let (device, service) = (http_date::format(device), http_date::format(service));
    format!(
        "This device's clock says {device}, the account service's {service}. Set it, or wait for time synchronisation."
    )
}

/// Doubles with every failure in a row, but stays short for the first minutes of trouble (PI-01, PI-13).
fn longest_wait(failures: u32) -> Duration {
    match failures {
        0 => BETWEEN,
        1..=30 => SOON.min(Duration::from_secs(1 << failures.min(8))),
        _ => LATER,
    }
}

#[cfg(test)]
mod tests {
    use tokio::task::JoinSet;
    use tokio::time::timeout;

    use super::super::bench::{ANN, NOON, World, minutes, noon};
    use super::*;
    use crate::account::{Scheme, Unsigned};

    #[tokio::test]
    async fn a_service_that_cannot_be_asked_never_revokes() {
        let world = World::signed_in().await;
        world.service().down = true;
        assert!(
            matches!(world.account.confirm().await, KeyState::Leased { because } if because.contains("cannot be reached"))
        );
        assert!(world.account.key().is_ok());
        world.service().down = false;
        assert_eq!(world.account.confirm().await, KeyState::Fresh);
    }

    #[tokio::test]
    async fn how_long_the_service_has_been_away_is_told_until_it_answers() {
        let world = World::signed_in().await;
        assert_eq!(world.account.status().away, None);
        world.service().down = true;
        world.account.confirm().await;
        world.hand.pass(minutes(5));
        world.account.confirm().await;
        assert_eq!(world.account.status().away, Some(minutes(5)));
        world.service().down = false;
        world.account.confirm().await;
        assert_eq!(world.account.status().away, None);
    }

    #[tokio::test]
    async fn a_refused_key_is_handed_out_no_more_not_even_after_a_restart() {
        let world = World::signed_in().await;
        world.service().keys.clear();
        let because = "The access key is unknown or disabled.".to_owned();
        assert_eq!(world.account.confirm().await, KeyState::Revoked { because: because.clone() });
        assert!(matches!(world.account.key(), Err(Error::KeyRevoked)));
        let restarted = world.restarted();
        assert!(matches!(restarted.key(), Err(Error::KeyRevoked)));
        assert_eq!(restarted.status().owner.unwrap().id, ANN.0);
        world.service().down = true;
        assert_eq!(restarted.confirm().await, KeyState::Revoked { because });
    }

    #[tokio::test]
    async fn a_key_that_is_enabled_again_works_again() {
        let world = World::signed_in().await;
        world.service().keys[0].enabled = false;
        assert!(matches!(world.account.confirm().await, KeyState::Revoked { .. }));
        world.service().keys[0].enabled = true;
        assert_eq!(world.account.confirm().await, KeyState::Fresh);
        assert!(world.restarted().key().is_ok());
    }

    #[tokio::test]
    async fn a_refusal_of_the_clock_does_not_revoke_and_names_both_times() {
        let world = World::signed_in().await;
        world.hand.set_wall(noon() + minutes(10));
        world.service().refuses_signed = Some((403, "Invalid Date"));
        let KeyState::Leased { because } = world.account.confirm().await else { panic!("not leased") };
        assert!(because.contains("12:10:00 GMT") && because.contains(NOON), "{because}");
        assert!(world.account.key().is_ok());
        world.service().refuses_signed = None;
        assert_eq!(world.account.confirm().await, KeyState::Fresh);
    }

    #[tokio::test]
    async fn a_clock_that_is_off_is_a_notice_and_signatures_are_right_all_the_same() {
        let world = World::signed_in().await;
        world.hand.set_wall(noon() - minutes(1_000_000));
        let status = world.account.status();
        assert_eq!(status.clock_ahead, Some(-60_000_000));
        assert!(status.notices[0].contains("This device's clock says"), "{:?}", status.notices);
        let url = "https://api.example.test/x".to_owned();
        let request = Unsigned { method: "GET".to_owned(), url, headers: Vec::new(), scheme: Scheme::Cavage };
        let lines = world.account.sign(&request).unwrap();
        assert!(lines.contains(&("date".to_owned(), NOON.to_owned())), "{lines:?}");
        world.hand.set_wall(noon() + minutes(2));
        assert_eq!(world.account.status().notices, Vec::<String>::new());
    }

    #[tokio::test]
    async fn asking_again_and_again_writes_nothing() {
        let world = World::signed_in().await;
        let before = world.on_disk();
        for _ in 0..3 {
            world.hand.pass(minutes(30));
            assert_eq!(world.account.confirm().await, KeyState::Fresh);
            world.service().down = true;
            world.account.confirm().await;
            world.service().down = false;
        }
        assert_eq!(world.on_disk(), before);
        assert_eq!(world.account.status().last_confirmed, Some(noon() + minutes(90)));
    }

    #[tokio::test]
    async fn a_key_of_another_service_is_not_shown_to_this_one() {
        let world = World::signed_in().await;
        let elsewhere = World::new().await;
        for (path, _) in world.on_disk() {
            std::fs::copy(&path, elsewhere.folder.path().join(path.file_name().unwrap())).unwrap();
        }
        let moved = elsewhere.restarted();
        let KeyState::Leased { because } = moved.confirm().await else { panic!("not leased") };
        assert!(because.contains(&world.server.url) && because.contains(&elsewhere.server.url), "{because}");
        assert!(elsewhere.server.heard().is_empty());
    }

    #[tokio::test]
    async fn a_forwarded_request_brings_the_services_own_answer() {
        let world = World::signed_in().await;
        let body = br#"{"query":"query { login { id email } }"}"#.to_vec();
        let (status, answer) = world.account.graphql(body.clone()).await.unwrap();
        assert_eq!(status, 200);
        assert!(String::from_utf8(answer).unwrap().contains(ANN.1));
        world.service().keys.clear();
        assert!(matches!(world.account.graphql(body.clone()).await, Err(Error::KeyRefused(_))));
        assert!(matches!(world.account.graphql(body).await, Err(Error::KeyRevoked)));
    }

    #[tokio::test]
    async fn the_key_is_confirmed_by_itself_soon_after_the_service_is_back() {
        let world = World::signed_in().await;
        world.service().down = true;
        let restarted = world.restarted();
        let (stopper, stop) = Stop::pair();
        let mut confirming = JoinSet::new();
        let account = restarted.clone();
        confirming.spawn(async move { account.keep_confirming(stop).await });
        until(|| matches!(restarted.status().state, KeyState::Leased { because } if because.contains("reached"))).await;
        world.service().down = false;
        until(|| restarted.status().state == KeyState::Fresh).await;
        stopper.stop();
        assert!(timeout(PATIENCE, confirming.join_next()).await.is_ok());
    }

    #[tokio::test]
    async fn without_a_key_nobody_is_asked_and_a_new_key_needs_no_restart() {
        let world = World::new().await;
        let (_stopper, stop) = Stop::pair();
        let mut confirming = JoinSet::new();
        let account = world.account.clone();
        confirming.spawn(async move { account.keep_confirming(stop).await });
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert!(world.server.heard().is_empty());
        world.sign_in().await.unwrap();
        let after_sign_in = world.server.heard().len();
        world.service().keys.clear();
        until(|| matches!(world.account.status().state, KeyState::Revoked { .. })).await;
        assert!(world.server.heard().len() > after_sign_in);
    }

    const PATIENCE: Duration = Duration::from_secs(20);

    async fn until(reached: impl Fn() -> bool) {
        let waiting = async {
            while !reached() {
                tokio::task::yield_now().await;
            }
        };
        assert!(timeout(PATIENCE, waiting).await.is_ok(), "it never came to that");
    }

    #[test]
    fn waits_after_failures_grow_and_stay_short_in_the_first_minutes() {
        let waits: Vec<u64> = [1, 2, 3, 4, 5, 30, 31, 400].map(|failures| longest_wait(failures).as_secs()).to_vec();
        assert_eq!(waits, [2, 4, 8, 16, 30, 30, 300, 300]);
        assert_eq!(longest_wait(0), BETWEEN);
    }
}
