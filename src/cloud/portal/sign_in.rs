//! A sign-in at the portal: the same operations that other clients use, asked without HTTP. What waits between two pages is a
//! challenge of the service, as a client would hold it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::cloud::cognito::{self, Fault};
use crate::cloud::moment::Moment;
use crate::cloud::site::Site;
use crate::panel::screens::step::{Step, TimeLeft};
use crate::panel::screens::{Answer, Ask, Channel, During, Refusal, meaning};
use crate::protocol::cognito::{
    AssociateSoftwareToken, AssociatedSoftwareToken, AuthFlow, AuthReply, AuthenticationResult, Confidential,
    InitiateAuth, Parameters, RespondToAuthChallenge, VerifiedSoftwareToken, VerifySoftwareToken,
};
use crate::protocol::totp::TotpSecret;

/// How the service is called in an authenticator app.
pub(super) const ISSUER: &str = "Latchkey";
const STEP_LIFETIME: Duration = Duration::from_secs(180);
const RECOVERY_LIFETIME: Duration = Duration::from_secs(900);

/// A challenge that the person is being asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Pending {
    email: String,
    /// What the service calls the account.
    username: String,
    challenge: String,
    session: String,
    parameters: BTreeMap<String, String>,
    /// Of an authenticator app to be set up.
    secret: Option<String>,
    /// Unix seconds.
    expires: u64,
    /// The code that was sent; unix seconds too.
    #[serde(default)]
    code_expires: Option<u64>,
}

/// What a step leads to.
pub(super) enum Next {
    Ask(Pending),
    SignedIn(AuthenticationResult),
}

/// A step that did not lead on.
pub(super) struct Failed {
    pub(super) refusal: Refusal,
    /// The challenge, where it changed although the answer was wrong.
    pub(super) pending: Option<Pending>,
}

pub(super) async fn begin(site: &Site, email: &str, password: &str) -> Result<Next, Failed> {
    let parameters = Parameters::new().with("USERNAME", email).with("PASSWORD", password);
    let reply = initiate(site, AuthFlow::UserPassword, parameters).await;
    let reply = reply.map_err(|fault| refused(&fault, During::Password))?;
    follow(site, email, None, reply).await
}

/// `None`: that is not what is asked.
pub(super) async fn answer(site: &Site, pending: &Pending, answer: &Answer) -> Option<Result<Next, Failed>> {
    let during = During::of(&pending.ask()?);
    let (challenge, responses) = pending.response(answer)?;
    if let (Some(_), Answer::Code(code)) = (&pending.secret, answer) {
        let request = VerifySoftwareToken {
            session: Some(Confidential::from(pending.session.as_str())),
            user_code: Confidential::from(code.expose()),
            access_token: None,
            friendly_device_name: None,
        };
        if let Err(fault) = cognito::ask::<VerifiedSoftwareToken>(site, "VerifySoftwareToken", &request).await {
            return Some(Err(refused(&fault, during)));
        }
    }
    Some(match respond(site, pending, challenge, responses).await {
        Ok(reply) => pending.after(site, reply).await,
        Err(fault) => Err(refused(&fault, during)),
    })
}

/// Another text message; the session stays.
pub(super) async fn send_again(site: &Site, pending: &Pending) -> Result<Next, Failed> {
    let responses = Parameters::new().with("USERNAME", &pending.username).with("RESEND", "true");
    let reply = respond(site, pending, "SMS_MFA", responses).await.map_err(|fault| refused(&fault, During::Code))?;
    let mut again = pending.clone();
    again.expires = site.cloud.now().plus(STEP_LIFETIME).unix_seconds();
    again.code_expires = code_end(site, &reply);
    again.parameters.extend(reply.challenge_parameters);
    Ok(Next::Ask(again))
}

/// "Can't access your two-factor device?"
pub(super) async fn recover(site: &Site, pending: &Pending) -> Result<Next, Failed> {
    let parameters = Parameters::new().with("USERNAME", &pending.username).with("SESSION", &pending.session);
    let reply = initiate(site, AuthFlow::Custom, parameters).await.map_err(|fault| refused(&fault, During::Code))?;
    follow(site, &pending.email, Some(pending), reply).await
}

impl Pending {
    pub(super) fn step(&self, now: Moment) -> Option<Step> {
        let ask = self.ask()?;
        let others = self.others(&ask);
        let code = self.code_expires.map(|end| Duration::from_secs(end.saturating_sub(now.unix_seconds())));
        let by_text = matches!(ask, Ask::SmsCode { .. });
        let can_recover = by_text || matches!(ask, Ask::AuthenticatorCode | Ask::ChooseFactor(_));
        Some(Step {
            ask,
            email: self.email.clone(),
            time: TimeLeft::of(Some(self.left(now)), code),
            can_recover,
            can_send_again: by_text,
            can_move: false,
            others,
        })
    }

    pub(super) fn left(&self, now: Moment) -> Duration {
        Duration::from_secs(self.expires.saturating_sub(now.unix_seconds()))
    }

    /// `None` for a challenge that the portal does not know.
    pub(super) fn ask(&self) -> Option<Ask> {
        let sent_to = || self.parameters.get("CODE_DELIVERY_DESTINATION").cloned().unwrap_or_default();
        match (self.challenge.as_str(), &self.secret) {
            ("SOFTWARE_TOKEN_MFA", _) => Some(Ask::AuthenticatorCode),
            ("SMS_MFA", _) => Some(Ask::SmsCode { sent_to: sent_to() }),
            ("SELECT_MFA_TYPE", _) => Some(Ask::ChooseFactor(self.channels())),
            ("NEW_PASSWORD_REQUIRED", _) => Some(Ask::NewPassword { required_attributes: Vec::new() }),
            ("CUSTOM_CHALLENGE", _) if self.asks_for_mailed_code() => Some(Ask::MailedCode),
            ("CUSTOM_CHALLENGE", _) => Some(Ask::RecoveryCode),
            ("MFA_SETUP", Some(secret)) => {
                let uri = TotpSecret::parse(secret).ok()?.otpauth_uri(ISSUER, &self.email).expose().clone();
                Some(Ask::EnrolAuthenticator { secret: secret.clone(), uri })
            }
            _unknown => None,
        }
    }

    /// Told with a preferred factor: the person may not have it at hand.
    fn others(&self, ask: &Ask) -> Vec<Channel> {
        let asked = match ask {
            Ask::AuthenticatorCode => Channel::Authenticator,
            Ask::SmsCode { .. } => Channel::Sms,
            Ask::EmailCode { .. }
            | Ask::ChooseFactor(_)
            | Ask::NewPassword { .. }
            | Ask::EnrolAuthenticator { .. }
            | Ask::MailedCode
            | Ask::RecoveryCode
            | Ask::MakeRoomForKey(_) => return Vec::new(),
        };
        self.channels().into_iter().filter(|channel| *channel != asked).collect()
    }

    fn channels(&self) -> Vec<Channel> {
        let names: Vec<String> =
            self.parameters.get("MFAS_CAN_CHOOSE").and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
        let offered = |channel: &Channel| wire_name(*channel).is_some_and(|name| names.iter().any(|own| own == name));
        [Channel::Authenticator, Channel::Sms].into_iter().filter(offered).collect()
    }

    fn asks_for_mailed_code(&self) -> bool {
        self.parameters.get("challengeType").is_some_and(|kind| kind == "EMAIL_CODE")
    }

    /// The challenge's name on the wire, and the responses of an answer that fits it.
    fn response(&self, answer: &Answer) -> Option<(&'static str, Parameters)> {
        let username = Parameters::new().with("USERNAME", &self.username);
        match (self.ask()?, answer) {
            (Ask::AuthenticatorCode, Answer::Code(code)) => {
                Some(("SOFTWARE_TOKEN_MFA", username.with("SOFTWARE_TOKEN_MFA_CODE", code.expose())))
            }
            (Ask::SmsCode { .. }, Answer::Code(code)) => {
                Some(("SMS_MFA", username.with("SMS_MFA_CODE", code.expose())))
            }
            (Ask::EnrolAuthenticator { .. }, Answer::Code(_)) => Some(("MFA_SETUP", username)),
            (Ask::ChooseFactor(_) | Ask::AuthenticatorCode | Ask::SmsCode { .. }, Answer::Factor(channel))
                if self.channels().contains(channel) =>
            {
                Some(("SELECT_MFA_TYPE", username.with("ANSWER", wire_name(*channel)?)))
            }
            (Ask::NewPassword { .. }, Answer::NewPassword { password, .. }) => {
                Some(("NEW_PASSWORD_REQUIRED", username.with("NEW_PASSWORD", password.expose())))
            }
            (Ask::MailedCode, Answer::MailedCode(code)) => {
                Some(("CUSTOM_CHALLENGE", username.with("ANSWER", code.expose().trim())))
            }
            (Ask::RecoveryCode, Answer::RecoveryCode(code)) => {
                Some(("CUSTOM_CHALLENGE", username.with("ANSWER", code.expose())))
            }
            _does_not_fit => None,
        }
    }

    /// A wrong mailed or recovery code is answered with the same challenge again.
    async fn after(&self, site: &Site, reply: AuthReply) -> Result<Next, Failed> {
        let wrong = match self.ask() {
            Some(Ask::MailedCode) => Some(Refusal::WrongMailedCode),
            Some(Ask::RecoveryCode) => Some(Refusal::WrongRecoveryCode),
            _not_recovering => None,
        };
        let asked_again = reply.challenge_name.as_deref() == Some("CUSTOM_CHALLENGE")
            && reply.challenge_parameters.get("challengeType") == self.parameters.get("challengeType");
        match follow(site, &self.email, Some(self), reply).await? {
            Next::Ask(pending) if asked_again => {
                Err(Failed { refusal: wrong.unwrap_or(Refusal::WrongCode), pending: Some(pending) })
            }
            next @ (Next::Ask(_) | Next::SignedIn(_)) => Ok(next),
        }
    }
}

/// What the service wants after a right answer.
async fn follow(site: &Site, email: &str, before: Option<&Pending>, reply: AuthReply) -> Result<Next, Failed> {
    if let Some(result) = reply.authentication_result {
        return Ok(Next::SignedIn(result));
    }
    let told_end = code_end(site, &reply);
    let challenge = reply.challenge_name.unwrap_or_default();
    let known = before.map(|before| before.username.clone());
    let username = reply.challenge_parameters.get("USER_ID_FOR_SRP").cloned().or(known);
    let lifetime = if challenge == "CUSTOM_CHALLENGE" { RECOVERY_LIFETIME } else { STEP_LIFETIME };
    let same = before.filter(|before| Some(&before.session) == reply.session.as_ref());
    let mut pending = Pending {
        email: email.to_owned(),
        username: username.unwrap_or_else(|| email.to_owned()),
        session: reply.session.unwrap_or_default(),
        parameters: reply.challenge_parameters,
        secret: None,
        expires: same.map_or_else(|| site.cloud.now().plus(lifetime).unix_seconds(), |same| same.expires),
        code_expires: told_end.or_else(|| same?.code_expires),
        challenge,
    };
    if pending.challenge == "MFA_SETUP" {
        let session = Some(Confidential::from(pending.session.as_str()));
        let request = AssociateSoftwareToken { session, ..AssociateSoftwareToken::default() };
        let associated = cognito::ask::<AssociatedSoftwareToken>(site, "AssociateSoftwareToken", &request).await;
        let associated = associated.map_err(|fault| refused(&fault, During::Code))?;
        pending.secret = Some(associated.secret_code.expose().to_owned());
    }
    match pending.ask() {
        Some(_) => Ok(Next::Ask(pending)),
        None => Err(Failed { refusal: Refusal::UnsupportedChallenge(pending.challenge), pending: None }),
    }
}

/// What the service tells every client, as a time.
fn code_end(site: &Site, reply: &AuthReply) -> Option<u64> {
    let seconds: u64 = reply.challenge_parameters.get("CODE_EXPIRES_IN")?.parse().ok()?;
    Some(site.cloud.now().unix_seconds().saturating_add(seconds))
}

async fn initiate(site: &Site, auth_flow: AuthFlow, auth_parameters: Parameters) -> Result<AuthReply, Fault> {
    let client_id = site.cloud.plan.client_id.clone();
    let request = InitiateAuth { auth_flow, client_id, auth_parameters, client_metadata: None };
    cognito::ask(site, "InitiateAuth", &request).await
}

async fn respond(
    site: &Site,
    pending: &Pending,
    challenge: &str,
    challenge_responses: Parameters,
) -> Result<AuthReply, Fault> {
    let request = RespondToAuthChallenge {
        challenge_name: challenge.to_owned(),
        client_id: site.cloud.plan.client_id.clone(),
        session: Some(pending.session.clone()),
        challenge_responses,
        client_metadata: None,
    };
    cognito::ask(site, "RespondToAuthChallenge", &request).await
}

/// The same meaning that a device gives to the same refusal.
fn refused(fault: &Fault, during: During) -> Failed {
    Failed { refusal: refusal(fault, during), pending: None }
}

pub(super) fn refusal(fault: &Fault, during: During) -> Refusal {
    let told = crate::protocol::cognito::Fault { kind: fault.kind().to_owned(), message: fault.to_string() };
    let mut refusal = meaning(&told, during);
    if let Refusal::TooManyTries { wait } = &mut refusal {
        *wait = fault.wait();
    }
    refusal
}

fn wire_name(channel: Channel) -> Option<&'static str> {
    match channel {
        Channel::Authenticator => Some("SOFTWARE_TOKEN_MFA"),
        Channel::Sms => Some("SMS_MFA"),
        Channel::Email => None,
    }
}
