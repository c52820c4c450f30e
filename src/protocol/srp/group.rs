//! The group, and how its numbers travel: hexadecimal on the wire, Cognito's padded bytes in every hash.

use crypto_bigint::modular::{ConstMontyForm, ConstMontyParams};
use crypto_bigint::{U256, U3072, const_monty_params};

use super::Error;

// N: group 15 of RFC 3526.
const_monty_params!(
    Modulus,
    U3072,
    concat!(
        "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD",
        "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED",
        "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F",
        "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B",
        "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510",
        "15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7",
        "ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C",
        "BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
    )
);

/// A number modulo N; its arithmetic takes the same time whatever the number.
pub(super) type Element = ConstMontyForm<Modulus, { Modulus::LIMBS }>;

/// Bytes of N.
pub(super) const WIDTH: usize = 384;

pub(super) const GENERATOR: Element = Element::new(&U3072::from_u8(2));

/// k = SHA-256(pad(N) ‖ pad(g)).
pub(super) const MULTIPLIER: Element =
    Element::new(&U256::from_be_hex("538282c4354742d7cbbde2359fcf67f9f5b3a6b08791e5011b43b8a5b66d9ee6").resize());

/// A or B: never zero modulo N.
#[derive(Clone, Debug)]
pub(super) struct PublicValue {
    pub(super) element: Element,
    /// What is hashed: the number as it was sent, padded, even where it is not below N.
    pub(super) padded: Vec<u8>,
}

impl PublicValue {
    pub(super) fn new(element: Element) -> Result<Self, Error> {
        Self::checked(element, padded(element.retrieve().to_be_bytes().as_ref()))
    }

    pub(super) fn parse(field: &'static str, hex: &str) -> Result<Self, Error> {
        let padded = parse_hex(field, hex)?;
        let bytes = right_aligned(&padded);
        Self::checked(Element::new(&U3072::from_be_slice(&bytes)), padded)
    }

    /// Lower case, without leading zeros.
    pub(super) fn hex(&self) -> String {
        base16ct::lower::encode_string(&self.padded).trim_start_matches('0').to_owned()
    }

    fn checked(element: Element, padded: Vec<u8>) -> Result<Self, Error> {
        if element == Element::ZERO { Err(Error::ZeroPublicValue) } else { Ok(Self { element, padded }) }
    }
}

/// A hexadecimal number of any case and of odd length too, as padded bytes. The length is checked before anything is
/// decoded, so that a huge text costs nothing (COG-16).
pub(super) fn parse_hex(field: &'static str, hex: &str) -> Result<Vec<u8>, Error> {
    let refused = Error::NotHex(field);
    if hex.is_empty() || hex.len() > "00".len() + 2 * WIDTH {
        return Err(refused);
    }
    let even = if hex.len().is_multiple_of(2) { hex.to_owned() } else { format!("0{hex}") };
    let bytes = padded(&base16ct::mixed::decode_vec(even.as_bytes()).map_err(|_| refused.clone())?);
    let number = bytes.strip_prefix(&[0]).unwrap_or(&bytes);
    if number.len() > WIDTH { Err(refused) } else { Ok(bytes) }
}

/// pad(n): the fewest bytes that hold the number, after a zero byte where the first bit would read as a sign.
pub(super) fn padded(big_endian: &[u8]) -> Vec<u8> {
    let first = big_endian.iter().position(|byte| *byte != 0).unwrap_or(big_endian.len());
    let number = big_endian.get(first..).unwrap_or_default();
    match number.first() {
        Some(1..=0x7f) => number.to_vec(),
        Some(_) | None => [&[0], number].concat(),
    }
}

fn right_aligned(padded: &[u8]) -> [u8; WIDTH] {
    let mut wide = [0; WIDTH];
    for (to, from) in wide.iter_mut().rev().zip(padded.iter().rev()) {
        *to = *from;
    }
    wide
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sha2::{Digest, Sha256};

    use super::*;

    fn n() -> U3072 {
        *Element::MODULUS
    }

    #[test]
    fn the_multiplier_is_the_published_constant() {
        let modulus = padded(n().to_be_bytes().as_ref());
        let k = Sha256::new().chain_update(modulus).chain_update([2]).finalize();
        assert_eq!(MULTIPLIER.retrieve(), U256::from_be_slice(&k).resize());
    }

    #[test]
    fn the_modulus_is_the_published_group() {
        let digest = Sha256::digest(n().to_be_bytes());
        assert_eq!(
            base16ct::lower::encode_string(&digest),
            "48cf8b092fbce4359d9871abf74f98e25b6163379eaa15cd9087e800c6d1c55c"
        );
    }

    #[test]
    fn a_number_is_hashed_without_its_leading_zeros_and_never_as_a_negative_one() {
        let pads: [(&[u8], &[u8]); 6] = [
            (&[], &[0]),
            (&[0, 0], &[0]),
            (&[0x7f], &[0x7f]),
            (&[0x80], &[0, 0x80]),
            (&[0, 0, 1, 0], &[1, 0]),
            (&[0, 0xff], &[0, 0xff]),
        ];
        for (number, expected) in pads {
            assert_eq!(padded(number), expected, "{number:?}");
        }
    }

    #[test]
    fn a_number_is_read_in_any_case_and_of_odd_length() {
        assert_eq!(parse_hex("A", "F12").unwrap(), [0x0f, 0x12]);
        assert_eq!(parse_hex("A", "000f12").unwrap(), [0x0f, 0x12]);
        assert_eq!(parse_hex("A", "0").unwrap(), [0]);
        assert_eq!(parse_hex("A", "aB").unwrap(), [0, 0xab]);
    }

    #[test]
    fn a_number_longer_than_the_modulus_is_refused() {
        let widest = "f".repeat(768);
        assert_eq!(parse_hex("A", &widest).unwrap().len(), 1 + WIDTH);
        assert_eq!(parse_hex("A", &format!("00{widest}")), parse_hex("A", &widest));
        for longer in [format!("1{widest}"), format!("01{widest}"), format!("000{widest}"), "f".repeat(1 << 20)] {
            assert_eq!(parse_hex("A", &longer), Err(Error::NotHex("A")), "{} digits", longer.len());
        }
    }

    #[test]
    fn what_is_not_hexadecimal_is_refused() {
        for text in ["", "xyz", "0x12", "-12", "+12", "1 2", " 12", "12\n", "é", "١٢"] {
            assert_eq!(parse_hex("A", text), Err(Error::NotHex("A")), "{text:?}");
        }
    }

    #[test]
    fn zero_in_every_guise_is_no_public_value() {
        let n = format!("{:x}", n());
        for zero in ["0", "00", "0000", n.as_str(), format!("00{n}").as_str()] {
            assert_eq!(PublicValue::parse("A", zero).unwrap_err(), Error::ZeroPublicValue, "{zero}");
        }
    }

    #[test]
    fn a_number_above_the_modulus_counts_modulo_n_but_is_hashed_as_it_came() {
        let above = format!("{:x}", n().wrapping_add(&U3072::from_u8(5)));
        let value = PublicValue::parse("A", &above).unwrap();
        assert_eq!(value.element.retrieve(), U3072::from_u8(5));
        assert_eq!(value.hex(), above);
    }

    proptest! {
        #[test]
        fn no_text_makes_reading_a_number_panic(text in ".*|[0-9a-fA-F]{0,800}") {
            let _ = PublicValue::parse("A", &text);
        }

        #[test]
        fn a_public_value_is_read_as_it_is_written(hex in "[1-9a-f][0-9a-f]{0,767}") {
            prop_assert_eq!(PublicValue::parse("A", &hex).unwrap().hex(), hex);
        }
    }
}
