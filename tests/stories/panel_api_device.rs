//! The machine as programs see it: how it is, and its daemon, which they may restart.

use http::StatusCode;
use serde_json::{Value, json};

use crate::machine::UNIT;
use crate::panel_api::{signed_in_device, token};

#[tokio::test]
async fn a_program_is_told_how_the_machine_and_its_daemon_are() {
    let (world, mut owner, mut program) = signed_in_device().await;
    for (path, text) in [
        ("proc/device-tree/model", "Raspberry Pi 4 Model B Rev 1.4\0"),
        ("proc/device-tree/serial-number", "10000000a1b2c3d4\0"),
        ("proc/uptime", "7300.00 1.0\n"),
        ("proc/loadavg", "0.20 0.18 0.12 1/80 11206\n"),
        ("proc/meminfo", "MemTotal: 437000 kB\nMemAvailable: 30000 kB\n"),
        ("sys/class/thermal/thermal_zone0/temp", "85000\n"),
        ("sys/devices/platform/soc/soc:firmware/get_throttled", "50000\n"),
        ("run/systemd/timesync/synchronized", ""),
    ] {
        world.machine_says(path, text);
    }
    let running = "printf 'Description=remote.it device\nLoadState=loaded\nActiveState=active\n\
        StateChangeTimestampMonotonic=40000000\nNRestarts=2\n'";
    world.program_does("systemctl", running);
    program.with(&token(&mut owner, "monitor", &["device:read"]).await);
    let told = program.get("/device").await.body;
    assert_eq!((&told["model"], &told["serial_end"]), (&json!("Raspberry Pi 4 Model B Rev 1.4"), &json!("c3d4")));
    assert_eq!(told["clock"], json!({ "synchronised": true, "ahead_seconds": 0 }));
    let health = &told["health"];
    assert_eq!((&health["uptime_seconds"], &health["celsius"]), (&json!(7300), &json!(85)));
    assert_eq!(health["memory"], json!({ "free_bytes": 30_000 * 1024, "total_bytes": 437_000 * 1024 }));
    assert_eq!(health["load"], json!({ "one_minute": 0.2, "five_minutes": 0.18, "fifteen_minutes": 0.12 }));
    assert_eq!((&health["power"]["was_too_low"], &health["power"]["too_low"]), (&json!(true), &json!(false)));
    let worries: Vec<&Value> = health["worries"].as_array().into_iter().flatten().map(|one| &one["code"]).collect();
    assert_eq!(worries, ["too_hot", "memory_low", "under_voltage_before"]);
    let unit = json!({
        "name": UNIT, "description": "remote.it device", "loaded": "yes", "active": "running",
        "since_seconds": 7260, "restarts": 2, "problem": null,
    });
    assert_eq!(told["unit"], unit);
}

#[tokio::test]
async fn a_machine_that_tells_nothing_is_told_so() {
    let (_world, mut owner, mut program) = signed_in_device().await;
    program.with(&token(&mut owner, "monitor", &["device:read"]).await);
    let told = program.get("/device").await.body;
    assert_eq!((&told["model"], &told["health"]["celsius"]), (&Value::Null, &Value::Null));
    assert_eq!((&told["unit"]["name"], &told["unit"]["active"]), (&json!(UNIT), &Value::Null));
    assert!(told["unit"]["problem"].as_str().is_some_and(|why| why.contains("does not run systemd")), "{told}");
}

#[tokio::test]
async fn a_program_restarts_the_daemon_or_is_told_why_not() {
    let (world, mut owner, mut program) = signed_in_device().await;
    let asked = format!("echo \"$@\" >> {}/asked; echo ActiveState=active", world.machine().display());
    world.program_does("systemctl", &asked);
    program.with(&token(&mut owner, "reader", &["device:read"]).await);
    assert_eq!(program.post("/device/unit/restart", json!({})).await.code(), "scope");
    assert_eq!(world.machine_has("asked"), "");
    program.with(&token(&mut owner, "restarter", &["device:write"]).await);
    let done = program.post("/device/unit/restart", json!({})).await;
    assert_eq!((done.status, &done.body["active"]), (StatusCode::OK, &json!("running")));
    assert!(world.machine_has("asked").contains("restart --no-ask-password -- remoteit.service"));
    for (script, status, code, sentence) in [
        ("echo 'Access denied' >&2; exit 1", StatusCode::FORBIDDEN, "forbidden", "does not let Latchkey"),
        ("echo 'Unit remoteit.service not found.' >&2; exit 5", StatusCode::CONFLICT, "conflict", "no such unit"),
        ("echo 'Job failed.' >&2; exit 1", StatusCode::BAD_GATEWAY, "did_not_start", "journalctl"),
        (
            "echo 'has not been booted with systemd' >&2; exit 1",
            StatusCode::NOT_IMPLEMENTED,
            "not_supported",
            "systemd",
        ),
    ] {
        world.program_does("systemctl", script);
        let refused = program.post("/device/unit/restart", json!({})).await;
        assert_eq!((refused.status, refused.code()), (status, code));
        assert!(
            refused.body["error"]["message"].as_str().is_some_and(|told| told.contains(sentence)),
            "{}",
            refused.body
        );
    }
}
