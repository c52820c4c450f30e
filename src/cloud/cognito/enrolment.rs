//! Setting up an authenticator app: hand out a secret, then see one right code. Within a sign-in (MFA_SETUP) by its session;
//! afterwards by access token.

use super::fault::Fault;
use super::{fields, pending};
use crate::cloud::site::Site;
use crate::cloud::store::{Account, SignIn, Stage};
use crate::protocol::code::Code;
use crate::protocol::cognito::{
    AssociateSoftwareToken, AssociatedSoftwareToken, Confidential, VerifiedSoftwareToken, VerifySoftwareToken,
};
use crate::protocol::totp::{Refusal, TotpSecret};

pub(in crate::cloud) async fn associate(
    site: &Site,
    request: &AssociateSoftwareToken,
) -> Result<AssociatedSoftwareToken, Fault> {
    let (account, _by) = enrolling(site, request.access_token.as_ref(), request.session.as_ref()).await?;
    let secret = TotpSecret::from_bytes(site.cloud.entropy.bytes::<20>().to_vec());
    site.cloud.store.begin_enrolment(&account.id, &secret, site.cloud.now()).await?;
    let secret_code = Confidential::from(secret.text().expose().as_str());
    Ok(AssociatedSoftwareToken { secret_code, session: request.session.clone() })
}

pub(in crate::cloud) async fn verify(
    site: &Site,
    request: &VerifySoftwareToken,
) -> Result<VerifiedSoftwareToken, Fault> {
    let (account, by) = enrolling(site, request.access_token.as_ref(), request.session.as_ref()).await?;
    let code: Code = request.user_code.expose().parse()?;
    if let Some(sign_in) = &by {
        pending::count_try(site, sign_in).await?;
    }
    pending::check_lock(site, &account).await?;
    let (secret, _proved) = site.cloud.store.enrolment(&account.id).await?.ok_or(Fault::NoSoftwareToken)?;
    match secret.check(&code, site.cloud.now().unix_seconds(), None) {
        Ok(step) => site.cloud.store.prove_enrolment(&account.id, step).await?,
        Err(Refusal::Wrong | Refusal::Reused) => {
            pending::note_wrong(site, &account).await?;
            return Err(Fault::WrongEnrolmentCode);
        }
    }
    Ok(VerifiedSoftwareToken { status: "SUCCESS".to_owned(), session: request.session.clone() })
}

/// Who is enrolling, and by which sign-in when it is one.
async fn enrolling(
    site: &Site,
    access_token: Option<&Confidential>,
    session: Option<&Confidential>,
) -> Result<(Account, Option<SignIn>), Fault> {
    if let Some(token) = access_token {
        let (account, _access) = site.bearer(fields::token(token.expose(), "accessToken")?).await?;
        return Ok((account, None));
    }
    let sign_in = pending::by_session(site, session.map(Confidential::expose), &site.cloud.plan.client_id).await?;
    let id = sign_in.account.clone().filter(|_| sign_in.stage == Stage::Enrolment).ok_or(Fault::InvalidSession)?;
    pending::check_age(site, &sign_in)?;
    let account = site.cloud.store.account(&id).await?.ok_or(Fault::InvalidSession)?;
    Ok((account, Some(sign_in)))
}
