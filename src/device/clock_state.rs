//! Whether the machine's clock is kept right by the network, as systemd-timesyncd says. Another program may keep it: then nothing
//! is known, and only the account service's time can be compared.

/// Does the network keep the clock?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Synchronised {
    Yes,
    /// systemd-timesyncd runs, but has not reached a time server since the start.
    No,
    /// Another program keeps it, or none.
    Unknown,
}

impl Synchronised {
    pub(super) fn of(is_kept_by_systemd: bool, reached_a_server: bool) -> Self {
        match (is_kept_by_systemd, reached_a_server) {
            (_, true) => Self::Yes,
            (true, false) => Self::No,
            (false, false) => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_wrong_only_where_somebody_keeps_it() {
        assert_eq!(Synchronised::of(true, true), Synchronised::Yes);
        assert_eq!(Synchronised::of(true, false), Synchronised::No);
        assert_eq!(Synchronised::of(false, false), Synchronised::Unknown);
    }
}
