//! Two-factor authentication of the account: which factors are on, an app, text messages, recovery codes.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::cognito::{During, channel_named};
use super::{Account, Channel, Error, Session};
use crate::base::Secret;
use crate::protocol::code::Code;
use crate::protocol::cognito::{
    AssociateSoftwareToken, AssociatedSoftwareToken, Confidential, VerifiedSoftwareToken, VerifySoftwareToken,
};
use crate::protocol::recovery_code::{RecoveryCode, RecoveryCodes};
use crate::protocol::totp::TotpSecret;

/// The service has codes to count and to make.
const RECOVERY_CODES: &str = "recovery-codes";

#[derive(Clone, Debug, Default)]
pub struct Factors {
    /// With the time since when, where the service tells it (ISO 8601).
    pub on: Vec<(Channel, Option<String>)>,
    /// Only this provider lets the owner in, and so it asks for second factors.
    pub provider: Option<String>,
    /// `None`: none, or the service does not count them.
    pub codes_left: Option<u32>,
    pub makes_codes: bool,
}

/// An authenticator app that is to be set up.
#[derive(Debug)]
pub struct NewAuthenticator {
    pub secret: Secret<String>,
    pub uri: Secret<String>,
}

/// What shall be on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preference {
    Nothing,
    Authenticator,
    Texts,
}

#[derive(Deserialize)]
struct Told {
    #[serde(rename = "MfaPref")]
    preference: String,
    on: Option<Vec<String>>,
    #[serde(default)]
    since: BTreeMap<String, String>,
    provider: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Left {
    recovery_codes_left: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Made {
    backup_code: Option<Confidential>,
    #[serde(default)]
    recovery_codes: Vec<Confidential>,
}

impl Account {
    pub async fn factors(&self, user: &Session) -> Result<Factors, Error> {
        let told: Told = self.auth_api(user, "/mfaPref", None).await?;
        let names = told.on.unwrap_or_else(|| vec![told.preference]);
        let since = |name: &String| Some((channel_named(name)?, told.since.get(name).cloned()));
        let on: Vec<_> = names.iter().filter_map(since).collect();
        let makes_codes = self.offers(RECOVERY_CODES).await?;
        let codes_left = match makes_codes && !on.is_empty() {
            true => Some(self.auth_api::<Left>(user, "/recoveryCodes", None).await?.recovery_codes_left),
            false => None,
        };
        Ok(Factors { on, provider: told.provider, codes_left, makes_codes })
    }

    /// Recovery codes come with a factor that is turned on, here and never again.
    pub async fn prefer(&self, user: &Session, preference: Preference) -> Result<Option<RecoveryCodes>, Error> {
        let body = json!({ "MfaPref": preference.name() });
        codes(self.auth_api(user, "/mfaPref", Some(body)).await?)
    }

    /// `None` where the service makes none by themselves.
    pub async fn make_recovery_codes(&self, user: &Session) -> Result<Option<RecoveryCodes>, Error> {
        if !self.offers(RECOVERY_CODES).await? {
            return Ok(None);
        }
        codes(self.auth_api(user, "/recoveryCodes", Some(json!({}))).await?)
    }

    /// The app that is set up now, if any, goes on working.
    pub async fn begin_authenticator(&self, user: &Session) -> Result<NewAuthenticator, Error> {
        let message = AssociateSoftwareToken { access_token: Some(self.access_token(user).await?), session: None };
        let begun: AssociatedSoftwareToken = self.operation("AssociateSoftwareToken", &message, During::Change).await?;
        let secret =
            TotpSecret::parse(begun.secret_code.expose()).map_err(|unusable| Error::ServiceFault(unusable.into()))?;
        let uri = secret.otpauth_uri(&self.issuer().await?, &user.owner.email);
        Ok(NewAuthenticator { secret: secret.text(), uri })
    }

    pub async fn confirm_authenticator(&self, user: &Session, code: &Code) -> Result<(), Error> {
        let message = VerifySoftwareToken {
            access_token: Some(self.access_token(user).await?),
            session: None,
            user_code: code.expose().into(),
            friendly_device_name: None,
        };
        let verified: VerifiedSoftwareToken = self.operation("VerifySoftwareToken", &message, During::Change).await?;
        if verified.status == "SUCCESS" { Ok(()) } else { Err(Error::WrongCode) }
    }

    async fn issuer(&self) -> Result<String, Error> {
        Ok(self.0.directory.cognito(&self.0.transport).await?.issuer().to_owned())
    }
}

impl Preference {
    fn name(self) -> &'static str {
        match self {
            Self::Nothing => "NO_MFA",
            Self::Authenticator => "SOFTWARE_TOKEN_MFA",
            Self::Texts => "SMS_MFA",
        }
    }
}

/// remote.it has the one long code only.
fn codes(answer: Value) -> Result<Option<RecoveryCodes>, Error> {
    let unreadable = || Error::ServiceFault("the auth API sent recovery codes that are none".into());
    let made: Made = serde_json::from_value(answer).map_err(|_| unreadable())?;
    let Some(long) = made.backup_code else { return Ok(None) };
    let read = |code: &Confidential| RecoveryCode::parse(code.expose()).map_err(|_| unreadable());
    let short = made.recovery_codes.iter().map(read).collect::<Result<_, _>>()?;
    Ok(Some(RecoveryCodes { long: read(&long)?, short }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recovery_codes_are_read_with_and_without_short_ones_and_may_be_absent() {
        let long = "0f8fad5b-d9cb-469f-a165-70867728950e";
        let both = codes(json!({ "MfaPref": "SMS_MFA", "backupCode": long, "recoveryCodes": [] })).unwrap().unwrap();
        assert_eq!((both.long.expose(), both.short.len()), (long, 0));
        assert!(codes(json!({ "MfaPref": "SMS_MFA" })).unwrap().is_none());
        assert!(matches!(codes(json!({ "backupCode": "" })), Err(Error::ServiceFault(_))));
    }
}
