//! Recovery codes: made together, shown once, counted.

use super::proof::is_fresh;
use super::{Deed, Error, SignedIn, notices};
use crate::cloud::Cloud;
use crate::cloud::site::Site;
use crate::cloud::store::{Account, CodesLeft, EventKind, Factor};
use crate::protocol::recovery_code::{RecoveryCode, RecoveryCodes, SHORT_CODES};

impl Cloud {
    pub(in crate::cloud) fn new_recovery_codes(&self) -> RecoveryCodes {
        RecoveryCodes {
            long: RecoveryCode::from_bytes(self.entropy.bytes()),
            short: std::iter::repeat_with(|| RecoveryCode::short(self.entropy.bytes())).take(SHORT_CODES).collect(),
        }
    }
}

/// New ones in place of all others. The proof that this needs is also what a sign-in is that had to set up its factor
/// (MFA_SETUP), which has no place for codes in its answer.
pub(crate) async fn make(site: &Site, who: &SignedIn) -> Result<RecoveryCodes, Error> {
    let (store, now) = (&site.cloud.store, site.cloud.now());
    if store.factors(&who.account.id).await?.is_empty() {
        return Err(Error::NothingOn);
    }
    let codes = site.cloud.new_recovery_codes();
    let may = |factors: &[Factor]| is_fresh(&who.family, factors, now);
    if !store.replace_recovery_codes(&who.account, &codes, &may, &notices::codes_made(now), now).await? {
        return Err(Error::NotFresh(Deed::MakeRecoveryCodes));
    }
    store.note_event(&who.account.id, EventKind::RecoveryCodesMade, &site.visitor, "", now).await?;
    Ok(codes)
}

pub(crate) async fn left(site: &Site, account: &Account) -> Result<CodesLeft, Error> {
    Ok(site.cloud.store.recovery_codes_left(&account.id).await?)
}
