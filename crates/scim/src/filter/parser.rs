//! From words to a compiled filter (RFC 7644 figure 1), and the paths of PATCH (figure 7).
//!
//! `not` binds closest, then `and`, then `or`.

use jiff::Timestamp;

use super::lexer::{Token, tokens};
use super::node::{Node, Operator, Place, Test};
use crate::bounds::{MAX_FILTER_DEPTH, MAX_FILTER_TERMS};
use crate::error::ScimError;
use crate::path::{Field, Named, named};
use crate::resource::ResourceKind;
use crate::schema::{Attribute, AttributeKind, Returned};
use crate::text::fold;
use crate::value::boolean;

/// Compiles a filter.
pub(super) fn parse(kind: ResourceKind, text: &str) -> Result<Node, ScimError> {
    let mut parser = Parser::new(tokens(text)?);
    let node = parser.either(&Scope::Resource(kind))?;
    match parser.next() {
        None => Ok(node),
        Some(_) => Err(ScimError::invalid_filter("something follows the end of the filter")),
    }
}

/// A path of PATCH: what is named, which of its values, and which part of them.
#[derive(Debug, Clone)]
pub(crate) struct Selected {
    /// What is named before the bracket, if there is one.
    pub(crate) named: Named,
    /// Which values.
    pub(crate) select: Option<Node>,
    /// What is named behind the bracket.
    pub(crate) part: Option<&'static Attribute>,
}

/// Reads the path of a PATCH operation. The refusal is `invalidPath`, whatever is wrong with it.
pub(crate) fn parse_path(kind: ResourceKind, text: &str) -> Result<Selected, ScimError> {
    selected(kind, text.trim()).map_err(|refusal| ScimError::invalid_path(refusal.detail))
}

fn selected(kind: ResourceKind, text: &str) -> Result<Selected, ScimError> {
    let Some((name, _)) = text.split_once('[') else {
        let named = named(kind, text).ok_or_else(|| unknown(text))?;
        return Ok(Selected { named, select: None, part: None });
    };
    if name.contains(|character: char| character.is_whitespace() || "()\"]".contains(character)) {
        return Err(ScimError::invalid_path("the path is malformed"));
    }
    let mut parser = Parser::new(tokens(text)?);
    parser.next();
    let field = match named(kind, name) {
        Some(Named::Field(field)) => field,
        Some(Named::Foreign) => {
            return Ok(Selected { named: Named::Foreign, select: None, part: None });
        }
        Some(Named::Extension(_)) | None => return Err(unknown(name)),
    };
    let select = parser.values(field)?;
    let part = parser.part(field.attribute)?;
    match parser.next() {
        None => Ok(Selected { named: Named::Field(field), select: Some(select), part }),
        Some(_) => Err(ScimError::invalid_path("something follows the end of the path")),
    }
}

/// What names stand for.
#[derive(Debug, Clone, Copy)]
enum Scope {
    /// Attributes of a resource.
    Resource(ResourceKind),
    /// Parts of one value of an attribute.
    Value(&'static Attribute),
}

struct Parser<'a> {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token<'a>>>,
    depth: usize,
    terms: usize,
}

impl<'a> Parser<'a> {
    fn new(tokens: Vec<Token<'a>>) -> Self {
        Self { tokens: tokens.into_iter().peekable(), depth: 0, terms: 0 }
    }

    fn next(&mut self) -> Option<Token<'a>> {
        self.tokens.next()
    }

    fn takes(&mut self, word: &str) -> bool {
        let is_word = |token: &Token<'_>| match token {
            Token::Word(text) => text.eq_ignore_ascii_case(word),
            _ => false,
        };
        self.tokens.next_if(is_word).is_some()
    }

    fn expect(&mut self, token: &Token<'_>, sign: char) -> Result<(), ScimError> {
        if self.next().as_ref() == Some(token) {
            return Ok(());
        }
        Err(ScimError::invalid_filter(format!("expected `{sign}`")))
    }

    fn deeper<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, ScimError>,
    ) -> Result<T, ScimError> {
        self.depth += 1;
        if self.depth > MAX_FILTER_DEPTH {
            let detail = format!("a filter may be {MAX_FILTER_DEPTH} levels deep");
            return Err(ScimError::invalid_filter(detail));
        }
        let read = read(self);
        self.depth -= 1;
        read
    }

    fn either(&mut self, scope: &Scope) -> Result<Node, ScimError> {
        let mut nodes = vec![self.both(scope)?];
        while self.takes("or") {
            nodes.push(self.both(scope)?);
        }
        Ok(alone(nodes, Node::Or))
    }

    fn both(&mut self, scope: &Scope) -> Result<Node, ScimError> {
        let mut nodes = vec![self.term(scope)?];
        while self.takes("and") {
            nodes.push(self.term(scope)?);
        }
        Ok(alone(nodes, Node::And))
    }

    fn term(&mut self, scope: &Scope) -> Result<Node, ScimError> {
        if self.takes("not") {
            self.expect(&Token::Open, '(')?;
            let node = self.group(scope)?;
            return Ok(Node::Not(Box::new(node)));
        }
        match self.next() {
            Some(Token::Open) => self.group(scope),
            Some(Token::Word(name)) => self.comparison(scope, name),
            Some(_) => Err(ScimError::invalid_filter("expected the name of an attribute")),
            None => Err(ScimError::invalid_filter("the filter ends too early")),
        }
    }

    /// What stands up to the closing parenthesis.
    fn group(&mut self, scope: &Scope) -> Result<Node, ScimError> {
        let node = self.deeper(|parser| parser.either(scope))?;
        self.expect(&Token::Close, ')')?;
        Ok(node)
    }

    fn comparison(&mut self, scope: &Scope, name: &str) -> Result<Node, ScimError> {
        self.terms += 1;
        if self.terms > MAX_FILTER_TERMS {
            let detail = format!("a filter may have {MAX_FILTER_TERMS} comparisons");
            return Err(ScimError::invalid_filter(detail));
        }
        let field = scope.field(name)?;
        if field.last().returned == Returned::Never {
            let detail = format!("{} cannot be searched", field.last().name);
            return Err(ScimError::invalid_filter(detail));
        }
        if self.tokens.peek() != Some(&Token::OpenValues) {
            return self.test(&field);
        }
        let inner = self.values(field)?;
        let place = Place::of(&field);
        let Some(part) = self.part(field.attribute)? else {
            return Ok(Node::Within(place, Box::new(inner)));
        };
        let part = Field { extension: None, attribute: part, sub: None };
        let test = self.test(&part)?;
        let mut nodes = if let Node::And(nodes) = inner { nodes } else { vec![inner] };
        nodes.push(test);
        Ok(Node::Within(place, Box::new(Node::And(nodes))))
    }

    /// What stands in square brackets behind an attribute.
    fn values(&mut self, field: Field) -> Result<Node, ScimError> {
        self.expect(&Token::OpenValues, '[')?;
        if field.attribute.kind != AttributeKind::Complex || field.sub.is_some() {
            let detail = format!("{} has no parts to filter by", field.last().name);
            return Err(ScimError::invalid_filter(detail));
        }
        let scope = Scope::Value(field.attribute);
        let node = self.deeper(|parser| parser.either(&scope))?;
        self.expect(&Token::CloseValues, ']')?;
        Ok(node)
    }

    /// The part that is named behind a closing bracket.
    fn part(
        &mut self,
        attribute: &'static Attribute,
    ) -> Result<Option<&'static Attribute>, ScimError> {
        let dotted =
            |token: &Token<'_>| matches!(token, Token::Word(word) if word.starts_with('.'));
        let Some(Token::Word(word)) = self.tokens.next_if(dotted) else { return Ok(None) };
        let name = word.strip_prefix('.').unwrap_or_default();
        attribute.sub_attribute(name).map(Some).ok_or_else(|| unknown(name))
    }

    fn test(&mut self, field: &Field) -> Result<Node, ScimError> {
        let Some(Token::Word(word)) = self.next() else {
            return Err(ScimError::invalid_filter("expected an operator"));
        };
        if word.eq_ignore_ascii_case("pr") {
            return Ok(Node::Present(Place::of(field)));
        }
        let operator = Operator::named(word)
            .ok_or_else(|| ScimError::invalid_filter(format!("no operator: {}", short(word))))?;
        let value = self
            .next()
            .ok_or_else(|| ScimError::invalid_filter("a value is missing after the operator"))?;
        compare(field, operator, value)
    }
}

impl Scope {
    fn field(&self, name: &str) -> Result<Field, ScimError> {
        let field = match self {
            Self::Resource(kind) => match named(*kind, name) {
                Some(Named::Field(field)) => Some(field),
                _ => None,
            },
            Self::Value(attribute) => attribute.sub_attribute(name).map(|part| Field {
                extension: None,
                attribute: part,
                sub: None,
            }),
        };
        field.ok_or_else(|| unknown(name))
    }
}

impl Place {
    fn of(field: &Field) -> Self {
        Self {
            extension: field.extension.map(|schema| schema.urn),
            name: field.attribute.name,
            sub: field.sub.map(|sub| sub.name),
        }
    }
}

/// A comparison, or why there is none of this attribute with this value.
fn compare(field: &Field, operator: Operator, value: Token<'_>) -> Result<Node, ScimError> {
    let mut place = Place::of(field);
    let mut attribute = field.last();
    if value == Token::Word("null") {
        let equal = match operator {
            Operator::Equal => true,
            Operator::NotEqual => false,
            _ => return Err(ScimError::invalid_filter("null is compared by `eq` and `ne` alone")),
        };
        return Ok(Node::Compare(place, Test::Null { equal }));
    }
    if attribute.kind == AttributeKind::Complex {
        // `emails co "x"` and `members eq "x"` mean the value (RFC 7643 section 2.4).
        attribute = attribute.sub_attribute("value").ok_or_else(|| {
            ScimError::invalid_filter(format!("{} has parts: name one", attribute.name))
        })?;
        place.sub = Some(attribute.name);
    }
    Ok(Node::Compare(place, test(attribute, operator, value)?))
}

fn test(attribute: &Attribute, operator: Operator, value: Token<'_>) -> Result<Test, ScimError> {
    let wrong = |expected: &str| {
        let name = attribute.name;
        Err(ScimError::invalid_filter(format!("{name} can only be compared with {expected}")))
    };
    if attribute.kind == AttributeKind::Boolean {
        let flag = match &value {
            Token::Word(word) => boolean(word),
            Token::Text(text) => boolean(text),
            _ => None,
        };
        let equal = match operator {
            Operator::Equal => true,
            Operator::NotEqual => false,
            _ => return wrong("`eq` and `ne`"),
        };
        return flag.map_or_else(|| wrong("true or false"), |flag| Ok(Test::Flag { equal, flag }));
    }
    let Token::Text(literal) = value else { return wrong("a value in quotes") };
    if attribute.kind == AttributeKind::DateTime && !operator.searches() {
        let Ok(moment) = literal.parse::<Timestamp>() else {
            return wrong("a date and time such as \"2011-05-13T04:42:34Z\"");
        };
        return Ok(Test::Time { operator, moment });
    }
    if attribute.kind == AttributeKind::Binary && operator.orders() {
        return wrong("operators that do not order");
    }
    let exact = attribute.case_exact;
    let wanted = if exact { literal.clone() } else { fold(&literal).into_owned() };
    Ok(Test::Text { operator, literal, wanted, exact })
}

fn alone(mut nodes: Vec<Node>, several: fn(Vec<Node>) -> Node) -> Node {
    if nodes.len() > 1 {
        return several(nodes);
    }
    nodes.pop().unwrap_or(Node::And(Vec::new()))
}

fn unknown(name: &str) -> ScimError {
    ScimError::invalid_filter(format!("no attribute is named `{}`", short(name)))
}

/// A name that a client wrote, short enough for an answer.
fn short(name: &str) -> String {
    name.chars().take(64).collect()
}
