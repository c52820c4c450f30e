//! `GET /logout`: the browser forgets what it had under way here, and goes on to a registered address. Tokens are the client's
//! to revoke: a link cannot end anybody's session.

use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::Response;

use super::page::{self, Refusal};
use super::parameters::Parameters;
use super::{authorize, browser};
use crate::cloud::site::Site;

pub(super) async fn answer(site: Site, RawQuery(query): RawQuery) -> Result<Response, Refusal> {
    const CLIENT: &str = "The program that sent you here is not known to this service (client_id).";
    const ADDRESS: &str = "The address to go on to is not registered here (logout_uri). You are signed out of this page all the \
                           same; close it.";
    let asked = Parameters::parse(query.unwrap_or_default().as_bytes())?;
    if asked.text("client_id") != Some(site.cloud.plan.client_id.as_str()) {
        return Err(Refusal::Request(StatusCode::BAD_REQUEST, CLIENT));
    }
    let address = asked.text("logout_uri").filter(|address| is_registered(&site, address));
    let address = address.ok_or(Refusal::Request(StatusCode::BAD_REQUEST, ADDRESS))?;
    Ok(page::go_to(address, browser::clear(&site)))
}

fn is_registered(site: &Site, address: &str) -> bool {
    address == authorize::relay_address(site) || site.cloud.plan.logout_urls.iter().any(|known| known == address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::bench::CLIENT;
    use crate::cloud::openid::bench::{Journey, RELAY};

    #[tokio::test]
    async fn a_browser_forgets_and_goes_on_to_a_registered_address_only() {
        let mut journey = Journey::new().await;
        for address in ["https://app.test/bye", RELAY] {
            let page = journey.get(&format!("/logout?client_id={CLIENT}&logout_uri={address}")).await;
            assert_eq!(page.location(), address);
            assert!(page.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
        }
        for query in [
            "",
            "client_id=client1",
            "client_id=other&logout_uri=https://app.test/bye",
            "client_id=client1&logout_uri=https://evil.example/",
        ] {
            assert_eq!(journey.get(&format!("/logout?{query}")).await.status, StatusCode::BAD_REQUEST, "{query}");
        }
        assert!(journey.get("/v1/callback/").await.text.contains("You are signed out"));
    }
}
