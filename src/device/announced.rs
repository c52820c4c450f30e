//! The name under which Avahi announces the machine (mDNS): its own below `.local`, or `<own>-2.local` where another machine on the
//! network has that. Avahi is asked over D-Bus by systemd's own program, with fixed arguments.

use std::path::Path;
use std::time::Duration;

use super::program;

const PATIENCE: Duration = Duration::from_secs(5);
const QUESTION: [&str; 7] = [
    "--system",
    "--auto-start=no",
    "call",
    "org.freedesktop.Avahi",
    "/",
    "org.freedesktop.Avahi.Server",
    "GetHostNameFqdn",
];

pub(super) async fn name(busctl: &Path) -> Option<String> {
    let said = program::run(busctl, &QUESTION, PATIENCE).await.ok()?;
    said.succeeded.then(|| read(&said.out)).flatten()
}

/// `s "raspberrypi-2.local"`
fn read(said: &str) -> Option<String> {
    let name = said.trim().strip_prefix("s \"")?.strip_suffix('"')?.to_ascii_lowercase();
    let plausible = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
    (plausible && name.ends_with(".local")).then_some(name)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[tokio::test]
    async fn avahi_is_asked_for_the_name_that_it_chose() {
        let home = tempfile::tempdir().unwrap();
        let program = home.path().join("busctl");
        std::os::unix::fs::symlink(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/system/program"), &program).unwrap();
        let asked = home.path().join("asked");
        fs::write(
            home.path().join("busctl.script"),
            format!("echo \"$@\" > {}; echo 's \"RaspberryPi-2.local\"'", asked.display()),
        )
        .unwrap();
        assert_eq!(name(&program).await.as_deref(), Some("raspberrypi-2.local"));
        assert_eq!(fs::read_to_string(asked).unwrap().trim(), QUESTION.join(" "));
        fs::write(home.path().join("busctl.script"), "echo 'Call failed: no such name' >&2; exit 1").unwrap();
        assert_eq!(name(&program).await, None);
        assert_eq!(name(Path::new("/nonexistent/busctl")).await, None);
    }

    #[test]
    fn what_is_no_local_name_is_not_taken() {
        assert_eq!(read("s \"pi.local\"\n").as_deref(), Some("pi.local"));
        for said in ["", "s \"\"", "s \"pi.example\"", "s \"a b.local\"", "u 7", "s \"pi.local", "s \"\\\"x.local\""] {
            assert_eq!(read(said), None, "{said}");
        }
    }
}
