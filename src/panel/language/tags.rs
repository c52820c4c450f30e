//! A page of ours, which is well-formed, as text and tags.

/// One thing of a page, as it stands there.
pub(super) enum Token<'p> {
    Text(&'p str),
    Open(Tag<'p>),
    Close(Tag<'p>),
    /// A comment, or the document type.
    Other(&'p str),
}

#[derive(Clone, Copy)]
pub(super) struct Tag<'p> {
    pub(super) name: &'p str,
    pub(super) raw: &'p str,
}

/// What a page consists of, from its beginning on.
pub(super) struct Tokens<'p> {
    page: &'p str,
    at: usize,
}

const VOID: [&str; 9] = ["area", "base", "br", "col", "hr", "img", "input", "link", "meta"];
/// What stands in these is not HTML, or is not ours to touch.
const RAW: [&str; 4] = ["pre", "script", "style", "textarea"];
/// They can stand in the middle of a sentence.
const INLINE: [&str; 15] =
    ["a", "abbr", "b", "bdi", "code", "em", "i", "kbd", "q", "samp", "small", "span", "strong", "svg", "time"];
/// What these hold is the same in every language.
const KEPT: [&str; 4] = ["code", "kbd", "samp", "svg"];

impl<'p> Tokens<'p> {
    pub(super) fn new(page: &'p str) -> Self {
        Self { page, at: 0 }
    }

    /// All of the element that just began, its tags included.
    pub(super) fn whole(&mut self, tag: Tag<'p>) -> &'p str {
        let start = self.at.saturating_sub(tag.raw.len());
        if tag.is_raw() {
            let end = self.rest().find(&format!("</{}", tag.name)).unwrap_or(self.rest().len());
            self.at += end;
            self.next();
        } else if !tag.is_void() {
            let mut open = 1_u32;
            while open > 0 {
                match self.next() {
                    Some(Token::Open(inner)) if inner.name == tag.name && !inner.is_void() => open += 1,
                    Some(Token::Close(inner)) if inner.name == tag.name => open -= 1,
                    Some(Token::Open(inner)) if inner.is_raw() => {
                        self.whole(inner);
                    }
                    Some(Token::Text(_) | Token::Open(_) | Token::Close(_) | Token::Other(_)) => {}
                    None => break,
                }
            }
        }
        self.page.get(start..self.at).unwrap_or_default()
    }

    fn rest(&self) -> &'p str {
        self.page.get(self.at..).unwrap_or_default()
    }
}

impl<'p> Iterator for Tokens<'p> {
    type Item = Token<'p>;

    fn next(&mut self) -> Option<Token<'p>> {
        let rest = self.rest();
        let length = if rest.starts_with('<') { tag_length(rest) } else { rest.find('<').unwrap_or(rest.len()) };
        let raw = rest.get(..length).filter(|raw| !raw.is_empty())?;
        self.at += length;
        Some(Token::of(raw))
    }
}

impl<'p> Token<'p> {
    fn of(raw: &'p str) -> Self {
        let name_of = |inside: &'p str| {
            inside.split(|sign: char| !sign.is_ascii_alphanumeric() && sign != '-').next().unwrap_or_default()
        };
        match raw.strip_prefix('<') {
            None => Self::Text(raw),
            Some(inside) if inside.starts_with('!') => Self::Other(raw),
            Some(inside) => match inside.strip_prefix('/') {
                Some(inside) => Self::Close(Tag { name: name_of(inside), raw }),
                None => Self::Open(Tag { name: name_of(inside), raw }),
            },
        }
    }
}

fn tag_length(rest: &str) -> usize {
    if rest.starts_with("<!--") {
        return rest.find("-->").map_or(rest.len(), |end| end + "-->".len());
    }
    let mut quote = None;
    for (at, byte) in rest.bytes().enumerate() {
        match (byte, quote) {
            (b'>', None) => return at + 1,
            (b'"' | b'\'', None) => quote = Some(byte),
            (_, Some(begun)) if begun == byte => quote = None,
            (_, _) => {}
        }
    }
    rest.len()
}

impl Tag<'_> {
    /// Nothing is inside.
    pub(super) fn is_void(&self) -> bool {
        self.raw.ends_with("/>") || VOID.contains(&self.name)
    }

    pub(super) fn is_raw(&self) -> bool {
        RAW.contains(&self.name)
    }

    pub(super) fn is_inline(&self) -> bool {
        INLINE.contains(&self.name)
    }

    /// The whole element stays as it is.
    pub(super) fn is_kept(&self) -> bool {
        KEPT.contains(&self.name) || self.raw.contains(" translate=\"no\"")
    }

    /// People read the value of this attribute.
    pub(super) fn shows(&self, attribute: &str) -> bool {
        matches!(attribute, "alt" | "aria-label" | "placeholder" | "title")
            || (attribute == "value" && self.name == "input" && self.raw.contains("type=\"submit\""))
    }
}

/// The text that a piece of a page means, with every run of blanks as one. `None` when it cannot be told.
pub(super) fn read(raw: &str) -> Option<String> {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find(['&', ' ', '\n', '\t', '\r', LESS]) {
        text.push_str(rest.get(..at)?);
        let found = rest.get(at..)?;
        let Some(entity) = found.strip_prefix('&') else {
            if found.starts_with(LESS) {
                return None;
            }
            text.push(' ');
            rest = found.trim_start_matches([' ', '\n', '\t', '\r']);
            continue;
        };
        let (name, after) = entity.split_once(';')?;
        text.push(character(name)?);
        rest = after;
    }
    text.push_str(rest);
    Some(text)
}

/// Stands for "less than" in a text that is looked up, since there a "<" begins a numbered tag.
const LESS: char = '\u{e000}';

fn character(entity: &str) -> Option<char> {
    let meant = match entity.strip_prefix('#') {
        Some(number) => match number.strip_prefix('x') {
            Some(number) => char::from_u32(u32::from_str_radix(number, 16).ok()?)?,
            None => char::from_u32(number.parse().ok()?)?,
        },
        None => match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            "nbsp" => '\u{a0}',
            "middot" => '·',
            "ndash" => '–',
            "hellip" => '…',
            _unknown => return None,
        },
    };
    match meant {
        LESS => None,
        '<' => Some(LESS),
        other => Some(other),
    }
}

/// The opposite of [`read`].
pub(super) fn write(text: &str, page: &mut String) {
    for sign in text.chars() {
        match sign {
            '&' => page.push_str("&#38;"),
            '<' | LESS => page.push_str("&#60;"),
            '>' => page.push_str("&#62;"),
            '"' => page.push_str("&#34;"),
            '\'' => page.push_str("&#39;"),
            other => page.push(other),
        }
    }
}
