//! What needs the owner's attention, the worst first, and what to do about each: where a page or a command mends it, that is named.

use super::Panel;
use super::screens::words;
use super::watch::Seen;
use crate::account::{KeyState, Status};
use crate::device::{Active, Loaded, Synchronised, Worry};

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Attention {
    pub(super) sentence: String,
    pub(super) fix: Fix,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fix {
    /// The sentence says it.
    Said,
    Page {
        link: &'static str,
        name: &'static str,
    },
    Command(&'static str),
}

const DEVICE: Fix = Fix::Page { link: "device", name: "Look at this Pi" };

impl Panel {
    /// What is wrong.
    pub(super) fn attention(&self, status: &Status, seen: &Seen) -> Vec<Attention> {
        let said = |sentence: &String| Attention { sentence: sentence.clone(), fix: Fix::Said };
        let mut list: Vec<Attention> = of_key(&status.state).into_iter().collect();
        if let Some(away) = status.away {
            let away = words::duration(away);
            let sentence = format!("The account service has not been reached for {away}. Check this device's network.");
            list.push(Attention { sentence, fix: Fix::Said });
        }
        list.extend(status.notices.iter().map(said));
        list.extend(self.0.sessions.trouble().iter().chain(&self.0.device_tokens.trouble()).map(said));
        list.extend(self.0.identity.notices().iter().map(said));
        list.extend(seen.unit.as_ref().and_then(|unit| of_unit(unit.loaded, unit.active)));
        list.extend(seen.worries.iter().map(|worry| entry(of_worry(*worry), DEVICE)));
        if seen.synchronised == Synchronised::No {
            let sentence = "No time server has been reached since the start, so this device's clock may be wrong.";
            list.push(entry(sentence, Fix::Command("timedatectl status")));
        }
        list
    }

    /// What would be good to have.
    pub(super) fn hints(&self) -> Vec<Attention> {
        if self.0.offline.is_set_up() {
            return Vec::new();
        }
        let sentence = "When the account service cannot be reached, nobody can sign in to this panel.";
        vec![entry(sentence, Fix::Page { link: "offline-unlock", name: "Set up an offline unlock" })]
    }
}

fn entry(sentence: &str, fix: Fix) -> Attention {
    Attention { sentence: sentence.to_owned(), fix }
}

fn of_key(state: &KeyState) -> Option<Attention> {
    let again = Fix::Page { link: "sign-in", name: "Sign in again" };
    match state {
        KeyState::Fresh | KeyState::Leased { .. } => None,
        KeyState::Revoked { .. } => {
            Some(entry("The access key is revoked. Programs on this device do not get it.", again))
        }
        KeyState::Absent => Some(entry("This device has no access key.", again)),
    }
}

fn of_unit(loaded: Loaded, active: Active) -> Option<Attention> {
    let sentence = match (loaded, active) {
        (Loaded::NoSuchUnit, _) => "The daemon that Latchkey shall watch is not installed, or is called otherwise.",
        (Loaded::Broken, _) => "The unit file of the daemon is not right.",
        (_, Active::Failed) => "The daemon has failed.",
        (Loaded::Masked, _) | (_, Active::Stopped) => "The daemon does not run.",
        (Loaded::Yes, Active::Running | Active::Starting | Active::Stopping | Active::Unknown) => return None,
    };
    Some(entry(sentence, Fix::Page { link: "device", name: "See its last words" }))
}

/// What it means, and what to do.
pub(super) fn of_worry(worry: Worry) -> &'static str {
    match worry {
        Worry::UnderVoltage => {
            "The power supply is too weak: the voltage is too low. Use the supply that belongs to this Pi, and a short cable."
        }
        Worry::UnderVoltageBefore => {
            "The voltage was too low at some time since the start. Use the supply that belongs to this Pi, and a short cable."
        }
        Worry::TooHot => "The processor is too hot and slows itself down. Give it air, a heat sink or a fan.",
        Worry::Hot => "The processor is hot. Give it air, a heat sink or a fan before it slows itself down.",
        Worry::DiskFull => "The disk is full. Delete what is not needed; 'sudo apt clean' is a good beginning.",
        Worry::DiskLow => "There is little room left on the disk. Delete what is not needed.",
        Worry::MemoryLow => "There is little memory left. Stop what is not needed, or restart this Pi.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_daemon_that_runs_or_changes_needs_nobody() {
        for active in [Active::Running, Active::Starting, Active::Stopping, Active::Unknown] {
            assert_eq!(of_unit(Loaded::Yes, active), None);
        }
    }

    #[test]
    fn a_daemon_that_does_not_run_is_told_with_the_way_to_its_last_words() {
        for (loaded, active, said) in [
            (Loaded::Yes, Active::Failed, "has failed"),
            (Loaded::Yes, Active::Stopped, "does not run"),
            (Loaded::Masked, Active::Stopped, "does not run"),
            (Loaded::NoSuchUnit, Active::Stopped, "not installed"),
            (Loaded::Broken, Active::Stopped, "not right"),
        ] {
            let attention = of_unit(loaded, active).unwrap();
            assert!(attention.sentence.contains(said), "{attention:?}");
            assert!(matches!(attention.fix, Fix::Page { link: "device", .. }));
        }
    }

    #[test]
    fn a_key_that_works_needs_nobody_and_one_that_does_not_needs_a_sign_in() {
        assert_eq!(of_key(&KeyState::Fresh), None);
        assert_eq!(of_key(&KeyState::Leased { because: String::new() }), None);
        for state in [KeyState::Absent, KeyState::Revoked { because: String::new() }] {
            assert!(matches!(of_key(&state).unwrap().fix, Fix::Page { link: "sign-in", .. }));
        }
    }
}
