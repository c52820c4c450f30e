//! How pages are made: the frame around each, redirects, the page for what went wrong.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderValue, StatusCode, Uri, header};

use super::assets;
use super::error::{Error, Problem};

/// What the frame around every page needs.
pub(crate) struct Frame {
    /// Leads from the page to the panel's folder.
    pub(crate) root: String,
    pub(crate) style: String,
    pub(crate) script: String,
    pub(crate) icon: String,
    /// The window's title says so first, since screen readers read that first.
    pub(crate) failed: bool,
}

impl Frame {
    pub(crate) fn new(problem: Option<&Problem>) -> Self {
        Self {
            root: String::new(),
            style: assets::STYLE.address(),
            script: assets::SCRIPT.address(),
            icon: assets::ICON.address(),
            failed: problem.is_some(),
        }
    }

    pub(crate) fn at(root: &str) -> Self {
        Self { root: root.to_owned(), ..Self::new(None) }
    }

    pub(crate) fn links(&self) -> Links<'_> {
        Links { frame: self }
    }

    pub(crate) fn brand(&self) -> Brand<'_> {
        Brand { frame: self }
    }

    pub(crate) fn appearance(&self) -> Appearance<'_> {
        Appearance { frame: self }
    }
}

/// Parts of the frame: templates of their own, since every page holds a copy of what it extends.
#[derive(Template)]
#[template(path = "links.html", config = "assets/askama.toml")]
pub(crate) struct Links<'a> {
    frame: &'a Frame,
}

#[derive(Template)]
#[template(path = "brand.html", config = "assets/askama.toml")]
pub(crate) struct Brand<'a> {
    frame: &'a Frame,
}

#[derive(Template)]
#[template(path = "appearance.html", config = "assets/askama.toml")]
pub(crate) struct Appearance<'a> {
    frame: &'a Frame,
}

/// A page; with the status of the problem when it shows one.
pub(crate) fn show(page: &impl Template, problem: Option<&Problem>) -> Response {
    answer(page.render(), problem)
}

/// Compiled once, not for every page.
fn answer(page: askama::Result<String>, problem: Option<&Problem>) -> Response {
    let Ok(text) = page else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let mut response = Html(text).into_response();
    if let Some(problem) = problem {
        *response.status_mut() = problem.status;
        if let Some(seconds) = problem.retry_after() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
    }
    response
}

/// After a form: the browser fetches the next page by GET, so that reload and back are safe.
pub(crate) fn see_other(address: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, address)]).into_response()
}

/// The page for a problem that has no form to go back to.
pub(crate) fn error(problem: &Problem, root: &str) -> Response {
    let frame = Frame { failed: true, ..Frame::at(root) };
    show(&ErrorPage { frame, sentence: &problem.sentence }, Some(problem))
}

/// The same address once more, asked for by a page of ours.
pub(crate) fn lead_on(root: &str) -> Response {
    show(&LeadOn { frame: Frame::at(root) }, None)
}

pub(crate) async fn not_found(address: Uri) -> Response {
    error(&Error::NoSuchPage.problem(), &root(address.path()))
}

/// The way from a page at this path to the panel's folder.
pub(crate) fn root(path: &str) -> String {
    "../".repeat(path.matches('/').count().saturating_sub(1))
}

#[derive(Template)]
#[template(path = "error.html", config = "assets/askama.toml")]
struct ErrorPage<'a> {
    frame: Frame,
    sentence: &'a str,
}

#[derive(Template)]
#[template(path = "lead_on.html", config = "assets/askama.toml")]
struct LeadOn {
    frame: Frame,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_finds_the_panels_folder_from_any_depth() {
        assert_eq!([root("/"), root("/code"), root("/a/b"), root("/a/b/")], ["", "", "../", "../../"]);
    }
}
