//! What a sign-in of hours ago is not enough for. Its owner signs in again and comes back to the page with what was typed, except
//! secrets.

use super::room::Tab;
use super::rooms::{Act, FactorChange, House, KeyChange, ProfileChange};

/// The page to come back to from a fresh sign-in, for an act that needs one.
pub(crate) fn page_after_proof(home: &dyn House, act: &Act) -> Option<String> {
    use FactorChange as F;
    use ProfileChange as P;
    let profile = || Tab::Profile.link_among(home.tabs());
    match act {
        Act::Profile(P::ChangeEmail(email)) => Some(with_typed(profile(), &[("email", email)])),
        Act::Profile(P::SetPhone(phone)) => Some(with_typed(profile(), &[("phone", phone)])),
        Act::Profile(P::RemovePhone | P::Unlink(_)) => Some(profile().to_owned()),
        Act::Profile(P::ConfirmEmail(_) | P::SendEmailCodeAgain | P::ConfirmPhone(_) | P::SendPhoneCodeAgain) => None,
        Act::Factors(F::BeginAuthenticator) => Some("turn-on".to_owned()),
        Act::Factors(F::BeginTexts(phone)) => Some(with_typed("set-up-texts", &[("number", ""), ("phone", phone)])),
        Act::Factors(F::TurnOff | F::MakeRecoveryCodes) => Some("two-factor".to_owned()),
        Act::Factors(F::ConfirmAuthenticator(_) | F::ConfirmTexts(_) | F::SendTextAgain) => None,
        Act::Keys(KeyChange::Create { name, scope, expires }) => {
            Some(with_typed("keys", &[("name", name), ("scope", scope), ("expires", expires)]))
        }
        Act::Keys(KeyChange::Switch { on: true, .. } | KeyChange::Delete(_)) => Some("keys".to_owned()),
        // Whoever wants a key to stop must not be held up.
        Act::Keys(KeyChange::Switch { on: false, .. }) => None,
        // A change of the password proves itself by the present one; leaving must always be possible.
        Act::Reach(_) | Act::Security(_) | Act::Saved => None,
    }
}

fn with_typed(page: &str, typed: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(typed).finish();
    format!("{page}?{query}")
}
