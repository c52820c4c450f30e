//! `POST /`: the Cognito operations, one by the name in `X-Amz-Target` (reference §1).

pub(super) mod attributes;
#[cfg(test)]
mod bad_input;
mod enrolment;
mod fault;
mod fields;
mod first_time;
pub(super) mod forgotten;
mod named;
pub(super) mod new_password;
mod password;
mod pending;
mod recovery;
mod second_factor;
mod sending;
mod session;
pub(super) mod sign_up;
mod step;
pub(super) mod user;
mod wire;
mod written;

pub(super) use axum::body::{Body, Bytes};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::ids::uuid;
use super::site::Site;
use super::source_limit;
use crate::base::report;
use crate::protocol::cognito::{AuthFlow, AuthReply, InitiateAuth, RespondToAuthChallenge, TARGET_PREFIX};

pub(in crate::cloud) use fault::Fault;
pub(super) use step::REFRESH_LIFETIME;

/// Longer bodies get a bare 413.
pub(super) const LARGEST_ANSWERED: usize = 2 * 1024 * 1024;

pub(super) async fn operation(site: Site, headers: HeaderMap, body: Body) -> Response {
    let request_id = uuid(site.cloud.entropy.bytes());
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let name = target.strip_prefix(TARGET_PREFIX).unwrap_or_default();
    let outcome = match wire::read(body).await {
        Ok(body) => limited(&site, name, &body).await,
        Err(fault) => Err(fault),
    };
    log(&outcome, &request_id);
    wire::answer(outcome, &request_id)
}

/// For the service's own pages: the same operations under the same limits, without HTTP.
pub(in crate::cloud) async fn ask<Reply: DeserializeOwned>(
    site: &Site,
    name: &str,
    request: &impl Serialize,
) -> Result<Reply, Fault> {
    let body = serde_json::to_vec(request).map_err(Fault::Serialization)?;
    let answer = limited(site, name, &body.into()).await?;
    serde_json::from_value(answer).map_err(Fault::Serialization)
}

/// For whom it is not too much.
async fn limited(site: &Site, name: &str, body: &Bytes) -> Result<Value, Fault> {
    match name {
        // They take what cannot be guessed, and the way out stays open.
        "GetUser" | "RevokeToken" | "GlobalSignOut" => return perform(site, name, body).await,
        "SignUp" | "ResendConfirmationCode" | "ForgotPassword" | "GetUserAttributeVerificationCode" => {
            site.check_source().await?;
            site.charge_source(source_limit::MAIL).await?;
        }
        _other => site.check_source().await?,
    }
    let outcome = perform(site, name, body).await;
    if outcome.as_ref().is_err_and(Fault::may_be_a_guess) {
        site.charge_source(1).await?;
    }
    outcome
}

async fn perform(site: &Site, name: &str, body: &Bytes) -> Result<Value, Fault> {
    match name {
        "InitiateAuth" => wire::content(&initiate(site, &wire::parse(body)?).await?),
        "RespondToAuthChallenge" => wire::content(&respond(site, &wire::parse(body)?).await?),
        "AssociateSoftwareToken" => wire::content(&enrolment::associate(site, &wire::parse(body)?).await?),
        "VerifySoftwareToken" => wire::content(&enrolment::verify(site, &wire::parse(body)?).await?),
        "SetUserMFAPreference" => enrolment::set_preference(site, &wire::parse(body)?).await,
        "SignUp" => wire::content(&sign_up::sign_up(site, &wire::parse(body)?).await?),
        "ConfirmSignUp" => wire::done(sign_up::confirm(site, &wire::parse(body)?).await),
        "ResendConfirmationCode" => wire::content(&sign_up::resend(site, &wire::parse(body)?).await?),
        "ForgotPassword" => wire::content(&forgotten::forgot(site, &wire::parse(body)?).await?),
        "ConfirmForgotPassword" => wire::done(forgotten::confirm(site, &wire::parse(body)?).await),
        "ChangePassword" => wire::done(new_password::by_token(site, &wire::parse(body)?).await),
        "GetUser" => wire::content(&user::user_by_token(site, &wire::parse(body)?).await?),
        "DeleteUser" => wire::done(user::delete_by_token(site, &wire::parse(body)?).await),
        "UpdateUserAttributes" => wire::content(&attributes::update_by_token(site, &wire::parse(body)?).await?),
        "GetUserAttributeVerificationCode" => {
            wire::content(&attributes::send_code_by_token(site, &wire::parse(body)?).await?)
        }
        "VerifyUserAttribute" => wire::done(attributes::verify_by_token(site, &wire::parse(body)?).await),
        "RevokeToken" => session::revoke(site, &wire::parse(body)?).await,
        "GlobalSignOut" => session::sign_out_everywhere(site, &wire::parse(body)?).await,
        _unknown => Err(Fault::UnknownOperation),
    }
}

pub(in crate::cloud) async fn initiate(site: &Site, request: &InitiateAuth) -> Result<AuthReply, Fault> {
    let client = fields::client(site, &request.client_id)?;
    let parameters = &request.auth_parameters;
    match request.auth_flow {
        AuthFlow::UserSrp => password::begin(site, client, parameters).await,
        AuthFlow::UserPassword => password::check(site, client, parameters).await,
        AuthFlow::Custom => recovery::begin(site, client, parameters).await,
        AuthFlow::RefreshToken => session::refresh(site, client, parameters).await,
    }
}

pub(in crate::cloud) async fn respond(site: &Site, request: &RespondToAuthChallenge) -> Result<AuthReply, Fault> {
    let client = fields::client(site, &request.client_id)?;
    match request.challenge_name.as_str() {
        "PASSWORD_VERIFIER" => password::prove(site, client, &request.challenge_responses).await,
        "SOFTWARE_TOKEN_MFA" => second_factor::answer_totp(site, request).await,
        "SMS_MFA" => second_factor::answer_sms(site, request).await,
        "SELECT_MFA_TYPE" => second_factor::choose(site, request).await,
        "CUSTOM_CHALLENGE" => recovery::answer(site, request).await,
        "NEW_PASSWORD_REQUIRED" => first_time::set_password(site, request).await,
        "MFA_SETUP" => first_time::finish_enrolment(site, request).await,
        _unknown => Err(Fault::Constraint("challengeName", "Member must be a challenge that this service gives")),
    }
}

fn log(outcome: &Result<Value, Fault>, request_id: &str) {
    match outcome {
        Ok(_) => tracing::debug!(request_id, "cognito operation answered"),
        Err(fault) if fault.is_ours() => {
            tracing::warn!(request_id, error = report::chain(fault), "cognito operation failed");
        }
        Err(fault) => tracing::info!(request_id, kind = fault.kind(), "cognito operation refused"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cloud::bench::{Bench, CLIENT, EMAIL};

    #[tokio::test]
    async fn what_cannot_be_understood_is_the_clients_fault_and_named_in_body_and_header() {
        let bench = Bench::new().await;
        let initiate = |flow: Value, client: &str, parameters: Value| {
            ("InitiateAuth", json!({"AuthFlow": flow, "ClientId": client, "AuthParameters": parameters}))
        };
        let ann = json!({"USERNAME": EMAIL, "PASSWORD": "x"});
        for ((operation, body), fault) in [
            (("NoSuchOperation", json!({})), "UnknownOperationException"),
            (("", json!({})), "UnknownOperationException"),
            (("InitiateAuth", json!([])), "SerializationException"),
            (("InitiateAuth", json!({})), "InvalidParameterException"),
            (("GetUser", json!({"AccessToken": 7})), "SerializationException"),
            (("GetUser", json!({"AccessToken": "no token"})), "InvalidParameterException"),
            (("GetUser", json!({"AccessToken": "a.b.c"})), "NotAuthorizedException"),
            (initiate("NO_SUCH_FLOW".into(), CLIENT, ann.clone()), "InvalidParameterException"),
            (initiate(7.into(), CLIENT, ann.clone()), "SerializationException"),
            (initiate("USER_PASSWORD_AUTH".into(), "nosuchclient", ann.clone()), "ResourceNotFoundException"),
            (initiate("USER_PASSWORD_AUTH".into(), &"x".repeat(129), ann), "InvalidParameterException"),
            (initiate("USER_PASSWORD_AUTH".into(), CLIENT, json!({"USERNAME": 7})), "SerializationException"),
            (initiate("USER_PASSWORD_AUTH".into(), CLIENT, json!({"USERNAME": EMAIL})), "InvalidParameterException"),
            (
                initiate("USER_SRP_AUTH".into(), CLIENT, json!({"USERNAME": "a b", "SRP_A": "2f"})),
                "InvalidParameterException",
            ),
            (
                initiate("USER_SRP_AUTH".into(), CLIENT, json!({"USERNAME": "a".repeat(129), "SRP_A": "2f"})),
                "InvalidParameterException",
            ),
        ] {
            let reply = bench.cognito(operation, &body).await;
            assert_eq!((reply.status.as_u16(), reply.fault()), (400, fault), "{operation} {body}");
            assert_eq!(reply.headers["x-amzn-errortype"], fault);
            assert_eq!(reply.headers["x-amzn-errormessage"], reply.message());
            assert_eq!(reply.headers["content-type"], "application/x-amz-json-1.1");
            assert_eq!(reply.headers["x-amzn-requestid"].len(), 36);
        }
    }

    #[tokio::test]
    async fn a_body_that_is_no_json_or_nests_without_end_is_refused() {
        let bench = Bench::new().await;
        for body in ["", "<html>", &"[".repeat(60_000), "{\"AuthFlow\":"] {
            let request = axum::http::Request::post("/")
                .header("x-amz-target", format!("{TARGET_PREFIX}InitiateAuth"))
                .body(body.to_owned().into());
            let reply = bench.send(request.unwrap()).await;
            assert_eq!((reply.status.as_u16(), reply.fault()), (400, "SerializationException"), "{body:.20}");
        }
    }

    #[tokio::test]
    async fn a_page_of_another_origin_may_ask_first() {
        let bench = Bench::new().await;
        let preflight = axum::http::Request::options("/")
            .header("origin", "https://panel.test")
            .header("access-control-request-headers", "content-type,x-amz-target,x-amz-user-agent,cache-control")
            .body(Body::empty());
        let reply = bench.send(preflight.unwrap()).await;
        assert_eq!(reply.status.as_u16(), 204);
        assert_eq!(reply.headers["access-control-allow-origin"], "*");
        let allowed = reply.headers["access-control-allow-headers"].to_str().unwrap();
        for name in ["content-type", "x-amz-target", "x-amz-user-agent", "cache-control", "authorization"] {
            assert!(allowed.split(", ").any(|listed| listed == name), "{name}");
        }
    }
}
