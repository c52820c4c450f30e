//! Style, script and icon, carried in the binary. Their addresses change with their content, so a browser keeps them.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};

use super::error::Error;

/// One file of `assets/`.
pub(super) struct Asset {
    name: &'static str,
    content_type: &'static str,
    content: &'static [u8],
    version: u64,
}

pub(super) const STYLE: Asset =
    Asset::new("style/panel.css", "text/css; charset=utf-8", include_bytes!("../../assets/style/panel.css"));
pub(super) const SCRIPT: Asset =
    Asset::new("script/panel.js", "text/javascript; charset=utf-8", include_bytes!("../../assets/script/panel.js"));
pub(super) const ICON: Asset =
    Asset::new("icons/latchkey.svg", "image/svg+xml", include_bytes!("../../assets/icons/latchkey.svg"));

const ALL: [&Asset; 3] = [&STYLE, &SCRIPT, &ICON];

/// Open to all, and never changed by anybody.
pub(super) fn is_asset(path: &str) -> bool {
    ALL.iter().any(|asset| path.strip_prefix('/') == Some(asset.name))
}

pub(super) async fn file(Path((folder, file)): Path<(String, String)>, headers: HeaderMap) -> Response {
    let name = format!("{folder}/{file}");
    match ALL.iter().find(|asset| asset.name == name) {
        Some(asset) => asset.serve(&headers),
        None => Error::NoSuchPage.into_response(),
    }
}

impl Asset {
    const fn new(name: &'static str, content_type: &'static str, content: &'static [u8]) -> Self {
        Self { name, content_type, content, version: fnv_1a(content) }
    }

    /// For use in a page.
    pub(super) fn address(&self) -> String {
        format!("{}?{:016x}", self.name, self.version)
    }

    fn serve(&self, headers: &HeaderMap) -> Response {
        let tag = format!("\"{:016x}\"", self.version);
        let known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
        let caching = [(header::ETAG, tag.as_str()), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
        if known {
            return (StatusCode::NOT_MODIFIED, caching).into_response();
        }
        (caching, [(header::CONTENT_TYPE, self.content_type)], self.content).into_response()
    }
}

/// Fowler, Noll, Vo: tells versions of our own files apart, while compiling; it guards against nobody.
const fn fnv_1a(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut rest = bytes;
    while let Some((byte, tail)) = rest.split_first() {
        hash = (hash ^ *byte as u64).wrapping_mul(0x0100_0000_01b3);
        rest = tail;
    }
    hash
}
