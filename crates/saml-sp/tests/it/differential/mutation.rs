//! Random changes of a response: of its bytes, and of its elements and attributes. The same seed
//! gives the same changes everywhere.

use roxmltree::{Document, Node};

/// Xorshift (Marsaglia, 2003), so that no library's choice changes the mutants.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        let mut random = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        // Near seeds begin alike.
        for _ in 0..8 {
            random.next();
        }
        random
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() >> 16).unwrap() % end.max(1)
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }
}

/// One to three changes, one after the other.
pub(super) fn mutant(xml: &str, random: &mut Random) -> Vec<u8> {
    let mut text = xml.to_owned();
    for _ in 0..=random.below(3) {
        match change(&text, random) {
            Changed::Text(changed) => text = changed,
            Changed::Bytes(bytes) => return bytes,
        }
    }
    text.into_bytes()
}

enum Changed {
    Text(String),
    /// No longer text: the last change.
    Bytes(Vec<u8>),
}

const SNIPPETS: &[&str] = &[
    "<!---->",
    "<!-- x -->",
    "<![CDATA[]]>",
    "<![CDATA[x]]>",
    "<?x?>",
    " ",
    "\n",
    "\r\n",
    "\t",
    "x",
    "0",
    "\"",
    "'",
    "<",
    ">",
    "/>",
    "&",
    ";",
    "&amp;",
    "&#65;",
    "&#x20;",
    "&#10;",
    "=",
    ":",
    "<x/>",
    "</x>",
    "<!DOCTYPE x>",
    "\u{feff}",
    "\u{e9}",
    "\0",
    " x=\"y\"",
    " ID=\"x\"",
    " xmlns=\"urn:x\"",
    " xmlns:x=\"urn:x\"",
    " xmlns:x=\"x\"",
    " xml:id=\"x\"",
    "=\"",
    "--",
    "]]>",
    "%",
    "#",
];

fn change(text: &str, random: &mut Random) -> Changed {
    if random.below(4) == 0 {
        return bytes(text, random);
    }
    // A document that an earlier change broke has no elements to cut.
    match Document::parse(text) {
        Ok(document) => Changed::Text(elements(text, &document, random)),
        Err(_) => bytes(text, random),
    }
}

fn boundary(text: &str, random: &mut Random) -> usize {
    let at = random.below(text.len() + 1);
    (at..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap()
}

fn bytes(text: &str, random: &mut Random) -> Changed {
    let at = boundary(text, random);
    let end = (at + 1 + random.below(12)).min(text.len());
    let end = (end..=text.len()).find(|end| text.is_char_boundary(*end)).unwrap();
    let piece = text[at..end].to_owned();
    Changed::Text(match random.below(6) {
        0 => {
            let mut bytes = text.as_bytes().to_vec();
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << random.below(8);
            }
            return Changed::Bytes(bytes);
        }
        1 => splice(text, at, end, ""),
        2 => splice(text, at, at, &piece),
        3 => splice(text, at, at, random.pick(SNIPPETS).unwrap()),
        4 => splice(text, at, end, random.pick(SNIPPETS).unwrap()),
        _ => {
            let to = boundary(text, random);
            splice(text, to, to, &piece)
        }
    })
}

fn splice(text: &str, start: usize, end: usize, with: &str) -> String {
    format!("{}{with}{}", &text[..start], &text[end..])
}

fn elements(text: &str, document: &Document<'_>, random: &mut Random) -> String {
    let all: Vec<Node<'_, '_>> = document.descendants().filter(Node::is_element).collect();
    let node = *random.pick(&all).unwrap();
    let other = *random.pick(&all).unwrap();
    let (at, to) = (node.range(), other.range());
    let (element, second) = (&text[at.clone()], &text[to.clone()]);
    match random.below(14) {
        0 => splice(text, at.start, at.end, ""),
        1 => splice(text, at.end, at.end, element),
        2 => splice(text, to.start, to.start, element),
        3 => splice(text, to.end, to.end, element),
        4 if at.end <= to.start => {
            let moved = splice(text, to.start, to.end, element);
            splice(&moved, at.start, at.end, second)
        }
        5 => splice(text, at.start, at.end, &opened_or_closed(element)),
        6 => splice(text, at.end, at.end, random.pick(SNIPPETS).unwrap()),
        7 => {
            let spaced = tag_end(element);
            splice(
                text,
                at.start + spaced,
                at.start + spaced,
                random.pick(&[" ", "\n", "\t ", "\r\n"]).unwrap(),
            )
        }
        8 => {
            let name = name_end(element);
            let declaration = random
                .pick(&[
                    " xmlns:x=\"urn:x\"",
                    " xmlns=\"urn:x\"",
                    " xmlns:saml=\"urn:x\"",
                    " xmlns:ds=\"urn:x\"",
                    " xml:lang=\"de\"",
                    " x=\"y\"",
                    " xmlns:xs=\"urn:x\"",
                ])
                .unwrap();
            splice(text, at.start + name, at.start + name, declaration)
        }
        9 | 10 => attributes(text, node, random),
        _ => texts(text, node, random),
    }
}

/// `<a/>` for `<a></a>` and the other way round.
fn opened_or_closed(element: &str) -> String {
    let name = &element[1..name_end(element)];
    if let Some(start) = element.strip_suffix("/>") {
        format!("{start}></{name}>")
    } else {
        element.replacen(&format!("></{name}>"), "/>", 1)
    }
}

fn name_end(element: &str) -> usize {
    element.find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>')).unwrap()
}

/// Where the start tag ends, before its `>` or `/>`.
fn tag_end(element: &str) -> usize {
    let mut quote = None;
    let ends = |(_, c): &(usize, char)| {
        match quote {
            None if matches!(c, '"' | '\'') => quote = Some(*c),
            Some(open) if open == *c => quote = None,
            _ => {}
        }
        quote.is_none() && matches!(c, '/' | '>')
    };
    element.char_indices().find(ends).unwrap().0
}

fn attributes(text: &str, node: Node<'_, '_>, random: &mut Random) -> String {
    let all: Vec<_> = node.attributes().collect();
    let Some(attribute) = random.pick(&all) else { return text.to_owned() };
    let (at, value) = (attribute.range(), attribute.range_value());
    let written = &text[at.clone()];
    match random.below(7) {
        0 => splice(text, at.start, at.end, ""),
        1 => splice(text, at.start, at.start, &format!("{written} ")),
        2 => splice(text, at.start, at.start, "x"),
        3 => splice(text, value.start, value.start, random.pick(SNIPPETS).unwrap()),
        4 => splice(text, value.start, value.end, "x"),
        5 => splice(text, at.start, at.end, &written.replace('"', "'").replace('=', " = ")),
        _ => {
            // To the front of the tag: the order means nothing.
            let without = splice(text, at.start, at.end, "");
            let start = node.range().start + name_end(&text[node.range()]);
            splice(&without, start, start, &format!(" {written}"))
        }
    }
}

/// Other spellings of a text, and other texts.
fn texts(text: &str, node: Node<'_, '_>, random: &mut Random) -> String {
    let Some(child) = node.children().find(Node::is_text) else { return text.to_owned() };
    let at = child.range();
    let written = &text[at.clone()];
    let middle = at.start + boundary(written, random);
    match random.below(6) {
        0 => splice(text, middle, middle, "<!---->"),
        1 => splice(text, middle, middle, "<![CDATA[]]>"),
        2 if !written.contains('&') => {
            splice(text, at.start, at.end, &format!("<![CDATA[{written}]]>"))
        }
        3 => match written.chars().next() {
            Some(first) if first != '&' && first != '<' => {
                let reference = format!("&#{};", u32::from(first));
                splice(text, at.start, at.start + first.len_utf8(), &reference)
            }
            _ => text.to_owned(),
        },
        4 => splice(text, middle, middle, random.pick(SNIPPETS).unwrap()),
        _ => splice(text, at.start, at.end, &format!("<!--x-->{written}<!--y-->")),
    }
}
