//! `GET /api/v1/openapi.json`: what there is, for programs that make clients of it.

use std::sync::LazyLock;

use axum::response::{IntoResponse as _, Response};
use http::header;

use crate::panel::packed;

static DOCUMENT: LazyLock<String> = LazyLock::new(packed::openapi);

pub(super) async fn document() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT.as_str()).into_response()
}
