//! Style, script and icon, carried in the binary. Their addresses change with their content, so a browser keeps them.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use include_flate::flate;
use sha2::{Digest, Sha256};

use super::error::Error;

/// One file of `assets/`.
pub(crate) struct Asset {
    folder: &'static str,
    name: &'static str,
    content_type: &'static str,
    content: &'static LazyLock<String>,
    /// From the content; made on first use.
    version: LazyLock<String, fn() -> String>,
}

pub(crate) static STYLE: Asset = Asset {
    folder: "style",
    name: "panel.css",
    content_type: "text/css; charset=utf-8",
    content: &STYLE_TEXT,
    version: LazyLock::new(|| STYLE.mark()),
};
pub(crate) static SCRIPT: Asset = Asset {
    folder: "script",
    name: "panel.js",
    content_type: "text/javascript; charset=utf-8",
    content: &SCRIPT_TEXT,
    version: LazyLock::new(|| SCRIPT.mark()),
};
pub(crate) static ICON: Asset = Asset {
    folder: "icons",
    name: "latchkey.svg",
    content_type: "image/svg+xml",
    content: &ICON_TEXT,
    version: LazyLock::new(|| ICON.mark()),
};

static ALL: [&Asset; 3] = [&STYLE, &SCRIPT, &ICON];

flate!(static STYLE_TEXT: str from "assets/style/panel.css");
flate!(static SCRIPT_TEXT: str from "assets/script/panel.js");
flate!(static ICON_TEXT: str from "assets/icons/latchkey.svg");

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
        let tag = format!("\"{}\"", *self.version);
        let known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
        let caching = [(header::ETAG, tag.as_str()), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
        if known {
            return (StatusCode::NOT_MODIFIED, caching).into_response();
        }
        (caching, [(header::CONTENT_TYPE, self.content_type)], self.content.as_str()).into_response()
    }

    /// The first half of the content's SHA-256.
    fn mark(&self) -> String {
        let hash = Sha256::digest(self.content.as_bytes());
        base16ct::lower::encode_string(hash.split_at(16).0)
    }
}
