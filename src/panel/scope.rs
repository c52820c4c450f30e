//! What a device token may be good for.

/// One thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scope {
    StatusRead,
    KeysRead,
    SessionsRead,
    SessionsWrite,
    DeviceRead,
    DeviceWrite,
    Release,
}

impl Scope {
    pub(super) const ALL: [Self; 7] = [
        Self::StatusRead,
        Self::KeysRead,
        Self::SessionsRead,
        Self::SessionsWrite,
        Self::DeviceRead,
        Self::DeviceWrite,
        Self::Release,
    ];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::StatusRead => "status:read",
            Self::KeysRead => "keys:read",
            Self::SessionsRead => "sessions:read",
            Self::SessionsWrite => "sessions:write",
            Self::DeviceRead => "device:read",
            Self::DeviceWrite => "device:write",
            Self::Release => "release",
        }
    }

    /// For the owner.
    pub(super) fn sentence(self) -> &'static str {
        match self {
            Self::StatusRead => "See the owner, the state of the access key and what needs attention",
            Self::KeysRead => "See the list of the account's access keys, without their secrets",
            Self::SessionsRead => "See who is signed in at this panel",
            Self::SessionsWrite => "End sessions at this panel",
            Self::DeviceRead => "See the health of this device and its daemon",
            Self::DeviceWrite => "Restart the daemon",
            Self::Release => "Sign this device out, so that somebody else can claim it",
        }
    }

    pub(super) fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.word() == word)
    }
}
