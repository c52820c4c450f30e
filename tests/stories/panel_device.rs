//! The machine below the panel: how it is, what needs attention, the daemon's unit, settings, and what is told about Latchkey.

use http::StatusCode;

use crate::machine::UNIT;
use crate::world::World;

const RUNNING: &str = "printf 'Description=remote.it device\\nLoadState=loaded\\nActiveState=active\\n\
    StateChangeTimestampMonotonic=40000000\\nNRestarts=2\\n'";
const FAILED: &str = "printf 'LoadState=loaded\\nActiveState=failed\\n'";

#[tokio::test]
async fn a_healthy_pi_shows_itself_and_needs_nothing() {
    let world = World::new().await;
    world.machine_says("proc/device-tree/model", "Raspberry Pi 4 Model B Rev 1.4\0");
    world.machine_says("proc/uptime", "7300.00 1.0\n");
    world.machine_says("sys/class/thermal/thermal_zone0/temp", "48312\n");
    world.machine_says("run/systemd/timesync/synchronized", "");
    world.program_does("systemctl", RUNNING);
    world.program_does("journalctl", "echo '2027-01-15T08:00:00+0000 pi connectd[7]: <b>connected</b>'");
    let mut browser = world.signed_in_browser(&world.ann().await).await;
    let page = browser.get("/device").await;
    for sentence in
        ["Raspberry Pi 4 Model B Rev 1.4", "48 °C", "3 hours", "is set by the network", "Well</span>", "Running</span>"]
    {
        assert!(page.says(sentence), "{sentence}: {}", page.text);
    }
    assert!(page.says(UNIT) && page.says("remote.it device") && page.says("&#60;b&#62;connected"), "{}", page.text);
    let overview = browser.get("/").await;
    assert!(!overview.says("Needs attention") && overview.says(">Running<"), "{}", overview.text);
}

#[tokio::test]
async fn every_trouble_is_on_the_overview_with_what_to_do() {
    let world = World::new().await;
    world.machine_says("sys/devices/platform/soc/soc:firmware/get_throttled", "50001\n");
    world.machine_says("sys/class/thermal/thermal_zone0/temp", "85000\n");
    world.machine_says("run/systemd/timesync/other", "");
    world.program_does("systemctl", FAILED);
    let mut browser = world.signed_in_browser(&world.ann().await).await;
    let overview = browser.get("/").await;
    for sentence in [
        "Needs attention",
        "The daemon has failed.",
        "See its last words",
        "The power supply is too weak",
        "slows itself down",
        "No time server has been reached",
        "timedatectl status",
    ] {
        assert!(overview.says(sentence), "{sentence}: {}", overview.text);
    }
    let device = browser.get("/device").await;
    assert!(device.says("The power supply is too weak") && device.says("Failed</span>"), "{}", device.text);
}

#[tokio::test]
async fn the_missing_offline_unlock_is_a_hint_and_goes_when_it_is_there() {
    let world = World::new().await;
    let mut browser = world.signed_in_browser(&world.ann().await).await;
    let overview = browser.get("/").await;
    assert!(overview.says("Good to have") && overview.says("Set up an offline unlock"), "{}", overview.text);
    assert!(browser.get("/settings").await.says("Set it up"));
}

#[tokio::test]
async fn a_service_that_is_away_is_told_with_how_long() {
    let mut world = World::new().await;
    let mut browser = world.signed_in_browser(&world.ann().await).await;
    world.service_goes_away().await;
    world.account.confirm().await;
    world.let_pass(600);
    let overview = browser.get("/").await;
    assert!(overview.says("has not been reached for 10 minutes"), "{}", overview.text);
    world.service_comes_back().await;
    world.account.confirm().await;
    assert!(!browser.get("/").await.says("has not been reached"));
}

#[tokio::test]
async fn the_daemon_is_restarted_by_a_button() {
    let world = World::new().await;
    world.program_does("systemctl", &format!("echo \"$@\" >> {}/asked; {RUNNING}", world.machine().display()));
    let mut browser = world.signed_in_browser(&world.ann().await).await;
    let answer = browser.post("/device", &[("do", "restart")]).await;
    assert_eq!(answer.location(), "device?done=daemon-restarted", "{}", answer.text);
    assert!(browser.follow(answer).await.says("The daemon is restarted."));
    assert!(world.machine_has("asked").contains("restart --no-ask-password -- remoteit.service"));
}

#[tokio::test]
async fn a_restart_that_fails_says_why_and_what_to_do() {
    let world = World::new().await;
    let mut browser = world.signed_in_browser(&world.ann().await).await;
    let without = browser.post("/device", &[("do", "restart")]).await;
    assert_eq!(without.status, StatusCode::NOT_IMPLEMENTED);
    assert!(without.says("does not run systemd"), "{}", without.text);
    for (script, status, sentence) in [
        ("echo 'Access denied' >&2; exit 1", StatusCode::FORBIDDEN, "does not let Latchkey"),
        ("echo 'Unit remoteit.service not found.' >&2; exit 5", StatusCode::CONFLICT, "no such unit"),
        ("echo 'Job failed.' >&2; exit 1", StatusCode::BAD_GATEWAY, "did not start"),
    ] {
        world.program_does("systemctl", script);
        let answer = browser.post("/device", &[("do", "restart")]).await;
        assert_eq!(answer.status, status);
        assert!(answer.says(sentence), "{}", answer.text);
    }
    assert_eq!(browser.post("/device", &[]).await.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn nobody_else_sees_or_restarts_anything() {
    let world = World::new().await;
    world.signed_in_browser(&world.ann().await).await;
    world.program_does("systemctl", &format!("echo \"$@\" >> {}/asked", world.machine().display()));
    let mut stranger = world.browser();
    for page in ["/device", "/settings", "/about", "/offline-unlock"] {
        assert_eq!(stranger.get(page).await.location(), "sign-in", "{page}");
    }
    assert_eq!(stranger.post("/device", &[("do", "restart")]).await.location(), "sign-in");
    assert_eq!(world.machine_has("asked"), "");
}

#[tokio::test]
async fn settings_and_about_tell_names_places_and_what_is_stored() {
    let world = World::new().await;
    let mut browser = world.signed_in_browser(&world.ann().await).await;
    let settings = browser.get("/settings").await;
    assert!(settings.says("panel.example") && settings.says("names = [") && settings.says("href=\"ca\""));
    let about = browser.get("/about").await;
    assert!(about.says(env!("CARGO_PKG_VERSION")) && about.says(&world.service_url()), "{}", about.text);
    assert!(about.says("What Latchkey stores") && about.says("Your password is never stored"));
    for link in ["href=\"device\"", "href=\"settings\"", "href=\"about\"", "aria-current=\"page\""] {
        assert!(about.says(link), "{link}");
    }
}
