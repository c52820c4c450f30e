//! What `assets/build.rs` packed into the program.

use miniz_oxide::inflate::decompress_to_vec;

/// The bytes that it left under this name.
macro_rules! packed {
    ($name:literal) => {
        include_bytes!(concat!(env!("OUT_DIR"), "/", $name))
    };
}
pub(super) use packed;

/// The text that was packed; these are bytes of our own build, so they are whole.
pub(super) fn unpack(packed: &[u8]) -> String {
    decompress_to_vec(packed).ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}
