//! What an owner is told by mail when something about the second factor changes.

use crate::cloud::moment::Moment;
use crate::cloud::store::{Changed, FactorKind, Recovered};

const NOT_YOU: &str = "If it was not you, change your password, sign out everywhere and look through your access keys.";

/// What a factor is called in mails and in the account's log.
pub(crate) fn name(kind: FactorKind) -> &'static str {
    match kind {
        FactorKind::SoftwareToken => "authenticator app",
        FactorKind::Sms => "text messages",
    }
}

pub(super) fn changed(changed: &Changed, now: Moment) -> String {
    let mut text = format!("Two-factor authentication of your account was changed at {}.", now.iso());
    for kind in &changed.on {
        text.push_str(&format!(" Turned on: {}.", name(*kind)));
    }
    if changed.replaced {
        text.push_str(" The authenticator app was set up anew; codes of the old set-up no longer work.");
    }
    for kind in &changed.off {
        text.push_str(&format!(" Turned off: {}.", name(*kind)));
    }
    if changed.unprotected {
        text.push_str(" No second factor is on any more, and your recovery codes are void.");
    } else if changed.codes_made {
        text.push_str(" New recovery codes were made; older ones are void.");
    } else if !changed.on.is_empty() {
        text.push_str(" If you have no recovery codes yet, make them on your account's page.");
    }
    format!("{text} {NOT_YOU}")
}

pub(super) fn codes_made(now: Moment) -> String {
    format!("New recovery codes for your account were made at {}; older ones are void. {NOT_YOU}", now.iso())
}

pub(crate) fn recovered(recovered: &Recovered, now: Moment) -> String {
    let off: Vec<&str> = recovered.off.iter().map(|kind| name(*kind)).collect();
    let left = match (recovered.left.made, recovered.left.short) {
        (None, _) => "No second factor is on any more, and your other recovery codes are void too.".to_owned(),
        (Some(_), 1) => "1 short recovery code is left.".to_owned(),
        (Some(_), short) => format!("{short} short recovery codes are left."),
    };
    format!(
        "Your account was signed in to with a recovery code at {}. Turned off: {}. That recovery code is used up. {left} \
         {NOT_YOU}",
        now.iso(),
        off.join(", ")
    )
}
