//! The fresh proof: a sign-in of the last ten minutes that passed a second factor which is on now.

use std::fmt;
use std::time::Duration;

use super::{Error, SignedIn};
use crate::cloud::moment::Moment;
use crate::cloud::openid;
use crate::cloud::site::Site;
use crate::cloud::store::{Factor, FactorKind, Family, Proof};

const FRESH: Duration = Duration::from_secs(600);

/// What a fresh proof is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    ChangeFactors,
    ChangePhone,
    MakeRecoveryCodes,
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ChangeFactors => "change two-factor authentication",
            Self::ChangePhone => "change your phone number",
            Self::MakeRecoveryCodes => "make new recovery codes",
        })
    }
}

/// Before somebody is led through a change of factors, so that the refusal does not come at its end.
pub(crate) async fn check(site: &Site, who: &SignedIn, deed: Deed) -> Result<(), Error> {
    check_is_ours(site, who).await?;
    let factors = site.cloud.store.factors_on(&who.account.id).await?;
    if may_change(&who.family, &factors, site.cloud.now()) { Ok(()) } else { Err(Error::NotFresh(deed)) }
}

/// Where only a provider lets the owner in, the second factor is the provider's.
pub(super) async fn check_is_ours(site: &Site, who: &SignedIn) -> Result<(), Error> {
    let provider = openid::only_provider(site, &who.account).await?;
    provider.map_or(Ok(()), |name| Err(Error::AtProvider(openid::factors_are_theirs(&name))))
}

/// The number that codes are texted to is part of the factor.
pub(crate) async fn check_phone_change(site: &Site, who: &SignedIn) -> Result<(), Error> {
    let factors = site.cloud.store.factors_on(&who.account.id).await?;
    let texted_to = factors.iter().any(|factor| factor.kind == FactorKind::Sms);
    if !texted_to || is_fresh(&who.family, &factors, site.cloud.now()) {
        Ok(())
    } else {
        Err(Error::NotFresh(Deed::ChangePhone))
    }
}

pub(super) fn may_change(family: &Family, factors: &[Factor], now: Moment) -> bool {
    factors.is_empty() || is_fresh(family, factors, now)
}

/// A factor that was turned on, or got a new secret, after the sign-in was not passed by it.
pub(super) fn is_fresh(family: &Family, factors: &[Factor], now: Moment) -> bool {
    let passed = |factor: &Factor| family.proof == Proof::Factor(factor.kind) && factor.since <= family.auth_time;
    now <= family.auth_time.plus(FRESH) && factors.iter().any(passed)
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::cloud::ids::AccountId;

    fn at(seconds: u64) -> Moment {
        Moment::of(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
    }

    fn signed_in(proof: Proof) -> Family {
        Family {
            id: String::new(),
            account: AccountId::from_text("ann"),
            client_id: String::new(),
            auth_time: at(1000),
            proof,
            expires: at(9000),
            revoked: false,
            origin: None,
        }
    }

    fn factor(kind: FactorKind, since: u64) -> Factor {
        Factor { kind, preferred: false, since: at(since) }
    }

    #[test]
    fn a_proof_is_fresh_for_ten_minutes() {
        let (family, on) =
            (signed_in(Proof::Factor(FactorKind::SoftwareToken)), [factor(FactorKind::SoftwareToken, 1)]);
        assert!(is_fresh(&family, &on, at(1600)));
        assert!(!is_fresh(&family, &on, at(1601)));
    }

    #[test]
    fn only_the_factor_that_is_on_now_proves_anything() {
        let app = [factor(FactorKind::SoftwareToken, 1)];
        for weaker in [Proof::Password, Proof::Recovery, Proof::OpenId, Proof::Factor(FactorKind::Sms)] {
            assert!(!is_fresh(&signed_in(weaker), &app, at(1000)), "{weaker:?}");
        }
        let family = signed_in(Proof::Factor(FactorKind::SoftwareToken));
        assert!(!is_fresh(&family, &[factor(FactorKind::SoftwareToken, 1001)], at(1002)), "its secret is newer");
        assert!(is_fresh(&family, &[factor(FactorKind::SoftwareToken, 1), factor(FactorKind::Sms, 1)], at(1000)));
    }

    #[test]
    fn where_no_factor_is_on_none_has_to_be_passed() {
        assert!(may_change(&signed_in(Proof::Password), &[], at(8000)));
        assert!(!is_fresh(&signed_in(Proof::Password), &[], at(1000)));
    }
}
