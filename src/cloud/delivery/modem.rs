//! Text messages, by a modem in this machine: ModemManager's `mmcli`, with fixed arguments and no shell.

use std::process::Stdio;

use tokio::process::Command;

use super::Failure;

const PROGRAM: &str = "mmcli";
const OBJECT: &str = "/org/freedesktop/ModemManager1/SMS/";

/// Writes the message into the modem, sends it, and takes it out again: it holds a code.
pub(super) async fn send(to: &str, text: &str) -> Result<(), Failure> {
    let create = format!("--messaging-create-sms=text={},number={}", quoted(text), quoted(to));
    let said = mmcli(&["-m", "any", &create]).await?;
    let message = object(&said).ok_or_else(|| Failure::later("ModemManager did not say where it put the message"))?;
    let sent = mmcli(&["-m", "any", "-s", &message, "--send"]).await;
    let _stays_in_the_modem = mmcli(&["-m", "any", &format!("--messaging-delete-sms={message}")]).await;
    sent.map(|_said| ())
}

/// Is there a modem at all?
pub(crate) async fn find() -> Result<(), Failure> {
    mmcli(&["-m", "any"]).await.map(|_said| ())
}

async fn mmcli(arguments: &[&str]) -> Result<String, Failure> {
    let started = Command::new(PROGRAM).args(arguments).stdin(Stdio::null()).kill_on_drop(true).output().await;
    let output = started
        .map_err(|error| Failure::later(&format!("{PROGRAM} cannot be run ({error}); is ModemManager installed?")))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    tracing::debug!(said = %String::from_utf8_lossy(&output.stderr), "mmcli failed");
    Err(Failure::later("the modem did not take it; see 'mmcli -m any'"))
}

/// `mmcli` ends a value at the quotation mark that it began with, and knows no other escape.
fn quoted(text: &str) -> String {
    let line = text.replace(char::is_control, " ");
    match (line.contains('\''), line.contains('"')) {
        (false, _) => format!("'{line}'"),
        (true, false) => format!("\"{line}\""),
        (true, true) => format!("'{}'", line.replace('\'', "’")),
    }
}

fn object(said: &str) -> Option<String> {
    let place = said.find(OBJECT)?;
    let (_, path) = said.split_at(place);
    let number: String = path.strip_prefix(OBJECT)?.chars().take_while(char::is_ascii_digit).collect();
    (!number.is_empty()).then(|| format!("{OBJECT}{number}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_message_ends_its_quotation() {
        assert_eq!(quoted("12 is your code"), "'12 is your code'");
        assert_eq!(quoted("Ann's code"), "\"Ann's code\"");
        assert_eq!(quoted("say \"hi\",number=\"+1\""), "'say \"hi\",number=\"+1\"'");
        assert_eq!(quoted("Ann's \"x\"\n--send"), "'Ann’s \"x\" --send'");
    }

    #[test]
    fn the_message_is_found_in_what_old_and_new_versions_say() {
        for said in [
            "Successfully created new SMS: /org/freedesktop/ModemManager1/SMS/21",
            "Successfully created new SMS:\n\t/org/freedesktop/ModemManager1/SMS/21 (unknown)\n",
        ] {
            assert_eq!(object(said).as_deref(), Some("/org/freedesktop/ModemManager1/SMS/21"));
        }
        assert_eq!(object("error: no modem"), None);
    }
}
