//! Phone numbers: typed as people write them, kept as E.164, and only those that can exist (SMS-01).

use super::error::Error;

/// `+12065550100` for "+1 (206) 555-0100". Blanks, dashes, dots, slashes and brackets are forgiven, and 00 for the plus.
pub(crate) fn normal(typed: &str) -> Result<String, Error> {
    let bad = || Error::Phone(typed.to_owned());
    if typed.len() > LONGEST_TYPED {
        return Err(bad());
    }
    let written = typed.replace("(0)", "");
    let meant: String = written.chars().filter(|c| !is_decoration(*c)).collect();
    let digits = meant.strip_prefix('+').or_else(|| meant.strip_prefix("00")).ok_or_else(bad)?;
    let shaped = (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !shaped || digits.starts_with('0') {
        return Err(bad());
    }
    let number = format!("+{digits}");
    let known = phonenumber::parse(None, &number).is_ok_and(|parsed| phonenumber::is_valid(&parsed));
    if known { Ok(number) } else { Err(bad()) }
}

const LONGEST_TYPED: usize = 64;

fn is_decoration(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '-' | '.' | '/' | '(' | ')' | '\u{2010}'..='\u{2015}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_forgiven_how_it_is_written() {
        for (typed, number) in [
            ("+12065550100", "+12065550100"),
            ("+1 (206) 555-0100", "+12065550100"),
            (" +1.206.555.0100 ", "+12065550100"),
            ("0044 20 7946 0000", "+442079460000"),
            ("+44 (0)20 7946 0000", "+442079460000"),
            ("+49 30/901820", "+4930901820"),
        ] {
            assert_eq!(normal(typed).ok().as_deref(), Some(number), "{typed}");
        }
    }

    #[test]
    fn a_number_without_its_country_or_that_cannot_exist_is_asked_for_again() {
        for bad in [
            "",
            "+",
            "2065550100",
            "12065550100",
            "+0123456789",
            "+12345",
            "+1234567890123456",
            "+1 206 555 010x",
            "+999 123 456 789",
            "+1 111 555 0100",
            "+1206555010000",
            "+١٢٠٦٥٥٥٠١٠٠",
            &"+1".repeat(100),
        ] {
            assert!(normal(bad).is_err(), "{bad}");
        }
    }
}
