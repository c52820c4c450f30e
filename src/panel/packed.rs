//! What `assets/build.rs` packed into the program.

use miniz_oxide::inflate::decompress_to_vec;

pub(super) fn openapi() -> String {
    unpack(include_bytes!(concat!(env!("OUT_DIR"), "/openapi")))
}

/// In each line an English sentence and, after a tab each, the words of every other language for it.
pub(super) fn languages() -> String {
    unpack(include_bytes!(concat!(env!("OUT_DIR"), "/languages")))
}

/// These are bytes of our own build, so they are whole.
fn unpack(packed: &[u8]) -> String {
    decompress_to_vec(packed).ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}
