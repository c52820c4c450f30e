//! A QR code drawn with characters: always dark on light, with its quiet zone, whatever the terminal's colours (TOTP-15).

use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};

/// Nothing when the text does not fit: it is always shown in words as well.
pub(super) fn for_terminal(text: &str) -> String {
    let Ok(code) = QrCode::with_error_correction_level(text, EcLevel::L) else { return String::new() };
    let drawn = code.render::<Dense1x2>().quiet_zone(true).build();
    drawn.lines().map(|line| format!("\x1b[30;107m{line}\x1b[0m")).collect::<Vec<_>>().join("\n")
}
