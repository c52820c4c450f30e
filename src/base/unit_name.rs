//! The name of a systemd service, safe to be an argument: it cannot be taken for an option or a pattern.

use std::fmt;

/// `remoteit.service`, `connectd@80.service`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitName(String);

impl UnitName {
    /// The error is a sentence that says how to write it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"@:-_.\\".contains(&byte);
        let stem = text.strip_suffix(".service").unwrap_or_default();
        let right = (1..=200).contains(&stem.len())
            && stem.bytes().all(is_letter)
            && !stem.starts_with(['-', '.', '@'])
            && stem.matches('@').count() <= 1;
        match right {
            true => Ok(Self(text.to_owned())),
            false => Err(format!("'{text}' is not the name of a service; write it like \"remoteit.service\".")),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UnitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_services_are_taken() {
        for name in ["remoteit.service", "connectd@80-x.service", "a:b_c\\x2dd.service"] {
            assert_eq!(UnitName::parse(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn options_patterns_paths_and_other_units_are_not() {
        for name in [
            "",
            ".service",
            "remoteit",
            "remoteit.timer",
            "--all.service",
            "*.service",
            "../x.service",
            "a b.service",
            "a;reboot.service",
            "a@b@c.service",
            "@.service",
            "ä.service",
        ] {
            assert!(UnitName::parse(name).is_err(), "{name}");
        }
    }
}
