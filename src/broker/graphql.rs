//! `POST /v1/graphql`: signs a GraphQL request and forwards it; the service's status and JSON come back as they are.

use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::Broker;
use super::error::Error;

/// The one member that no GraphQL request lacks.
#[derive(Deserialize)]
struct Asked {
    #[serde(rename = "query")]
    _query: IgnoredAny,
}

pub(super) async fn forward(
    State(broker): State<Broker>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Error> {
    let body = body?;
    let _checked: Asked = serde_json::from_slice(&body).map_err(Error::Json)?;
    let (status, answer) = broker.account.graphql(body.into()).await?;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    Ok((status, [(CONTENT_TYPE, "application/json")], answer).into_response())
}
