//! A device that is given up at its console: `latchkey release` is another process, and the account service may be away.

#![expect(clippy::unwrap_used, reason = "a story that cannot go on fails")]

use latchkey::account::{Account, Parts, Service, SignedOut};
use latchkey::base::{Clock, Entropy};
use latchkey::net::Client;
use latchkey::panel;

use crate::world::World;

/// What the command does, in a process of its own.
async fn release(world: &World) -> SignedOut {
    let parts = Parts {
        service: Service::Url(format!("http://{}", world.service_address())),
        client: Client::new(None).unwrap(),
        keystore: world.keystore.clone(),
        clock: Clock::system(),
        entropy: Entropy::kernel(),
    };
    let outcome = Account::new(parts).unwrap().sign_out().await.unwrap();
    panel::forget_sessions(&world.keystore).unwrap();
    world.account.reload().unwrap();
    world.panel.keep_house();
    outcome
}

#[tokio::test]
async fn a_device_released_while_the_service_is_away_asks_for_a_new_claim_code_and_knows_nobody() {
    let mut world = World::new().await;
    let before = world.claim_code();
    let ann = world.ann().await;
    let mut browser = world.signed_in_browser(&ann).await;
    world.service_goes_away().await;
    assert_eq!(release(&world).await, SignedOut::HereOnly);
    assert_ne!(world.claim_code(), before);
    assert_eq!(browser.get("/").await.location(), "claim");

    world.service_comes_back().await;
    let cookies = browser.cookies.clone();
    // A code counts once.
    world.let_pass(30);
    let mut again = world.browser();
    again.sign_in(&world, &ann).await;
    browser.cookies = cookies;
    assert!(browser.get("/").await.location().starts_with("sign-in"), "an old session counts again");
}

#[tokio::test]
async fn another_account_is_told_that_the_device_is_taken_but_not_by_whom() {
    let world = World::new().await;
    let ann = world.ann().await;
    world.signed_in_browser(&ann).await;
    let bob = world.person("bob@example.test", crate::world::Factor::None).await;
    let answer = world.browser().give_password(&bob).await;
    assert!(answer.says("belongs to another account"), "{} {}", answer.status, answer.text);
    assert!(!answer.says(&ann.email));
}
