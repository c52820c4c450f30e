//! `POST /v1/reload`: the command line has changed what is kept; read it again.

use axum::Extension;
use axum::extract::State;
use http::StatusCode;

use super::error::Error;
use super::{Broker, policy};
use crate::net::Peer;

pub(super) async fn reload(
    State(broker): State<Broker>,
    Extension(peer): Extension<Peer>,
) -> Result<StatusCode, Error> {
    if !policy::is_administrator(peer) {
        return Err(Error::NotAdministrator);
    }
    broker.account.reload()?;
    Ok(StatusCode::NO_CONTENT)
}
