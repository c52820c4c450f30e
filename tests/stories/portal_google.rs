//! Signing in to the portal by way of Google, and linking an account there.

#![expect(clippy::unwrap_used, reason = "a story that cannot go on fails")]

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Request, StatusCode, header};
use latchkey::base::Secret;
use latchkey::cloud::IdentityProvider;
use latchkey::net::Client;

use crate::browser::{Browser, Page};
use crate::test_provider::{CLIENT_ID, CLIENT_SECRET, Login, TestProvider};
use crate::world::{Factor, World};

#[tokio::test]
async fn somebody_signs_in_to_the_portal_with_google_and_hears_whose_second_factor_counts() {
    let (world, google) = world_with_google().await;
    let mut browser = world.portal_browser();
    assert!(browser.get("/sign-in").await.says("Sign in with Google"));
    let back = through_google(&world, &google, &mut browser, "with-provider?name=Google", "gina@gmail.example").await;
    assert_eq!(back.location(), "./", "{}", back.text);
    assert!(browser.follow(back).await.says("gina@gmail.example"));
    let page = browser.get("/two-factor").await;
    assert!(page.says("so Google asks for the second factor") && !page.says("Turn On"), "{}", page.text);
}

#[tokio::test]
async fn an_owner_links_an_account_at_google_and_removes_the_link_again() {
    let (world, google) = world_with_google().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut browser = world.signed_in_at_the_portal(&bob).await;
    assert!(browser.get("/").await.says("Link with Google"));
    let way = "with-provider?name=Google&link=yes";
    let back = through_google(&world, &google, &mut browser, way, "robert@gmail.example").await;
    let page = browser.follow(back).await;
    assert!(page.says("The accounts are linked") && page.says("robert@gmail.example"), "{}", page.text);

    let mut other = world.portal_browser();
    let back = through_google(&world, &google, &mut other, "with-provider?name=Google", "robert@gmail.example").await;
    assert!(other.follow(back).await.says("bob@example.test"), "both ways open the same account");
    let removed = browser.post("/", &[("do", "unlink"), ("provider", "Google")]).await;
    assert!(browser.follow(removed).await.says("The link is removed"));
}

#[tokio::test]
async fn an_answer_that_this_browser_did_not_ask_for_signs_nobody_in() {
    let (world, google) = world_with_google().await;
    let mut asking = world.portal_browser();
    let sent = asking.get("/with-provider?name=Google").await;
    let address = come_back(&world, &google, sent.location(), "gina@gmail.example").await;
    let mut victim = world.portal_browser();
    let answer = victim.get(&address).await;
    assert_eq!(answer.location(), "sign-in?why=nothing-pending");
    assert!(!victim.is_signed_in());
    let forged = asking.get("/provider-answer?code=x&state=y").await;
    assert_eq!(forged.location(), "sign-in?why=nothing-pending");
    assert_eq!(asking.get("/with-provider?name=Nobody").await.status, StatusCode::NOT_FOUND);
}

pub(crate) async fn world_with_google() -> (World, TestProvider) {
    let google = TestProvider::start().await;
    let provider = IdentityProvider {
        name: "Google".into(),
        issuer: google.issuer.clone(),
        client_id: CLIENT_ID.into(),
        client_secret: Secret::from(CLIENT_SECRET),
        ca_file: None,
    };
    (World::with(|plan| plan.identity_providers = vec![provider]).await, google)
}

/// The whole way, up to the portal's answer to the browser that is back.
async fn through_google(world: &World, google: &TestProvider, browser: &mut Browser, way: &str, email: &str) -> Page {
    browser.get("/sign-in").await;
    let sent = browser.get(&format!("/{way}")).await;
    let address = come_back(world, google, sent.location(), email).await;
    browser.get(&address).await
}

/// From the portal to the provider and back, as the browser is redirected; the page of the portal that it ends at.
async fn come_back(world: &World, google: &TestProvider, sent: &str, email: &str) -> String {
    let (client, mut cookies) = (Client::new(None).unwrap(), String::new());
    let away =
        follow(&client, &mut cookies, &format!("{}{}", world.service_url(), sent.trim_start_matches(".."))).await;
    let now = world.machine_clock().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let back = google.agree(&away, Login::new(email, email, now));
    let mut end = follow(&client, &mut cookies, &back).await;
    if let Some((question, request)) = end.split_once("?request=") {
        // "Link with Google": the owner agrees.
        let form = Request::post(question)
            .header(header::COOKIE, cookies.as_str())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let form = form.body(format!("request={request}").into()).unwrap();
        let answer = client.send(form, Duration::from_secs(30), 1 << 20).await.unwrap();
        end = match answer.headers().get(header::LOCATION) {
            Some(location) => location.to_str().unwrap().to_owned(),
            None => linked_to(&String::from_utf8_lossy(answer.body())),
        };
    }
    end.strip_prefix(&format!("{}/account", world.service_url())).unwrap().to_owned()
}

pub(crate) async fn follow(client: &Client, cookies: &mut String, address: &str) -> String {
    let request = Request::get(address).header(header::COOKIE, cookies.as_str()).body(Bytes::new()).unwrap();
    let answer = client.send(request, Duration::from_secs(30), 1 << 20).await.unwrap();
    assert_eq!(answer.status(), StatusCode::FOUND, "{address}: {:?}", answer.body());
    for line in answer.headers().get_all(header::SET_COOKIE) {
        let pair = line.to_str().unwrap().split(';').next().unwrap();
        *cookies = format!("{cookies}; {pair}").trim_start_matches("; ").to_owned();
    }
    answer.headers().get(header::LOCATION).unwrap().to_str().unwrap().to_owned()
}

/// Where a page goes on to by itself.
pub(crate) fn linked_to(page: &str) -> String {
    let (_, rest) = page.split_once("; url=").unwrap();
    rest.split('"').next().unwrap().replace("&#38;", "&")
}
