//! Password, sign-ins and the log at the portal.

use http::StatusCode;

use crate::world::{Factor, Person, World};

#[tokio::test]
async fn a_changed_password_ends_every_other_sign_in_and_this_one_goes_on() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut other = world.signed_in_at_the_portal(&bob).await;
    let mut browser = world.signed_in_at_the_portal(&bob).await;
    let form = |present: &str, new: &str, again: &str| {
        [("do", "change-password"), ("present", present), ("password", new), ("repeated", again)]
            .map(|(name, value)| (name, value.to_owned()))
    };
    for (fields, status, sentence) in [
        (form("", "New-horse-8!battery", "New-horse-8!battery"), 400, "Type your present password"),
        (
            form("Wrong-horse-7!", "New-horse-8!battery", "New-horse-8!battery"),
            401,
            "The present password is not right",
        ),
        (form(&bob.password, "New-horse-8!battery", "other"), 400, "The two passwords differ"),
        (form(&bob.password, "x", "x"), 400, "password"),
    ] {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let refused = browser.post("/security", &fields).await;
        assert!(refused.status.as_u16() == status && refused.says(sentence), "{sentence}: {}", refused.text);
        assert!(!refused.says("New-horse") && !refused.says("Wrong-horse"), "no password is echoed");
    }
    let fields = form(&bob.password, "New-horse-8!battery", "New-horse-8!battery");
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let changed = browser.post("/security", &fields).await;
    assert!(browser.follow(changed).await.says("Your password is changed"));
    assert_eq!(other.get("/").await.location(), "sign-in?why=session-ended");
    world.signed_in_at_the_portal(&Person { password: "New-horse-8!battery".into(), ..bob }).await;
}

#[tokio::test]
async fn an_owner_sees_every_sign_in_and_ends_one() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut other = world.signed_in_at_the_portal(&bob).await;
    let mut browser = world.portal_browser();
    browser.extra.push(("user-agent", "Mozilla/5.0 (X11; Linux x86_64) Chrome/131.0 Safari/537.36".into()));
    browser.give_password(&bob).await;
    let page = browser.get("/security").await;
    assert!(page.says("Chrome on Linux") && page.says("This browser") && page.says("127.0.0.1"), "{}", page.text);
    let (_, rest) = page.text.split_once("name=\"sign-in\" value=\"").unwrap();
    let id = rest.split('"').next().unwrap().to_owned();
    let ended = browser.post("/security", &[("do", "end"), ("sign-in", &id)]).await;
    assert!(browser.follow(ended).await.says("That sign-in is ended"));
    world.let_pass(10);
    let again = browser.post("/security", &[("do", "end"), ("sign-in", &id)]).await;
    assert!(browser.follow(again).await.says("That sign-in had ended before"), "it was not ended just now");
    assert_eq!(other.get("/").await.location(), "sign-in?why=session-ended");
    assert_eq!(browser.get("/").await.status, StatusCode::OK);
}

#[tokio::test]
async fn nobody_ends_the_sign_in_of_somebody_else() {
    let world = World::new().await;
    let (ann, bob) = (world.ann().await, world.person("bob@example.test", Factor::None).await);
    let mut hers = world.signed_in_at_the_portal(&ann).await;
    world.signed_in_at_the_portal(&ann).await;
    let page = hers.get("/security").await;
    let (_, rest) = page.text.split_once("name=\"sign-in\" value=\"").unwrap();
    let id = rest.split('"').next().unwrap().to_owned();
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
