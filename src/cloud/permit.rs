//! What a caller may do. Decided here and nowhere else: an access token may do everything that GraphQL offers, a key what its
//! scope says. Password and second factors are out of every key's reach, since those doors take only tokens.

use super::moment::Moment;

/// How far a key reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyScope {
    /// Looks, and changes nothing: whose account it is, devices, keys, events.
    Read,
    /// What a device needs: whose account it is, its devices and connections, and giving itself up. No other key, no events.
    SignInDevice,
    /// Everything that a key may do.
    Full,
}

/// Whom a request comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum By {
    Token,
    Key { id: String, scope: KeyScope, expires: Option<Moment> },
}

/// Something that a request wants.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Deed<'a> {
    SeeWhose,
    SeeDevices,
    SeeKeys,
    SeeEvents,
    Connect,
    /// A new key, until then.
    MakeKey {
        expires: Option<Moment>,
    },
    ChangeKey,
    /// Disable or delete it.
    RetireKey(&'a str),
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error(
        "The access key's scope '{}' does not allow this; use a key of scope 'full', or the account's own page.", .0.name()
    )]
    Scope(KeyScope),
    #[error("A key that ends at {} cannot make one that lasts longer.", .0.iso())]
    Outlives(Moment),
}

impl KeyScope {
    pub(crate) const ALL: [Self; 3] = [Self::Read, Self::SignInDevice, Self::Full];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::SignInDevice => "sign-in-device",
            Self::Full => "full",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }
}

impl By {
    /// May the request change anything at all? Asked before it is looked at closely, so that no change can be forgotten.
    pub(crate) fn may_change(&self) -> Result<(), Refusal> {
        match self {
            Self::Key { scope: KeyScope::Read, .. } => Err(Refusal::Scope(KeyScope::Read)),
            Self::Token | Self::Key { scope: KeyScope::SignInDevice | KeyScope::Full, .. } => Ok(()),
        }
    }

    /// When the caller's rights end, if they do.
    pub(crate) fn end(&self) -> Option<Moment> {
        match self {
            Self::Token => None,
            Self::Key { expires, .. } => *expires,
        }
    }

    pub(crate) fn may(&self, deed: Deed<'_>) -> Result<(), Refusal> {
        let Self::Key { id: own, scope, .. } = self else { return Ok(()) };
        let allowed = match (scope, deed) {
            (_, Deed::SeeWhose | Deed::SeeDevices) => true,
            (KeyScope::Read, Deed::SeeKeys | Deed::SeeEvents) => true,
            (KeyScope::SignInDevice, Deed::Connect) => true,
            (KeyScope::SignInDevice, Deed::RetireKey(key)) => key == own,
            (KeyScope::Full, Deed::MakeKey { expires }) => return outlives_not(self.end(), expires),
            (KeyScope::Read | KeyScope::SignInDevice, _other) => false,
            (KeyScope::Full, _other) => true,
        };
        if allowed { Ok(()) } else { Err(Refusal::Scope(*scope)) }
    }
}

/// Otherwise the end of a key would be worth nothing.
fn outlives_not(end: Option<Moment>, wanted: Option<Moment>) -> Result<(), Refusal> {
    match end {
        Some(end) if wanted.is_none_or(|wanted| wanted > end) => Err(Refusal::Outlives(end)),
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    fn key(scope: KeyScope) -> By {
        By::Key { id: "OWN".to_owned(), scope, expires: None }
    }

    #[test]
    fn each_scope_allows_what_its_name_says_and_nothing_else() {
        let deeds = [
            Deed::SeeWhose,
            Deed::SeeDevices,
            Deed::SeeKeys,
            Deed::SeeEvents,
            Deed::Connect,
            Deed::MakeKey { expires: None },
            Deed::ChangeKey,
            Deed::RetireKey("OWN"),
            Deed::RetireKey("OTHER"),
        ];
        let allowed = |by: By| deeds.map(|deed| u8::from(by.may(deed).is_ok()));
        assert_eq!(allowed(key(KeyScope::Read)), [1, 1, 1, 1, 0, 0, 0, 0, 0]);
        assert_eq!(allowed(key(KeyScope::SignInDevice)), [1, 1, 0, 0, 1, 0, 0, 1, 0]);
        assert_eq!(allowed(key(KeyScope::Full)), [1; 9]);
        assert_eq!(allowed(By::Token), [1; 9]);
        assert_eq!(key(KeyScope::Read).may_change(), Err(Refusal::Scope(KeyScope::Read)));
        assert_eq!(key(KeyScope::SignInDevice).may_change(), Ok(()));
    }

    #[test]
    fn a_key_makes_none_that_outlives_it() {
        let end = Moment::of(SystemTime::UNIX_EPOCH + Duration::from_secs(1000));
        let by = By::Key { id: "OWN".to_owned(), scope: KeyScope::Full, expires: Some(end) };
        assert_eq!(by.may(Deed::MakeKey { expires: Some(end) }), Ok(()));
        for later in [None, Some(end.plus(Duration::from_secs(1)))] {
            assert_eq!(by.may(Deed::MakeKey { expires: later }), Err(Refusal::Outlives(end)));
        }
    }

    #[test]
    fn a_scope_is_known_by_its_name() {
        for scope in KeyScope::ALL {
            assert_eq!(KeyScope::named(scope.name()), Some(scope));
        }
        assert_eq!(KeyScope::named("Full"), None);
    }
}
