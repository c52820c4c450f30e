//! The kinds of events in an account's log, by the names they have on the wire: what people call them, and which of the page's
//! groups they belong to.

use super::rooms::ActivityKind;

struct Kind {
    name: &'static str,
    words: &'static str,
    group: ActivityKind,
    /// Somebody should look twice.
    is_warning: bool,
}

const fn kind(name: &'static str, words: &'static str, group: ActivityKind) -> Kind {
    Kind { name, words, group, is_warning: false }
}

const fn warning(name: &'static str, words: &'static str, group: ActivityKind) -> Kind {
    Kind { name, words, group, is_warning: true }
}

const KINDS: [Kind; 19] = [
    kind("AUTH_LOGIN", "Signed in", ActivityKind::SignIns),
    warning("AUTH_LOGIN_ATTEMPT", "Sign-in failed", ActivityKind::SignIns),
    kind("AUTH_LOGOUT", "Signed out", ActivityKind::SignIns),
    kind("AUTH_SIGN_UP", "Account made", ActivityKind::Changes),
    kind("AUTH_PASSWORD_CHANGE", "Password changed", ActivityKind::Changes),
    warning("AUTH_PASSWORD_RESET", "Password reset by a mailed code", ActivityKind::Changes),
    kind("AUTH_EMAIL_CHANGE", "E-mail address changed", ActivityKind::Changes),
    kind("AUTH_PHONE_CHANGE", "Phone number changed", ActivityKind::Changes),
    kind("AUTH_MFA_ENABLED", "Second factor turned on", ActivityKind::Changes),
    warning("AUTH_MFA_DISABLED", "Second factor turned off", ActivityKind::Changes),
    kind("AUTH_RECOVERY_CODES_MADE", "Recovery codes made", ActivityKind::Changes),
    warning("AUTH_RECOVERY_CODE_USED", "Recovery code used", ActivityKind::Changes),
    kind("AUTH_IDENTITY_LINKED", "Other sign-in linked", ActivityKind::Changes),
    kind("AUTH_IDENTITY_UNLINKED", "Other sign-in unlinked", ActivityKind::Changes),
    kind("ACCESS_KEY_CREATED", "Access key made", ActivityKind::Keys),
    kind("ACCESS_KEY_CHANGED", "Access key changed", ActivityKind::Keys),
    kind("ACCESS_KEY_DELETED", "Access key deleted", ActivityKind::Keys),
    kind("ACCESS_KEY_USED", "Access key used", ActivityKind::Keys),
    warning("ACCESS_KEY_REFUSED", "Access key refused", ActivityKind::Keys),
];

/// What people call it; `None` for a kind that is not known.
pub(crate) fn words(name: &str) -> Option<&'static str> {
    find(name).map(|kind| kind.words)
}

pub(crate) fn is_warning(name: &str) -> bool {
    find(name).is_some_and(|kind| kind.is_warning)
}

/// The names of a group; `None`: all there are.
pub(crate) fn names(group: ActivityKind) -> Option<Vec<&'static str>> {
    let of_group = KINDS.iter().filter(|kind| kind.group == group).map(|kind| kind.name);
    (group != ActivityKind::All).then(|| of_group.collect())
}

fn find(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}
