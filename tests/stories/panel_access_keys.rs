//! Access keys: a full list, and signing in with a key alone.

use http::StatusCode;
use latchkey::protocol::access_key::AccessKey;

use crate::world::{Factor, World};

#[tokio::test]
async fn a_full_list_of_keys_offers_to_replace_one_after_a_confirmation() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let [old, other] = [world.key_made_elsewhere(&bob).await, world.key_made_elsewhere(&bob).await];
    let mut browser = world.browser();
    browser.claim(&world).await;
    let password = browser.give_password(&bob).await;
    assert_eq!(password.location(), "make-room");
    let page = browser.follow(password).await;
    assert!(page.says(old.id.as_str()) && page.says(other.id.as_str()));

    let unsure = browser.post("/make-room", &[("way", "replace"), ("replace", old.id.as_str())]).await;
    assert_eq!(unsure.status, StatusCode::BAD_REQUEST);
    assert!(unsure.says("Tick the box") && unsure.says("checked"));
    let nothing = browser.post("/make-room", &[("way", "replace"), ("sure", "yes")]).await;
    assert!(nothing.says("Choose the key to replace"));
    let sure = [("way", "replace"), ("replace", old.id.as_str()), ("sure", "yes")];
    let answer = browser.post("/make-room", &sure).await;
    assert_eq!(answer.location(), "./", "{}", answer.text);
    let key = world.account.status().key.unwrap();
    assert!(key != old.id && key != other.id);
}

#[tokio::test]
async fn a_full_list_of_keys_takes_a_key_that_exists() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    world.key_made_elsewhere(&bob).await;
    let existing = world.key_made_elsewhere(&bob).await;
    let mut browser = world.browser();
    browser.claim(&world).await;
    browser.give_password(&bob).await;

    let wrong = browser.post("/make-room", &[("way", "use"), ("key_id", "ABC"), ("key_secret", "not base64!")]).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert!(wrong.says("value=\"ABC\"") && !wrong.says("not base64!\""));
    let answer = browser.post("/make-room", &[("way", "use"), ("credentials", &file_of(&existing))]).await;
    assert_eq!(answer.location(), "./", "{}", answer.text);
    assert_eq!(world.account.status().key, Some(existing.id));
}

#[tokio::test]
async fn an_access_key_alone_signs_the_device_in() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let key = world.key_made_elsewhere(&bob).await;
    let mut browser = world.browser();
    assert_eq!(browser.get("/access-key").await.location(), "claim");
    browser.claim(&world).await;
    assert!(browser.get("/sign-in").await.says("Use an access key instead"));
    assert!(browser.get("/access-key").await.says("Text of a credentials file"));

    let secret = key.secret_text();
    let typed = [("key_id", key.id.as_str()), ("key_secret", secret.expose().as_str())];
    let answer = browser.post("/access-key", &typed).await;
    assert_eq!(answer.location(), "./", "{}", answer.text);
    assert!(browser.follow(answer).await.says("bob@example.test"));
}

#[tokio::test]
async fn a_key_of_another_account_does_not_open_the_device() {
    let world = World::new().await;
    let ann = world.ann().await;
    world.signed_in_browser(&ann).await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let key = world.key_made_elsewhere(&bob).await;
    let mut stranger = world.browser();
    let answer = stranger.post("/access-key", &[("credentials", &file_of(&key))]).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.text);
    assert!(!stranger.is_signed_in());
}

#[tokio::test]
async fn what_is_no_access_key_is_refused_before_it_is_kept() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let key = world.key_made_elsewhere(&bob).await;
    let mut browser = world.browser();
    browser.claim(&world).await;
    let nothing = browser.post("/access-key", &[]).await;
    assert!(nothing.status == StatusCode::BAD_REQUEST && nothing.says("Type the key's id and secret"));
    let password = [("key_id", key.id.as_str()), ("key_secret", "my password!")];
    let shape = browser.post("/access-key", &password).await;
    assert!(
        shape.status == StatusCode::BAD_REQUEST
            && shape.says("not that of an access key")
            && shape.says(key.id.as_str())
    );
    let profile = [("credentials", "[ONE]\nA=1\n[TWO]\nB=2\n"), ("profile", "three")];
    assert!(browser.post("/access-key", &profile).await.says("There is no profile 'three'"));
    let wrong = [("key_id", key.id.as_str()), ("key_secret", "c29tZXRoaW5nIGVsc2UgYWx0b2dldGhlcg==")];
    let refused = browser.post("/access-key", &wrong).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{}", refused.text);
    assert!(world.account.status().owner.is_none());
}

fn file_of(key: &AccessKey) -> String {
    let secret = key.secret_text();
    format!(
        "# mine\r\n[DEFAULT]\r\nR3_ACCESS_KEY_ID={}\r\nR3_SECRET_ACCESS_KEY={}\r\n",
        key.id.as_str(),
        secret.expose()
    )
}
