//! What the panel has in memory, and nowhere else, for one signed-in browser: the user's tokens, secrets that are not saved yet,
//! what waits for a code. A restart empties it; a new proof hands it on to the session that follows.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::screens::rooms::{Enrolment, Shown};
use crate::account;

/// What guards the account is changed only so long after a sign-in.
const FRESH: Duration = Duration::from_secs(600);
/// A secret may be looked at again so long.
const SHOWN_FOR: Duration = Duration::from_secs(30 * 60);

/// Cheap to clone; all clones are one.
#[derive(Clone, Default)]
pub(super) struct Drawer(Arc<Mutex<Content>>);

#[derive(Default)]
struct Content {
    /// `None` after a restart or an access-key sign-in.
    user: Option<account::Session>,
    proved: Option<Duration>,
    then: Option<String>,
    shown: Option<(Shown, Duration)>,
    enrolment: Option<Enrolment>,
    new_email: Option<String>,
    new_phone: Option<String>,
}

impl Drawer {
    /// Somebody has just signed in: the tokens of before, and the page that is to come next.
    pub(super) fn renew(
        &self,
        user: Option<account::Session>,
        now: Duration,
    ) -> (Option<account::Session>, Option<String>) {
        let mut content = self.lock();
        content.proved = Some(now);
        // The service ties it to the sign-in that asked for it.
        content.enrolment = None;
        (std::mem::replace(&mut content.user, user), content.then.take())
    }

    pub(super) fn user(&self) -> Option<account::Session> {
        self.lock().user.clone()
    }

    pub(super) fn take_user(&self) -> Option<account::Session> {
        self.lock().user.take()
    }

    pub(super) fn is_fresh(&self, now: Duration) -> bool {
        self.lock().proved.is_some_and(|proved| now.saturating_sub(proved) < FRESH)
    }

    /// The page to come back to from a new sign-in.
    pub(super) fn come_back_to(&self, page: &str) {
        self.lock().then = Some(page.to_owned());
    }

    /// A new sign-in is wanted, or the only way to the account.
    pub(super) fn wants_sign_in(&self) -> bool {
        let content = self.lock();
        content.then.is_some() || content.user.is_none()
    }

    pub(super) fn show(&self, shown: Shown, now: Duration) {
        self.lock().shown = Some((shown, now));
    }

    pub(super) fn shown(&self, now: Duration) -> Option<Shown> {
        let mut content = self.lock();
        content.shown.take_if(|(_, since)| now.saturating_sub(*since) >= SHOWN_FOR);
        content.shown.as_ref().map(|(shown, _)| shown.clone())
    }

    pub(super) fn hide(&self) {
        self.lock().shown = None;
    }

    pub(super) fn enrolment(&self) -> Option<Enrolment> {
        self.lock().enrolment.clone()
    }

    pub(super) fn set_enrolment(&self, enrolment: Option<Enrolment>) {
        self.lock().enrolment = enrolment;
    }

    /// The address that waits for its code.
    pub(super) fn new_email(&self) -> Option<String> {
        self.lock().new_email.clone()
    }

    pub(super) fn set_new_email(&self, email: Option<String>) {
        self.lock().new_email = email;
    }

    /// The number that waits for its code.
    pub(super) fn new_phone(&self) -> Option<String> {
        self.lock().new_phone.clone()
    }

    pub(super) fn set_new_phone(&self, phone: Option<String>) {
        self.lock().new_phone = phone;
    }

    fn lock(&self) -> MutexGuard<'_, Content> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::access_key::AccessKey;

    const NOW: Duration = Duration::from_secs(5000);

    #[test]
    fn a_secret_can_be_looked_at_for_half_an_hour() {
        let drawer = Drawer::default();
        let key = AccessKey::parse("KEY", "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e").unwrap();
        drawer.show(Shown::Key { key, name: String::new() }, NOW);
        assert!(drawer.shown(NOW + SHOWN_FOR - Duration::from_secs(1)).is_some());
        assert!(drawer.shown(NOW + SHOWN_FOR).is_none());
        assert!(drawer.shown(NOW).is_none(), "gone for good");
    }

    #[test]
    fn a_proof_is_fresh_for_ten_minutes_and_leads_back_once() {
        let drawer = Drawer::default();
        assert!(!drawer.is_fresh(NOW), "nobody has proved anything yet");
        drawer.come_back_to("keys");
        assert_eq!(drawer.renew(None, NOW).1.as_deref(), Some("keys"));
        assert!(drawer.is_fresh(NOW + FRESH - Duration::from_secs(1)));
        assert!(!drawer.is_fresh(NOW + FRESH));
        assert_eq!(drawer.renew(None, NOW).1, None);
    }
}
