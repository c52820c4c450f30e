//! What the log and the terminal get of an error: the sentence, and the causes below it.

use std::error::Error;

/// The error and its sources, joined by ": ".
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// One line for a person: the sentence that says what to do, and in brackets the cause that the system gave.
pub fn with_root_cause(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    causes.last().map_or_else(|| error.to_string(), |cause| format!("{error} ({cause})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the file cannot be read")]
    struct Outer(#[source] std::io::Error);

    #[test]
    fn every_cause_is_named_once() {
        let error = Outer(std::io::Error::other("disk on fire"));
        assert_eq!(chain(&error), "the file cannot be read: disk on fire");
    }
    #[test]
    fn a_person_is_told_the_deepest_cause_in_brackets() {
        let error = Outer(std::io::Error::other("disk on fire"));
        assert_eq!(with_root_cause(&error), "the file cannot be read (disk on fire)");
        assert_eq!(with_root_cause(&std::io::Error::other("disk on fire")), "disk on fire");
    }
}
