//! `POST /api/v1/release`: the device leaves its account; every session and every device token ends with it.

use axum::extract::State;
use serde::Serialize;

use super::answer::{Answer, Sent};
use crate::account::SignedOut;
use crate::panel::Panel;

#[derive(Serialize)]
pub(super) struct Released {
    /// `everywhere`, or `here_only`: the service could not be asked and still lists the key.
    released: &'static str,
}

pub(super) async fn give_up(State(panel): State<Panel>) -> Answer<Released> {
    let released = match panel.give_up_device().await? {
        SignedOut::Everywhere => "everywhere",
        SignedOut::HereOnly => "here_only",
    };
    Ok(Sent(Released { released }))
}
