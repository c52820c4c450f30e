//! HMAC-SHA256 over parts, with a key of any length.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Ready to be finalized, or compared in constant time with `verify_slice`.
#[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
pub fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac = Hmac::new_from_slice(key).expect("HMAC takes keys of every length");
    for part in parts {
        mac.update(part);
    }
    mac
}

#[cfg(test)]
mod tests {

    use super::*;

    /// RFC 4231, test cases 2 and 6: a key shorter and a key longer than the block.
    #[test]
    fn the_published_codes_come_out_however_the_message_is_parted() {
        assert_eq!(
            code(b"Jefe", &[b"what do ya want ", b"for nothing?"]),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(
            code(&[0xaa; 131], &[b"Test Using Larger Than Block-Size Key - ", b"Hash Key First"]),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }

    fn code(key: &[u8], parts: &[&[u8]]) -> String {
        base16ct::lower::encode_string(&hmac_sha256(key, parts).finalize().into_bytes())
    }
}
