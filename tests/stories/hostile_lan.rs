//! Somebody on the same network who wants the device: by names, by foreign pages, by forged headers, by guessing, by a stolen
//! cookie, by listening. They get nothing, and never keep the owner out.

use http::StatusCode;

use crate::browser::Browser;
use crate::world::{Person, World};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const GUESSES: usize = 10_000;

async fn owner_over_tls(world: &World) -> (Person, Browser) {
    let ann = world.ann().await;
    let mut browser = world.browser_at("192.168.1.7").over_tls();
    browser.sign_in(world, &ann).await;
    (ann, browser)
}

#[tokio::test]
async fn the_owner_signs_in_from_the_network_by_the_panels_own_tls() {
    let world = World::new().await;
    let (_ann, mut browser) = owner_over_tls(&world).await;
    assert!(browser.cookies.keys().all(|name| name.starts_with("__Host-latchkey-")), "{:?}", browser.cookies);
    assert!(browser.get("/").await.says("Fresh"));
}

#[tokio::test]
async fn a_rebound_name_gets_nothing_even_with_the_owners_cookie_and_the_console_tells_it() {
    let world = World::new().await;
    let (_ann, mut browser) = owner_over_tls(&world).await;
    for name in ["evil.example", "192.168.1.50.evil.example", "other.local:29999"] {
        browser.host = name.into();
        for path in ["/", "/claim", "/ca", "/ca.crt", "/style/panel.css"] {
            let answer = browser.get(path).await;
            assert_eq!(answer.status, StatusCode::MISDIRECTED_REQUEST, "{name} {path}");
            assert!(!answer.says("Fresh") && answer.header("set-cookie").is_empty());
        }
    }
    assert_eq!(world.panel.for_the_console().refused_name.as_deref(), Some("evil.example"));
}

#[tokio::test]
async fn pages_of_other_sites_can_neither_send_forms_nor_fetch_nor_frame() {
    let world = World::new().await;
    let (_ann, mut browser) = owner_over_tls(&world).await;
    let own = format!("https://{}", browser.host);
    let plain = format!("http://{}", browser.host);
    let foreign: [&[(&str, &str)]; 6] = [
        &[FORM, ("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")],
        // The same host over plain HTTP is another origin: anybody on the way can write its pages.
        &[FORM, ("origin", &plain)],
        &[FORM, ("origin", "null")],
        &[FORM],
        &[("content-type", "text/plain"), ("origin", &own)],
        &[("content-type", "application/json"), ("origin", "https://evil.example")],
    ];
    for headers in foreign {
        for path in ["/sign-out", "/sign-out-device", "/claim", "/sign-in"] {
            let answer = browser.post_from(path, headers, "code=1").await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} {headers:?}");
        }
    }
    let page = browser.get("/").await;
    assert!(page.says("Fresh"));
    assert_eq!(page.header("x-frame-options"), "DENY");
    assert!(page.headers.get("access-control-allow-origin").is_none());
}

#[tokio::test]
async fn a_link_of_another_site_leads_the_owner_on_although_their_cookie_stays_at_home() {
    let world = World::new().await;
    let (_ann, mut browser) = owner_over_tls(&world).await;
    let cookies = std::mem::take(&mut browser.cookies);
    browser.extra = vec![("sec-fetch-site", "cross-site".into()), ("sec-fetch-mode", "navigate".into())];
    let page = browser.get("/").await;
    assert!(page.says("One moment") && page.text.contains("http-equiv=\"refresh\""), "{}", page.text);
    browser.cookies = cookies;
    browser.extra = vec![("sec-fetch-site", "same-origin".into()), ("sec-fetch-mode", "navigate".into())];
    assert!(browser.get("/").await.says("Fresh"));
    browser.cookies.clear();
    assert_eq!(browser.get("/").await.location(), "sign-in");
}

#[tokio::test]
async fn forged_headers_make_nobody_local_and_move_no_limit() {
    let world = World::new().await;
    let forged = |number: usize| {
        vec![
            ("x-forwarded-for", format!("127.0.0.1, 10.9.{}.{}", number / 250, number % 250)),
            ("x-forwarded-proto", "https".to_owned()),
            ("x-forwarded-host", "localhost".to_owned()),
            ("forwarded", "for=127.0.0.1;proto=https".to_owned()),
            ("x-real-ip", "127.0.0.1".to_owned()),
        ]
    };
    let mut plain = world.browser_at("192.168.1.66");
    plain.extra = forged(0);
    assert_eq!(plain.get("/claim").await.status, StatusCode::FORBIDDEN);

    let mut guesser = world.browser_at("192.168.1.66").over_tls();
    let mut heard = 0;
    for number in 0..100 {
        guesser.extra = forged(number);
        let answer = guesser.post("/claim", &[("code", "AAAA-AAAA")]).await;
        heard += usize::from(answer.status == StatusCode::UNAUTHORIZED);
    }
    assert_eq!(heard, 5);
}

#[tokio::test]
async fn ten_thousand_wrong_claim_codes_get_nobody_in_and_keep_nobody_out() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut guesser = world.browser_at("192.168.1.66").over_tls();
    let mut heard = 0;
    for number in 0..GUESSES {
        let answer = guesser.post("/claim", &[("code", &format!("AAAA{number:04}"))]).await;
        assert_ne!(answer.location(), "sign-in");
        heard += usize::from(answer.status == StatusCode::UNAUTHORIZED);
        world.let_pass(1);
    }
    // Nearly three hours of trying: one every five minutes, after the first few.
    assert!((5..60).contains(&heard), "{heard}");
    // The owner on another device, and at the machine itself.
    let mut owner = world.browser_at("192.168.1.7").over_tls();
    owner.sign_in(&world, &ann).await;
}

#[tokio::test]
async fn ten_thousand_wrong_passwords_get_nobody_in_and_never_lock_the_console() {
    let world = World::new().await;
    let (ann, _owner) = owner_over_tls(&world).await;
    let mut guesser = world.browser_at("192.168.1.66").over_tls();
    let mut heard = 0;
    for number in 0..GUESSES {
        let answer = guesser.post("/sign-in", &[("email", &ann.email), ("password", &format!("Wrong {number}"))]).await;
        assert_ne!(answer.location(), "code");
        heard += usize::from(answer.status == StatusCode::UNAUTHORIZED);
    }
    assert_eq!(heard, 5);
    // The service itself holds the account back for seconds after such guesses.
    world.let_pass(60);
    assert_eq!(world.browser().give_password(&ann).await.location(), "code");
}

#[tokio::test]
async fn a_session_cookie_counts_only_under_the_name_that_it_was_given_to() {
    let world = World::new().await;
    let (_ann, owner) = owner_over_tls(&world).await;
    let (name, value) = owner.cookies.iter().find(|(name, _)| name.contains("session")).unwrap();
    assert!(name.starts_with("__Host-"));
    let mut thief = world.browser_at("192.168.1.66").over_tls();
    thief.cookies.insert(name.replace("__Host-", ""), value.clone());
    assert_eq!(thief.get("/").await.location(), "sign-in");
    thief.cookies.clear();
    thief.cookies.insert(name.replace("-session-", "-session-1"), value.clone());
    assert_eq!(thief.get("/").await.location(), "sign-in");
    // Over plain HTTP the true cookie opens nothing either.
    let mut listener = world.browser_at("192.168.1.66");
    listener.cookies.insert(name.clone(), value.clone());
    assert_eq!(listener.get("/").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn over_plain_http_there_is_the_way_to_https_and_nothing_that_listening_would_tell() {
    let world = World::new().await;
    let mut browser = world.browser_at("192.168.1.66");
    let page = browser.get("/").await;
    let https = format!("https://{}/", browser.host);
    assert!(page.says(&https) && page.says("href=\"ca\"") && !page.says("<form"), "{}", page.text);
    let trust = browser.get("/ca").await;
    assert_eq!(trust.status, StatusCode::OK);
    assert!(trust.says(&world.identity.fingerprint().words().join(" ")) && trust.says(&https) && !trust.says("<form"));
    let file = browser.get("/ca.crt").await;
    assert_eq!(file.header("content-type"), "application/x-x509-ca-cert");
    assert_eq!(file.text, world.identity.root().pem());
    assert!(browser.cookies.is_empty(), "{:?}", browser.cookies);
    assert_eq!(browser.post("/ca", &[]).await.status, StatusCode::FORBIDDEN);
}
