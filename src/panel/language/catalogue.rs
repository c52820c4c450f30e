//! The sentences of one language, and the English ones. `{}` stands for whatever is there, `{#}` for a number; in the other language
//! `{2}` is the second of them. Read where they lie, without a copy.

use std::collections::BTreeMap;

/// See above.
pub(super) struct Catalogue<'t> {
    sentences: BTreeMap<&'t str, &'t str>,
    /// By their first word.
    beginnings: BTreeMap<&'t str, Vec<Pattern<'t>>>,
    /// By their last word, when the first is not the same for all.
    endings: BTreeMap<&'t str, Vec<Pattern<'t>>>,
    /// The few others.
    others: Vec<Pattern<'t>>,
}

#[derive(Clone, Copy)]
struct Pattern<'t> {
    english: &'t str,
    words: &'t str,
}

/// What a hole took may be a sentence with holes of its own, and so on.
const DEEPEST: u32 = 3;

impl<'t> Catalogue<'t> {
    /// Out of English sentences and their words.
    pub(super) fn of(entries: impl Iterator<Item = (&'t str, &'t str)>) -> Self {
        let (sentences, beginnings, endings, others) = Default::default();
        let mut catalogue = Self { sentences, beginnings, endings, others };
        for (english, words) in entries {
            catalogue.add(Pattern { english, words });
        }
        catalogue
    }

    fn add(&mut self, pattern: Pattern<'t>) {
        let (first, last) = (first_word(pattern.english), last_word(pattern.english));
        if !pattern.english.contains('{') {
            self.sentences.insert(pattern.english, pattern.words);
        } else if !first.contains('{') {
            self.beginnings.entry(first).or_default().push(pattern);
        } else if !last.contains('{') {
            self.endings.entry(last).or_default().push(pattern);
        } else {
            self.others.push(pattern);
        }
    }

    /// Other words for a sentence.
    pub(super) fn find(&self, sentence: &str) -> Option<String> {
        self.find_within(sentence, DEEPEST)
    }

    fn find_within(&self, sentence: &str, depth: u32) -> Option<String> {
        if let Some(words) = self.sentences.get(sentence) {
            return Some((*words).to_owned());
        }
        let depth = depth.checked_sub(1)?;
        let beginnings = self.beginnings.get(first_word(sentence)).into_iter().flatten();
        let endings = self.endings.get(last_word(sentence)).into_iter().flatten();
        let (pattern, values) = beginnings
            .chain(endings)
            .chain(&self.others)
            .filter_map(|pattern| Some((pattern, pattern.values(sentence)?)))
            .max_by_key(|(pattern, _)| pattern.english.len())?;
        let values = values.into_iter().map(|value| self.value(value, depth));
        Some(pattern.fill(&values.collect::<Vec<_>>()))
    }

    fn value(&self, value: &str, depth: u32) -> String {
        let found = if value.contains(char::is_alphabetic) { self.find_within(value, depth) } else { None };
        found.unwrap_or_else(|| value.to_owned())
    }
}

fn first_word(sentence: &str) -> &str {
    sentence.split(' ').next().unwrap_or_default()
}

fn last_word(sentence: &str) -> &str {
    sentence.rsplit(' ').next().unwrap_or_default()
}

impl Pattern<'_> {
    /// What stands in the holes; `None` when the sentence is another one.
    fn values<'s>(&self, sentence: &'s str) -> Option<Vec<&'s str>> {
        let (start, mut holes) = self.english.split_once('{')?;
        let mut rest = sentence.strip_prefix(start)?;
        let mut values = Vec::new();
        loop {
            let (kind, after) = holes.split_once('}')?;
            let (value, next) = match after.split_once('{') {
                Some((between, next)) => {
                    let (value, after) = rest.split_once(between)?;
                    rest = after;
                    (value, Some(next))
                }
                None => (rest.strip_suffix(after)?, None),
            };
            let is_number = value.bytes().all(|byte| byte.is_ascii_digit() || b".,:".contains(&byte));
            if value.is_empty() || value.contains('<') || (kind == "#" && !is_number) {
                return None;
            }
            values.push(value);
            let Some(next) = next else { return Some(values) };
            holes = next;
        }
    }

    fn fill(&self, values: &[String]) -> String {
        let mut filled = String::with_capacity(self.words.len() * 2);
        let (mut rest, mut following) = (self.words, values.iter());
        while let Some((text, (hole, after))) =
            rest.split_once('{').and_then(|(text, after)| Some((text, after.split_once('}')?)))
        {
            filled.push_str(text);
            let value = match hole.parse::<usize>() {
                Ok(number) => number.checked_sub(1).and_then(|index| values.get(index)),
                Err(_) => following.next(),
            };
            filled.push_str(value.map_or("", String::as_str));
            rest = after;
        }
        filled + rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GERMAN: [(&str, &str); 8] = [
        ("Sign in", "Anmelden"),
        ("{#} minutes", "{} Minuten"),
        ("{} ago", "vor {}"),
        ("Too many tries. Wait {} and try again.", "Zu viele Versuche. Warten Sie {}."),
        ("{} of {} in use.", "Von {2} sind {1} belegt."),
        ("Copied: {}", "Kopiert: {}"),
        ("{#} January {#}", "{}. Januar {}"),
        ("({})", "({})"),
    ];

    fn german(sentence: &str) -> String {
        Catalogue::of(GERMAN.into_iter()).find(sentence).unwrap_or_default()
    }

    #[test]
    fn a_sentence_is_found_as_a_whole() {
        assert_eq!(german("Sign in"), "Anmelden");
        assert_eq!(german("Sign in now"), "");
    }

    #[test]
    fn values_move_to_their_place_and_are_translated_too() {
        assert_eq!(german("Too many tries. Wait 5 minutes and try again."), "Zu viele Versuche. Warten Sie 5 Minuten.");
        assert_eq!(german("3 of 20 in use."), "Von 20 sind 3 belegt.");
        assert_eq!(german("(15 January 2027)"), "(15. Januar 2027)");
        assert_eq!(german("5 minutes ago"), "vor 5 Minuten");
    }

    #[test]
    fn a_value_that_is_in_no_list_stays() {
        assert_eq!(german("Copied: <b> & more"), "");
        assert_eq!(german("Copied: Ann's key"), "Kopiert: Ann's key");
        assert_eq!(german("many minutes"), "", "only numbers are counted");
    }
}
