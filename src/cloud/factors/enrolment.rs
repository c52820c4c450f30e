//! Setting up an authenticator app: a secret is handed out, one right code is seen. Several devices may scan the same QR code,
//! since it holds nothing but the secret.

use super::{Deed, Error, SignedIn, check, set};
use crate::cloud::guesses;
use crate::cloud::site::Site;
use crate::cloud::store::{Account, FactorKind, Wanted, Wish};
use crate::protocol::code::Code;
use crate::protocol::totp::TotpSecret;

/// A new secret to be scanned. The authenticator that is on, if any, stays as it is.
pub(crate) async fn begin(site: &Site, who: &SignedIn) -> Result<TotpSecret, Error> {
    check(site, who, Deed::ChangeFactors).await?;
    hand_out(site, &who.account, &who.family.id).await
}

/// The first code of the new secret. Where the authenticator is on already, the new secret takes the old one's place at
/// once; else it waits to be turned on.
pub(crate) async fn confirm(site: &Site, who: &SignedIn, code: &Code) -> Result<(), Error> {
    check(site, who, Deed::ChangeFactors).await?;
    see_code(site, &who.account, &who.family.id, code).await?;
    if site.cloud.store.factors(&who.account.id).await?.contains(&FactorKind::SoftwareToken) {
        let on = Wish { on: Some(true), preferred: None };
        set(site, who, Wanted { authenticator: on, ..Wanted::default() }).await?;
    }
    Ok(())
}

/// `holder`: the sign-in, or token family, that will prove the secret.
pub(crate) async fn hand_out(site: &Site, account: &Account, holder: &str) -> Result<TotpSecret, Error> {
    let secret = TotpSecret::from_bytes(site.cloud.entropy.bytes::<20>().to_vec());
    site.cloud.store.begin_enrolment(&account.id, holder, &secret, site.cloud.now()).await?;
    Ok(secret)
}

pub(crate) async fn see_code(site: &Site, account: &Account, holder: &str, code: &Code) -> Result<(), Error> {
    let (store, now) = (&site.cloud.store, site.cloud.now());
    if let Some(wait) = site.guess_wait(&guesses::CODE, account.id.as_str()).await? {
        return Err(Error::TooManyTries(wait));
    }
    let enrolment = store.enrolment(&account.id, holder, now).await?.ok_or(Error::NoEnrolment)?;
    let step = enrolment.secret.check(code, now.unix_seconds(), enrolment.proved);
    if let Ok(step) = step {
        let proved = store.prove_enrolment(&account.id, holder, &enrolment, step).await?;
        return if proved { Ok(()) } else { Err(Error::WrongCode) };
    }
    let locked = site.note_wrong_guess(&guesses::CODE, account.id.as_str()).await?;
    Err(locked.map_or(Error::WrongCode, Error::TooManyTries))
}
