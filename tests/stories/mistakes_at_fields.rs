//! A mistake is told twice: at the top, where it is read first, with a link to its field; and at the field, which is marked so that a
//! screen reader says it there too.

use http::StatusCode;

use crate::browser::{Browser, Page};
use crate::world::{Factor, Person, World, code_in};

/// Address, what is sent, and the field that is to be mended.
type Mistake<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);

/// To somebody who is not signed in.
const ON_THE_WAY_IN: [Mistake<'_>; 12] = [
    ("/sign-in", &[("email", ""), ("password", "x")], "email"),
    ("/sign-in", &[("email", "bob@example.test"), ("password", "")], "password"),
    ("/sign-in", &[("email", "bob@example.test"), ("password", "Wrong-horse-7!")], "password"),
    ("/sign-up", &[("email", ""), ("password", "x"), ("repeated", "x")], "email"),
    ("/sign-up", &[("email", "new@example.test"), ("password", "x"), ("repeated", "y")], "password"),
    ("/sign-up", &[("email", "new@example.test"), ("password", "x"), ("repeated", "x")], "password"),
    ("/confirm-email", &[("email", "new@example.test"), ("code", "12as56")], "code"),
    ("/confirm-email", &[("email", ""), ("code", "123456")], "email"),
    ("/forgot-password", &[("email", "")], "email"),
    ("/reset-password", &[("email", "bob@example.test"), ("code", "")], "code"),
    ("/reset-password", &[("email", "bob@example.test"), ("code", "123456"), ("password", "")], "password"),
    ("/reset-password", &[("email", ""), ("code", "123456")], "email"),
];

/// To the owner.
const AT_HOME: [Mistake<'_>; 12] = [
    ("PROFILE", &[("do", "change-email"), ("email", "")], "email"),
    ("PROFILE", &[("do", "change-email"), ("email", "bob")], "email"),
    ("PROFILE", &[("do", "set-phone"), ("phone", "")], "phone"),
    ("PROFILE", &[("do", "set-phone"), ("phone", "12")], "phone"),
    ("/keys", &[("do", "create"), ("name", "x"), ("scope", "full"), ("expires", "2001-01-01")], "expires"),
    ("/keys", &[("do", "create"), ("name", "x"), ("scope", "anything"), ("expires", "")], "scope"),
    ("/turn-on", &[], "factor"),
    ("/set-up-texts", &[("phone", "")], "phone"),
    ("/set-up-texts", &[("phone", "12")], "phone"),
    ("/security", &[("do", "change-password"), ("present", "")], "present"),
    (
        "/security",
        &[("do", "change-password"), ("present", "Wrong-horse-7!"), ("password", "x"), ("repeated", "y")],
        "password",
    ),
    (
        "/security",
        &[
            ("do", "change-password"),
            ("present", "Wrong-horse-7!"),
            ("password", "New-horse-8!"),
            ("repeated", "New-horse-8!"),
        ],
        "present",
    ),
];

async fn are_marked(browser: &mut Browser, mistakes: &[Mistake<'_>], profile: &str) {
    for (path, fields, field) in mistakes {
        let path = if *path == "PROFILE" { profile } else { *path };
        is_marked(&browser.post(path, fields).await, field, &format!("{path} {fields:?}"));
    }
}

fn is_marked(page: &Page, field: &str, what: &str) {
    assert!(page.status == StatusCode::BAD_REQUEST || page.status == StatusCode::UNAUTHORIZED, "{what}: {}", page.text);
    let described = format!("aria-describedby=\"{field}-mistake");
    let marks = |tag: &&str| tag.contains("aria-invalid=\"true\"") && tag.contains(&described);
    let marked: Vec<&str> = page.text.split('<').filter(marks).collect();
    assert_eq!(marked.len(), 1, "{what}: one field is marked\n{}", page.text);
    assert_eq!(page.text.matches("aria-invalid").count(), 1, "{what}: and no other");
    let told = |mark: String| page.text.matches(&mark).count();
    assert_eq!(told(format!(" id=\"{field}-mistake\"")), 1, "{what}: its mistake is told there");
    assert_eq!(
        (told(format!("href=\"#{field}\"")), told(format!(" id=\"{field}\""))),
        (1, 1),
        "{what}: the top leads there"
    );
}

#[tokio::test]
async fn every_form_on_the_way_in_marks_the_field_that_is_to_be_mended() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut panel = world.browser();
    let wrong_claim = panel.post("/claim", &[("code", "AAAAAAAA")]).await;
    is_marked(&wrong_claim, "code", "claim");
    panel.claim(&world).await;
    are_marked(&mut panel, &ON_THE_WAY_IN, "").await;
    is_marked(&panel.post("/access-key", &[("key_id", ""), ("key_secret", "")]).await, "key_id", "access key");
    let mut portal = world.portal_browser();
    are_marked(&mut portal, &ON_THE_WAY_IN, "").await;
    world.cloud.require(&bob.id, latchkey::cloud::Requirement::NewPassword).await.unwrap();
    for browser in [&mut panel, &mut portal] {
        assert_eq!(browser.give_password(&bob).await.location(), "new-password");
        is_marked(&browser.post("/new-password", &[("password", "")]).await, "password", "none");
        let differ = [("password", "New-horse-8!battery"), ("repeated", "other")];
        is_marked(&browser.post("/new-password", &differ).await, "password", "two");
    }
}

#[tokio::test]
async fn every_code_on_the_way_in_is_marked_where_it_is_to_be_mended() {
    let world = World::new().await;
    let eve = world.person("eve@example.test", Factor::Both).await;
    let (mut panel, mut portal) = (world.browser(), world.portal_browser());
    panel.claim(&world).await;
    for browser in [&mut panel, &mut portal] {
        assert_eq!(browser.give_password(&eve).await.location(), "factor");
        is_marked(&browser.post("/factor", &[]).await, "factor", "no choice");
        browser.post("/factor", &[("factor", "authenticator")]).await;
        for code in ["", "12as56", wrong(&world, &eve)] {
            is_marked(&browser.give_code(code).await, "code", code);
        }
        assert_eq!(browser.post("/recovery", &[]).await.location(), "mailed-code");
        is_marked(&browser.post("/mailed-code", &[("code", "")]).await, "code", "no mailed code");
        let mailed = code_in(&world.delivered("mail").await);
        assert_eq!(browser.post("/mailed-code", &[("code", &mailed)]).await.location(), "recovery-code");
        is_marked(&browser.post("/recovery-code", &[("code", "x")]).await, "code", "no recovery code");
    }
}

fn wrong(world: &World, person: &Person) -> &'static str {
    if world.code_of(person) == "000000" { "000001" } else { "000000" }
}

#[tokio::test]
async fn every_form_of_an_owner_marks_the_field_that_is_to_be_mended() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut panel = world.signed_in_at_the_panel(&bob).await;
    let mut portal = world.signed_in_at_the_portal(&bob).await;
    are_marked(&mut panel, &AT_HOME, "/profile").await;
    are_marked(&mut portal, &AT_HOME, "/").await;
    for (path, fields, field) in [
        ("/tokens", &[("do", "make"), ("name", ""), ("status:read", "yes")][..], "name"),
        ("/tokens", &[("do", "make"), ("name", "Backup")][..], "status:read"),
        ("/offline-unlock", &[("passphrase", "x"), ("again", "x"), ("code", "123456")][..], "passphrase"),
    ] {
        is_marked(&panel.post(path, fields).await, field, path);
    }
    for (browser, profile) in [(&mut panel, "/profile"), (&mut portal, "/")] {
        browser.post(profile, &[("do", "change-email"), ("email", "robert@example.test")]).await;
        for code in ["", "000000"] {
            let page = browser.post(profile, &[("do", "confirm-email"), ("code", code)]).await;
            is_marked(&page, "email-code", "mailed");
        }
        browser.post("/turn-on", &[("factor", "authenticator")]).await;
        for code in ["", "000000"] {
            is_marked(&browser.post("/set-up-authenticator", &[("code", code)]).await, "code", "first code");
        }
    }
    panel.create_key("Shed").await;
    is_marked(&panel.post("/new-key", &[]).await, "saved", "not saved");
    panel.post("/new-key", &[("saved", "yes")]).await;
    let person = portal.set_up_app(&world, bob).await;
    is_marked(&portal.post("/recovery-codes", &[]).await, "saved", "not saved");
    portal.post("/recovery-codes", &[("saved", "yes")]).await;
    is_marked(&portal.post("/two-factor", &[("do", "turn-off")]).await, "sure", "not sure");
    assert!(person.totp.is_some());
}

/// A page that was open when the agent was started anew.
#[tokio::test]
async fn forms_of_before_a_restart_are_answered_with_a_sentence_and_keep_what_was_typed() {
    let mut world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut browser = world.browser();
    browser.claim(&world).await;
    browser.get("/sign-up").await;
    world.agent_restarts().await;
    let late = browser.post("/sign-up", &[("email", "new@example.test"), ("password", "x"), ("repeated", "x")]).await;
    assert!(browser.follow(late).await.says("Type it again; your e-mail is kept"));
    browser.claim(&world).await;
    assert!(browser.get("/sign-up").await.says("value=\"new@example.test\""));

    browser.post("/forgot-password", &[("email", &bob.email)]).await;
    let code = code_in(&world.delivered("mail").await);
    world.agent_restarts().await;
    let new = "New-horse-8!battery";
    let form = [("email", bob.email.as_str()), ("code", &code), ("password", new), ("repeated", new)];
    let late = browser.post("/reset-password", &form).await;
    assert!(browser.follow(late).await.says("Type it again; your e-mail is kept"));
    browser.claim(&world).await;
    assert!(browser.get("/reset-password").await.says("value=\"bob@example.test\""));
    assert_eq!(
        browser.post("/reset-password", &form).await.location(),
        "sign-in?why=password-reset",
        "the code counts yet"
    );

    let bob = Person { password: new.to_owned(), ..bob };
    assert_eq!(browser.give_password(&bob).await.location(), "./");
    world.agent_restarts().await;
    let late = browser.change_password(new, "Newer-horse-9!", "Newer-horse-9!").await;
    assert!(
        late.status == StatusCode::CONFLICT && late.says("Sign in again to see and change the account"),
        "{}",
        late.text
    );
    assert!(late.says("href=\"sign-in\"") && !late.says("horse"), "{}", late.text);
    assert_eq!(browser.give_password(&bob).await.location(), "security", "and back");
}
