//! Do certificate and key belong together, and for how long yet?

use std::time::Duration;

use super::{Finding, fine, warning, wrong};
use crate::base::Clock;
use crate::cloud::settings::Settings;
use crate::net::Certificates;

const NAME: &str = "certificate";
const DAY: u64 = 24 * 3600;
/// Those that renew themselves do so a month before.
const SOON: u64 = 14;

pub(super) fn check(settings: &Settings, clock: &Clock) -> Finding {
    let Some(files) = &settings.tls else {
        return fine(NAME, "none: HTTPS is a proxy's matter, or nobody else's.");
    };
    let certificates = match Certificates::read(&files.certificate, &files.key) {
        Ok(certificates) => certificates,
        Err(error) => return wrong(NAME, error.to_string()),
    };
    let shown = files.certificate.display();
    let Some((begins, ends)) = certificates.validity() else {
        return warning(NAME, format!("the dates of {shown} cannot be read."));
    };
    let now = clock.wall();
    match ends.duration_since(now).as_ref().map(Duration::as_secs) {
        _ if begins > now => wrong(NAME, format!("{shown} is not valid yet; is this machine's clock right?")),
        Err(_) => wrong(NAME, format!("{shown} has expired; renew it.")),
        Ok(left) if left < SOON * DAY => warning(NAME, format!("{shown} expires in {} days; renew it.", left / DAY)),
        Ok(left) => fine(NAME, format!("{shown} is valid for {} days yet.", left / DAY)),
    }
}
