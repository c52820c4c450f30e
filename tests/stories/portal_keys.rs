//! Access keys at the portal.

#![expect(clippy::unwrap_used, reason = "a story that cannot go on fails")]

use http::StatusCode;
use latchkey::protocol::credentials_file::CredentialsFile;

use crate::browser::{Browser, Page};
use crate::world::{Factor, World};

#[tokio::test]
async fn a_new_key_shows_its_secret_until_it_is_saved_and_comes_as_a_credentials_file() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut browser = world.signed_in_at_the_portal(&bob).await;
    let page = create(&mut browser, "Greenhouse").await;
    assert!(page.says("Greenhouse") && page.says("shown only now"));
    let secret = between(&page, "id=\"key-secret\" translate=\"no\">");
    let file = browser.get("/credentials").await;
    let key = CredentialsFile::parse(file.text.as_bytes()).unwrap().key("DEFAULT").unwrap();
    assert_eq!(key.secret_text().expose().as_str(), secret);
    assert!(browser.get("/new-key").await.says(&secret), "a reload shows it again");
    assert_eq!(browser.post("/new-key", &[]).await.status, StatusCode::BAD_REQUEST);
    let saved = browser.post("/new-key", &[("saved", "yes")]).await;
    let list = browser.follow(saved).await;
    assert!(list.says("Greenhouse") && list.says("Never") && !list.says(&secret), "{}", list.text);
    assert_eq!(browser.get("/new-key").await.location(), "keys");
    assert_eq!(browser.get("/credentials").await.location(), "keys");
}

#[tokio::test]
async fn a_double_click_makes_one_key() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut browser = world.signed_in_at_the_portal(&bob).await;
    let form = [("do", "create"), ("name", "Once"), ("scope", "full"), ("expires", "")];
    let (first, second) = browser.post_twice("/keys", &form).await;
    assert_eq!((first.location(), second.location()), ("new-key", "new-key"), "{}", second.text);
    browser.post("/new-key", &[("saved", "yes")]).await;
    assert!(browser.get("/keys").await.says("1 of 2 in use"));
}

#[tokio::test]
async fn a_key_is_deleted_only_when_it_is_off() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut browser = world.signed_in_at_the_portal(&bob).await;
    let page = create(&mut browser, "").await;
    let id = between(&page, "id=\"key-id\" translate=\"no\">");
    browser.post("/new-key", &[("saved", "yes")]).await;
    let list = browser.get("/keys").await;
    assert!(list.says("To delete it, turn it off first") && !list.says("Delete for good"));
    let early = browser.post("/keys", &[("do", "delete"), ("key", &id)]).await;
    assert!(early.status == StatusCode::CONFLICT && early.says(&id), "{}", early.text);
    let off = browser.post("/keys", &[("do", "off"), ("key", &id)]).await;
    assert!(browser.follow(off).await.says("Delete for good"));
    let gone = browser.post("/keys", &[("do", "delete"), ("key", &id)]).await;
    let list = browser.follow(gone).await;
    assert!(list.says("The access key is deleted") && !list.says(&id), "{}", list.text);
    let again = browser.post("/keys", &[("do", "delete"), ("key", &id)]).await;
    assert!(again.status.is_client_error() || again.status == StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn what_cannot_be_a_key_is_said_at_its_field_and_keeps_what_was_typed() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut browser = world.signed_in_at_the_portal(&bob).await;
    let form = [("do", "create"), ("name", "Shed & barn"), ("scope", "read"), ("expires", "2001-01-01")];
    let refused = browser.post("/keys", &form).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.text);
    assert!(refused.says("href=\"#expires\"") && refused.says("Shed & barn") && refused.says("2001-01-01"));
    assert!(refused.says("value=\"read\" selected"));
}

#[tokio::test]
async fn a_full_account_says_how_to_make_room() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut browser = world.signed_in_at_the_portal(&bob).await;
    for name in ["one", "two"] {
        create(&mut browser, name).await;
        browser.post("/new-key", &[("saved", "yes")]).await;
    }
    let full = browser.get("/keys").await;
    assert!(full.says("2 of 2 in use") && full.says("to make room") && !full.says("Create the key"));
    let forced = browser.post("/keys", &[("do", "create"), ("name", "three")]).await;
    assert_eq!(forced.status, StatusCode::CONFLICT, "{}", forced.text);
}

async fn create(browser: &mut Browser, name: &str) -> Page {
    let form = [("do", "create"), ("name", name), ("scope", "full"), ("expires", "")];
    let made = browser.post("/keys", &form).await;
    assert_eq!(made.location(), "new-key", "{}", made.text);
    browser.follow(made).await
}

/// The text that follows a mark, up to the next tag.
fn between(page: &Page, mark: &str) -> String {
    let (_, rest) = page.text.split_once(mark).unwrap();
    rest.split('<').next().unwrap().replace("&#43;", "+")
}
