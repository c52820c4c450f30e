//! The hostile network: foreign names, foreign pages, plain HTTP, forged headers.

use http::StatusCode;

use crate::world::{TRUSTED_PROXY, World};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

#[tokio::test]
async fn a_foreign_name_that_points_at_the_device_is_refused() {
    let world = World::new().await;
    let mut browser = world.browser();
    browser.host = "evil.example".into();
    for path in ["/", "/claim", "/sign-in", "/style/panel.css"] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, StatusCode::MISDIRECTED_REQUEST, "{path}");
        assert!(answer.says("does not answer to the name 'evil.example'") && answer.says("'names'"));
        assert_eq!(answer.header("set-cookie"), "");
    }
}

#[tokio::test]
async fn every_name_of_the_device_is_answered() {
    let world = World::new().await;
    for host in ["localhost:29999", "raspberrypi", "[::1]:29999", "[fe80::1%25eth0]", "192.168.1.50", "PANEL.example."]
    {
        let mut browser = world.browser();
        browser.host = host.into();
        assert_eq!(browser.get("/claim").await.status, StatusCode::OK, "{host}");
    }
}

#[tokio::test]
async fn a_form_of_another_site_changes_nothing() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.signed_in_browser(&ann).await;
    let own = format!("http://{}", browser.host);
    let foreign: [&[(&str, &str)]; 7] = [
        &[FORM, ("origin", "http://evil.example")],
        &[FORM, ("origin", "null")],
        &[FORM, ("origin", "http://127.0.0.1:8080")],
        &[FORM, ("sec-fetch-site", "cross-site")],
        &[FORM, ("origin", own.as_str()), ("sec-fetch-site", "same-site")],
        &[FORM],
        &[("content-type", "text/plain"), ("origin", own.as_str()), ("sec-fetch-site", "same-origin")],
    ];
    for headers in foreign {
        for path in ["/sign-out", "/sign-out-device", "/sign-in", "/claim", "/code", "/access-key", "/make-room"] {
            let answer = browser.post_from(path, headers, "code=1").await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} {headers:?}");
        }
    }
    assert!(browser.get("/").await.says("Fresh"));
}

#[tokio::test]
async fn a_browser_that_sends_only_one_of_the_two_headers_is_believed() {
    let world = World::new().await;
    for origin in [true, false] {
        let mut browser = world.browser();
        let own = format!("http://{}", browser.host);
        let header = if origin { ("origin", own.as_str()) } else { ("sec-fetch-site", "same-origin") };
        let answer = browser.post_from("/claim", &[FORM, header], &format!("code={}", world.claim_code())).await;
        assert_eq!(answer.location(), "sign-in", "{header:?}");
    }
}

#[tokio::test]
async fn plain_http_from_the_network_gets_an_explanation_and_no_form() {
    let world = World::new().await;
    let mut browser = world.browser_at("192.168.1.66");
    for path in ["/", "/claim", "/sign-in"] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert!(answer.says("not private") && !answer.says("<form") && !answer.says("<input"));
        assert_eq!(answer.header("set-cookie"), "");
    }
    let posted = browser.post("/claim", &[("code", &world.claim_code())]).await;
    assert_eq!(posted.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.get("/style/panel.css").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_stranger_cannot_claim_to_come_over_https() {
    let world = World::new().await;
    let mut browser = world.browser_at("192.168.1.66").over_https();
    assert_eq!(browser.get("/claim").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_whole_way_works_over_https() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.browser_at(TRUSTED_PROXY).over_https();
    browser.host = "panel.example".into();
    browser.sign_in(&world, &ann).await;
    assert!(browser.cookies.keys().all(|name| name.starts_with("__Host-latchkey-")), "{:?}", browser.cookies);
    assert!(browser.get("/").await.says("Fresh"));
}

#[tokio::test]
async fn without_a_session_only_the_way_in_is_open() {
    let world = World::new().await;
    let ann = world.ann().await;
    world.signed_in_browser(&ann).await;
    let mut stranger = world.browser();
    for path in ["/", "/sign-out-device", "/no-such-page"] {
        assert_eq!(stranger.get(path).await.location(), "sign-in", "{path}");
    }
    assert_eq!(stranger.get("/no/such/page").await.location(), "../../sign-in");
    assert_eq!(stranger.post("/sign-out-device", &[]).await.location(), "sign-in");
    assert!(world.account.status().owner.is_some());
}

#[tokio::test]
async fn the_first_view_is_small_and_kept_by_the_browser() {
    let world = World::new().await;
    let mut browser = world.browser();
    browser.claim(&world).await;
    let page = browser.get("/sign-in").await;
    let mut bytes = page.text.len();
    for attribute in ["href=\"style/", "src=\"script/", "href=\"icons/"] {
        let (_, rest) = page.text.split_once(attribute).unwrap();
        let folder = attribute.split('"').nth(1).unwrap();
        let asset = browser.get(&format!("/{folder}{}", rest.split('"').next().unwrap())).await;
        assert_eq!(asset.status, StatusCode::OK);
        assert!(asset.header("cache-control").contains("immutable"));
        bytes += asset.text.len();
        browser.extra = vec![("if-none-match", asset.header("etag").to_owned())];
        assert_eq!(browser.get(&format!("/{folder}{}", rest.split('"').next().unwrap())).await.status, 304);
        browser.extra.clear();
    }
    assert!(bytes < 40_000, "{bytes}");
}

#[tokio::test]
async fn more_text_than_a_form_holds_is_refused() {
    let world = World::new().await;
    let mut browser = world.browser_at("127.0.0.1");
    browser.claim(&world).await;
    let text = "x".repeat(3_000_000);
    let answer = browser.post("/access-key", &[("credentials", &text)]).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn cookies_of_other_programs_do_no_harm() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.signed_in_browser(&ann).await;
    for number in 0..40 {
        browser.cookies.insert(format!("other{number}"), "x".repeat(200));
    }
    browser.cookies.insert("session".into(), "stolen".into());
    browser.cookies.insert("auth".into(), "a b;c".into());
    assert!(browser.get("/").await.says("Fresh"));
}
