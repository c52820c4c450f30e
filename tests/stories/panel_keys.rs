//! The account's access keys at a device's panel, which uses one of them itself.

use http::StatusCode;

use crate::walks;
use crate::world::{Factor, World};

async fn roomy() -> World {
    World::with(|plan| plan.access_keys_per_account = 5).await
}

#[tokio::test]
async fn a_new_key_shows_its_secret_until_it_is_saved_and_comes_as_a_credentials_file() {
    let world = roomy().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut browser = world.signed_in_at_the_panel(&bob).await;
    walks::a_new_key_is_shown_until_it_is_saved(&mut browser).await;
}

#[tokio::test]
async fn a_double_click_makes_one_key() {
    let world = roomy().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut browser = world.signed_in_at_the_panel(&bob).await;
    walks::a_double_click_makes_one_key(&mut browser).await;
    assert!(browser.get("/keys").await.says("2 of 5 in use"));
}

#[tokio::test]
async fn a_key_is_deleted_only_when_it_is_off() {
    let world = roomy().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut browser = world.signed_in_at_the_panel(&bob).await;
    walks::a_key_is_deleted_only_when_it_is_off(&mut browser).await;
}

#[tokio::test]
async fn what_cannot_be_a_key_is_said_at_its_field_and_keeps_what_was_typed() {
    let world = roomy().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut browser = world.signed_in_at_the_panel(&bob).await;
    walks::what_cannot_be_a_key_is_said_at_its_field(&mut browser).await;
}

#[tokio::test]
async fn a_full_account_says_how_to_make_room() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut browser = world.signed_in_at_the_panel(&bob).await;
    browser.create_key("one").await;
    browser.post("/new-key", &[("saved", "yes")]).await;
    let full = browser.get("/keys").await;
    assert!(full.says("2 of 2 in use") && full.says("to make room") && !full.says("Create the key"), "{}", full.text);
    let forced = browser.post("/keys", &[("do", "create"), ("name", "three")]).await;
    assert_eq!(forced.status, StatusCode::CONFLICT, "{}", forced.text);
}

#[tokio::test]
async fn the_key_of_this_device_is_marked_and_turned_off_only_deliberately() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut browser = world.signed_in_at_the_panel(&bob).await;
    let own = world.account.status().key.unwrap();
    let list = browser.get("/keys").await;
    assert!(list.says("This device uses this key.") && list.says(own.as_str()), "{}", list.text);
    let careless = browser.post("/keys", &[("do", "off"), ("key", own.as_str())]).await;
    assert!(careless.status == StatusCode::BAD_REQUEST && careless.says("Tick the box"), "{}", careless.text);
    assert!(world.account.key().is_ok());

    let off = browser.post("/keys", &[("do", "off"), ("key", own.as_str()), ("sure", "yes")]).await;
    assert_eq!(off.location(), "keys?done=key-off", "{}", off.text);
    assert!(browser.get("/").await.says("Revoked"), "what became of it is seen at once");
    let on = browser.post("/keys", &[("do", "on"), ("key", own.as_str())]).await;
    assert_eq!(on.location(), "keys?done=key-on", "{}", on.text);
    assert!(browser.get("/").await.says("Fresh"));
}

#[tokio::test]
async fn after_a_restart_the_keys_are_shown_and_a_change_asks_for_a_sign_in_that_leads_back() {
    let mut world = roomy().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut browser = world.signed_in_at_the_panel(&bob).await;
    world.agent_restarts().await;
    let list = browser.get("/keys").await;
    assert!(
        list.says("This device uses this key.") && list.says("Sign in again to change the account"),
        "{}",
        list.text
    );
    let form = [("do", "create"), ("name", "Shed & barn"), ("scope", "read"), ("expires", "")];
    let answer = browser.post("/keys", &form).await;
    assert_eq!(answer.location(), "sign-in");
    assert!(browser.follow(answer).await.says("value=\"bob@example.test\""));
    let back = browser.give_password(&bob).await;
    let page = browser.follow(back).await;
    assert!(page.says("value=\"Shed & barn\"") && page.says("value=\"read\" selected"), "{}", page.text);
    assert_eq!(browser.post("/keys", &form).await.location(), "new-key");
}
