//! Password, sign-ins and the log at the portal.

use http::StatusCode;

use crate::walks;
use crate::world::{Factor, Person, World};

const NEW: &str = "New-horse-8!battery";

#[tokio::test]
async fn a_changed_password_ends_every_other_sign_in_and_this_one_goes_on() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut other = world.signed_in_at_the_portal(&bob).await;
    let mut browser = world.signed_in_at_the_portal(&bob).await;
    for (present, password, repeated, status, sentence) in [
        ("", NEW, NEW, 400, "Type your present password"),
        ("Wrong-horse-7!", NEW, NEW, 401, "The present password is not right"),
        (&bob.password, NEW, "other", 400, "The two passwords differ"),
        (&bob.password, "x", "x", 400, "password"),
    ] {
        let refused = browser.change_password(present, password, repeated).await;
        assert!(refused.status.as_u16() == status && refused.says(sentence), "{sentence}: {}", refused.text);
        assert!(!refused.says("New-horse") && !refused.says("Wrong-horse"), "no password is echoed");
    }
    let changed = browser.change_password(&bob.password, NEW, NEW).await;
    assert!(browser.follow(changed).await.says("Your password is changed"));
    assert_eq!(other.get("/").await.location(), "sign-in?why=session-ended");
    world.signed_in_at_the_portal(&Person { password: NEW.to_owned(), ..bob }).await;
}

#[tokio::test]
async fn an_owner_sees_every_sign_in_and_ends_one() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut other = world.signed_in_at_the_portal(&bob).await;
    let mut browser = world.portal_browser();
    browser.extra.push(("user-agent", "Mozilla/5.0 (X11; Linux x86_64) Chrome/131.0 Safari/537.36".into()));
    browser.give_password(&bob).await;
    assert!(browser.get("/security").await.says("127.0.0.1"));
    walks::a_sign_in_is_ended_and_that_is_told_once(&world, &mut browser).await;
    assert_eq!(other.get("/").await.location(), "sign-in?why=session-ended");
}

#[tokio::test]
async fn nobody_ends_the_sign_in_of_somebody_else() {
    let world = World::new().await;
    let (ann, bob) = (world.ann().await, world.person("bob@example.test", Factor::None).await);
    let mut hers = world.signed_in_at_the_portal(&ann).await;
    world.signed_in_at_the_portal(&ann).await;
    let id = walks::listed_sign_in(&hers.get("/security").await);
    let mut his = world.signed_in_at_the_portal(&bob).await;
    his.post("/security", &[("do", "end"), ("sign-in", &id)]).await;
    assert!(hers.get("/security").await.says(&id), "it stands");
}

#[tokio::test]
async fn signing_out_everywhere_ends_all_browsers() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut other = world.signed_in_at_the_portal(&bob).await;
    let mut browser = world.signed_in_at_the_portal(&bob).await;
    let out = browser.post("/security", &[("do", "sign-out-everywhere")]).await;
    assert!(browser.follow(out).await.says("You are signed out everywhere"));
    for browser in [&mut browser, &mut other] {
        assert_eq!(browser.get("/").await.location(), "sign-in?why=session-ended");
    }
}

#[tokio::test]
async fn the_log_tells_what_happened_and_comes_as_a_table() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    world.portal_browser().post("/sign-in", &[("email", &bob.email), ("password", "Wrong-horse-7!")]).await;
    let mut browser = world.signed_in_at_the_portal(&bob).await;
    browser.post("/keys", &[("do", "create"), ("name", "Greenhouse")]).await;
    let all = browser.get("/activity").await;
    assert!(all.says("Signed in") && all.says("Access key made") && all.says("Greenhouse"), "{}", all.text);
    assert!(all.says("Sign-in failed"), "{}", all.text);
    let keys = browser.get("/activity?show=keys").await;
    assert!(keys.says("Access key made") && !keys.says("<strong>Signed in</strong>"), "{}", keys.text);
    let table = browser.get("/activity.csv?show=keys").await;
    assert!(table.header("content-type").starts_with("text/csv"));
    assert!(table.text.contains("ACCESS_KEY_CREATED") && !table.text.contains("AUTH_LOGIN"), "{}", table.text);
    assert_eq!(browser.get("/activity?show=nonsense&after=x").await.status, StatusCode::OK);
}
