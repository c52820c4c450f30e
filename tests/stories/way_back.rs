//! A session that has ended, by time or by its owner, loses nobody their way: after the next sign-in they are where they wanted to
//! be, with what they had typed, except secrets.

use http::StatusCode;

use crate::browser::Browser;
use crate::world::{Factor, Person, World, code_in};

const DAY: u64 = 24 * 3600;

/// The session of `browser` is over; whatever it asks for leads to the sign-in.
async fn comes_back(browser: &mut Browser, person: &Person, asked: Asked<'_>) -> String {
    let answer = match asked {
        Asked::Page(path) => browser.get(path).await,
        Asked::Form(path, fields) => browser.post(path, fields).await,
    };
    assert_eq!(answer.location(), "sign-in?why=session-ended", "{}", answer.text);
    assert!(browser.follow(answer).await.says("session"), "it is said why");
    browser.give_password(person).await.location().to_owned()
}

#[derive(Clone, Copy)]
enum Asked<'a> {
    Page(&'a str),
    Form(&'a str, &'a [(&'a str, &'a str)]),
}

const FORMS: [(Asked<'_>, &str); 8] = [
    (Asked::Page("/activity?show=keys"), "activity?show=keys"),
    (Asked::Page("/two-factor?done=turned-on"), "two-factor"),
    (
        Asked::Form(
            "/keys",
            &[("do", "create"), ("name", "Shed & barn"), ("scope", "read"), ("expires", "2031-01-01")],
        ),
        "keys?name=Shed+%26+barn&scope=read&expires=2031-01-01",
    ),
    (
        Asked::Form("/security", &[("do", "change-password"), ("present", "Secret-1!"), ("password", "Secret-2!")]),
        "security",
    ),
    (Asked::Form("/set-up-texts", &[("number", ""), ("phone", "+1 206")]), "set-up-texts?number=&phone=%2B1+206"),
    (Asked::Form("/set-up-texts", &[("do", "confirm"), ("code", "123456")]), "set-up-texts"),
    (Asked::Page("/nonsense"), "./"),
    (Asked::Page("/credentials"), "./"),
];

#[tokio::test]
async fn whoever_was_signed_out_by_time_comes_back_to_the_page_or_the_form_at_the_panel() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut browser = world.signed_in_at_the_panel(&bob).await;
    let email = [("do", "change-email"), ("email", "robert@example.test")];
    let token = [("do", "make"), ("name", "Backup"), ("status:read", "yes"), ("keys:read", "")];
    let own = [
        (Asked::Form("/profile", &email), "profile?email=robert%40example.test"),
        (Asked::Form("/tokens", &token), "tokens?name=Backup&status%3Aread=yes&keys%3Aread="),
        (Asked::Page("/settings"), "settings"),
        (Asked::Page("/live"), "./"),
    ];
    for (asked, page) in FORMS.into_iter().chain(own) {
        world.let_pass(DAY);
        assert_eq!(comes_back(&mut browser, &bob, asked).await, page);
    }
    world.let_pass(DAY);
    comes_back(&mut browser, &bob, FORMS[2].0).await;
    let form = browser.get(&format!("/{}", FORMS[2].1)).await;
    assert!(
        form.says("Shed & barn") && form.says("value=\"read\" selected") && form.says("2031-01-01"),
        "{}",
        form.text
    );
    assert!(!form.says("shown only now"), "nothing is made before it is asked for again");
}

#[tokio::test]
async fn whoever_was_signed_out_by_time_comes_back_to_the_page_or_the_form_at_the_portal() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut browser = world.signed_in_at_the_portal(&bob).await;
    let email = [("do", "change-email"), ("email", "robert@example.test")];
    for (asked, page) in FORMS.into_iter().chain([(Asked::Form("/", &email), "./?email=robert%40example.test")]) {
        world.let_pass(DAY);
        assert_eq!(comes_back(&mut browser, &bob, asked).await, page);
    }
    assert!(browser.get("/?email=robert%40example.test").await.says("value=\"robert@example.test\""));
}

#[tokio::test]
async fn the_way_back_goes_by_the_second_factor_too_and_is_gone_once() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::TextMessage).await;
    let mut browser = world.browser();
    browser.reach_the_code(&world, &bob).await;
    browser.give_code(&code_in(&world.delivered("sms").await)).await;
    world.let_pass(DAY);
    let asked = Asked::Page("/settings");
    assert_eq!(comes_back(&mut browser, &bob, asked).await, "code");
    let code = code_in(&world.delivered("sms").await);
    assert_eq!(browser.give_code(&code).await.location(), "settings");
    browser.post("/sign-out", &[]).await;
    assert_eq!(browser.give_password(&bob).await.location(), "code");
    let code = code_in(&world.delivered("sms").await);
    assert_eq!(browser.give_code(&code).await.location(), "./", "whoever left comes back to no page of before");
}

#[tokio::test]
async fn no_address_leads_to_another_site_after_the_sign_in_and_a_foreign_form_leaves_no_trace() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut browser = world.signed_in_at_the_panel(&bob).await;
    world.let_pass(DAY);
    let form = ("content-type", "application/x-www-form-urlencoded");
    let foreign = browser.post_from("/keys", &[form, ("origin", "http://evil.example")], "name=Evil").await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    for astray in ["/sign-in?then=https://evil.example/", "/sign-in?wish=//evil.example/", "/evil.example"] {
        browser.get(astray).await;
    }
    assert_eq!(browser.give_password(&bob).await.location(), "./");
}

#[tokio::test]
async fn a_program_gets_its_answer_and_no_sign_in_page_and_changes_nobodys_way() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut browser = world.signed_in_at_the_panel(&bob).await;
    world.let_pass(DAY);
    browser.get("/settings").await;
    let answer = browser.get("/api/v1/status").await;
    assert_eq!((answer.status, answer.header("content-type")), (StatusCode::UNAUTHORIZED, "application/json"));
    assert_eq!(browser.give_password(&bob).await.location(), "settings");
}
