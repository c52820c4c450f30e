//! Which second factors are on.

use super::proof::{check_is_ours, may_change};
use super::{Deed, Error, SignedIn, notices};
use crate::cloud::site::Site;
use crate::cloud::store::{Account, Change, ChangeRefused, Changed, EventKind, Factor, FactorKind, Wanted, Wish};
use crate::protocol::recovery_code::RecoveryCodes;

/// What remote.it's auth API knows: no factor, or one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Preference {
    None,
    Only(FactorKind),
}

impl Preference {
    const NONE: &str = "NO_MFA";

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::None => Self::NONE,
            Self::Only(kind) => kind.name(),
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        if name == Self::NONE { Some(Self::None) } else { FactorKind::named(name).map(Self::Only) }
    }

    /// Of several factors: the one that is asked for first.
    pub(crate) fn of(factors: &[Factor]) -> Self {
        let asked = factors.iter().find(|factor| factor.preferred).or(factors.first());
        asked.map_or(Self::None, |factor| Self::Only(factor.kind))
    }

    fn wanted(self) -> Wanted {
        let wish = |kind| Wish { on: Some(self == Self::Only(kind)), preferred: None };
        Wanted { authenticator: wish(FactorKind::SoftwareToken), sms: wish(FactorKind::Sms) }
    }
}

/// Exactly this is on from now. Turning a factor on makes new recovery codes, to be shown now and never again.
pub(crate) async fn prefer(
    site: &Site,
    who: &SignedIn,
    preference: Preference,
) -> Result<Option<RecoveryCodes>, Error> {
    let codes = site.cloud.new_recovery_codes();
    let changed = apply(site, who, preference.wanted(), Some(&codes)).await?;
    Ok(changed.codes_made.then_some(codes))
}

/// For callers who could not show recovery codes; the account keeps those it has.
pub(crate) async fn set(site: &Site, who: &SignedIn, wanted: Wanted) -> Result<(), Error> {
    apply(site, who, wanted, None).await.map(drop)
}

/// The authenticator that was proved within a sign-in, for an account that must have a factor and has none.
pub(crate) async fn set_up(site: &Site, account: &Account, sign_in: &str) -> Result<(), Error> {
    let wanted = Preference::Only(FactorKind::SoftwareToken).wanted();
    let may = |factors: &[Factor]| factors.is_empty();
    change(site, account, sign_in, wanted, &may, None).await.map(drop)
}

async fn apply(site: &Site, who: &SignedIn, wanted: Wanted, codes: Option<&RecoveryCodes>) -> Result<Changed, Error> {
    check_is_ours(site, who).await?;
    let now = site.cloud.now();
    let may = |factors: &[Factor]| may_change(&who.family, factors, now);
    change(site, &who.account, &who.family.id, wanted, &may, codes).await
}

async fn change(
    site: &Site,
    account: &Account,
    holder: &str,
    wanted: Wanted,
    may: &(dyn Fn(&[Factor]) -> bool + Sync),
    codes: Option<&RecoveryCodes>,
) -> Result<Changed, Error> {
    let (store, now) = (&site.cloud.store, site.cloud.now());
    let notice = |changed: &Changed| notices::changed(changed, now);
    let change = Change { account, holder, wanted, may, codes, notice: &notice };
    let changed = store.change_factors(change, now).await.map_err(|refused| match refused {
        ChangeRefused::NotAllowed => Error::NotFresh(Deed::ChangeFactors),
        ChangeRefused::NoAuthenticator => Error::NoAuthenticator,
        ChangeRefused::NoPhone => Error::NoPhone,
        ChangeRefused::Store(error) => Error::Store(error),
    })?;
    let note = |kind, detail| store.note_event(&account.id, kind, &site.visitor, detail, now);
    for kind in &changed.on {
        note(EventKind::FactorTurnedOn, notices::name(*kind)).await?;
    }
    if changed.replaced {
        note(EventKind::FactorTurnedOn, "authenticator app, set up anew").await?;
    }
    for kind in &changed.off {
        note(EventKind::FactorTurnedOff, notices::name(*kind)).await?;
    }
    if changed.codes_made {
        note(EventKind::RecoveryCodesMade, "").await?;
    }
    Ok(changed)
}
