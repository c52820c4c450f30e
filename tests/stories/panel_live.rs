//! An open page learns of changes by itself.

#![expect(clippy::unwrap_used, reason = "a story that cannot go on fails")]

use axum::body::{Body, Bytes};
use http::StatusCode;
use http_body_util::BodyExt;
use latchkey::net::serve::Stop;

use crate::browser::Browser;
use crate::world::World;

const DAY: u64 = 24 * 3600;

#[tokio::test]
async fn an_open_page_learns_that_the_key_was_revoked() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.signed_in_browser(&ann).await;
    let mut news = listen(&world, &browser).await;
    let mark = hear(&mut news).await.unwrap();
    assert!(browser.get("/").await.text.contains(&format!("data-live=\"{mark}\"")), "the page is up to date");

    // The code of this step was used.
    world.let_pass(30);
    world.key_is_deleted(&ann).await;
    world.account.confirm().await;
    let newer = hear(&mut news).await.unwrap();
    assert_ne!(newer, mark);
    let page = browser.get("/").await;
    assert!(page.says("Revoked"));
    assert!(page.text.contains(&format!("data-live=\"{newer}\"")));
}

#[tokio::test]
async fn listening_is_for_those_who_are_signed_in_and_ends_with_the_session() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.signed_in_browser(&ann).await;
    let mut news = listen(&world, &browser).await;
    assert!(hear(&mut news).await.is_some());
    let stolen = browser.cookies.clone();
    browser.post("/sign-out", &[]).await;
    assert_eq!(hear(&mut news).await, None);
    browser.cookies = stolen;
    assert_eq!(browser.stream(&world, "/live").await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_page_that_is_left_open_does_not_keep_its_session() {
    let world = World::new().await;
    let ann = world.ann().await;
    let mut browser = world.signed_in_browser(&ann).await;
    for _ in 0..2 {
        world.let_pass(DAY / 2 - 10);
        let mut news = listen(&world, &browser).await;
        assert!(hear(&mut news).await.is_some());
    }
    world.let_pass(20);
    assert_eq!(browser.get("/").await.location(), "sign-in?why=session-ended");
}

#[tokio::test]
async fn only_so_many_pages_listen_at_once() {
    let world = World::new().await;
    let ann = world.ann().await;
    let browser = world.signed_in_browser(&ann).await;
    let mut listening = Vec::new();
    for _ in 0..8 {
        listening.push(listen(&world, &browser).await);
    }
    assert_eq!(browser.stream(&world, "/live").await.status(), StatusCode::SERVICE_UNAVAILABLE);
    listening.pop();
    listening.push(listen(&world, &browser).await);
}

#[tokio::test]
async fn an_open_page_does_not_hold_the_end_of_the_program_up() {
    let world = World::new().await;
    let ann = world.ann().await;
    let browser = world.signed_in_browser(&ann).await;
    let (stopper, stop) = Stop::pair();
    world.panel.ends_with(stop);
    let mut news = listen(&world, &browser).await;
    assert!(hear(&mut news).await.is_some());
    stopper.stop();
    assert_eq!(hear(&mut news).await, None);
}

async fn listen(world: &World, browser: &Browser) -> Body {
    let answer = browser.stream(world, "/live").await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    assert_eq!(answer.headers()["cache-control"], "no-store");
    answer.into_body()
}

/// The next mark; `None` when the stream is over.
async fn hear(news: &mut Body) -> Option<String> {
    loop {
        let heard: Bytes = news.frame().await?.unwrap().into_data().unwrap();
        let text = String::from_utf8(heard.to_vec()).unwrap();
        if let Some((_, mark)) = text.trim_end().split_once("data: ") {
            return Some(mark.to_owned());
        }
    }
}
