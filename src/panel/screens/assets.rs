//! Style, script and icon, carried in the binary. Their addresses change with their content, so a browser keeps them.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use rust_embed::{Embed, EmbeddedFile};

use super::error::Error;

/// One file of `assets/`.
pub(crate) struct Asset {
    folder: &'static str,
    name: &'static str,
    content_type: &'static str,
    embedded: fn(&str) -> Option<EmbeddedFile>,
    /// From the content; made on first use.
    version: LazyLock<String, fn() -> String>,
}

pub(crate) static STYLE: Asset = Asset {
    folder: "style",
    name: "panel.css",
    content_type: "text/css; charset=utf-8",
    embedded: Styles::get,
    version: LazyLock::new(|| STYLE.mark()),
};
pub(crate) static SCRIPT: Asset = Asset {
    folder: "script",
    name: "panel.js",
    content_type: "text/javascript; charset=utf-8",
    embedded: Scripts::get,
    version: LazyLock::new(|| SCRIPT.mark()),
};
pub(crate) static ICON: Asset = Asset {
    folder: "icons",
    name: "latchkey.svg",
    content_type: "image/svg+xml",
    embedded: Icons::get,
    version: LazyLock::new(|| ICON.mark()),
};

static ALL: [&Asset; 3] = [&STYLE, &SCRIPT, &ICON];

#[derive(Embed)]
#[folder = "assets/style"]
struct Styles;

#[derive(Embed)]
#[folder = "assets/script"]
struct Scripts;

#[derive(Embed)]
#[folder = "assets/icons"]
struct Icons;

/// Open to all, and never changed by anybody.
pub(crate) fn is_asset(path: &str) -> bool {
    path.strip_prefix('/')
        .and_then(|path| path.split_once('/'))
        .is_some_and(|(folder, name)| find(folder, name).is_some())
}

pub(crate) async fn file(Path((folder, name)): Path<(String, String)>, headers: HeaderMap) -> Response {
    find(&folder, &name).map_or_else(|| Error::NoSuchPage.into_response(), |asset| asset.serve(&headers))
}

fn find(folder: &str, name: &str) -> Option<&'static Asset> {
    ALL.iter().copied().find(|asset| asset.folder == folder && asset.name == name)
}

impl Asset {
    /// For use in a page.
    pub(crate) fn address(&self) -> String {
        format!("{}/{}?{}", self.folder, self.name, *self.version)
    }

    fn serve(&self, headers: &HeaderMap) -> Response {
        let Some(file) = (self.embedded)(self.name) else { return Error::NoSuchPage.into_response() };
        let tag = format!("\"{}\"", *self.version);
        let known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
        let caching = [(header::ETAG, tag.as_str()), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
        if known {
            return (StatusCode::NOT_MODIFIED, caching).into_response();
        }
        (caching, [(header::CONTENT_TYPE, self.content_type)], file.data).into_response()
    }

    /// The first half of the content's SHA-256, which rust-embed computes while compiling.
    fn mark(&self) -> String {
        let hash = (self.embedded)(self.name).map(|file| file.metadata.sha256_hash());
        base16ct::lower::encode_string(hash.as_ref().map_or(&[], |hash| hash.split_at(16).0))
    }
}
