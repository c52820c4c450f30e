//! `GET /api/v1/device`: the device itself.

use axum::extract::State;
use serde::Serialize;

use super::answer::{Answer, Sent};
use crate::panel::Panel;

#[derive(Serialize)]
pub(super) struct Told {
    name: String,
    version: &'static str,
}

pub(super) async fn tell(State(panel): State<Panel>) -> Answer<Told> {
    Ok(Sent(Told { name: panel.0.device_name.clone(), version: env!("CARGO_PKG_VERSION") }))
}
