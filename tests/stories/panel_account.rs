//! The owner's account at a device's panel: profile, the way to a new sign-in, and what works without one.

use http::StatusCode;

use crate::world::{Factor, World, code_in};

#[tokio::test]
async fn the_navigation_is_on_every_page_and_leads_to_each() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.signed_in_at_the_panel(&ann).await;
    for (name, link) in [("Access keys", "keys"), ("Two-factor", "two-factor"), ("Profile", "profile")] {
        let overview = browser.get("/").await;
        assert!(overview.says(&format!("<a href=\"{link}\">")), "{}", overview.text);
        let page = browser.get(&format!("/{link}")).await;
        assert!(page.says(&format!("<a href=\"{link}\" aria-current=\"page\">")), "{}", page.text);
        assert!(page.says(&format!("<span>{name}</span></a>")), "{}", page.text);
        assert!(
            page.says("<a href=\"./\">") && page.says("<span>Overview</span></a>") && page.says("ann@example.test")
        );
    }
}

#[tokio::test]
async fn an_address_is_changed_by_a_mailed_code_and_the_device_knows_its_owner_by_it() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut browser = world.signed_in_at_the_panel(&bob).await;
    let asked = browser.post("/profile", &[("do", "change-email"), ("email", "robert@example.test")]).await;
    assert_eq!(asked.location(), "profile", "{}", asked.text);
    let page = browser.follow(asked).await;
    assert!(
        page.says("Code that was mailed to") && page.says("robert@example.test") && page.says("bob@example.test"),
        "{}",
        page.text
    );
    let wrong = browser.post("/profile", &[("do", "confirm-email"), ("code", "000000")]).await;
    assert!(wrong.status == StatusCode::UNAUTHORIZED && wrong.says("That code is not right"), "{}", wrong.text);
    let code = code_in(&world.delivered("mail").await);
    let confirmed = browser.post("/profile", &[("do", "confirm-email"), ("code", &code)]).await;
    assert!(browser.follow(confirmed).await.says("Your e-mail address is changed"));
    world.account.confirm().await;
    assert!(browser.get("/").await.says("robert@example.test"));
}

#[tokio::test]
async fn a_phone_number_is_set_verified_and_removed() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut browser = world.signed_in_at_the_panel(&bob).await;
    let nonsense = browser.post("/profile", &[("do", "set-phone"), ("phone", "12")]).await;
    assert!(nonsense.status == StatusCode::BAD_REQUEST && nonsense.says("href=\"#phone\""), "{}", nonsense.text);
    let set = browser.post("/profile", &[("do", "set-phone"), ("phone", "+1 206 555 0123")]).await;
    assert!(browser.follow(set).await.says("Code that was texted to"));
    let code = code_in(&world.delivered("sms").await);
    let confirmed = browser.post("/profile", &[("do", "confirm-phone"), ("code", &code)]).await;
    assert!(browser.follow(confirmed).await.says("Your phone number is verified"));
    assert!(browser.get("/profile").await.says("+12065550123"));
    let removed = browser.post("/profile", &[("do", "remove-phone")]).await;
    assert!(browser.follow(removed).await.says("Your phone number is removed"));
}

#[tokio::test]
async fn an_address_and_a_number_that_wait_for_their_codes_are_known_after_a_restart() {
    let mut world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut browser = world.signed_in_at_the_panel(&bob).await;
    browser.post("/profile", &[("do", "change-email"), ("email", "robert@example.test")]).await;
    let code = code_in(&world.delivered("mail").await);
    browser.post("/profile", &[("do", "set-phone"), ("phone", "+1 206 555 0123")]).await;
    world.agent_restarts().await;
    browser.get("/profile").await;
    browser.prove(&world, &bob, "profile").await;
    let page = browser.get("/profile").await;
    assert!(page.says("Code that was mailed to") && page.says("robert@example.test"), "{}", page.text);
    assert!(page.says("Code that was texted to") && page.says("+12065550123"), "{}", page.text);
    let confirmed = browser.post("/profile", &[("do", "confirm-email"), ("code", &code)]).await;
    assert!(browser.follow(confirmed).await.says("Your e-mail address is changed"));
    let texted = code_in(&world.delivered("sms").await);
    let confirmed = browser.post("/profile", &[("do", "confirm-phone"), ("code", &texted)]).await;
    let page = browser.follow(confirmed).await;
    assert!(page.says("Your phone number is verified") && !page.says("Code that was"), "{}", page.text);
}

#[tokio::test]
async fn after_a_restart_the_account_asks_for_a_sign_in_and_the_device_goes_on() {
    let mut world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.signed_in_at_the_panel(&ann).await;
    world.agent_restarts().await;
    assert_eq!(browser.get("/").await.status, StatusCode::OK);
    let page = browser.get("/profile").await;
    assert!(page.status == StatusCode::CONFLICT && page.says("Sign in again to see and change the account"));
    assert!(page.says("href=\"sign-in\"") && page.says("<span>Overview</span></a>"), "{}", page.text);
    browser.get("/sign-in").await;
    browser.prove(&world, &ann, "profile").await;
    assert!(browser.get("/profile").await.says("You sign in with"));
}

#[tokio::test]
async fn tokens_that_were_taken_back_lead_to_a_new_sign_in() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.signed_in_at_the_panel(&ann).await;
    let mut portal = world.signed_in_at_the_portal(&ann).await;
    portal.post("/security", &[("do", "sign-out-everywhere")]).await;
    let page = browser.get("/two-factor").await;
    assert!(page.status == StatusCode::CONFLICT && page.says("Sign in again"), "{}", page.text);
    browser.get("/sign-in").await;
    browser.prove(&world, &ann, "two-factor").await;
    assert!(browser.get("/two-factor").await.says("Authenticator app"));
}

#[tokio::test]
async fn without_the_service_the_account_says_so_and_keeps_the_navigation() {
    let mut world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.signed_in_at_the_panel(&ann).await;
    world.service_goes_away().await;
    let page = browser.get("/two-factor").await;
    assert!(page.status == StatusCode::BAD_GATEWAY && page.says("cannot be reached"), "{}", page.text);
    assert!(page.says("<span>Overview</span></a>"));
}

#[tokio::test]
async fn giving_the_device_up_long_after_the_sign_in_asks_for_the_password_again() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut browser = world.signed_in_at_the_panel(&bob).await;
    world.let_pass(601);
    assert_eq!(browser.post("/sign-out-device", &[]).await.location(), "sign-in");
    assert!(world.account.key().is_ok());
    browser.prove(&world, &bob, "sign-out-device").await;
    assert_eq!(browser.post("/sign-out-device", &[]).await.location(), "claim?why=signed-out");
}
