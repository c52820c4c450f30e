//! `GET /v1/callback/` (reference §2.7): takes a browser back to a panel on a LAN, whose address nobody could register. It stands
//! in the state, after the first `-`, in hex. Only an address that cannot be somebody's on the internet is gone to, and only one
//! path there, so that this is no way to send people elsewhere.

use std::net::IpAddr;

use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::Response;
use data_encoding::HEXLOWER_PERMISSIVE;
use openidconnect::url::{Host, Url};

use super::page::{self, Refusal};
use super::parameters::{Parameters, with_query};

const PATH: &str = "/v1/callback/";
const LONGEST_ADDRESS: usize = 300;
const NOT_OURS: &str = "This page only leads back to a panel on your own network, and the address that came along is none. \
                        Open your device's panel again and begin there.";

pub(super) async fn answer(RawQuery(query): RawQuery) -> Result<Response, Refusal> {
    let brought = Parameters::parse(query.unwrap_or_default().as_bytes())?;
    let carried = ["code", "state", "error", "error_description"].map(|name| (name, brought.text(name)));
    if carried.iter().all(|(_name, value)| value.is_none()) {
        return Ok(page::message("You are signed out", "Close this page, or open your device's panel again."));
    }
    let panel = brought.text("state").and_then(panel_address);
    let panel = panel.ok_or(Refusal::Request(StatusCode::BAD_REQUEST, NOT_OURS))?;
    Ok(page::go_to(&with_query(&panel, &carried), None))
}

/// The panel's own callback, when it is on a LAN.
fn panel_address(state: &str) -> Option<String> {
    let (_random, hex) = state.split_once('-')?;
    let bytes = HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).ok()?;
    let address = String::from_utf8(bytes).ok().filter(|address| address.len() <= LONGEST_ADDRESS)?;
    is_panel(&address).then_some(address)
}

/// Read as browsers read it, and refused when they would read it as anything but what is written: other ways to write an
/// address, a name and password, tabs, blanks, backslashes.
fn is_panel(address: &str) -> bool {
    let Ok(url) = Url::parse(address) else { return false };
    let plain = url.as_str() == address && url.username().is_empty() && url.password().is_none();
    let bare = url.path() == PATH && url.query().is_none() && url.fragment().is_none();
    let web = matches!(url.scheme(), "http" | "https") && url.port() != Some(0);
    let near = match url.host() {
        Some(Host::Ipv4(host)) => is_near(host.into()),
        Some(Host::Ipv6(host)) => is_near(host.into()),
        Some(Host::Domain(name)) => is_local_name(name),
        None => false,
    };
    plain && bare && web && near
}

fn is_near(host: IpAddr) -> bool {
    match host.to_canonical() {
        IpAddr::V4(host) => host.is_private() || host.is_link_local() || host.is_loopback(),
        IpAddr::V6(host) => host.is_unique_local() || host.is_unicast_link_local() || host.is_loopback(),
    }
}

/// A name of multicast DNS, or this machine's. One without a dot could be anybody's: some top-level domains have addresses.
fn is_local_name(name: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.starts_with("xn--")
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    name == "localhost" || name.strip_suffix(".local").is_some_and(|labels| labels.split('.').all(is_label))
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;

    use super::*;

    #[test]
    fn a_panel_on_a_lan_is_found_in_the_state() {
        for address in [
            "http://192.168.1.20:29999/v1/callback/",
            "https://10.0.0.7/v1/callback/",
            "http://172.31.255.1:8080/v1/callback/",
            "http://169.254.7.7:29999/v1/callback/",
            "http://127.0.0.1:29999/v1/callback/",
            "http://[fd00::5]:29999/v1/callback/",
            "http://[fe80::1]:29999/v1/callback/",
            "http://[::1]/v1/callback/",
            "http://raspberrypi.local:29999/v1/callback/",
            "https://pi-2.attic.local/v1/callback/",
            "http://localhost:29999/v1/callback/",
        ] {
            let state = format!("aB3random-{}", HEXLOWER.encode(address.as_bytes()));
            assert_eq!(panel_address(&state).as_deref(), Some(address));
        }
    }

    #[test]
    fn a_state_without_an_address_leads_nowhere() {
        for state in
            ["", "random", "random-", "random-zz", "random-6", "random-ff00", &format!("r-{}", "61".repeat(301))]
        {
            assert_eq!(panel_address(state), None, "{state}");
        }
    }

    #[test]
    fn nothing_that_could_be_elsewhere_is_a_panel() {
        for address in [
            "http://evil.example/v1/callback/",
            "http://8.8.8.8/v1/callback/",
            "http://172.32.0.1/v1/callback/",
            "http://100.64.0.1/v1/callback/",
            "http://0.0.0.0/v1/callback/",
            "http://[2001:db8::1]/v1/callback/",
            "http://[::ffff:8.8.8.8]/v1/callback/",
            "http://[::ffff:808:808]/v1/callback/",
            "http://192.168.1.20@evil.example/v1/callback/",
            "http://evil.example:80@192.168.1.20/v1/callback/",
            "http://a@192.168.1.20/v1/callback/",
            "http://192.168.1.20.evil.example/v1/callback/",
            "http://192.168.1.20\\@evil.example/v1/callback/",
            "http://evil.example#.local/v1/callback/",
            "http://evil.example?.local/v1/callback/",
            "http://evil.local.example/v1/callback/",
            "http://.local/v1/callback/",
            "http://pi..local/v1/callback/",
            "http://pi.local./v1/callback/",
            "http://xn--pi-eka.local/v1/callback/",
            "http://p\u{131}.local/v1/callback/",
            "http://pi/v1/callback/",
            "http://ai./v1/callback/",
            "http://0x7f.1/v1/callback/",
            "http://3232235796/v1/callback/",
            "http://192.168.276/v1/callback/",
            "http://192.168.1.20:0/v1/callback/",
            "http://192.168.1.20:/v1/callback/",
            "http://192.168.1.20:080/v1/callback/",
            "http://192.168.1.20/",
            "http://192.168.1.20/v1/callback",
            "http://192.168.1.20/v1/callback/x",
            "http://192.168.1.20/v1/callback/../../evil",
            "http://192.168.1.20/v1/callback/?next=x",
            "http://192.168.1.20/v1/callback/#x",
            "http://192.168.1.20/v1/callback/\r\nset-cookie: a=b",
            "http://192.168.1.20/v1/callback/\t",
            " http://192.168.1.20/v1/callback/",
            "HTTP://192.168.1.20/v1/callback/",
            "http:192.168.1.20/v1/callback/",
            "//192.168.1.20/v1/callback/",
            "javascript://192.168.1.20/v1/callback/",
            "ftp://192.168.1.20/v1/callback/",
            "remoteit://192.168.1.20/v1/callback/",
            "",
        ] {
            let state = format!("random-{}", HEXLOWER.encode(address.as_bytes()));
            assert_eq!(panel_address(&state), None, "{address}");
        }
    }

    use crate::cloud::openid::bench::Journey;

    #[tokio::test]
    async fn a_browser_is_taken_to_the_panel_with_what_it_carries_and_nothing_else() {
        let mut journey = Journey::new().await;
        let state = format!("rnd-{}", HEXLOWER.encode(b"http://192.168.1.20:29999/v1/callback/"));
        let page = journey.get(&format!("/v1/callback/?code=a%26b&state={state}&next=https://evil.example")).await;
        let panel = "http://192.168.1.20:29999/v1/callback/";
        assert_eq!(page.location(), format!("{panel}?code=a%26b&state={state}"));
        let refused = journey.get(&format!("/v1/callback/?error=access_denied&state={state}")).await;
        assert_eq!(refused.location(), format!("{panel}?state={state}&error=access_denied"));
        for query in ["code=x", "code=x&state=rnd-687474703a2f2f6576696c2e6578616d706c652f", "code=x&code=y"] {
            let page = journey.get(&format!("/v1/callback/?{query}")).await;
            assert_eq!(page.status, StatusCode::BAD_REQUEST, "{query}");
        }
    }
}
