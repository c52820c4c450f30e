//! What an owner does in their account. The screens are the same at the service's portal and at a device's panel, and so are
//! the ways through them.

#![expect(clippy::unwrap_used, reason = "a story that cannot go on fails")]

use http::StatusCode;
use latchkey::protocol::credentials_file::CredentialsFile;
use latchkey::protocol::totp::TotpSecret;

use crate::browser::{Browser, Page};
use crate::world::{Person, World, code_in};

/// By the same form, and so soon that it could be a second press of the button; whichever way they left.
pub(crate) async fn whoever_left_signs_in_again_at_once(browser: &mut Browser, person: &Person) {
    assert_eq!(browser.give_password(person).await.location(), "./");
    for (path, form) in [("/sign-out", &[][..]), ("/security", &[("do", "sign-out-everywhere")])] {
        assert_eq!(browser.get("/security").await.status, StatusCode::OK);
        assert_eq!(browser.post(path, form).await.status, StatusCode::SEE_OTHER);
        assert_eq!(browser.give_password(person).await.location(), "./");
    }
    assert_eq!(browser.get("/security").await.status, StatusCode::OK, "and is in");
}

/// A new key's secret can be looked at, copied and downloaded until it is said to be saved, and never again.
pub(crate) async fn a_new_key_is_shown_until_it_is_saved(browser: &mut Browser) {
    let page = browser.create_key("Greenhouse").await;
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

pub(crate) async fn a_double_click_makes_one_key(browser: &mut Browser) {
    let form = [("do", "create"), ("name", "Once"), ("scope", "full"), ("expires", "")];
    let (first, second) = browser.post_twice("/keys", &form).await;
    assert_eq!((first.location(), second.location()), ("new-key", "new-key"), "{}", second.text);
    browser.post("/new-key", &[("saved", "yes")]).await;
    assert_eq!(browser.get("/keys").await.text.matches(">Once</h2>").count(), 1);
}

pub(crate) async fn a_key_is_deleted_only_when_it_is_off(browser: &mut Browser) {
    let page = browser.create_key("").await;
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

pub(crate) async fn what_cannot_be_a_key_is_said_at_its_field(browser: &mut Browser) {
    let form = [("do", "create"), ("name", "Shed & barn"), ("scope", "read"), ("expires", "2001-01-01")];
    let refused = browser.post("/keys", &form).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.text);
    assert!(refused.says("href=\"#expires\"") && refused.says("Shed & barn") && refused.says("2001-01-01"));
    assert!(refused.says("value=\"read\" selected"));
}

/// From off to on with an app; recovery codes are saved before one leaves.
pub(crate) async fn an_app_is_turned_on(world: &World, browser: &mut Browser, person: Person) -> Person {
    let off = browser.get("/two-factor").await;
    assert!(off.says("Two-factor Authentication") && off.says("Turn On"), "{}", off.text);
    let choice = browser.get("/turn-on").await;
    assert!(choice.says("Authenticator App") && choice.says("Recommended") && choice.says("SMS Number"));
    assert!(choice.says("message rates may apply"), "{}", choice.text);

    let person = browser.set_up_app(world, person).await;
    let codes = browser.get("/recovery-codes").await;
    let listed = codes_in(&codes);
    assert_eq!(listed.len(), 10, "{}", codes.text);
    let file = browser.get("/recovery-codes.txt").await;
    assert!(file.header("content-disposition").contains("attachment"));
    assert!(listed.iter().all(|code| file.text.contains(code)));
    assert!(browser.get("/keys").await.says("is not saved yet"), "a look elsewhere loses nothing");
    let unsaved = browser.post("/recovery-codes", &[]).await;
    assert!(unsaved.status == StatusCode::BAD_REQUEST && unsaved.says("Save it first"));
    let saved = browser.post("/recovery-codes", &[("saved", "yes")]).await;
    assert_eq!(saved.location(), "two-factor?done=codes-saved");
    let on = browser.follow(saved).await;
    assert!(on.says("Authenticator app") && on.says("10 left") && on.says("since "), "{}", on.text);
    assert_eq!(browser.get("/recovery-codes").await.location(), "two-factor", "shown once");
    assert_eq!(browser.get("/recovery-codes.txt").await.location(), "two-factor");
    person
}

pub(crate) async fn a_wrong_first_code_keeps_the_picture(world: &World, browser: &mut Browser, person: Person) {
    let begun = browser.post("/turn-on", &[("factor", "authenticator")]).await;
    let secret = secret_in(&browser.follow(begun).await);
    let person = Person { totp: Some(TotpSecret::parse(&secret).unwrap()), ..person };
    let right = world.code_of(&person);
    let wrong = if right == "000000" { "000001" } else { "000000" };
    let refused = browser.post("/set-up-authenticator", &[("code", wrong)]).await;
    assert!(refused.status == StatusCode::UNAUTHORIZED && refused.says("That code is not right"), "{}", refused.text);
    assert_eq!(secret_in(&refused), secret, "the same picture is still good");
    let (first, second) = browser.post_twice("/set-up-authenticator", &[("code", &right)]).await;
    assert_eq!((first.location(), second.location()), ("recovery-codes", "recovery-codes"), "{}", second.text);
}

/// From off to on with text messages to a new number.
pub(crate) async fn texts_are_turned_on(world: &World, browser: &mut Browser) {
    assert_eq!(browser.post("/turn-on", &[("factor", "sms")]).await.location(), "set-up-texts");
    let page = browser.get("/set-up-texts").await;
    assert!(page.says("Message and data rates"));
    let refused = browser.post("/set-up-texts", &[("phone", "12345")]).await;
    assert!(refused.status == StatusCode::BAD_REQUEST && refused.says("value=\"12345\""), "{}", refused.text);
    let sent = browser.post("/set-up-texts", &[("phone", "+1 (206) 555-0123")]).await;
    assert_eq!(sent.location(), "set-up-texts", "{}", sent.text);
    assert!(browser.follow(sent).await.says("+12065550123"));
    let code = code_in(&world.delivered("sms").await);
    let on = browser.post("/set-up-texts", &[("do", "confirm"), ("code", &code)]).await;
    assert_eq!(on.location(), "recovery-codes", "{}", on.text);
    browser.post("/recovery-codes", &[("saved", "yes")]).await;
    assert!(browser.get("/two-factor").await.says("Text message"));
}

/// A sign-in that waits for a text: the service repeats the code, and the pages tell its end and not that of the sign-in.
pub(crate) async fn a_text_is_sent_again_and_counts_down_to_its_end(world: &World, browser: &mut Browser) {
    let first = code_in(&world.delivered("sms").await);
    world.let_pass(100);
    assert_eq!(browser.post("/code", &[("do", "send-again")]).await.location(), "code");
    assert_eq!(code_in(&world.delivered("sms").await), first, "the same code again");
    let page = browser.get("/code").await;
    assert!(page.says("1:20") && !page.says("3:00"), "{}", page.text);
    world.let_pass(80);
    let over = browser.get("/code").await;
    assert!(over.says("has expired. Ask for a new one.") && !over.says("Time left"), "{}", over.text);
    let late = browser.give_code(&first).await;
    assert!(late.status == StatusCode::UNAUTHORIZED && late.says("Ask for a new one"), "{}", late.text);
    assert!(late.says("Send a new code") && !late.says("Wait for the next"), "{}", late.text);
    assert_eq!(browser.post("/code", &[("do", "send-again")]).await.location(), "code");
    assert!(browser.get("/code").await.says("3:00"), "a new code has a time of its own");
    world.let_pass(30);
}

/// The one of another browser, which is the first in the list; this one's stands.
pub(crate) async fn a_sign_in_is_ended_and_that_is_told_once(world: &World, browser: &mut Browser) {
    let page = browser.get("/security").await;
    assert!(page.says("Chrome on Linux") && page.says("This browser"), "{}", page.text);
    let id = listed_sign_in(&page);
    let end = [("do", "end"), ("sign-in", id.as_str())];
    let ended = browser.post("/security", &end).await;
    assert!(browser.follow(ended).await.says("That sign-in is ended"));
    world.let_pass(10);
    let again = browser.post("/security", &end).await;
    assert!(browser.follow(again).await.says("That sign-in had ended before"), "it was not ended just now");
    assert_eq!(browser.get("/").await.status, StatusCode::OK);
}

impl Browser {
    pub(crate) async fn change_password(&mut self, present: &str, password: &str, repeated: &str) -> Page {
        let form = [("do", "change-password"), ("present", present), ("password", password), ("repeated", repeated)];
        self.post("/security", &form).await
    }

    /// Password, and the code where one is asked for; then this page.
    pub(crate) async fn prove(&mut self, world: &World, person: &Person, leads_to: &str) {
        let mut answer = self.give_password(person).await;
        if answer.location() == "code" {
            // The step before may have been used.
            world.let_pass(30);
            answer = self.give_code(&world.code_of(person)).await;
        }
        assert_eq!(answer.location(), leads_to, "{}", answer.text);
    }

    pub(crate) async fn create_key(&mut self, name: &str) -> Page {
        let form = [("do", "create"), ("name", name), ("scope", "full"), ("expires", "")];
        let made = self.post("/keys", &form).await;
        assert_eq!(made.location(), "new-key", "{}", made.text);
        self.follow(made).await
    }

    /// Turns it on with a new secret.
    pub(crate) async fn set_up_app(&mut self, world: &World, person: Person) -> Person {
        let begun = self.post("/turn-on", &[("factor", "authenticator")]).await;
        assert_eq!(begun.location(), "set-up-authenticator", "{}", begun.text);
        let page = self.follow(begun).await;
        assert!(page.says("<svg") && page.says("otpauth://totp/"));
        let person = Person { totp: Some(TotpSecret::parse(&secret_in(&page)).unwrap()), ..person };
        let answer = self.post("/set-up-authenticator", &[("code", &world.code_of(&person))]).await;
        assert_eq!(answer.location(), "recovery-codes", "{}", answer.text);
        person
    }
}

/// The text that follows a mark, up to the next tag.
pub(crate) fn between(page: &Page, mark: &str) -> String {
    let (_, rest) = page.text.split_once(mark).unwrap();
    rest.split('<').next().unwrap().replace("&#43;", "+")
}

pub(crate) fn secret_in(page: &Page) -> String {
    between(page, "id=\"secret\" translate=\"no\">")
}

/// The first one in the list that can be ended.
pub(crate) fn listed_sign_in(page: &Page) -> String {
    let (_, rest) = page.text.split_once("name=\"sign-in\" value=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

pub(crate) fn codes_in(page: &Page) -> Vec<String> {
    between(page, "id=\"codes\" translate=\"no\">").split_whitespace().map(str::to_owned).collect()
}
