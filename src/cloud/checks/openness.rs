//! Is what clients send protected on its way?

use super::{Finding, fine, warning};
use crate::cloud::settings::Settings;

const NAME: &str = "settings";

pub(super) fn check(settings: &Settings) -> Finding {
    let plan = &settings.plan;
    let open = settings.listen.iter().any(|address| !address.ip().to_canonical().is_loopback());
    let secret_url = plan.public_url.as_deref().is_some_and(|url| url.starts_with("https://"));
    if open && settings.tls.is_none() && plan.trusted_proxies.is_empty() {
        return warning(NAME, "insecure_http is on: whoever listens on the way reads passwords and codes.");
    }
    if plan.public_url.is_none() && settings.listen.iter().any(|address| address.ip().is_unspecified()) {
        return warning(
            NAME,
            "public_url is missing: tokens will name an address like 0.0.0.0; say what clients call the service.",
        );
    }
    if !plan.trusted_proxies.is_empty() && !secret_url {
        return warning(
            NAME,
            "a proxy is named, but public_url does not begin with https://; let the proxy bring HTTPS.",
        );
    }
    fine(NAME, "they are right.")
}
