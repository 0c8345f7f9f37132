//! From JSON to a document: the grammar.

use super::bounds::MAX_STATEMENTS;
use super::json::{Json, Member, Node};
use super::{Document, Effect, Fault, Principal, PrincipalKind, Statement, Values, Version};
use std::collections::BTreeMap;

/// What is read, or where what is wrong.
type Read<T> = Result<T, (usize, Fault)>;

const DOCUMENT: &str = "the document";
const STATEMENT: &str = "a statement";
const TEXT: &str = "a text";
const TEXTS: &str = "a text or a list of texts";
const VALUES: &str = "a text, a number, a boolean or a list of them";

const IN_DOCUMENT: [&str; 3] = ["Version", "Id", "Statement"];
const IN_STATEMENT: [&str; 9] = [
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];

/// Reads a document.
pub(super) fn document(node: &Node) -> Read<Document> {
    let mut document = Document::default();
    let mut statements = None;
    for member in object(node, "an object")? {
        let value = &member.node;
        match member.name.as_str() {
            "Version" => document.version = Some(version(value)?),
            "Id" => document.id = Some(text(value)?),
            "Statement" => statements = Some(all_statements(value)?),
            _ => return Err(unknown(member, DOCUMENT, &IN_DOCUMENT)),
        }
    }
    let missing = Fault::Missing { element: "Statement", within: DOCUMENT };
    document.statements = statements.ok_or((node.offset, missing))?;
    Ok(document)
}

fn version(node: &Node) -> Read<Version> {
    const EXPECTED: &str = "`2012-10-17` or `2008-10-17`";
    let text = text(node)?;
    let known = [Version::V2012, Version::V2008];
    known.into_iter().find(|version| version.as_str() == text).ok_or_else(|| {
        let near = nearest(&text, &known.map(Version::as_str));
        (node.offset, Fault::UnknownText { what: "version", text, expected: EXPECTED, near })
    })
}

fn all_statements(node: &Node) -> Read<Vec<Statement>> {
    match &node.value {
        Json::List(items) if items.len() > MAX_STATEMENTS => {
            Err((node.offset, Fault::TooManyStatements(items.len())))
        }
        Json::List(items) => items.iter().map(statement).collect(),
        Json::Object(_) => Ok(vec![statement(node)?]),
        _ => Err(expected(node, "a statement or a list of statements")),
    }
}

fn statement(node: &Node) -> Read<Statement> {
    let members = object(node, "a statement, which is an object")?;
    let element = |name: &str| members.iter().find(|m| m.name == name).map(|m| &m.node);
    if let Some(member) = members.iter().find(|m| !IN_STATEMENT.contains(&m.name.as_str())) {
        return Err(unknown(member, STATEMENT, &IN_STATEMENT));
    }
    let pairs =
        [("Principal", "NotPrincipal"), ("Action", "NotAction"), ("Resource", "NotResource")];
    for (one, other) in pairs {
        if let (Some(first), Some(second)) = (element(one), element(other)) {
            return Err((first.offset.max(second.offset), Fault::Both(one, other)));
        }
    }
    let missing = Fault::Missing { element: "Effect", within: STATEMENT };
    let effect = element("Effect").ok_or((node.offset, missing))?;
    if element("Action").or(element("NotAction")).is_none() {
        return Err((node.offset, Fault::Neither("Action", "NotAction")));
    }
    let list = |name| element(name).map(texts).transpose();
    let principals = |name| element(name).map(principal).transpose();
    Ok(Statement {
        sid: element("Sid").map(text).transpose()?,
        effect: self::effect(effect)?,
        principal: principals("Principal")?,
        not_principal: principals("NotPrincipal")?,
        action: list("Action")?,
        not_action: list("NotAction")?,
        resource: list("Resource")?,
        not_resource: list("NotResource")?,
        condition: element("Condition").map(condition).transpose()?.unwrap_or_default(),
    })
}

fn effect(node: &Node) -> Read<Effect> {
    const EXPECTED: &str = "`Allow` or `Deny`";
    match text(node)?.as_str() {
        "Allow" => Ok(Effect::Allow),
        "Deny" => Ok(Effect::Deny),
        other => {
            let near = nearest(other, &["Allow", "Deny"]);
            let text = other.to_owned();
            Err((
                node.offset,
                Fault::UnknownText { what: "effect", text, expected: EXPECTED, near },
            ))
        }
    }
}

fn principal(node: &Node) -> Read<Principal> {
    const EXPECTED: &str = "`*` or an object of kinds";
    match &node.value {
        Json::Text(text) if text == "*" => Ok(Principal::Everybody),
        Json::Text(text) => {
            let (text, near) = (text.clone(), None);
            Err((
                node.offset,
                Fault::UnknownText { what: "principal", text, expected: EXPECTED, near },
            ))
        }
        Json::Object(members) => {
            let kinds = members.iter().map(|member| {
                let kind = PrincipalKind::ALL.into_iter().find(|k| k.as_str() == member.name);
                let names = PrincipalKind::ALL.map(PrincipalKind::as_str);
                let kind = kind.ok_or_else(|| unknown(member, "a principal", &names))?;
                Ok((kind, values(&member.node)?))
            });
            Ok(Principal::ByKind(kinds.collect::<Read<_>>()?))
        }
        _ => Err(expected(node, EXPECTED)),
    }
}

fn condition(node: &Node) -> Read<BTreeMap<String, BTreeMap<String, Values>>> {
    let operators = object(node, "an object of operators")?.iter().map(|operator| {
        let keys = object(&operator.node, "an object of condition keys")?;
        let keys = keys.iter().map(|key| Ok((key.name.clone(), values(&key.node)?)));
        Ok((operator.name.clone(), keys.collect::<Read<_>>()?))
    });
    operators.collect()
}

fn values(node: &Node) -> Read<Values> {
    let scalar = |node: &Node| match &node.value {
        Json::Text(text) | Json::Number(text) => Ok(text.clone()),
        Json::Bool(flag) => Ok(flag.to_string()),
        _ => Err(expected(node, VALUES)),
    };
    match &node.value {
        Json::List(items) => Ok(Values(items.iter().map(scalar).collect::<Read<_>>()?)),
        _ => Ok(Values(vec![scalar(node)?])),
    }
}

fn texts(node: &Node) -> Read<Vec<String>> {
    match &node.value {
        Json::List(items) => items.iter().map(text).collect(),
        Json::Text(text) => Ok(vec![text.clone()]),
        _ => Err(expected(node, TEXTS)),
    }
}

fn text(node: &Node) -> Read<String> {
    match &node.value {
        Json::Text(text) => Ok(text.clone()),
        _ => Err(expected(node, TEXT)),
    }
}

fn object<'a>(node: &'a Node, what: &'static str) -> Read<&'a [Member]> {
    match &node.value {
        Json::Object(members) => Ok(members),
        _ => Err(expected(node, what)),
    }
}

fn expected(node: &Node, expected: &'static str) -> (usize, Fault) {
    (node.offset, Fault::Expected { expected, found: node.kind() })
}

fn unknown(member: &Member, within: &'static str, known: &[&'static str]) -> (usize, Fault) {
    let (name, near) = (member.name.clone(), nearest(&member.name, known));
    (member.offset, Fault::UnknownElement { name, within, near })
}

/// The known name that may be meant: in other case, or with a slip.
fn nearest(name: &str, known: &[&'static str]) -> Option<&'static str> {
    // Longer ones are nobody's slip, and comparing costs their length.
    if name.len() > 40 {
        return None;
    }
    let distance = |known: &str| {
        strsim::damerau_levenshtein(&name.to_ascii_lowercase(), &known.to_ascii_lowercase())
    };
    let closest = known.iter().map(|known| (distance(known), *known)).min();
    closest.filter(|(distance, known)| distance * 3 <= known.len()).map(|(_, known)| known)
}
