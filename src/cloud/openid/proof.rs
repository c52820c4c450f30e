//! The owner's yes: the account's password and second factor, by the same operations (with the same limits) as any sign-in.

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use super::page::{Problem, Refusal};
use super::parameters::Parameters;
use crate::cloud::cognito::{self, Fault};
use crate::cloud::site::Site;
use crate::cloud::store::Account;
use crate::protocol::cognito::{self as wire, AuthFlow, AuthReply, InitiateAuth, RespondToAuthChallenge};

/// What is asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Step {
    /// There is a session; a click is enough.
    Agree,
    Password,
    /// Which factor.
    Choice {
        session: String,
        kinds: Vec<String>,
    },
    /// Of an authenticator app, or, with where it was sent, of a text message.
    Code {
        session: String,
        challenge: String,
        sent_to: Option<String>,
    },
}

pub(super) enum Next {
    Agreed,
    Ask(Step, Option<Problem>),
}

pub(super) async fn check(site: &Site, account: &Account, step: &Step, form: &Parameters) -> Result<Next, Refusal> {
    let replied = match step {
        Step::Agree => return Ok(Next::Agreed),
        Step::Password => match form.text("password") {
            Some(password) => by_password(site, account, password).await,
            None => return Ok(again(step, "password", "Enter the password of your account.")),
        },
        Step::Choice { session, .. } => match form.text("factor") {
            Some(factor) => respond(site, account, session, "SELECT_MFA_TYPE", "ANSWER", factor).await,
            None => return Ok(again(step, "factor", "Choose one of the two.")),
        },
        Step::Code { session, challenge, .. } => match form.text("code").map(str::trim) {
            Some(code) => respond(site, account, session, challenge, &format!("{challenge}_CODE"), code).await,
            None => return Ok(again(step, "code", "Enter the six digits.")),
        },
    };
    match replied {
        Ok(reply) => Ok(next(reply)),
        Err(fault) => refused(step, fault),
    }
}

async fn by_password(site: &Site, account: &Account, password: &str) -> Result<AuthReply, Fault> {
    let request = InitiateAuth {
        auth_flow: AuthFlow::UserPassword,
        client_id: site.cloud.plan.client_id.clone(),
        auth_parameters: wire::Parameters::new().with("USERNAME", account.id.as_str()).with("PASSWORD", password),
        client_metadata: None,
    };
    cognito::initiate(site, &request).await
}

async fn respond(
    site: &Site,
    account: &Account,
    session: &str,
    challenge: &str,
    name: &str,
    answer: &str,
) -> Result<AuthReply, Fault> {
    let request = RespondToAuthChallenge {
        challenge_name: challenge.to_owned(),
        client_id: site.cloud.plan.client_id.clone(),
        session: Some(session.to_owned()),
        challenge_responses: wire::Parameters::new().with("USERNAME", account.id.as_str()).with(name, answer),
        client_metadata: None,
    };
    cognito::respond(site, &request).await
}

fn next(reply: AuthReply) -> Next {
    if reply.authentication_result.is_some() {
        return Next::Agreed;
    }
    let session = reply.session.unwrap_or_default();
    let told = |name: &str| reply.challenge_parameters.get(name).cloned();
    let step = match reply.challenge_name.as_deref() {
        Some("SELECT_MFA_TYPE") => {
            let kinds = told("MFAS_CAN_CHOOSE").and_then(|kinds| serde_json::from_str(&kinds).ok());
            Step::Choice { session, kinds: kinds.unwrap_or_default() }
        }
        Some(challenge @ ("SOFTWARE_TOKEN_MFA" | "SMS_MFA")) => {
            Step::Code { session, challenge: challenge.to_owned(), sent_to: told("CODE_DELIVERY_DESTINATION") }
        }
        Some(_) | None => {
            const FIRST: &str = "Your account wants something else first. Sign in with your password in the usual way, then come \
                                 back here.";
            return again(&Step::Password, "", FIRST);
        }
    };
    Next::Ask(step, None)
}

/// What is wrong with the answer, in words. A sign-in that is over begins again with the password.
fn refused(step: &Step, fault: Fault) -> Result<Next, Refusal> {
    if fault.is_ours() {
        tracing::warn!(error = crate::base::report::chain(&fault), "an account cannot be linked");
        return Err(Refusal::Request(StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong in the service."));
    }
    let wait = fault.wait();
    let (step, field, sentence) = match (step, fault.kind()) {
        (_, _) if wait.is_some() => {
            let seconds = wait.unwrap_or_default().as_secs().max(1);
            (step, "", format!("Too many tries. Wait {seconds} s, then try again."))
        }
        (Step::Password, "NotAuthorizedException" | "InvalidParameterException") => {
            (step, "password", "That password is not right. Check it and try again.".to_owned())
        }
        (Step::Code { .. } | Step::Choice { .. }, "NotAuthorizedException" | "ExpiredCodeException") => {
            (&Step::Password, "password", "That took too long. Enter the password again.".to_owned())
        }
        (Step::Code { .. }, "CodeMismatchException") if fault.to_string().starts_with("Your software token") => {
            (step, "code", "That code was used already. Wait for the next one.".to_owned())
        }
        (Step::Code { .. }, "CodeMismatchException") => {
            (step, "code", "That code is not right. Check it and try again.".to_owned())
        }
        (_, _) => (step, "", fault.to_string()),
    };
    // 401 counts against the source of the request.
    let status = if wait.is_some() { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::UNAUTHORIZED };
    Ok(Next::Ask(step.clone(), Some(Problem { status, field, sentence, wait })))
}

fn again(step: &Step, field: &'static str, sentence: &str) -> Next {
    let problem = Problem { status: StatusCode::BAD_REQUEST, field, sentence: sentence.to_owned(), wait: None };
    Next::Ask(step.clone(), Some(problem))
}
