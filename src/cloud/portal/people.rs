//! Ways to an account: signing up, and a password that was forgotten.

use serde_json::{Value, json};

use super::Portal;
use super::sign_in::refusal;
use super::visit::Memory;
use crate::cloud::cognito::{self, Fault};
use crate::cloud::site::Site;
use crate::panel::screens::room::Done;
use crate::panel::screens::rooms::Reach;
use crate::panel::screens::sign_in::Why;
use crate::panel::screens::{During, Error, Outcome, Problem};

impl Portal {
    pub(super) async fn reach_account(&self, site: &Site, memory: &mut Memory, act: Reach) -> Result<Outcome, Problem> {
        let client = &site.cloud.plan.client_id;
        let named = |email: &str| json!({ "ClientId": client, "Username": email });
        match act {
            Reach::SignUp { email, password } => {
                let request = json!({
                    "ClientId": client, "Username": email, "Password": password.expose(),
                    "UserAttributes": [{ "Name": "email", "Value": email }],
                });
                ask(site, "SignUp", &request, During::NewPassword).await.map_err(at_its_field)?;
                memory.email = email;
                Ok(Outcome::Ask("confirm-email".to_owned()))
            }
            Reach::ConfirmSignUp { email, code } => {
                let request = json!({ "ClientId": client, "Username": email, "ConfirmationCode": code.expose() });
                ask(site, "ConfirmSignUp", &request, During::MailedCode).await?;
                memory.email = email;
                Ok(Outcome::Ask(Why::Confirmed.link().to_owned()))
            }
            Reach::SendConfirmationAgain { email } => {
                ask(site, "ResendConfirmationCode", &named(&email), During::MailedCode).await?;
                Ok(Outcome::Ask(Done::SentAgain.at("confirm-email")))
            }
            Reach::ForgotPassword { email } => {
                ask(site, "ForgotPassword", &named(&email), During::MailedCode).await?;
                memory.email = email;
                Ok(Outcome::Ask("reset-password".to_owned()))
            }
            Reach::ResetPassword { email, code, password } => {
                let request = json!({
                    "ClientId": client, "Username": email,
                    "ConfirmationCode": code.expose(), "Password": password.expose(),
                });
                ask(site, "ConfirmForgotPassword", &request, During::MailedCode).await.map_err(at_its_field)?;
                memory.email = email;
                Ok(Outcome::Ask(Why::PasswordReset.link().to_owned()))
            }
        }
    }
}

pub(super) async fn ask(site: &Site, name: &str, request: &Value, during: During) -> Result<Value, Problem> {
    cognito::ask(site, name, request).await.map_err(|fault| problem(&fault, during))
}

/// What was typed cannot be used: the service's own sentence says why.
pub(super) fn problem(fault: &Fault, during: During) -> Problem {
    let message = fault.to_string();
    let said = message.strip_prefix("1 validation error detected: ").unwrap_or(&message);
    match fault.kind() {
        "InvalidParameterException" => Problem::new(http::StatusCode::BAD_REQUEST, said),
        "InvalidPasswordException" => {
            let said = said.strip_prefix("Password did not conform with policy: ").unwrap_or(said);
            Problem::new(http::StatusCode::BAD_REQUEST, said).at("password")
        }
        "AliasExistsException" => Problem::new(http::StatusCode::CONFLICT, said),
        _other => Error::from(refusal(fault, during)).problem(),
    }
}

fn at_its_field(problem: Problem) -> Problem {
    if problem.sentence.contains("password") { problem.at("password") } else { problem }
}
