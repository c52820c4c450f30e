//! `GET /api/v1/openapi.json`: what there is, for programs that make clients of it.

use axum::response::{IntoResponse as _, Response};
use http::header;
use include_flate::flate;

flate!(static DOCUMENT: str from "assets/api/openapi.json");

pub(super) async fn document() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT.as_str()).into_response()
}
