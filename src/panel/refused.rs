//! The name that a browser called us by and that is none of ours: told where an owner may see it, and how to allow it.
//! Anybody on the network can cause that, so it is told seldom; [`Name`] holds nothing but letters, digits and dots.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::screens::host::Name;

/// Between two lines in the log.
const QUIET: Duration = Duration::from_secs(60);
/// So long the console shows a name.
const SHOWN: Duration = Duration::from_secs(600);

/// The latest refused name.
#[derive(Debug, Default)]
pub(super) struct Refused(Mutex<Option<(String, Duration)>>);

impl Refused {
    pub(super) fn note(&self, name: &Name, now: Duration) {
        let mut latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if latest.as_ref().is_some_and(|(_, at)| now.saturating_sub(*at) < QUIET) {
            return;
        }
        let name = name.to_string();
        tracing::warn!(name, "a browser called the panel by this name; if it is yours, add it to names in [panel]");
        *latest = Some((name, now));
    }

    pub(super) fn latest(&self, now: Duration) -> Option<String> {
        let latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        latest.as_ref().filter(|(_, at)| now.saturating_sub(*at) < SHOWN).map(|(name, _)| name.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::super::screens::host::Authority;
    use super::*;

    #[test]
    fn a_flood_of_names_is_told_once_a_minute_and_not_for_ever() {
        let refused = Refused::default();
        let at = Duration::from_secs;
        let name = |host| Authority::parse(host).unwrap().name;
        refused.note(&name("panel.example"), at(0));
        refused.note(&name("evil.example"), at(1));
        assert_eq!(refused.latest(at(2)).as_deref(), Some("panel.example"));
        refused.note(&name("other.example"), at(60));
        assert_eq!(refused.latest(at(61)).as_deref(), Some("other.example"));
        assert_eq!(refused.latest(at(700)), None);
    }
}
