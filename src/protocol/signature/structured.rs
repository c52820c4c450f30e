//! The part of RFC 9651 (structured fields) that RFC 9421 needs: dictionaries of inner lists and of byte sequences.

use base64ct::{Base64, Encoding};

use super::Refusal;
use super::scanner::Scanner;

/// One member of a `Signature-Input` header.
pub(super) struct InnerList<'a> {
    pub(super) label: &'a str,
    /// List and parameters exactly as received.
    pub(super) text: &'a str,
    pub(super) items: Vec<Item>,
    pub(super) parameters: Vec<(&'a str, Bare)>,
}

/// A component identifier.
pub(super) struct Item {
    pub(super) name: String,
    pub(super) has_parameters: bool,
}

/// A parameter's value.
pub(super) enum Bare {
    Integer(i64),
    Text(String),
    /// A decimal, token, byte sequence or boolean: syntax that no parameter known here has.
    Other,
}

/// Reads `label=("a" "b");x=1, other=(…)`.
pub(super) fn inner_lists(header: &str) -> Result<Vec<InnerList<'_>>, Refusal> {
    dictionary(header, |scanner, label| {
        let start = scanner.rest();
        let items = inner_list(scanner)?;
        let parameters = parameters(scanner)?;
        let text = start.strip_suffix(scanner.rest()).unwrap_or(start);
        Ok(InnerList { label, text, items, parameters })
    })
}

/// Reads `label=:YWJj:, other=:…:`.
pub(super) fn byte_sequences(header: &str) -> Result<Vec<(&str, Vec<u8>)>, Refusal> {
    dictionary(header, |scanner, label| {
        if !scanner.eat(':') {
            return Err(Refusal::Malformed("a signature or digest must stand between colons"));
        }
        let bytes = byte_sequence(scanner)?;
        parameters(scanner)?;
        Ok((label, bytes))
    })
}

fn dictionary<'a, T>(
    header: &'a str,
    mut value: impl FnMut(&mut Scanner<'a>, &'a str) -> Result<T, Refusal>,
) -> Result<Vec<T>, Refusal> {
    let mut scanner = Scanner::new(header.trim_matches([' ', '\t']));
    let mut members = Vec::new();
    let mut labels = Vec::new();
    loop {
        let label = key(&mut scanner)?;
        if labels.contains(&label) {
            return Err(Refusal::Malformed("a label occurs twice"));
        }
        labels.push(label);
        if !scanner.eat('=') {
            return Err(Refusal::Malformed("'=' is missing after a label"));
        }
        members.push(value(&mut scanner, label)?);
        scanner.skip_blanks();
        if scanner.is_at_end() {
            return Ok(members);
        }
        if !scanner.eat(',') {
            return Err(Refusal::Malformed("a comma is missing between two labels"));
        }
        scanner.skip_blanks();
    }
}

fn key<'a>(scanner: &mut Scanner<'a>) -> Result<&'a str, Refusal> {
    let key = scanner.take_while(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-.*".contains(c));
    if key.starts_with(|c: char| c.is_ascii_lowercase() || c == '*') {
        Ok(key)
    } else {
        Err(Refusal::Malformed("a label or parameter name is missing or not in lower case"))
    }
}

fn inner_list(scanner: &mut Scanner<'_>) -> Result<Vec<Item>, Refusal> {
    if !scanner.eat('(') {
        return Err(Refusal::Malformed("the list of components must start with '('"));
    }
    let mut items = Vec::new();
    loop {
        scanner.skip_blanks();
        if scanner.eat(')') {
            return Ok(items);
        }
        if !scanner.eat('"') {
            return Err(Refusal::Malformed("a component is not quoted, or the list is not closed"));
        }
        let name = scanner.quoted()?;
        let has_parameters = !parameters(scanner)?.is_empty();
        if !scanner.rest().starts_with([' ', '\t', ')']) {
            return Err(Refusal::Malformed("a component is not followed by a blank or ')'"));
        }
        items.push(Item { name, has_parameters });
    }
}

fn parameters<'a>(scanner: &mut Scanner<'a>) -> Result<Vec<(&'a str, Bare)>, Refusal> {
    let mut parameters: Vec<(&str, Bare)> = Vec::new();
    while scanner.eat(';') {
        scanner.skip_blanks();
        let name = key(scanner)?;
        if parameters.iter().any(|(known, _)| *known == name) {
            return Err(Refusal::Malformed("a parameter occurs twice"));
        }
        let value = if scanner.eat('=') { bare(scanner)? } else { Bare::Other };
        parameters.push((name, value));
    }
    Ok(parameters)
}

fn bare(scanner: &mut Scanner<'_>) -> Result<Bare, Refusal> {
    if scanner.eat('"') {
        return scanner.quoted().map(Bare::Text);
    }
    if scanner.eat(':') {
        return byte_sequence(scanner).map(|_| Bare::Other);
    }
    let word = scanner.take_while(|c| c.is_ascii_graphic() && !"\",;()".contains(c));
    if word.is_empty() {
        return Err(Refusal::Malformed("a parameter has no value"));
    }
    Ok(word.parse().map_or(Bare::Other, Bare::Integer))
}

fn byte_sequence(scanner: &mut Scanner<'_>) -> Result<Vec<u8>, Refusal> {
    let base64 = scanner.take_while(|c| c != ':');
    if !scanner.eat(':') {
        return Err(Refusal::Malformed("a byte sequence is not closed by a colon"));
    }
    Base64::decode_vec(base64).map_err(|_| Refusal::Malformed("a byte sequence is not base64"))
}
