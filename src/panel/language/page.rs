//! Putting other words into a finished page. A sentence is what stands between two tags of layout; what is inline in it becomes a
//! numbered tag (`Open the <1>settings</1>.`), so that another language can order it anew, and what must stay as it is becomes a
//! hole (`<2/>`). Pure: where the words come from is an argument.

use super::tags::{Tag, Token, Tokens, read, write};

/// Finds other words for a sentence.
pub(super) type Words<'w> = dyn FnMut(&str) -> Option<String> + 'w;

/// The page in other words. What has none stays.
pub(super) fn rewrite(page: &str, words: &mut Words<'_>) -> String {
    let mut walk = Walk { page: String::with_capacity(page.len() + page.len() / 4), flow: Vec::new(), words };
    let mut tokens = Tokens::new(page);
    while let Some(token) = tokens.next() {
        walk.step(token, &mut tokens);
    }
    walk.flush();
    walk.page
}

struct Walk<'p, 'w, 'c> {
    /// As far as it is written.
    page: String,
    /// What may be one sentence.
    flow: Vec<Piece<'p>>,
    words: &'c mut Words<'w>,
}

enum Piece<'p> {
    Text(&'p str),
    Whole(Kept<'p>),
    Open(Tag<'p>),
    Close(Tag<'p>),
}

/// An element that stays as it is.
#[derive(Clone, Copy)]
struct Kept<'p> {
    raw: &'p str,
    /// It says nothing, so at the edge of a sentence it is not part of it.
    is_picture: bool,
}

enum Node<'p> {
    Text(&'p str),
    Whole(Kept<'p>),
    Element {
        open: Tag<'p>,
        inside: Vec<Node<'p>>,
        close: &'p str,
    },
    /// The other tag of the element is beyond a tag of layout.
    Loose(Tag<'p>),
}

/// What a number in a sentence stands for.
enum Numbered<'p> {
    Whole(&'p str),
    Pair(Tag<'p>, &'p str),
}

/// A sentence as it is looked up.
#[derive(Default)]
struct Sentence<'p> {
    text: String,
    numbered: Vec<Numbered<'p>>,
}

impl<'p> Walk<'p, '_, '_> {
    fn step(&mut self, token: Token<'p>, tokens: &mut Tokens<'p>) {
        match token {
            Token::Text(text) => self.flow.push(Piece::Text(text)),
            Token::Open(tag) => self.open(tag, tokens),
            Token::Close(tag) if tag.is_inline() => self.flow.push(Piece::Close(tag)),
            Token::Close(Tag { raw, .. }) | Token::Other(raw) => {
                self.flush();
                self.page.push_str(raw);
            }
        }
    }

    fn open(&mut self, tag: Tag<'p>, tokens: &mut Tokens<'p>) {
        if tag.is_kept() {
            let raw = tokens.whole(tag);
            if tag.is_inline() {
                self.flow.push(Piece::Whole(Kept { raw, is_picture: tag.name == "svg" }));
            } else {
                self.flush();
                self.page.push_str(raw);
            }
        } else if tag.is_inline() && !tag.is_void() {
            self.flow.push(Piece::Open(tag));
        } else {
            self.flush();
            self.tag(tag);
            if tag.is_raw() {
                self.page.push_str(tokens.whole(tag).strip_prefix(tag.raw).unwrap_or_default());
            }
        }
    }

    fn flush(&mut self) {
        let nodes = tree(std::mem::take(&mut self.flow));
        self.nodes(&nodes);
    }

    fn nodes(&mut self, nodes: &[Node<'p>]) {
        for part in nodes.split_inclusive(|node| matches!(node, Node::Loose(_))) {
            match part.split_last() {
                Some((Node::Loose(tag), before)) => {
                    self.sentence(before);
                    self.tag(*tag);
                }
                _ => self.sentence(part),
            }
        }
    }

    /// One sentence when there are words between the elements; else each element is a matter of its own.
    fn sentence(&mut self, nodes: &[Node<'p>]) {
        if !nodes.iter().any(|node| matches!(node, Node::Text(text) if has_words(text))) {
            for node in nodes {
                self.node(node, Self::nodes);
            }
            return;
        }
        let first = nodes.iter().position(|node| !node.is_edge()).unwrap_or_default();
        let end = nodes.iter().rposition(|node| !node.is_edge()).map_or(nodes.len(), |last| last + 1);
        self.as_is(nodes.get(..first).unwrap_or_default());
        let middle = nodes.get(first..end).unwrap_or_default();
        if !self.in_other_words(middle) {
            self.as_is(middle);
        }
        self.as_is(nodes.get(end..).unwrap_or_default());
    }

    fn as_is(&mut self, nodes: &[Node<'p>]) {
        for node in nodes {
            self.node(node, Self::as_is);
        }
    }

    fn node(&mut self, node: &Node<'p>, inner: fn(&mut Self, &[Node<'p>])) {
        match node {
            Node::Text(raw) | Node::Whole(Kept { raw, .. }) => self.page.push_str(raw),
            Node::Loose(tag) => self.tag(*tag),
            Node::Element { open, inside, close } => {
                self.tag(*open);
                inner(self, inside);
                self.page.push_str(close);
            }
        }
    }

    fn in_other_words(&mut self, nodes: &[Node<'p>]) -> bool {
        let mut sentence = Sentence::default();
        if sentence.read(nodes).is_none() {
            return false;
        }
        let text = sentence.text.as_str();
        let Some(found) = (self.words)(text.trim()) else { return false };
        let before = self.page.len();
        if text.starts_with(' ') {
            self.page.push(' ');
        }
        let fits = self.put(&found, &sentence.numbered).is_some();
        if text.ends_with(' ') {
            self.page.push(' ');
        }
        if !fits {
            self.page.truncate(before);
        }
        fits
    }

    /// `None` unless every numbered tag stands in the words once, properly nested.
    fn put(&mut self, words: &str, numbered: &[Numbered<'p>]) -> Option<()> {
        let (mut open, mut seen) = (Vec::new(), vec![false; numbered.len()]);
        let mut rest = words;
        while let Some((text, after)) = rest.split_once('<') {
            write(text, &mut self.page);
            let (mark, after) = after.split_once('>')?;
            rest = after;
            let number: usize = mark.trim_matches('/').parse().ok()?;
            let index = number.checked_sub(1)?;
            match numbered.get(index)? {
                Numbered::Whole(raw) if mark.ends_with('/') => self.page.push_str(raw),
                Numbered::Pair(_, close) if mark.starts_with('/') => {
                    (open.pop() == Some(index)).then(|| self.page.push_str(close))?;
                    continue;
                }
                Numbered::Pair(tag, _) if !mark.ends_with('/') => {
                    open.push(index);
                    self.tag(*tag);
                }
                Numbered::Whole(_) | Numbered::Pair(..) => return None,
            }
            if std::mem::replace(seen.get_mut(index)?, true) {
                return None;
            }
        }
        write(rest, &mut self.page);
        (open.is_empty() && seen.iter().all(|seen| *seen)).then_some(())
    }

    /// A tag whose attributes may be for people.
    fn tag(&mut self, tag: Tag<'p>) {
        let mut rest = tag.raw;
        while let Some((before, (value, after))) =
            rest.split_once("=\"").and_then(|(before, after)| Some((before, after.split_once('"')?)))
        {
            self.page.push_str(before);
            self.page.push_str("=\"");
            let name = before.rsplit([' ', '\n']).next().unwrap_or_default();
            let is_shown = tag.shows(name) && has_words(value);
            let found = if is_shown { read(value).and_then(|text| (self.words)(text.trim())) } else { None };
            match found {
                Some(text) => write(&text, &mut self.page),
                None => self.page.push_str(value),
            }
            self.page.push('"');
            rest = after;
        }
        self.page.push_str(rest);
    }
}

fn tree(flow: Vec<Piece<'_>>) -> Vec<Node<'_>> {
    let mut around: Vec<(Tag<'_>, Vec<Node<'_>>)> = Vec::new();
    let mut nodes = Vec::new();
    for piece in flow {
        match piece {
            Piece::Text(text) => nodes.push(Node::Text(text)),
            Piece::Whole(kept) => nodes.push(Node::Whole(kept)),
            Piece::Open(tag) => around.push((tag, std::mem::take(&mut nodes))),
            Piece::Close(tag) => match around.pop_if(|(open, _)| open.name == tag.name) {
                Some((open, outer)) => {
                    let inside = std::mem::replace(&mut nodes, outer);
                    nodes.push(Node::Element { open, inside, close: tag.raw });
                }
                None => {
                    loosen(&mut around, &mut nodes);
                    nodes.push(Node::Loose(tag));
                }
            },
        }
    }
    loosen(&mut around, &mut nodes);
    nodes
}

fn loosen<'p>(around: &mut Vec<(Tag<'p>, Vec<Node<'p>>)>, nodes: &mut Vec<Node<'p>>) {
    while let Some((open, mut outer)) = around.pop() {
        outer.push(Node::Loose(open));
        outer.append(nodes);
        *nodes = outer;
    }
}

impl Node<'_> {
    fn is_edge(&self) -> bool {
        match self {
            Self::Text(text) => text.trim().is_empty(),
            Self::Whole(kept) => kept.is_picture,
            Self::Element { .. } | Self::Loose(_) => false,
        }
    }
}

impl<'p> Sentence<'p> {
    fn read(&mut self, nodes: &[Node<'p>]) -> Option<()> {
        for node in nodes {
            let number = self.numbered.len() + 1;
            match node {
                Node::Text(raw) => self.text.push_str(&read(raw)?),
                Node::Whole(kept) => {
                    self.numbered.push(Numbered::Whole(kept.raw));
                    self.text.push_str(&format!("<{number}/>"));
                }
                Node::Element { open, inside, close } => {
                    self.numbered.push(Numbered::Pair(*open, close));
                    self.text.push_str(&format!("<{number}>"));
                    self.read(inside)?;
                    self.text.push_str(&format!("</{number}>"));
                }
                Node::Loose(_) => return None,
            }
        }
        Some(())
    }
}

/// Letters outside of entities.
fn has_words(raw: &str) -> bool {
    raw.contains(char::is_alphabetic) && read(raw).is_none_or(|text| text.contains(char::is_alphabetic))
}
