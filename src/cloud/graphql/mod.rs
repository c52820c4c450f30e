//! `POST /graphql/v1` (reference §3): the signed-in account, its access keys, and the fields that device clients ask for.

mod access_keys;
mod devices;
mod document;
mod schema;

use axum::Json;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{HeaderValue, WWW_AUTHENTICATE};
use axum::response::{IntoResponse as _, Response};
use juniper::http::{GraphQLRequest, GraphQLResponse};
use serde_json::{Value, json};

use super::caller;
use super::site::Site;
use super::store::Account;
use crate::base::report;
use schema::{Context, Schema};

/// No document of ours is longer.
const LONGEST: usize = 64 * 1024;

#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error(transparent)]
    Caller(#[from] caller::Error),
    #[error("The request is larger than 64 KiB.")]
    TooLong,
    #[error("Send JSON of the form {{\"query\": \"…\", \"variables\": {{…}}}}.")]
    NotARequest,
    #[error(transparent)]
    Document(#[from] document::TooMuch),
}

pub(super) async fn answer(State(site): State<Site>, request: Request) -> Response {
    match run(&site, request).await {
        Ok(content) => Json(content).into_response(),
        Err(refused) => refuse(&refused),
    }
}

async fn run(site: &Site, request: Request) -> Result<Value, Refused> {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, LONGEST).await.map_err(|_too_long| Refused::TooLong)?;
    let account = caller::identify(site, &head, &body).await?;
    execute(site, account, &body).await
}

async fn execute(site: &Site, account: Account, body: &Bytes) -> Result<Value, Refused> {
    let request: GraphQLRequest = serde_json::from_slice(body).map_err(|_unreadable| Refused::NotARequest)?;
    document::check(&request.query)?;
    let context = Context { site: site.clone(), account };
    let schema = Schema::default();
    let variables = request.variables();
    let outcome =
        juniper::execute(&request.query, request.operation_name.as_deref(), schema.root(), &variables, &context).await;
    serde_json::to_value(GraphQLResponse::from_result(outcome)).map_err(|_unwritable| Refused::NotARequest)
}

fn refuse(refused: &Refused) -> Response {
    let status = match refused {
        Refused::Caller(caller::Error::Store(error)) => {
            tracing::warn!(error = report::chain(error), "graphql failed");
            StatusCode::INTERNAL_SERVER_ERROR
        }
        Refused::Caller(error) => {
            tracing::info!(reason = %error, "graphql refused");
            StatusCode::UNAUTHORIZED
        }
        Refused::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
        Refused::NotARequest | Refused::Document(_) => StatusCode::BAD_REQUEST,
    };
    let mut response = (status, Json(json!({ "errors": [{ "message": refused.to_string() }] }))).into_response();
    if status == StatusCode::UNAUTHORIZED {
        let schemes = HeaderValue::from_static("Bearer, Signature headers=\"(request-target) host date\"");
        response.headers_mut().insert(WWW_AUTHENTICATE, schemes);
    }
    response
}
