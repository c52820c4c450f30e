//! Access keys at the portal.

use http::StatusCode;

use crate::walks;
use crate::world::{Factor, World};

#[tokio::test]
async fn a_new_key_shows_its_secret_until_it_is_saved_and_comes_as_a_credentials_file() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut browser = world.signed_in_at_the_portal(&bob).await;
    walks::a_new_key_is_shown_until_it_is_saved(&mut browser).await;
}

#[tokio::test]
async fn a_double_click_makes_one_key() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut browser = world.signed_in_at_the_portal(&bob).await;
    walks::a_double_click_makes_one_key(&mut browser).await;
    assert!(browser.get("/keys").await.says("1 of 2 in use"));
}

#[tokio::test]
async fn a_key_is_deleted_only_when_it_is_off() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut browser = world.signed_in_at_the_portal(&bob).await;
    walks::a_key_is_deleted_only_when_it_is_off(&mut browser).await;
}

#[tokio::test]
async fn what_cannot_be_a_key_is_said_at_its_field_and_keeps_what_was_typed() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut browser = world.signed_in_at_the_portal(&bob).await;
    walks::what_cannot_be_a_key_is_said_at_its_field(&mut browser).await;
}

#[tokio::test]
async fn a_full_account_says_how_to_make_room() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut browser = world.signed_in_at_the_portal(&bob).await;
    for name in ["one", "two"] {
        browser.create_key(name).await;
        browser.post("/new-key", &[("saved", "yes")]).await;
    }
    let full = browser.get("/keys").await;
    assert!(full.says("2 of 2 in use") && full.says("to make room") && !full.says("Create the key"));
    let forced = browser.post("/keys", &[("do", "create"), ("name", "three")]).await;
    assert_eq!(forced.status, StatusCode::CONFLICT, "{}", forced.text);
}
