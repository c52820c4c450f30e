//! Does the mail server answer, with TLS and the password? Nothing is sent.

use std::time::Duration;

use tokio::time::timeout;

use super::{Finding, fine, warning, wrong};
use crate::cloud::Plan;
use crate::cloud::delivery::Courier;

const NAME: &str = "mail";
const PATIENCE: Duration = Duration::from_secs(15);

pub(super) async fn check(plan: &Plan) -> Finding {
    let Some(server) = &plan.delivery.mail else {
        return warning(NAME, "no server: mail waits in 'latchkey-cloud outbox' and reaches nobody.");
    };
    let (host, port) = (&server.host, server.port);
    let courier = match Courier::new(plan) {
        Ok(courier) => courier,
        Err(error) => return wrong(NAME, error.to_string()),
    };
    match timeout(PATIENCE, courier.greet_mail_server()).await {
        Ok(None | Some(Ok(()))) => fine(NAME, format!("{host}:{port} answers and takes our mail.")),
        Ok(Some(Err(failure))) => wrong(NAME, format!("{host}:{port}: {}.", failure.reason)),
        Err(_late) => wrong(NAME, format!("{host}:{port} does not answer in time.")),
    }
}
