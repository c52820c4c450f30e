//! What a sign-in of hours ago, or one that has ended, is not enough for. Its owner signs in again and comes back to the page with
//! what was typed, except secrets.

use super::form::Form;
use super::room::Tab;
use super::rooms::{Act, FactorChange, House, KeyChange, ProfileChange};
use crate::panel::scope::Scope;

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

/// Where one comes back to when the session had ended, and which fields come along: of a form that was sent too late, or of the
/// address. Nothing else does, so that no address leads elsewhere and no secret is kept.
const PAGES: [(&str, &[&str]); 14] = [
    ("/", &["email", "phone"]),
    ("/about", &[]),
    ("/activity", &["show", "after"]),
    ("/device", &[]),
    ("/keys", &["name", "scope", "expires"]),
    ("/offline-unlock", &[]),
    ("/profile", &["email", "phone"]),
    ("/security", &[]),
    ("/set-up-texts", &["number", "phone"]),
    ("/settings", &[]),
    ("/sign-out-device", &[]),
    (TOKENS, &["name"]),
    ("/turn-on", &[]),
    ("/two-factor", &[]),
];
/// The page where one ticks what a token may be good for.
const TOKENS: &str = "/tokens";
/// Longer than anybody types into these.
const LONGEST: usize = 2000;

/// The page to come back to from the sign-in that somebody needs who asked for `path`; `None`: there is nothing to come back to.
pub(super) fn page_after_sign_in(path: &str, typed: &Form) -> Option<String> {
    let (page, fields) = PAGES.iter().find(|(page, _)| *page == path)?;
    let all = typed.starting("");
    let kept: Vec<(&str, &str)> = all
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .filter(|(name, _)| fields.contains(name) || (*page == TOKENS && Scope::of(name).is_some()))
        .collect();
    let page = page.strip_prefix('/').filter(|page| !page.is_empty()).unwrap_or("./");
    let full = if kept.is_empty() { page.to_owned() } else { with_typed(page, &kept) };
    Some(if full.len() <= LONGEST { full } else { page.to_owned() })
}

fn with_typed(page: &str, typed: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(typed).finish();
    format!("{page}?{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(path: &str, query: &str) -> Option<String> {
        let address = format!("{path}?{query}").parse().unwrap();
        page_after_sign_in(path, &Form::of_address(&address))
    }

    #[test]
    fn one_comes_back_to_pages_of_ours_with_what_is_no_secret() {
        for (path, query, page) in [
            ("/", "", Some("./")),
            (
                "/keys",
                "do=create&name=Shed+%26+barn&scope=read&expires=",
                Some("keys?name=Shed+%26+barn&scope=read&expires="),
            ),
            ("/keys", "do=off&key=KEY&sure=yes", Some("keys")),
            ("/security", "do=change-password&email=a%40b&present=x&password=y&repeated=y", Some("security")),
            ("/set-up-texts", "number=&phone=%2B1206", Some("set-up-texts?number=&phone=%2B1206")),
            ("/set-up-texts", "do=confirm&code=123456", Some("set-up-texts")),
            ("/offline-unlock", "passphrase=x&again=x&code=123456", Some("offline-unlock")),
            ("/sign-out", "", None),
            ("/live", "", None),
            ("/credentials", "", None),
            ("/evil.example", "", None),
            ("//evil.example/", "", None),
        ] {
            assert_eq!(after(path, query).as_deref(), page, "{path}?{query}");
        }
        assert_eq!(after("/keys", &format!("name={}", "x".repeat(LONGEST))).as_deref(), Some("keys"));
    }

    #[test]
    fn every_tick_of_a_new_token_comes_along_to_its_page_and_to_no_other() {
        for scope in Scope::ALL {
            let ticked = form_urlencoded::Serializer::new(String::new()).append_pair(scope.word(), "yes").finish();
            assert_eq!(after("/tokens", &ticked), Some(format!("tokens?{ticked}")));
            assert_eq!(after("/keys", &ticked).as_deref(), Some("keys"));
        }
        assert_eq!(after("/tokens", "do=revoke&token=abc").as_deref(), Some("tokens"));
    }
}
