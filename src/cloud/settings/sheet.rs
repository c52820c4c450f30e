//! One source's settings as written: every value text, or a list of texts.

use std::collections::BTreeMap;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::keys::{self, KEYS};
use crate::settings::source::{NO_SUCH_SETTING, NOT_TEXT, items, line_of, not_toml};
use crate::settings::{Environment, Mistake, Origin};

/// Variables of the service begin so.
pub(crate) const PREFIX: &str = "LATCHKEY_CLOUD_";

/// What one source says.
#[derive(Clone, Debug, Default)]
pub struct Sheet(BTreeMap<String, Value>);

#[derive(Clone, Debug)]
pub(crate) enum Value {
    One(String),
    Many(Vec<String>),
}

impl Sheet {
    pub(crate) fn put(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }

    /// A flag's value, if the flag was given.
    pub fn say(&mut self, name: &str, value: Option<impl ToString>) {
        if let Some(value) = value {
            self.put(name, Value::One(value.to_string()));
        }
    }

    /// The values of a flag that may be given several times.
    pub fn say_all(&mut self, name: &str, values: Vec<String>) {
        if !values.is_empty() {
            self.put(name, Value::Many(values));
        }
    }

    pub(crate) fn one(&self, name: &str) -> Option<&String> {
        match self.0.get(name)? {
            Value::One(value) => Some(value),
            Value::Many(_) => None,
        }
    }

    pub(crate) fn many(&self, name: &str) -> Option<&Vec<String>> {
        match self.0.get(name)? {
            Value::Many(values) => Some(values),
            Value::One(_) => None,
        }
    }

    /// What the operator calls the sections below this one.
    pub(crate) fn names_below(&self, section: &'static str) -> impl Iterator<Item = &str> {
        let names = self.0.keys().filter_map(move |name| name.strip_prefix(section)?.strip_prefix('.'));
        names.filter_map(|name| name.split('.').next())
    }

    pub(crate) fn of_file(path: &Path, text: &str) -> (Self, Vec<Mistake>) {
        let mut reader = Reader { path, text, sheet: Self::default(), mistakes: Vec::new() };
        match DeTable::parse(text) {
            Ok(table) => reader.table("", table.get_ref()),
            Err(error) => reader.mistakes.push(not_toml(path, text, &error)),
        }
        (reader.sheet, reader.mistakes)
    }

    pub(crate) fn of_environment(environment: &Environment) -> (Self, Vec<Mistake>) {
        let (mut sheet, mut mistakes) = (Self::default(), Vec::new());
        for (variable, value) in environment.variables(PREFIX).filter(|(variable, _)| *variable != "CONFIG") {
            let mut wrong = |sentence: &str| {
                let (origin, key) = (Origin::Environment(PREFIX), variable.to_owned());
                mistakes.push(Mistake { origin, key, sentence: sentence.to_owned() });
            };
            let key = KEYS.iter().find(|key| !key.name.contains('*') && key.variable() == variable);
            match (key, value) {
                (None, _) => wrong(NO_SUCH_SETTING),
                (Some(_), None) => wrong(NOT_TEXT),
                (Some(key), Some(value)) if key.kind.is_list() => sheet.put(key.name, Value::Many(items(value))),
                (Some(key), Some(value)) => sheet.put(key.name, Value::One(value.to_owned())),
            }
        }
        (sheet, mistakes)
    }
}

struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
    sheet: Sheet,
    mistakes: Vec<Mistake>,
}

impl Reader<'_> {
    fn table(&mut self, section: &str, table: &DeTable<'_>) {
        for (name, value) in table {
            let place = name.span().start;
            let name =
                if section.is_empty() { name.get_ref().to_string() } else { format!("{section}.{}", name.get_ref()) };
            match (value.get_ref(), keys::named(&name)) {
                (value, Some(key)) => match read(value, key.kind.is_list()) {
                    Ok(value) => self.sheet.put(&name, value),
                    Err(sentence) => self.mistake(place, format!("{name} {sentence}")),
                },
                (DeValue::Table(inner), None) => self.table(&name, inner),
                (_value, None) => {
                    self.mistake(place, format!("there is no setting '{name}'; remove it or mend its name."))
                }
            }
        }
    }

    fn mistake(&mut self, place: usize, sentence: String) {
        let sentence = format!("line {}: {sentence}", line_of(self.text, place));
        self.mistakes.push(Mistake { origin: Origin::File(self.path.to_owned()), key: String::new(), sentence });
    }
}

fn read(value: &DeValue<'_>, is_list: bool) -> Result<Value, &'static str> {
    match (value, is_list) {
        (DeValue::Array(items), true) => {
            let texts = items.iter().map(|item| item.get_ref().as_str().map(str::to_owned));
            texts.collect::<Option<_>>().map(Value::Many).ok_or("must be a list of texts in quotation marks.")
        }
        (_, true) => Err("must be a list, such as [\"…\"]."),
        (DeValue::String(text), false) => Ok(Value::One(text.to_string())),
        (DeValue::Integer(number), false) => Ok(Value::One(number.to_string())),
        (DeValue::Boolean(is), false) => Ok(Value::One(is.to_string())),
        (DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_), false) => {
            Err("must be a text in quotation marks, a whole number, true or false.")
        }
    }
}
