//! The words of each language, read when somebody first wants them.

use std::sync::LazyLock;

use super::Language;
use super::catalogue::Catalogue;
use crate::panel::packed;

static WORDS: LazyLock<String> = LazyLock::new(packed::languages);

static GERMAN: LazyLock<Catalogue<'static>> = LazyLock::new(|| column(0));
static SPANISH: LazyLock<Catalogue<'static>> = LazyLock::new(|| column(1));
static JAPANESE: LazyLock<Catalogue<'static>> = LazyLock::new(|| column(2));

impl Language {
    /// `None` for the language that the pages are written in.
    pub(super) fn catalogue(self) -> Option<&'static Catalogue<'static>> {
        match self {
            Self::English => None,
            Self::German => Some(&GERMAN),
            Self::Spanish => Some(&SPANISH),
            Self::Japanese => Some(&JAPANESE),
        }
    }
}

/// One language's, counted after the English ones.
fn column(number: usize) -> Catalogue<'static> {
    Catalogue::of(WORDS.lines().filter_map(|line| {
        let mut columns = line.split('\t');
        let english = columns.next()?;
        Some((english, columns.nth(number).filter(|words| !words.is_empty())?))
    }))
}
