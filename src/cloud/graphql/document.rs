//! How deep and how branched a document may be, found before it is parsed: the parser recurses, and fragments that spread each
//! other double the work with every line.

const DEEPEST: usize = 32;
const MOST_SPREADS: usize = 16;

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("The query is nested deeper than {DEEPEST} levels, or spreads more than {MOST_SPREADS} fragments.")]
pub(super) struct TooMuch;

/// Brackets inside strings and comments count as well: no honest query comes near the limit.
pub(super) fn check(query: &str) -> Result<(), TooMuch> {
    let mut depth = 0_usize;
    for character in query.chars() {
        match character {
            '{' | '[' | '(' => depth += 1,
            '}' | ']' | ')' => depth = depth.saturating_sub(1),
            _other => {}
        }
        if depth > DEEPEST {
            return Err(TooMuch);
        }
    }
    if query.matches("...").count() > MOST_SPREADS { Err(TooMuch) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_that_only_nests_or_only_spreads_is_refused() {
        assert_eq!(check("query { login { devices(size: 5) { items { services { id name } } } } }"), Ok(()));
        assert_eq!(check(&"{a".repeat(20_000)), Err(TooMuch));
        assert_eq!(check(&format!("{{a(b:{})}}", "[".repeat(20_000))), Err(TooMuch));
        assert_eq!(check(&"fragment a on User { ...b ...b } ".repeat(30)), Err(TooMuch));
    }
}
