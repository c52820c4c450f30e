//! Sources in order, and the checking of what they say together. Whoever has settings builds on these.

use super::error::{Error, Mistake, Origin};

/// Every source in order; a later one wins.
#[derive(Debug)]
pub struct Layers<R>(pub Vec<(Origin, R)>);

/// Reads values and collects every mistake, not only the first.
#[derive(Debug)]
pub struct Check<'a, R> {
    pub layers: &'a Layers<R>,
    pub mistakes: Vec<Mistake>,
}

impl<R> Layers<R> {
    /// The last source that says something, and what.
    pub fn last<'a, T>(&'a self, pick: impl Fn(&'a R) -> Option<&'a T>) -> Option<(&'a Origin, &'a T)> {
        self.0.iter().rev().find_map(|(origin, raw)| Some((origin, pick(raw)?)))
    }
}

impl<'a, R> Check<'a, R> {
    /// One value; `None` when no source has it, or when it is not right.
    pub fn text<T>(
        &mut self,
        key: &str,
        pick: impl Fn(&'a R) -> Option<&'a String>,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let (origin, text) = self.layers.last(pick)?;
        read(text).map_err(|sentence| self.mistake(origin, key, sentence)).ok()
    }

    pub fn list<T>(
        &mut self,
        key: &str,
        pick: impl Fn(&'a R) -> Option<&'a Vec<String>>,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Vec<T> {
        let Some((origin, texts)) = self.layers.last(pick) else { return Vec::new() };
        let mut values = Vec::new();
        for text in texts {
            match read(text) {
                Ok(value) => values.push(value),
                Err(sentence) => self.mistake(origin, key, sentence),
            }
        }
        values
    }

    pub fn mistake(&mut self, origin: &Origin, key: &str, sentence: String) {
        self.mistakes.push(Mistake { origin: origin.clone(), key: key.to_owned(), sentence });
    }

    /// What was read, if nothing was wrong.
    pub fn finish<T>(self, settings: Option<T>) -> Result<T, Error> {
        match settings {
            Some(settings) if self.mistakes.is_empty() => Ok(settings),
            _ => Err(Error(self.mistakes)),
        }
    }
}
