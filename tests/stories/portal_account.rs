//! Ways to an account at the portal, and who its owner is.

use http::StatusCode;

use crate::world::{Factor, Person, World, code_in};

#[tokio::test]
async fn somebody_creates_an_account_confirms_it_by_the_mailed_code_and_signs_in() {
    let world = World::new().await;
    let mut browser = world.portal_browser();
    let form = sign_up_form("New+Pi@example.test", "Correct-horse-7!battery", "Correct-horse-7!battery");
    let begun = browser.post("/sign-up", &form).await;
    assert_eq!(begun.location(), "confirm-email", "{}", begun.text);
    assert!(browser.follow(begun).await.says("New+Pi@example.test"));
    let early = browser.post("/sign-in", &[("email", form[0].1), ("password", form[1].1)]).await;
    assert!(early.status.is_client_error() || early.location() == "confirm-email", "{}", early.text);

    let wrong = browser.post("/confirm-email", &[("email", form[0].1), ("code", "000000")]).await;
    assert!(wrong.status == StatusCode::UNAUTHORIZED && wrong.says("code"), "{}", wrong.text);
    let code = code_in(&world.delivered("mail").await);
    let confirmed = browser.post("/confirm-email", &[("email", form[0].1), ("code", &code)]).await;
    let page = browser.follow(confirmed).await;
    assert!(page.says("Your account is ready") && page.says("New+Pi@example.test"), "{}", page.text);
    let signed_in = browser.post("/sign-in", &[("email", form[0].1), ("password", form[1].1)]).await;
    assert!(browser.follow(signed_in).await.says("New+Pi@example.test"));
}

#[tokio::test]
async fn signing_up_does_not_tell_whether_an_address_has_an_account() {
    let world = World::new().await;
    world.person("bob@example.test", Factor::None).await;
    let mut answers = Vec::new();
    for email in ["bob@example.test", "nobody@example.test"] {
        let mut browser = world.portal_browser();
        let form = sign_up_form(email, "Correct-horse-7!battery", "Correct-horse-7!battery");
        let answer = browser.post("/sign-up", &form).await;
        let location = answer.location().to_owned();
        answers.push((location, browser.follow(answer).await.text.replace(email, "")));
    }
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn what_cannot_be_an_account_is_said_and_loses_only_the_password() {
    let world = World::new().await;
    let mut browser = world.portal_browser();
    for (email, password, again) in [
        ("", "Correct-horse-7!battery", "Correct-horse-7!battery"),
        ("new@example.test", "", ""),
        ("new@example.test", "Correct-horse-7!battery", "another"),
        ("new@example.test", "short", "short"),
        ("not an address", "Correct-horse-7!battery", "Correct-horse-7!battery"),
    ] {
        let answer = browser.post("/sign-up", &sign_up_form(email, password, again)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{email} {password}: {}", answer.text);
        assert!(answer.says(&format!("value=\"{email}\"")) && !answer.says("Correct-horse"));
    }
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_by_a_mailed_code() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut session = world.signed_in_at_the_portal(&ann).await;
    let mut browser = world.portal_browser();
    let nobody = browser.post("/forgot-password", &[("email", "nobody@example.test")]).await;
    assert_eq!(nobody.location(), "reset-password");
    let begun = browser.post("/forgot-password", &[("email", &ann.email)]).await;
    assert!(browser.follow(begun).await.says("has an account here"));
    let code = code_in(&world.delivered("mail").await);
    let form = |code: &str, password: &str| {
        [
            ("email", ann.email.clone()),
            ("code", code.to_owned()),
            ("password", password.to_owned()),
            ("repeated", password.to_owned()),
        ]
    };
    let weak = form(&code, "x");
    let weak: Vec<(&str, &str)> = weak.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(browser.post("/reset-password", &weak).await.status, StatusCode::BAD_REQUEST);
    let good = form(&code, "New-horse-8!battery");
    let good: Vec<(&str, &str)> = good.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let reset = browser.post("/reset-password", &good).await;
    assert_eq!(reset.location(), "sign-in?why=password-reset", "{}", reset.text);
    assert!(browser.follow(reset).await.says("Your new password is set"));
    let ann = Person { password: "New-horse-8!battery".into(), ..ann };
    assert_eq!(browser.give_password(&ann).await.location(), "code", "two-factor authentication stays");
    assert_eq!(session.get("/").await.status, StatusCode::SEE_OTHER, "older sign-ins have ended");
}

#[tokio::test]
async fn a_new_address_counts_only_after_its_code() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut browser = world.signed_in_at_the_portal(&bob).await;
    let changed = browser.post("/", &[("do", "change-email"), ("email", "robert@example.test")]).await;
    let page = browser.follow(changed).await;
    assert!(page.says("Code that was mailed to"), "{}", page.text);
    assert!(page.says("robert@example.test") && page.says("bob@example.test"), "{}", page.text);
    let code = code_in(&world.delivered("mail").await);
    let confirmed = browser.post("/", &[("do", "confirm-email"), ("code", &code)]).await;
    assert_eq!(confirmed.location(), "./?done=email-changed", "{}", confirmed.text);
    assert!(browser.get("/").await.says("robert@example.test"));
    world.signed_in_at_the_portal(&Person { email: "robert@example.test".into(), ..bob }).await;
}

#[tokio::test]
async fn a_phone_number_is_verified_by_text_and_can_be_removed() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut browser = world.signed_in_at_the_portal(&bob).await;
    let bad = browser.post("/", &[("do", "set-phone"), ("phone", "0123")]).await;
    assert!(bad.status == StatusCode::BAD_REQUEST && bad.says("value=\"0123\""), "{}", bad.text);
    let set = browser.post("/", &[("do", "set-phone"), ("phone", "+1 206 555 0123")]).await;
    assert!(browser.follow(set).await.says("Code that was texted to"));
    let code = code_in(&world.delivered("sms").await);
    let confirmed = browser.post("/", &[("do", "confirm-phone"), ("code", &code)]).await;
    assert!(browser.follow(confirmed).await.says("Your phone number is verified"));
    let removed = browser.post("/", &[("do", "remove-phone")]).await;
    assert!(browser.follow(removed).await.says("Your phone number is removed"));
}

#[tokio::test]
async fn what_guards_the_account_is_not_changed_hours_after_the_sign_in() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    for (page, form, typed) in [
        ("/", vec![("do", "change-email"), ("email", "new@example.test")], "value=\"new@example.test\""),
        ("/", vec![("do", "set-phone"), ("phone", "+12065550123")], "value=\"+12065550123\""),
        ("/keys", vec![("do", "create"), ("name", "Shed & barn"), ("scope", "read")], "value=\"Shed & barn\""),
        ("/turn-on", vec![("factor", "authenticator")], "Authenticator App"),
        ("/set-up-texts", vec![("phone", "+12065550123")], "value=\"+12065550123\""),
    ] {
        let mut browser = world.signed_in_at_the_portal(&bob).await;
        world.let_pass(601);
        let answer = browser.post(page, &form).await;
        assert_eq!(answer.location(), "sign-in", "{page} {form:?} {}", answer.text);
        assert!(browser.follow(answer).await.says("Confirm that it is you"));
        let back = browser.give_password(&bob).await;
        let again = browser.follow(back).await;
        assert!(again.says(typed), "what was typed is lost: {page} {}", again.text);
    }
}

fn sign_up_form<'a>(email: &'a str, password: &'a str, again: &'a str) -> [(&'static str, &'a str); 3] {
    [("email", email), ("password", password), ("repeated", again)]
}
