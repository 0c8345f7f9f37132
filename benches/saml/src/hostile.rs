//! Responses of the greatest size that is read, each made to cost as much as it can.
//!
//! Who has no genuine response can only forge the value of a signature, so that the costliest is
//! what is read before that is looked at. Who has one, such as a colleague, can also have us digest
//! what the genuine signature does not cover.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use saml_sp::MAX_RESPONSE_BYTES;

use crate::genuine::Genuine;

/// Who thought of it, or what it takes to send it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Named when the goal was set.
    Goal,
    /// Made for this verifier: below its bounds, or beyond one late.
    Bounds,
    /// The same, with the genuine signature of somebody who could sign in.
    Insider,
}

/// One hostile response.
#[derive(Debug)]
pub struct Hostile {
    /// What it holds.
    pub name: &'static str,
    /// Where it is from.
    pub origin: Origin,
    /// The value of the form field.
    pub form: String,
}

/// Where something is added to a genuine response.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// In the last value of the last attribute, which the signature covers.
    Value,
    /// In the Response's extensions, which it does not.
    Extensions,
    /// At the end of `SignedInfo`.
    SignedInfo,
}

/// A response to which things are added.
#[derive(Debug, Clone)]
struct Draft(String);

impl Draft {
    fn genuine(genuine: &Genuine) -> Self {
        let xml = &genuine.assertion_signed;
        Self(xml.replacen(
            "<samlp:Status>",
            "<samlp:Extensions>\n</samlp:Extensions><samlp:Status>",
            1,
        ))
    }

    /// The signature is of the right length, and wrong.
    fn forged(genuine: &Genuine) -> Self {
        let mut signature = genuine.signature.clone();
        signature.iter_mut().skip(1).for_each(|byte| *byte ^= 0x55);
        let (right, wrong) = (STANDARD.encode(&genuine.signature), STANDARD.encode(&signature));
        Self(Self::genuine(genuine).0.replacen(&right, &wrong, 1))
    }

    fn put(mut self, place: Place, text: &str) -> Self {
        let before = match place {
            Place::Value => self.0.rfind("</saml:AttributeValue>"),
            Place::Extensions => self.0.find("</samlp:Extensions>"),
            Place::SignedInfo => self.0.find("</ds:SignedInfo>"),
        };
        self.0.insert_str(before.unwrap_or_default(), text);
        self
    }

    fn swap(self, old: &str, new: &str) -> Self {
        Self(self.0.replacen(old, new, 1))
    }

    /// Bytes that may be added.
    fn room(&self) -> usize {
        MAX_RESPONSE_BYTES.saturating_sub(self.0.len())
    }

    /// Adds as many pieces as fit, but no more than `most`.
    fn many(self, place: Place, most: usize, piece: &str) -> Self {
        let count = most.min(self.room() / piece.len().max(1));
        self.put(place, &piece.repeat(count))
    }

    /// Up to the greatest size with text that says nothing.
    fn full(self) -> Self {
        let room = self.room();
        self.put(Place::Extensions, &"x".repeat(room))
    }

    fn form(&self) -> String {
        STANDARD.encode(&self.0)
    }
}

/// All of them.
pub fn hostile(genuine: &Genuine) -> Vec<Hostile> {
    let mut all = goal(genuine);
    all.extend(counts(genuine));
    all.extend(names(genuine));
    all.extend(texts(genuine));
    all.extend(signatures(genuine));
    all.extend(insiders(genuine));
    all
}

fn made(origin: Origin, name: &'static str, draft: Draft) -> Hostile {
    Hostile { name, origin, form: draft.full().form() }
}

fn numbered(count: usize, write: impl Fn(&mut String, usize)) -> String {
    let mut text = String::new();
    (0..count).for_each(|number| write(&mut text, number));
    text
}

fn nested(count: usize, start: impl Fn(usize) -> String, inside: &str, tag: &str) -> String {
    let starts: String = (0..count).map(start).collect();
    format!("{starts}{inside}{}", format!("</{tag}>").repeat(count))
}

/// Attributes `a` to `p`, as many as an element may have.
fn sixteen(prefix: &str) -> String {
    ('a'..='p').map(|name| format!(" {prefix}{name}=\"\"")).collect::<Vec<_>>().concat()
}

fn declarations(count: usize, name: impl Fn(usize) -> String) -> String {
    (0..count).map(|n| format!(" xmlns:n{n:02}=\"{}\"", name(n))).collect::<Vec<_>>().concat()
}

fn goal(genuine: &Genuine) -> Vec<Hostile> {
    let forged = || Draft::forged(genuine);
    let one = |draft: Draft| {
        // 20,000 different ones do not fit.
        let attributes = numbered(17_000, |text, n| {
            let digit = |power| ('a'..='z').chain('A'..='Z').nth(n / power % 52).unwrap_or('_');
            let _infallible = write!(text, " {}{}{}=\"\"", digit(1), digit(52), digit(52 * 52));
        });
        draft.put(Place::Value, &format!("<x{attributes}/>"))
    };
    let spread = format!("<x{}/>", sixteen(""));
    let namespaces = nested(
        900,
        |n| format!("<n xmlns:a{n}=\"urn:example:{n}\" xmlns:b{n}=\"urn:{n}\">"),
        "",
        "n",
    );
    let signature = "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"/>";
    let deep = nested(15_000, |_| "<n>".to_owned(), "", "n");
    let made = |name, draft| made(Origin::Goal, name, draft);
    vec![
        made("17,000 attributes of one element", one(forged())),
        made("20,000 attributes, 16 an element", forged().many(Place::Value, 1_250, &spread)),
        made("900 nested namespaces, two an element", forged().put(Place::Value, &namespaces)),
        made(
            "1,000 signatures in the response",
            forged().many(Place::Extensions, 1_000, signature),
        ),
        made(
            "1,000 signatures in the assertion",
            forged()
                .swap("</ds:Signature>", &format!("</ds:Signature>{}", signature.repeat(1_000))),
        ),
        made("15,000 elements deep", forged().put(Place::Value, &deep)),
        made("63 deep, 1,300 innermost", {
            let inside = "<m></m>".repeat(1_300);
            forged().put(Place::Extensions, &nested(60, |_| "<n>".to_owned(), &inside, "n"))
        }),
    ]
}

/// As many of everything as is allowed.
fn counts(genuine: &Genuine) -> Vec<Hostile> {
    let forged = || Draft::forged(genuine);
    let made = |name, draft| made(Origin::Bounds, name, draft);
    let wide = format!("<x{}></x>", sixteen(""));
    let spaces = format!("<x{}/>", declarations(16, |n| format!("urn:{n}")));
    let ids = numbered(28, |text, n| {
        let _infallible = write!(text, "<x ID=\"{}{n:02}\"/>", "i".repeat(4_000));
    });
    vec![
        made("1,400 elements", forged().many(Place::Extensions, 1_400, "<x></x>")),
        made("1,250 elements and texts", forged().many(Place::Extensions, 1_250, "<x>y</x>z")),
        made("3,500 comments", forged().many(Place::Extensions, 3_500, "<!---->")),
        made("2,000 comments in texts", forged().many(Place::Extensions, 1_900, "y<!---->")),
        made("1,900 attributes", forged().many(Place::Extensions, 118, &wide)),
        made("1,900 namespaces", forged().many(Place::Extensions, 118, &spaces)),
        made("28 IDs of 4 KB", forged().put(Place::Extensions, &ids)),
        made("2,000 references", forged().many(Place::Extensions, 2_000, "&#x10FFFD;")),
        made("2,000 references apart", forged().many(Place::Extensions, 1_350, "&lt;<x/>")),
        made("2,000 CDATA sections", forged().many(Place::Extensions, 2_000, "<![CDATA[x]]>")),
        made("1,000 references and as many of all else", {
            let inner = format!("<m{}>&lt;y</m><!---->", sixteen("n00:"));
            let inside = inner.repeat(110) + &"<m>&#65;y</m><!---->".repeat(1_200);
            let scope = declarations(16, |n| format!("urn:example:{n:02}"));
            forged().put(Place::Extensions, &format!("<n{scope}>{inside}</n>"))
        }),
    ]
}

/// Names that take long to tell apart.
fn names(genuine: &Genuine) -> Vec<Hostile> {
    let forged = || Draft::forged(genuine);
    let made = |name, draft| made(Origin::Bounds, name, draft);
    // One local name, sixteen namespaces that differ at their ends.
    let alike = |length: usize, elements: usize| {
        let scope = declarations(16, |n| format!("urn:{}{n:02}", "x".repeat(length)));
        let attributes = numbered(16, |text, n| {
            let _infallible = write!(text, " n{n:02}:a=\"\"");
        });
        format!("<n{scope}>{}</n>", format!("<m{attributes}/>").repeat(elements))
    };
    let scope = |prefix: &str, uses: &str| {
        let level = |level: usize| {
            let names = numbered(15, |text, n| {
                let _infallible = write!(text, " xmlns:{prefix}{:02}=\"urn:u\"", level * 15 + n);
            });
            format!("<n{names}>")
        };
        nested(4, level, uses, "n")
    };
    let outermost = |prefix: &str| {
        let attribute = format!("{prefix}00:a=\"\"");
        format!("<{prefix}00:m {attribute}/>").repeat(1_400)
    };
    let long = "p".repeat(24);
    let tag = "t".repeat(35);
    let accents = "é".repeat(17);
    vec![
        made(
            "attributes of 16 long namespaces",
            forged().put(Place::Extensions, &alike(4_000, 118)),
        ),
        made("attributes of 16 namespaces", forged().put(Place::Extensions, &alike(100, 118))),
        made(
            "1,400 elements in a scope of 60",
            forged().put(Place::Extensions, &scope("p", &outermost("p"))),
        ),
        made(
            "1,400 elements in a scope of 60 long ones",
            forged().put(Place::Extensions, &scope(&long, &outermost(&long))),
        ),
        made(
            "1,400 long tags",
            forged().many(Place::Extensions, 1_400, &format!("<{tag}></{tag}>")),
        ),
        made(
            "1,400 tags beyond ASCII",
            forged().many(Place::Extensions, 1_400, &format!("<{accents}></{accents}>")),
        ),
        made("a name of 50 KB", {
            let tag = "é".repeat(25_000);
            forged().put(Place::Extensions, &format!("<{tag}></{tag}>"))
        }),
        made("a namespace of 100 KB", {
            forged().put(Place::Extensions, &format!("<x xmlns=\"urn:{}\"/>", "x".repeat(100_000)))
        }),
    ]
}

fn texts(genuine: &Genuine) -> Vec<Hostile> {
    let forged = || Draft::forged(genuine);
    let made = |name, draft| made(Origin::Bounds, name, draft);
    let fill = |piece: &str| forged().many(Place::Extensions, usize::MAX, piece);
    let attribute = |piece: &str| {
        let draft = forged().put(Place::Extensions, "<x y=\"\"/>");
        let count = draft.room() / piece.len();
        draft.swap("<x y=\"\"/>", &format!("<x y=\"{}\"/>", piece.repeat(count)))
    };
    let mut all = vec![
        made("nothing but text", fill("x")),
        made("text beyond ASCII", fill("\u{ffd}")),
        made("text of the last characters", fill("\u{fffd}")),
        made("closing brackets", fill("]")),
        made("greater-than signs", fill(">")),
        made("carriage returns", fill("\r")),
        made("line ends of two characters", fill("\r\n")),
        made("an attribute's text", attribute("x")),
        made("an attribute's tabs", attribute("\t")),
        made("an attribute's quotes", attribute("'")),
        made("a tag's blanks", {
            let room = forged().room() - 20;
            forged().put(Place::Extensions, &format!("<x{}/>", " ".repeat(room)))
        }),
        made("a comment's dashes", {
            let room = forged().room() / 2 - 20;
            forged().put(Place::Extensions, &format!("<!--{}-->", "- ".repeat(room)))
        }),
        made("a section's brackets", {
            let room = forged().room() - 20;
            forged().put(Place::Extensions, &format!("<![CDATA[{}]]>", "]".repeat(room)))
        }),
    ];
    let mut lines = String::new();
    for (index, character) in forged().full().form().chars().enumerate() {
        if index % 76 == 0 {
            lines.push('\n');
        }
        lines.push(character);
    }
    let form = lines;
    all.push(Hostile { name: "base64 in lines", origin: Origin::Bounds, form });
    all
}

fn signatures(genuine: &Genuine) -> Vec<Hostile> {
    let forged = || Draft::forged(genuine);
    let made = |name, draft| made(Origin::Bounds, name, draft);
    let base64 = |element: &str| {
        let draft = forged();
        let text = "QUJD".repeat(draft.room() / 4);
        draft.swap(&format!("</ds:{element}>"), &format!("\n{text}</ds:{element}>"))
    };
    let id = |character: &str| {
        let draft = forged();
        let room = draft.room() - 20;
        draft.swap("<ds:SignedInfo>", &format!("<ds:SignedInfo Id='{}'>", character.repeat(room)))
    };
    let list = (0..32).map(|n| format!("n{n:02} ")).collect::<Vec<_>>().concat();
    let listed = |draft: Draft| {
        let transform = "<ds:CanonicalizationMethod \
                         Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\">";
        let prefixes = format!(
            "{transform}<e:InclusiveNamespaces \
             xmlns:e=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"{list}\"/>"
        );
        draft.swap(transform, &prefixes)
    };
    let scoped = |length: usize| {
        let names = |from: usize| -> String {
            (from..from + 11)
                .map(|n| format!(" xmlns:n{n:02}=\"urn:{}{n}\"", "x".repeat(length)))
                .collect::<Vec<_>>()
                .concat()
        };
        listed(forged())
            .swap("<samlp:Response ", &format!("<samlp:Response{} ", names(0)))
            .swap("<saml:Assertion ", &format!("<saml:Assertion{} ", names(11)))
            .swap("<ds:Signature ", &format!("<ds:Signature{} ", names(22)))
    };
    vec![
        made("a long signature value", base64("SignatureValue")),
        made("a long digest", base64("DigestValue")),
        made("blanks in SignedInfo", forged().many(Place::SignedInfo, usize::MAX, " ")),
        made("a long Id in SignedInfo", id("x")),
        made("quotes for an Id in SignedInfo", id("\"")),
        made("ampersands for an Id in SignedInfo", {
            let id =
                format!("<ds:SignedInfo Id='{}{}'>", "&amp;".repeat(2_000), "\"".repeat(100_000));
            forged().swap("<ds:SignedInfo>", &id)
        }),
        made("a list of 32 prefixes", scoped(10)),
        made("a list of 32 long namespaces", scoped(3_600)),
    ]
}

/// With a genuine signature over a genuine `SignedInfo`.
fn insiders(genuine: &Genuine) -> Vec<Hostile> {
    let own = || Draft::genuine(genuine);
    let made = |name, draft| made(Origin::Insider, name, draft);
    let text = |piece: &str| own().many(Place::Value, usize::MAX, piece);
    let redeclared = |length: usize, uses: usize| {
        let name = "x".repeat(length);
        let uses = "<p:a/>".repeat(uses);
        own().put(Place::Value, &format!("<n xmlns:p=\"urn:{name}\">{uses}</n>"))
    };
    let alike = {
        let scope = declarations(16, |n| format!("urn:{}{n:02}", "x".repeat(200)));
        let attributes = numbered(16, |text, n| {
            let _infallible = write!(text, " n{n:02}:a=\"\"");
        });
        let inside = format!("<m{attributes}/>").repeat(110);
        own().put(Place::Value, &format!("<n{scope}>{inside}</n>"))
    };
    vec![
        made("its own response with extensions", own()),
        made("its own with 1,250 extensions", own().many(Place::Extensions, 1_250, "<x>y</x>z")),
        made("text in its assertion", text("x")),
        made("text that grows fourfold", text(">")),
        made("1,250 elements in its assertion", own().many(Place::Value, 1_250, "<x>y</x>z")),
        made("a namespace declared 1,300 times", redeclared(360, 1_300)),
        made("a namespace declared too often", redeclared(80_000, 1_300)),
        made("attributes of 16 namespaces, sorted", alike),
    ]
}
