//! `POST /graphql/v1` (reference §3): the signed-in account, its access keys, and the fields that device clients ask for.

mod access_keys;
mod devices;
mod document;
mod events;
mod schema;
#[cfg(test)]
mod tests;

pub(crate) use schema::Schema;

use axum::Json;
use axum::body::{Bytes, to_bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::response::{IntoResponse as _, Response};
use juniper::http::{GraphQLRequest, GraphQLResponse};
use juniper::{OperationType, ValidatedOperation};
use serde_json::{Value, json};

use super::caller::{self, Caller};
use super::permit;
use super::site::Site;
use crate::base::report;
use schema::Context;

/// No document of ours is longer.
const LONGEST: usize = 64 * 1024;

#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error(transparent)]
    Caller(#[from] caller::Error),
    #[error(transparent)]
    NotAllowed(#[from] permit::Refusal),
    #[error("The request is larger than 64 KiB.")]
    TooLong,
    #[error("Send JSON of the form {{\"query\": \"…\", \"variables\": {{…}}}}.")]
    NotARequest,
    #[error(transparent)]
    Document(#[from] document::TooMuch),
}

pub(super) async fn answer(site: Site, request: Request) -> Response {
    match run(&site, request).await {
        Ok(content) => Json(content).into_response(),
        Err(refused) => refuse(&refused),
    }
}

async fn run(site: &Site, request: Request) -> Result<Value, Refused> {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, LONGEST).await.map_err(|_too_long| Refused::TooLong)?;
    let caller = caller::identify(site, &head, &body).await?;
    execute(site, caller, &body).await
}

async fn execute(site: &Site, caller: Caller, body: &Bytes) -> Result<Value, Refused> {
    let request: GraphQLRequest = serde_json::from_slice(body).map_err(|_unreadable| Refused::NotARequest)?;
    document::check(&request.query)?;
    let outcome = match ValidatedOperation::new(&request.query, request.operation_name.as_deref(), site.schema.root()) {
        Ok(operation) => {
            if operation.operation_type() == OperationType::Mutation {
                caller.by.may_change()?;
                caller.change_once(site).await?;
            }
            let context = Context { site: site.clone(), caller };
            operation.execute(&request.variables(), &context).await
        }
        Err(error) => Err(error),
    };
    serde_json::to_value(GraphQLResponse::from_result(outcome)).map_err(|_unwritable| Refused::NotARequest)
}

fn refuse(refused: &Refused) -> Response {
    let status = refused.status();
    if let Refused::Caller(caller::Error::Store(error)) = refused {
        tracing::warn!(error = report::chain(error), "graphql failed");
    } else {
        tracing::info!(reason = %refused, "graphql refused");
    }
    let error = json!({ "message": refused.to_string(), "extensions": { "code": refused.code() } });
    let mut response = (status, Json(json!({ "errors": [error] }))).into_response();
    if status == StatusCode::UNAUTHORIZED {
        let schemes = HeaderValue::from_static("Bearer, Signature headers=\"(request-target) host date\"");
        response.headers_mut().insert(WWW_AUTHENTICATE, schemes);
    }
    if status == StatusCode::CONFLICT {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

impl Refused {
    /// 401 makes clients take their token or key for dead, so it is said only of those. What a living key may not do is an error
    /// within a good answer, as GraphQL has it; a request that came twice is a conflict.
    fn status(&self) -> StatusCode {
        match self {
            Self::Caller(caller::Error::Store(_)) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Caller(caller::Error::Repeated) => StatusCode::CONFLICT,
            Self::Caller(_) => StatusCode::UNAUTHORIZED,
            Self::NotAllowed(_) => StatusCode::OK,
            Self::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotARequest | Self::Document(_) => StatusCode::BAD_REQUEST,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Caller(error) => error.code(),
            Self::NotAllowed(_) => "NOT_ALLOWED",
            Self::TooLong => "TOO_LONG",
            Self::NotARequest | Self::Document(_) => "BAD_REQUEST",
        }
    }
}
