//! Becoming a user at the panel, forgotten and changed passwords, the panel's own sessions, the account's log.

use http::StatusCode;

use crate::walks;
use crate::world::{Factor, Person, World, code_in};

const NEW: &str = "New-horse-8!battery";

#[tokio::test]
async fn whoever_has_claimed_a_new_pi_opens_an_account_at_it_and_signs_in() {
    let world = World::new().await;
    let mut browser = world.browser();
    let sign_up = [("email", "new@example.test"), ("password", NEW), ("repeated", NEW)];
    assert_eq!(browser.post("/sign-up", &sign_up).await.location(), "claim?why=lapsed", "a stranger has no mail sent");
    assert!(world.outbox("mail").await.is_empty());
    browser.claim(&world).await;
    assert!(browser.get("/sign-in").await.says("Create an account"));
    let weak = browser.post("/sign-up", &[("email", "new@example.test"), ("password", "x"), ("repeated", "x")]).await;
    assert!(weak.status == StatusCode::BAD_REQUEST && weak.says("new@example.test"), "{}", weak.text);
    let asked = browser.post("/sign-up", &sign_up).await;
    assert_eq!(asked.location(), "confirm-email", "{}", asked.text);
    let wrong = browser.post("/confirm-email", &[("email", "new@example.test"), ("code", "000000")]).await;
    assert!(wrong.status == StatusCode::UNAUTHORIZED && wrong.says("The mailed code is not right"), "{}", wrong.text);
    let code = code_in(&world.delivered("mail").await);
    let confirmed = browser.post("/confirm-email", &[("email", "new@example.test"), ("code", &code)]).await;
    assert_eq!(confirmed.location(), "sign-in?why=confirmed", "{}", confirmed.text);
    let signed_in = browser.post("/sign-in", &[("email", "new@example.test"), ("password", NEW)]).await;
    assert_eq!(signed_in.location(), "./", "{}", signed_in.text);
    assert_eq!(world.account.status().owner.unwrap().email, "new@example.test");
    browser.post("/sign-out", &[]).await;
    assert!(!browser.get("/sign-in").await.says("Create an account"), "a Pi has one owner");
}

#[tokio::test]
async fn a_forgotten_password_is_set_anew_at_the_panel() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut browser = world.browser();
    browser.claim(&world).await;
    assert!(browser.get("/sign-in").await.says("Forgot your password?"));
    assert_eq!(browser.post("/forgot-password", &[("email", &bob.email)]).await.location(), "reset-password");
    let code = code_in(&world.delivered("mail").await);
    let form = [("email", bob.email.as_str()), ("code", &code), ("password", NEW), ("repeated", NEW)];
    let reset = browser.post("/reset-password", &form).await;
    assert_eq!(reset.location(), "sign-in?why=password-reset", "{}", reset.text);
    let bob = Person { password: NEW.to_owned(), ..bob };
    assert_eq!(browser.give_password(&bob).await.location(), "./");
}

#[tokio::test]
async fn an_owner_changes_the_password_at_the_panel() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut browser = world.signed_in_at_the_panel(&bob).await;
    let wrong = browser.change_password("Wrong-horse-7!", NEW, NEW).await;
    assert!(
        wrong.status == StatusCode::UNAUTHORIZED && wrong.says("The present password is not right"),
        "{}",
        wrong.text
    );
    assert!(!wrong.says("Wrong-horse") && !wrong.says("New-horse"), "no password is echoed");
    let changed = browser.change_password(&bob.password, NEW, NEW).await;
    assert!(browser.follow(changed).await.says("Your password is changed"));
    let mut other = world.browser();
    assert_eq!(other.give_password(&Person { password: NEW.to_owned(), ..bob }).await.location(), "./");
}

#[tokio::test]
async fn an_owner_sees_the_browsers_at_this_pi_and_ends_one_or_all() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut phone = world.browser();
    phone.extra.push(("user-agent", "Mozilla/5.0 (X11; Linux x86_64) Chrome/131.0 Safari/537.36".into()));
    phone.claim(&world).await;
    phone.give_password(&bob).await;
    let mut laptop = world.browser();
    laptop.give_password(&bob).await;
    walks::a_sign_in_is_ended_and_that_is_told_once(&world, &mut laptop).await;
    assert_eq!(phone.get("/").await.location(), "sign-in?why=session-ended");

    phone.give_password(&bob).await;
    let out = laptop.post("/security", &[("do", "sign-out-everywhere")]).await;
    assert!(laptop.follow(out).await.says("signed out everywhere"));
    assert_eq!(phone.get("/").await.location(), "sign-in?why=session-ended");
    assert!(world.account.key().is_ok(), "the device goes on working");
}

#[tokio::test]
async fn signing_out_everywhere_says_so_when_it_reached_this_panel_only() {
    for service_is_away in [false, true] {
        let mut world = World::new().await;
        let bob = world.person("bob@example.test", Factor::None).await;
        let mut elsewhere = world.signed_in_at_the_portal(&bob).await;
        let (mut phone, mut laptop) = (world.browser(), world.browser());
        phone.claim(&world).await;
        phone.give_password(&bob).await;
        laptop.give_password(&bob).await;
        if service_is_away {
            world.service_goes_away().await;
        } else {
            // The user's tokens are in memory only.
            world.agent_restarts().await;
        }
        let out = laptop.post("/security", &[("do", "sign-out-everywhere")]).await;
        assert_eq!(out.location(), "sign-in?why=signed-out-here-only", "{}", out.text);
        let told = laptop.follow(out).await;
        assert!(told.says("of this panel") && told.says("other sign-ins to the account still stand"), "{}", told.text);
        assert_eq!(phone.get("/").await.location(), "sign-in?why=session-ended");
        if service_is_away {
            world.service_comes_back().await;
        }
        assert_eq!(elsewhere.get("/").await.status, StatusCode::OK, "it stands, as was said");
        world.let_pass(10);
        assert_eq!(laptop.give_password(&bob).await.location(), "./");
        let out = laptop.post("/security", &[("do", "sign-out-everywhere")]).await;
        assert_eq!(out.location(), "sign-in?why=signed-out-everywhere", "{}", out.text);
        assert_eq!(elsewhere.get("/").await.location(), "sign-in?why=session-ended");
    }
}

#[tokio::test]
async fn the_accounts_log_is_read_filtered_and_downloaded_at_the_panel() {
    let world = World::new().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut browser = world.browser();
    browser.claim(&world).await;
    browser.post("/sign-in", &[("email", &bob.email), ("password", "Wrong-horse-7!")]).await;
    browser.give_password(&bob).await;
    let all = browser.get("/activity").await;
    assert!(all.says("Sign-in failed") && all.says("Signed in") && all.says("Access key made"), "{}", all.text);
    let keys = browser.get("/activity?show=keys").await;
    assert!(keys.says("Access key made") && !keys.says("Sign-in failed"), "{}", keys.text);
    let table = browser.get("/activity.csv?show=sign-ins").await;
    assert_eq!(table.header("content-type"), "text/csv; charset=utf-8");
    assert!(table.text.starts_with("time,last,count,type,what,address,program,detail\r\n"), "{}", table.text);
    assert!(table.says("AUTH_LOGIN_ATTEMPT") && !table.says("ACCESS_KEY_CREATED"), "{}", table.text);
}

#[tokio::test]
async fn another_text_and_the_other_factor_need_no_second_password() {
    let world = World::new().await;
    let eve = world.person("eve@example.test", Factor::Both).await;
    let mut browser = world.browser();
    browser.claim(&world).await;
    assert_eq!(browser.give_password(&eve).await.location(), "factor");
    assert_eq!(browser.post("/factor", &[("factor", "authenticator")]).await.location(), "code");
    assert!(browser.get("/code").await.says("Text message instead"));
    assert_eq!(browser.post("/factor", &[("factor", "sms")]).await.location(), "code");
    assert_eq!(world.outbox("sms").await.len(), 1);
    world.let_pass(100);
    assert!(browser.get("/code").await.says("Authenticator app instead"));
    assert_eq!(browser.post("/code", &[("do", "send-again")]).await.location(), "code");
    assert_eq!(world.outbox("sms").await.len(), 2);
    assert_eq!(browser.give_code(&code_in(&world.delivered("sms").await)).await.location(), "./");
}

#[tokio::test]
async fn a_text_that_is_sent_again_counts_down_to_the_end_of_its_code_at_the_panel() {
    let mut world = World::new().await;
    let bob = world.person("bob@example.test", Factor::TextMessage).await;
    let mut browser = world.browser();
    browser.reach_the_code(&world, &bob).await;
    walks::a_text_is_sent_again_and_counts_down_to_its_end(&world, &mut browser).await;
    world.agent_restarts().await;
    assert!(browser.get("/code").await.says("2:30"), "the panel knows after a restart too");
    assert_eq!(browser.give_code(&code_in(&world.delivered("sms").await)).await.location(), "./");
}
