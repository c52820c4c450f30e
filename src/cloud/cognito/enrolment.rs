//! Setting up an authenticator app: hand out a secret, then see one right code. Within a sign-in (MFA_SETUP) by its session;
//! afterwards by access token.

use serde::{Deserialize, Serialize};

use super::fault::Fault;
use super::{fields, pending};
use crate::base::Secret;
use crate::cloud::site::Site;
use crate::cloud::store::{Account, SignIn, Stage};
use crate::protocol::code::Code;
use crate::protocol::totp::{Refusal, TotpSecret};

/// AssociateSoftwareToken
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Associate {
    access_token: Option<String>,
    session: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Associated {
    secret_code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<String>,
}

/// VerifySoftwareToken
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Verify {
    access_token: Option<String>,
    session: Option<String>,
    user_code: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Verified {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<String>,
}

pub(super) async fn associate(site: &Site, request: &Associate) -> Result<Associated, Fault> {
    let (account, _by) = enrolling(site, request.access_token.as_deref(), request.session.as_deref()).await?;
    let secret = TotpSecret::from_bytes(site.cloud.entropy.bytes::<20>().to_vec());
    site.cloud.store.begin_enrolment(&account.id, &secret, site.cloud.now()).await?;
    Ok(Associated { secret_code: secret.text().expose().clone(), session: request.session.clone() })
}

pub(super) async fn verify(site: &Site, request: &Verify) -> Result<Verified, Fault> {
    let (account, by) = enrolling(site, request.access_token.as_deref(), request.session.as_deref()).await?;
    let typed = Secret::from(request.user_code.as_str());
    let code: Code = typed.expose().parse()?;
    if let Some(sign_in) = &by {
        pending::admit(site, sign_in, &account).await?;
    }
    let (secret, _proved) = site.cloud.store.enrolment(&account.id).await?.ok_or(Fault::NoSoftwareToken)?;
    match secret.check(&code, site.cloud.now().unix_seconds(), None) {
        Ok(step) => site.cloud.store.prove_enrolment(&account.id, step).await?,
        Err(Refusal::Wrong | Refusal::Reused) => return Err(Fault::WrongEnrolmentCode),
    }
    Ok(Verified { status: "SUCCESS", session: request.session.clone() })
}

/// Who is enrolling, and by which sign-in when it is one.
async fn enrolling(
    site: &Site,
    access_token: Option<&str>,
    session: Option<&str>,
) -> Result<(Account, Option<SignIn>), Fault> {
    if let Some(token) = access_token {
        let (account, _access) = site.bearer(fields::token(token, "accessToken")?).await?;
        return Ok((account, None));
    }
    let client = &site.cloud.plan.client_id;
    let sign_in = pending::by_session(site, session, client).await?;
    let id = sign_in.account.clone().filter(|_| sign_in.stage == Stage::Enrolment).ok_or(Fault::InvalidSession)?;
    if sign_in.expires <= site.cloud.now() {
        return Err(Fault::SessionExpired);
    }
    let account = site.cloud.store.account(&id).await?.ok_or(Fault::InvalidSession)?;
    Ok((account, Some(sign_in)))
}
