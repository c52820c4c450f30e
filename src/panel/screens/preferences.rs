//! Language and appearance, as this browser wants them: open to all, kept in cookies, in the footer of every page.

use std::time::Duration;

use axum::Extension;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, header};

use super::cookie;
use super::error::Error;
use super::form::Form;
use super::gate::Visitor;
use super::page::see_other;
use super::source::Source;
use crate::panel::language::{LANGUAGE_COOKIE, Language, THEME_COOKIE, Theme};

const KEPT: Duration = Duration::from_secs(365 * 86_400);

/// There is no page of its own.
pub(super) async fn page() -> Response {
    see_other("./")
}

pub(super) async fn choose(Extension(visitor): Extension<Visitor>, headers: HeaderMap, form: Form) -> Response {
    let (language, theme) = (form.text("language"), form.text("theme"));
    let chosen = Language::named(language).map_or("", Language::tag);
    let looks = Theme::named(theme).map_or("", Theme::name);
    if (chosen, looks) != (language, theme) {
        return Error::BadForm.into_response();
    }
    let mut response = see_other(&way_back(&visitor.source, &headers));
    for line in [line(LANGUAGE_COOKIE, chosen, &visitor.source), line(THEME_COOKIE, looks, &visitor.source)] {
        response.headers_mut().extend(line.map(|line| (header::SET_COOKIE, line)));
    }
    response
}

/// Nothing chosen: the cookie goes.
fn line(name: &str, value: &str, source: &Source) -> Option<HeaderValue> {
    let lasts = if value.is_empty() { 0 } else { KEPT.as_secs() };
    cookie::line(name, value, &format!("; Max-Age={lasts}"), source.https)
}

/// The page that the person was on, when it is one of ours: by its name alone, since all pages lie in one folder.
fn way_back(source: &Source, headers: &HeaderMap) -> String {
    let referrer = headers.get(header::REFERER).and_then(|line| line.to_str().ok()).unwrap_or_default();
    let address = referrer.split('#').next().unwrap_or_default();
    let (path, query) =
        address.split_once('?').map_or((address, String::new()), |(path, query)| (path, format!("?{query}")));
    let Some((scheme, rest)) = path.split_once("://") else { return "./".to_owned() };
    let Some((host, pages)) = rest.split_once('/') else { return "./".to_owned() };
    if !source.is_origin(&format!("{scheme}://{host}")) {
        return "./".to_owned();
    }
    format!("./{}{query}", pages.rsplit('/').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panel::screens::host::Authority;

    fn back_from(referrer: &str) -> String {
        let authority = Authority::parse("pi.local:29999").unwrap();
        let source = Source { address: [127, 0, 0, 1].into(), https: false, plain_is_safe: true, authority };
        way_back(&source, &HeaderMap::from_iter([(header::REFERER, referrer.parse().unwrap())]))
    }

    #[test]
    fn a_person_comes_back_to_the_page_and_never_leaves_the_panel() {
        for (referrer, page) in [
            ("http://pi.local:29999/", "./"),
            ("http://pi.local:29999/sign-in?why=expired#main", "./sign-in?why=expired"),
            ("http://pi.local:29999/below/a/proxy/keys", "./keys"),
            ("http://pi.local:29999//evil.example", "./evil.example"),
            ("http://pi.local:29999/javascript:alert(1)", "./javascript:alert(1)"),
            ("http://evil.example/sign-in", "./"),
            ("https://pi.local:29999/sign-in", "./"),
            ("http://pi.local:29999", "./"),
            ("nonsense", "./"),
            ("", "./"),
        ] {
            assert_eq!(back_from(referrer), page, "{referrer}");
        }
    }
}
