//! Every browser is answered in its own language, and looks as its owner wants.

use crate::world::{Factor, World};

#[tokio::test]
async fn a_browser_is_answered_in_its_language_and_by_default_in_english() {
    let world = World::new().await;
    for (asked, tag, heading) in [
        ("de-AT,de;q=0.9,en;q=0.5", "de", "Dieses Gerät übernehmen"),
        ("es-MX", "es", "Tomar posesión de este dispositivo"),
        ("ja", "ja", "このデバイスの所有者になる"),
        ("fr-FR,fr;q=0.9", "en", "Claim this device"),
        ("en-GB,de;q=0.9", "en", "Claim this device"),
    ] {
        let mut browser = world.browser();
        browser.extra.push(("accept-language", asked.into()));
        let page = browser.get("/claim").await;
        assert!(page.text.contains(&format!("<html lang=\"{tag}\"")), "{asked}: {}", page.text);
        assert!(page.says(&format!("<h1>{heading}</h1>")), "{asked}: {}", page.text);
    }
}

#[tokio::test]
async fn a_choice_in_the_footer_counts_more_than_the_browser_and_leads_back_to_the_page() {
    let world = World::new().await;
    let mut browser = world.browser();
    browser.claim(&world).await;
    let address = format!("http://{}/sign-in?why=expired", browser.host);
    browser.extra.push(("referer", address));
    let answer = browser.post("/preferences", &[("language", "de"), ("theme", "dark")]).await;
    assert_eq!(answer.location(), "./sign-in?why=expired");
    assert!(answer.headers.get_all("set-cookie").iter().all(|line| line.to_str().unwrap().contains("SameSite=Lax")));
    let page = browser.follow(answer).await;
    assert!(page.text.contains("<html lang=\"de\" data-theme=\"dark\""), "{}", page.text);
    assert!(page.says("Anmelden") && !page.says("Sign in"));
    for chosen in ["value=\"de\" lang=\"de\" translate=\"no\" selected", "value=\"dark\" selected"] {
        assert!(page.says(chosen), "{chosen}: {}", page.text);
    }
    browser.post("/preferences", &[("language", ""), ("theme", "")]).await;
    let page = browser.get("/sign-in").await;
    assert!(page.text.contains("<html lang=\"en\">") && page.says("<h1>Sign in</h1>"));
}

#[tokio::test]
async fn a_language_that_nobody_speaks_is_refused() {
    let world = World::new().await;
    let mut browser = world.browser();
    for fields in [[("language", "xx"), ("theme", "")], [("language", "de"), ("theme", "pink")]] {
        let answer = browser.post("/preferences", &fields).await;
        assert_eq!(answer.status, 400);
        assert!(!browser.cookies.keys().any(|name| ["latchkey-language", "latchkey-theme"].contains(&name.as_str())));
    }
}

#[tokio::test]
async fn what_went_wrong_is_told_in_the_language_too_and_what_was_typed_stays() {
    let world = World::new().await;
    let mut browser = world.browser();
    browser.extra.push(("accept-language", "de".into()));
    browser.claim(&world).await;
    let fields = [("email", "Sign in"), ("password", "")];
    let page = browser.post("/sign-in", &fields).await;
    assert!(page.says("<title>Fehler: Anmelden – Latchkey</title>"), "{}", page.text);
    assert!(page.says("value=\"Sign in\""), "{}", page.text);
}

#[tokio::test]
async fn nothing_english_is_left_on_a_german_sign_in_page() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut english = world.browser();
    english.claim(&world).await;
    let mut german = world.browser();
    german.extra.push(("accept-language", "de".into()));
    german.claim(&world).await;
    for path in ["/sign-in", "/access-key", "/sign-in?why=expired"] {
        let before = sayings(&english.get(path).await.text);
        let same: Vec<String> =
            sayings(&german.get(path).await.text).into_iter().filter(|text| before.contains(text)).collect();
        assert!(same.iter().all(|text| ["Latchkey", "(optional)"].contains(&text.as_str())), "{path}: {same:?}");
    }
    german.give_password(&ann).await;
    let page = german.get("/code").await;
    assert!(page.says(&ann.email) && page.says("Sechsstelliger Code"), "{}", page.text);
}

#[tokio::test]
async fn every_room_of_an_account_is_in_japanese_at_the_portal_and_at_the_panel() {
    let world = World::new().await;
    let ann = world.ann().await;
    let bob = world.person("bob@example.test", Factor::None).await;
    let mut portal = world.signed_in_at_the_portal(&bob).await;
    let mut panel = world.signed_in_browser(&ann).await;
    for browser in [&mut portal, &mut panel] {
        browser.extra.push(("accept-language", "ja".into()));
        for path in ["/", "/profile", "/two-factor", "/turn-on", "/keys", "/security", "/activity", "/no-such-page"] {
            let page = browser.get(path).await;
            if page.status == 303 {
                continue;
            }
            let english: Vec<String> = sayings(&page.text).into_iter().filter(|text| text.is_ascii()).collect();
            assert!(english.iter().all(|text| text == "Latchkey"), "{path}: {english:?}");
            assert!(page.text.contains("<html lang=\"ja\""), "{path}");
        }
    }
}

/// What stands between the tags, without numbers, and what is the same in every language.
fn sayings(page: &str) -> Vec<String> {
    let body = page.split("<body>").nth(1).unwrap_or_default();
    let mut texts = Vec::new();
    for (number, part) in body.split('<').enumerate() {
        let (tag, text) = part.split_once('>').unwrap_or(("", part));
        let is_kept = number > 0 && (tag.contains("translate=\"no\"") || tag.starts_with("code"));
        let text = text.trim();
        if !is_kept && text.contains(char::is_alphabetic) {
            texts.push(text.to_owned());
        }
    }
    texts
}
