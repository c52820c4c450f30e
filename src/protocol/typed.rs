//! What people type or paste: codes and secrets come with blanks, dashes and invisible marks that mean nothing.

/// The text without white space, dashes of any script, and characters that cannot be seen.
pub(super) fn meaningful(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|&c| !c.is_whitespace() && !is_dash(c) && !is_invisible(c))
}

fn is_dash(c: char) -> bool {
    matches!(c, '-' | '\u{ad}' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}')
}

/// Zero-width characters and direction marks, which travel along with text copied from web pages.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_means_something_is_left() {
        let pasted = "\u{feff} 12\u{a0}3-4\u{2013}5\u{200b}6\u{202c}\n";
        assert_eq!(meaningful(pasted).collect::<String>(), "123456");
        assert_eq!(meaningful("a.b_c=é").collect::<String>(), "a.b_c=é");
    }
}
