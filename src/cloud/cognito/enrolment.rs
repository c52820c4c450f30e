//! Setting up an authenticator app: hand out a secret, then see one right code. Within a sign-in (MFA_SETUP) by its session;
//! afterwards by access token. And which factors are on, by access token.

use serde_json::{Value, json};

use super::fault::Fault;
use super::{fields, pending};
use crate::cloud::factors::{self, SignedIn};
use crate::cloud::site::Site;
use crate::cloud::store::{Account, SignIn, Stage, Wanted, Wish};
use crate::protocol::code::Code;
use crate::protocol::cognito::{
    AssociateSoftwareToken, AssociatedSoftwareToken, Confidential, MfaSettings, SetUserMfaPreference,
    VerifiedSoftwareToken, VerifySoftwareToken,
};

/// Who is enrolling.
enum Enrolling {
    SignedIn(SignedIn),
    SigningIn(SignIn, Account),
}

pub(in crate::cloud) async fn associate(
    site: &Site,
    request: &AssociateSoftwareToken,
) -> Result<AssociatedSoftwareToken, Fault> {
    let secret = match enrolling(site, request.access_token.as_ref(), request.session.as_ref()).await? {
        Enrolling::SignedIn(who) => factors::begin(site, &who).await?,
        Enrolling::SigningIn(sign_in, account) => factors::hand_out(site, &account, sign_in.id()).await?,
    };
    let secret_code = Confidential::from(secret.text().expose().as_str());
    Ok(AssociatedSoftwareToken { secret_code, session: request.session.clone() })
}

pub(in crate::cloud) async fn verify(
    site: &Site,
    request: &VerifySoftwareToken,
) -> Result<VerifiedSoftwareToken, Fault> {
    let enrolling = enrolling(site, request.access_token.as_ref(), request.session.as_ref()).await?;
    let code: Code = request.user_code.expose().parse()?;
    match enrolling {
        Enrolling::SignedIn(who) => factors::confirm(site, &who, &code).await?,
        Enrolling::SigningIn(sign_in, account) => {
            pending::count_try(site, &sign_in).await?;
            factors::see_code(site, &account, sign_in.id(), &code).await?;
        }
    }
    Ok(VerifiedSoftwareToken { status: "SUCCESS".to_owned(), session: request.session.clone() })
}

/// SetUserMFAPreference. Its answer has no place for recovery codes; they are made through the auth API.
pub(super) async fn set_preference(site: &Site, request: &SetUserMfaPreference) -> Result<Value, Fault> {
    let who = signed_in(site, &request.access_token).await?;
    let mailed = request.email_mfa_settings.as_ref().is_some_and(|settings| settings.enabled == Some(true));
    if mailed || request.web_authn_mfa_settings.is_some() {
        return Err(Fault::Parameter("This service has the second factors SOFTWARE_TOKEN_MFA and SMS_MFA.".into()));
    }
    let (authenticator, sms) = (wish(request.software_token_mfa_settings)?, wish(request.sms_mfa_settings)?);
    if authenticator.preferred == Some(true) && sms.preferred == Some(true) {
        return Err(Fault::Parameter("Only one second factor can be the preferred one.".into()));
    }
    factors::set(site, &who, Wanted { authenticator, sms }).await?;
    Ok(json!({}))
}

fn wish(settings: Option<MfaSettings>) -> Result<Wish, Fault> {
    let MfaSettings { enabled: on, preferred_mfa: preferred } = settings.unwrap_or_default();
    if preferred == Some(true) && on != Some(true) {
        return Err(Fault::Parameter("A preferred second factor must be enabled in the same request.".into()));
    }
    Ok(Wish { on, preferred })
}

async fn enrolling(
    site: &Site,
    access_token: Option<&Confidential>,
    session: Option<&Confidential>,
) -> Result<Enrolling, Fault> {
    if let Some(token) = access_token {
        return signed_in(site, token).await.map(Enrolling::SignedIn);
    }
    let sign_in = pending::by_session(site, session.map(Confidential::expose), &site.cloud.plan.client_id).await?;
    let id = sign_in.account.clone().filter(|_| sign_in.stage == Stage::Enrolment).ok_or(Fault::InvalidSession)?;
    pending::check_age(site, &sign_in)?;
    let account = site.cloud.store.account(&id).await?.ok_or(Fault::InvalidSession)?;
    Ok(Enrolling::SigningIn(sign_in, account))
}

async fn signed_in(site: &Site, token: &Confidential) -> Result<SignedIn, Fault> {
    Ok(SignedIn::by_token(site, fields::token(token.expose(), "accessToken")?).await?)
}
