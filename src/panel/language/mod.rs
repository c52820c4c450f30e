//! In which language a browser is answered. Pages are written in English; a finished page is put into other words on its way out, so
//! that no handler and no template knows of it. The words of each language are in one file of `assets/languages`.

mod catalogue;
#[cfg(test)]
mod coverage;
mod page;
mod tags;
mod words;

use axum::body::{Body, to_bytes};
#[cfg(feature = "cloud")]
use axum::extract::Request;
#[cfg(feature = "cloud")]
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};

use super::screens::cookie;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    German,
    Spanish,
    Japanese,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Theme {
    Light,
    Dark,
}

/// How a browser is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Manner {
    language: Language,
    /// It was chosen here, not by what the browser says.
    is_chosen: bool,
    /// `None`: as the device has it.
    theme: Option<Theme>,
}

pub(crate) const LANGUAGE_COOKIE: &str = "latchkey-language";
pub(crate) const THEME_COOKIE: &str = "latchkey-theme";

const LARGEST_PAGE: usize = 4_000_000;
/// How every page begins, and what marks the choices of `preferences.html`.
const ENGLISH_PAGE: &str = "<html lang=\"en\"";

/// For pages beyond the gate: a middleware of its own.
#[cfg(feature = "cloud")]
pub(crate) async fn speak(request: Request, next: Next) -> Response {
    let manner = Manner::of(request.headers());
    manner.dress(next.run(request).await).await
}

impl Manner {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let chosen = cookie::values_named(LANGUAGE_COOKIE, headers).find_map(Language::named);
        Self {
            language: chosen.unwrap_or_else(|| Language::accepted(headers)),
            is_chosen: chosen.is_some(),
            theme: cookie::values_named(THEME_COOKIE, headers).find_map(Theme::named),
        }
    }

    /// The answer as this browser wants it. A page in English and as the device has it leaves untouched.
    pub(crate) async fn dress(self, answer: Response) -> Response {
        let kind = answer.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let is_plain = self.language == Language::English && !self.is_chosen && self.theme.is_none();
        if is_plain || !kind.starts_with("text/html") {
            return answer;
        }
        let (mut head, body) = answer.into_parts();
        let Ok(bytes) = to_bytes(body, LARGEST_PAGE).await else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        let page = self.page(&String::from_utf8_lossy(&bytes));
        head.headers.remove(header::CONTENT_LENGTH);
        Response::from_parts(head, Body::from(page))
    }

    fn page(self, english: &str) -> String {
        let mut page = match self.language.catalogue() {
            Some(catalogue) => page::rewrite(english, &mut |sentence| catalogue.find(sentence)),
            None => english.to_owned(),
        };
        let mut start = format!("<html lang=\"{}\"", self.language.tag());
        if let Some(theme) = self.theme {
            start.push_str(&format!(" data-theme=\"{}\"", theme.name()));
            page = page.replace(&format!(" data-chosen-by=\"theme-{}\"", theme.name()), " selected");
        }
        if self.is_chosen {
            page = page.replace(&format!(" data-chosen-by=\"language-{}\"", self.language.tag()), " selected");
        }
        page.replacen(ENGLISH_PAGE, &start, 1)
    }
}

impl Language {
    const ALL: [Self; 4] = [Self::English, Self::German, Self::Spanish, Self::Japanese];

    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::Spanish => "es",
            Self::Japanese => "ja",
        }
    }

    /// By its tag; what comes after a hyphen (`de-AT`) makes no difference.
    pub(crate) fn named(tag: &str) -> Option<Self> {
        let language = tag.split('-').next()?;
        Self::ALL.into_iter().find(|known| known.tag().eq_ignore_ascii_case(language))
    }

    /// The one of ours that the browser likes best, by `Accept-Language`.
    fn accepted(headers: &HeaderMap) -> Self {
        let lines = headers.get_all(header::ACCEPT_LANGUAGE).iter().filter_map(|line| line.to_str().ok());
        let mut best = (Self::English, 0);
        for (language, weight) in lines.flat_map(|line| line.split(',')).filter_map(wish) {
            if weight > best.1 {
                best = (language, weight);
            }
        }
        best.0
    }
}

/// `de-AT;q=0.8`: the language and its weight in thousandths. `*` is any language, so the one that we speak best.
fn wish(range: &str) -> Option<(Language, u16)> {
    let (tag, parameters) = range.split_once(';').unwrap_or((range, ""));
    let language = if tag.trim() == "*" { Language::English } else { Language::named(tag.trim())? };
    let weight = match parameters.trim().split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("q") => thousandths(value.trim())?,
        _none => 1000,
    };
    Some((language, weight))
}

fn thousandths(quality: &str) -> Option<u16> {
    let quality: f32 = quality.parse().ok().filter(|quality| (0.0..=1.0).contains(quality))?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1000")]
    Some((quality * 1000.0) as u16)
}

impl Theme {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Light, Self::Dark].into_iter().find(|theme| theme.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn asked(lines: &[(http::HeaderName, &'static str)]) -> Manner {
        Manner::of(&lines.iter().map(|(name, value)| (name.clone(), http::HeaderValue::from_static(value))).collect())
    }

    fn accepted(line: &'static str) -> &'static str {
        asked(&[(header::ACCEPT_LANGUAGE, line)]).language.tag()
    }

    #[test]
    fn the_language_that_the_browser_likes_best_and_we_speak_is_taken() {
        for (line, taken) in [
            ("", "en"),
            ("de", "de"),
            ("de-AT", "de"),
            ("DE-ch, en", "de"),
            ("fr, es;q=0.5, ja;q=0.8", "ja"),
            ("en;q=0.4, de;q=0.7", "de"),
            ("de;q=0, es;q=0.1", "es"),
            ("de;q=0", "en"),
            ("*, de;q=0.5", "en"),
            ("fr-FR, *;q=0.5, es;q=0.6", "es"),
            ("de;q=x, ja;q=0.001", "ja"),
            ("de;q=2, es", "es"),
            (";;;,=,q", "en"),
            ("den, dex-x", "en"),
        ] {
            assert_eq!(accepted(line), taken, "{line}");
        }
    }

    #[test]
    fn what_was_chosen_here_counts_more_than_what_the_browser_says() {
        let manner = asked(&[(header::ACCEPT_LANGUAGE, "de"), (header::COOKIE, "a=b; latchkey-language=ja; x")]);
        assert_eq!((manner.language, manner.is_chosen), (Language::Japanese, true));
        let manner = asked(&[(header::ACCEPT_LANGUAGE, "de"), (header::COOKIE, "latchkey-language=xx")]);
        assert_eq!((manner.language, manner.is_chosen), (Language::German, false));
        assert_eq!(asked(&[(header::COOKIE, "latchkey-theme=dark")]).theme, Some(Theme::Dark));
    }

    #[test]
    fn the_page_says_its_language_and_theme_and_what_was_chosen() {
        let manner = asked(&[(header::COOKIE, "latchkey-language=de; latchkey-theme=dark")]);
        let page = manner.page("<!doctype html><html lang=\"en\"><option value=\"de\" data-chosen-by=\"language-de\">");
        assert_eq!(page, "<!doctype html><html lang=\"de\" data-theme=\"dark\"><option value=\"de\" selected>");
    }

    /// Every word in capitals.
    fn loud(page: &str) -> String {
        page::rewrite(page, &mut |sentence| Some(sentence.to_uppercase()))
    }

    #[test]
    fn sentences_keep_their_tags_and_values_their_form() {
        for (page, in_capitals) in [
            ("<p>Open the <a href=\"x\">page</a>.</p>", "<p>OPEN THE <a href=\"x\">PAGE</a>.</p>"),
            ("<p>Hi <b translate=\"no\">ann <b>x</b></b>!</p>", "<p>HI <b translate=\"no\">ann <b>x</b></b>!</p>"),
            (
                "<label><input value=\"v\"><span><b>On</b><br><i>Text</i></span></label>",
                "<label><input value=\"v\"><span><b>ON</b><br><i>TEXT</i></span></label>",
            ),
            ("<span><svg><g><path d=\"a\"/></g></svg>On</span>", "<span><svg><g><path d=\"a\"/></g></svg>ON</span>"),
            ("<p>Run <code>sudo x</code> now</p>", "<p>RUN <code>sudo x</code> NOW</p>"),
            (
                "<pre>as is</pre><textarea placeholder=\"a\">b</textarea><script>c<d</script>",
                "<pre>as is</pre><textarea placeholder=\"A\">b</textarea><script>c<d</script>",
            ),
            (
                "<input type=\"submit\" value=\"go\"><i title=\"it&#39;s\"></i>",
                "<input type=\"submit\" value=\"GO\"><i title=\"IT&#39;S\"></i>",
            ),
            ("<p>a &#60;b&#62; &amp; c</p>", "<p>A &#60;B&#62; &#38; C</p>"),
            (
                "<p translate=\"no\">a<p title=\"b\">c</p></p><p>d &unknown;</p>",
                "<p translate=\"no\">a<p title=\"b\">c</p></p><p>d &unknown;</p>",
            ),
        ] {
            assert_eq!(loud(page), in_capitals, "{page}");
        }
    }

    #[test]
    fn words_that_lose_or_double_a_tag_are_not_used() {
        for words in
            ["Lost", "<1>Twice</1> <1>twice</1>", "<1>open", "</1>closed<1>", "<2>other</2>", "<1/>whole", "<x>"]
        {
            let page = "<p>Open the <a href=\"x\">page</a>.</p>";
            assert_eq!(page::rewrite(page, &mut |_| Some(words.to_owned())), page, "{words}");
        }
    }

    fn text() -> impl Strategy<Value = String> {
        "[a-zA-Z0-9 {}<>&\"'\u{e000}#;/=.ä日]{0,20}".prop_map(|text| {
            let mut written = String::new();
            tags::write(&text.replace('\u{e000}', "x"), &mut written);
            written
        })
    }

    fn element() -> impl Strategy<Value = String> {
        let names =
            proptest::sample::select(vec!["p", "a", "strong", "span", "li", "button", "td", "code", "pre", "svg"]);
        let leaf = prop_oneof![text(), Just("<br>".to_owned()), Just("<input name=\"x\">".to_owned())];
        leaf.prop_recursive(4, 24, 4, move |inner| {
            (names.clone(), any::<bool>(), text(), proptest::collection::vec(inner, 0..4)).prop_map(
                |(name, kept, title, inner)| {
                    let kept = if kept { " translate=\"no\"" } else { "" };
                    format!("<{name}{kept} title=\"{title}\">{}</{name}>", inner.concat())
                },
            )
        })
    }

    fn tags_of(page: &str) -> Vec<String> {
        let names = tags::Tokens::new(page).filter_map(|token| match token {
            tags::Token::Open(tag) => Some(tag.name.to_owned()),
            tags::Token::Close(tag) => Some(format!("/{}", tag.name)),
            tags::Token::Text(_) | tags::Token::Other(_) => None,
        });
        sorted(names.collect())
    }

    fn kept_in(page: &str) -> Vec<String> {
        let mut tokens = tags::Tokens::new(page);
        let mut kept = Vec::new();
        while let Some(token) = tokens.next() {
            if let tags::Token::Open(tag) = token
                && tag.is_kept()
            {
                kept.push(tokens.whole(tag).to_owned());
            }
        }
        sorted(kept)
    }

    /// Words may stand in another order.
    fn sorted(mut names: Vec<String>) -> Vec<String> {
        names.sort();
        names
    }

    proptest! {
        #[test]
        fn without_words_a_page_stays_as_it_is(page in element()) {
            prop_assert_eq!(page::rewrite(&page, &mut |_| None), page);
        }

        #[test]
        fn no_words_add_or_take_a_tag_or_touch_what_is_kept(page in element(), words in "[a-z<>&/{}12\"' ]{0,20}") {
            let other = page::rewrite(&page, &mut |_| Some(words.clone()));
            prop_assert_eq!(tags_of(&other), tags_of(&page));
            prop_assert_eq!(kept_in(&other), kept_in(&page));
            prop_assert_eq!(kept_in(&loud(&page)), kept_in(&page));
        }

        #[test]
        fn any_accept_language_is_understood(line in "\\PC{0,60}") {
            if let Ok(value) = http::HeaderValue::from_str(&line) {
                Manner::of(&HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, value)]));
            }
        }
    }
}
