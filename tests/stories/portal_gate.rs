//! What the portal turns away, and what two instances of it share.

use http::StatusCode;

use crate::world::{Factor, World};

#[tokio::test]
async fn a_foreign_name_that_leads_to_the_portal_is_refused() {
    let world = World::new().await;
    let mut browser = world.portal_browser();
    let port = browser.host.rsplit(':').next().unwrap().to_owned();
    for host in [format!("localhost:{port}"), format!("127.0.0.1:{port}"), format!("[::1]:{port}")] {
        browser.host = host;
        assert_eq!(browser.get("/sign-in").await.status, StatusCode::OK, "{}", browser.host);
    }
    browser.host = format!("evil.example:{port}");
    let refused = browser.get("/sign-in").await;
    assert!(refused.status == StatusCode::MISDIRECTED_REQUEST && refused.says("does not answer to that name"));
    assert!(refused.headers.get("set-cookie").is_none());
}

#[tokio::test]
async fn a_form_of_another_site_changes_nothing_at_the_portal() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut browser = world.signed_in_at_the_portal(&bob).await;
    let form = ("content-type", "application/x-www-form-urlencoded");
    let own = format!("http://{}", browser.host);
    for headers in [
        vec![form, ("origin", "http://evil.example")],
        vec![form, ("origin", "null")],
        vec![form, ("sec-fetch-site", "cross-site")],
        vec![form, ("sec-fetch-site", "same-site"), ("origin", own.as_str())],
        vec![("content-type", "text/plain"), ("origin", own.as_str())],
        vec![form],
    ] {
        let answer = browser.post_from("/security", &headers, "do=sign-out-everywhere").await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{headers:?}");
    }
    assert_eq!(browser.get("/").await.status, StatusCode::OK, "still signed in");
}

#[tokio::test]
async fn the_portal_stands_apart_from_the_api() {
    let world = World::new().await;
    let discovery = world.service_says("/.well-known/latchkey").await;
    let portal = discovery["portal"].as_str().unwrap().to_owned();
    assert!(portal.ends_with("/account/"), "{discovery}");
    let mut browser = world.portal_browser();
    for path in ["/sign-in", "/style/panel.css", "/no-such-page", "/"] {
        let page = browser.get(path).await;
        assert!(page.headers.get("access-control-allow-origin").is_none(), "{path}");
    }
    assert_eq!(browser.get("/no-such-page").await.location(), "sign-in");
    assert_eq!(browser.post("/activity", &[]).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn too_long_a_form_is_said_to_be_too_long() {
    let world = World::new().await;
    let mut browser = world.portal_browser();
    let long = "x".repeat(100_000);
    let answer = browser.post("/sign-in", &[("email", "ann@example.test"), ("password", &long)]).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_sign_in_begun_at_one_instance_ends_at_another_and_both_know_the_session() {
    let mut world = World::new().await;
    let ann = world.ann().await;
    let other = world.second_instance().await;
    let mut browser = world.portal_browser();
    browser.give_password(&ann).await;
    browser.moves_to(other);
    browser.host = world.portal_browser().host;
    assert!(browser.get("/code").await.says("Six-digit code"));
    assert_eq!(browser.give_code(&world.code_of(&ann)).await.location(), "./");
    assert!(browser.get("/").await.says("ann@example.test"));
    browser.moves_to(world.service_address());
    assert!(browser.get("/").await.says("ann@example.test"));
}
