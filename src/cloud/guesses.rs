//! How many wrong passwords and codes an account bears. Per account and source, so that a stranger elsewhere cannot keep the
//! owner out; and, slower, per account, so that a stranger with many addresses gains little. Where the owner has signed in
//! before, only the first counts.

use std::time::Duration;

use super::site::Site;
use super::store::{Error, Policy};

/// What is guessed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guessed {
    by_source: Policy,
    anywhere: Policy,
}

pub(crate) const PASSWORD: Guessed = Guessed {
    by_source: Policy::guesses("password"),
    anywhere: Policy { free: 50, ..Policy::guesses("password anywhere") },
};

/// Across all sessions of an account, so that knowing the password does not buy endless guesses at the code.
pub(crate) const CODE: Guessed =
    Guessed { by_source: Policy::guesses("code"), anywhere: Policy { free: 20, ..Policy::guesses("code anywhere") } };

impl Site {
    /// Before a guess is looked at: how long must it wait? `account`: an id, also one that nobody has.
    pub(crate) async fn guess_wait(&self, what: &Guessed, account: &str) -> Result<Option<Duration>, Error> {
        let (store, now) = (&self.cloud.store, self.cloud.now());
        let here = store.lock_left(&what.by_source, &self.pair(account), now).await?;
        let anywhere = store.lock_left(&what.anywhere, account, now).await?;
        if anywhere > here && !self.is_known_to(account).await? { Ok(anywhere) } else { Ok(here) }
    }

    /// After it was wrong; `Some`: so many were wrong that this one must not even be called so.
    pub(crate) async fn note_wrong_guess(&self, what: &Guessed, account: &str) -> Result<Option<Duration>, Error> {
        let (store, now) = (&self.cloud.store, self.cloud.now());
        let here = store.note_wrong(&what.by_source, &self.pair(account), now).await?;
        if here.is_some() || self.is_known_to(account).await? {
            return Ok(here);
        }
        store.note_wrong(&what.anywhere, account, now).await
    }

    /// After it was right; `Some`: too many wrong ones came before, so it does not count. What was wrong elsewhere stays
    /// counted, or each sign-in of the owner would give a stranger new tries.
    pub(crate) async fn note_right_guess(&self, what: &Guessed, account: &str) -> Result<Option<Duration>, Error> {
        let wait = self.guess_wait(what, account).await?;
        if wait.is_some() {
            return Ok(wait);
        }
        self.cloud.store.note_right(&what.by_source, &self.pair(account), self.cloud.now()).await
    }

    /// Lets the owner in here at once, whatever was wrong before.
    pub(crate) async fn forget_guesses(&self, what: &Guessed, account: &str) -> Result<(), Error> {
        self.cloud.store.forget_wrong(&what.by_source, &self.pair(account)).await?;
        self.cloud.store.forget_wrong(&what.anywhere, account).await
    }

    async fn is_known_to(&self, account: &str) -> Result<bool, Error> {
        self.cloud.store.knows_source(account, &self.visitor.source(), self.cloud.now()).await
    }

    fn pair(&self, account: &str) -> String {
        format!("{account} {}", self.visitor.source())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::bench::Bench;
    use crate::cloud::ids::AccountId;
    use crate::cloud::visitor::Visitor;

    const FIRST: Duration = Duration::from_secs(1);

    fn at(bench: &Bench, address: &str) -> Site {
        let mut site = Site::new(bench.cloud.clone(), "http://cloud.test".to_owned());
        site.visitor = Visitor { address: address.parse().unwrap(), program: String::new() };
        site
    }

    #[tokio::test]
    async fn a_stranger_who_guesses_elsewhere_does_not_keep_the_owner_out() {
        let bench = Bench::new().await;
        let ann = bench.ann(None, None).await.id;
        let (home, elsewhere) = (at(&bench, "192.0.2.1"), at(&bench, "198.51.100.7"));
        for _ in 0..5 {
            assert_eq!(elsewhere.note_wrong_guess(&PASSWORD, &ann).await.unwrap(), None);
        }
        assert_eq!(elsewhere.guess_wait(&PASSWORD, &ann).await.unwrap(), Some(FIRST));
        assert_eq!(home.guess_wait(&PASSWORD, &ann).await.unwrap(), None);
        assert_eq!(elsewhere.guess_wait(&PASSWORD, "bob").await.unwrap(), None);
    }

    #[tokio::test]
    async fn many_strangers_lock_the_account_but_not_where_the_owner_has_signed_in() {
        let bench = Bench::new().await;
        let ann = bench.ann(None, None).await.id;
        let (home, new) = (at(&bench, "192.0.2.1"), at(&bench, "192.0.2.2"));
        bench.cloud.store.note_source(&AccountId::from_text(&ann), "192.0.2.1", bench.cloud.now()).await.unwrap();
        for number in 0..50 {
            let stranger = at(&bench, &format!("198.51.100.{number}"));
            assert_eq!(stranger.note_wrong_guess(&PASSWORD, &ann).await.unwrap(), None);
        }
        assert_eq!(new.guess_wait(&PASSWORD, &ann).await.unwrap(), Some(FIRST));
        assert_eq!(new.note_right_guess(&PASSWORD, &ann).await.unwrap(), Some(FIRST));
        assert_eq!(home.note_right_guess(&PASSWORD, &ann).await.unwrap(), None);
        for _ in 0..5 {
            assert_eq!(home.note_wrong_guess(&PASSWORD, &ann).await.unwrap(), None);
        }
        assert_eq!(home.guess_wait(&PASSWORD, &ann).await.unwrap(), Some(FIRST), "also there not for ever");
    }
}
