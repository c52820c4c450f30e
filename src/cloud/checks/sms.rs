//! Is there a way for text messages? Nothing is sent.

use super::{Finding, fine, warning, wrong};
use crate::cloud::Plan;
use crate::cloud::delivery::{Sms, modem};

const NAME: &str = "sms";

pub(super) async fn check(plan: &Plan) -> Finding {
    match &plan.delivery.sms {
        None => warning(NAME, "no way: text messages wait in 'latchkey-cloud outbox' and reach nobody."),
        Some(Sms::Gateway(gateway)) => {
            let url = gateway.url.parse::<http::Uri>().ok();
            let host = url.as_ref().and_then(http::Uri::host).unwrap_or("the gateway").to_owned();
            match (&gateway.user, &gateway.secret) {
                (Some(_), None) => wrong(NAME, format!("{host} gets a name but no password; give sms.secret_file.")),
                _ => fine(NAME, format!("they go to {host}; only a message that is sent can tell more.")),
            }
        }
        Some(Sms::Modem) => match modem::find().await {
            Ok(()) => fine(NAME, "ModemManager has a modem."),
            Err(failure) => wrong(NAME, format!("{}.", failure.reason)),
        },
    }
}
