//! Who the machine is: what a person tells one Pi from another by.

/// What is known; a machine that is no Pi knows less.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    pub host_name: Option<String>,
    /// "Raspberry Pi 4 Model B Rev 1.4"
    pub model: Option<String>,
    /// The last four characters of the serial number: enough to tell two alike apart, and no more.
    pub serial_end: Option<String>,
    /// "Debian GNU/Linux 13 (trixie)"
    pub system: Option<String>,
    pub kernel: Option<String>,
}

/// The first line without the zero byte that the device tree ends its texts with; `None` when there is nothing.
pub(super) fn line(text: &str) -> Option<String> {
    let line = text.lines().next()?.trim_matches(['\0', ' ', '\t']);
    (!line.is_empty()).then(|| line.to_owned())
}

pub(super) fn serial_end(text: &str) -> Option<String> {
    let serial = line(text)?;
    let (_, end) = serial.split_at_checked(serial.len().checked_sub(4)?)?;
    Some(end.to_owned())
}

/// PRETTY_NAME of os-release(5).
pub(super) fn pretty_name(os_release: &str) -> Option<String> {
    let value = os_release.lines().find_map(|line| line.trim().strip_prefix("PRETTY_NAME="))?;
    let value = value.trim().trim_matches(['"', '\'']);
    (!value.is_empty()).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_zero_byte_of_the_device_tree_is_no_part_of_the_model() {
        assert_eq!(line("Raspberry Pi 5 Model B Rev 1.0\0").as_deref(), Some("Raspberry Pi 5 Model B Rev 1.0"));
        assert_eq!((line("\0"), line(""), line("\n")), (None, None, None));
    }

    #[test]
    fn of_a_serial_number_only_the_end_is_told() {
        assert_eq!(serial_end("10000000a1b2c3d4\0").as_deref(), Some("c3d4"));
        assert_eq!((serial_end("abc"), serial_end("")), (None, None));
    }

    #[test]
    fn the_system_is_called_what_it_calls_itself() {
        let text = "ID=debian\nPRETTY_NAME=\"Raspbian GNU/Linux 12 (bookworm)\"\nNAME=\"Raspbian\"\n";
        assert_eq!(pretty_name(text).as_deref(), Some("Raspbian GNU/Linux 12 (bookworm)"));
        assert_eq!(pretty_name("PRETTY_NAME=Alpine\n").as_deref(), Some("Alpine"));
        assert_eq!((pretty_name("PRETTY_NAME=\"\""), pretty_name("NAME=x")), (None, None));
    }
}
