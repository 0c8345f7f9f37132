//! That printing, merging, splitting and comparing keep the meaning, on random documents. What a
//! document means is what the evaluator says of every request of a small world.

use super::*;
use crate::evaluate::{Compiled, Decision, Policies};
use crate::request::Request;
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use std::collections::BTreeMap;
use std::sync::Arc;

const ACTIONS: [&str; 7] =
    ["s3:GetObject", "S3:getobject", "s3:PutObject", "s3:Get*", "sagemaker:CreateApp", "s3:*", "*"];
const RESOURCES: [&str; 6] = [
    "*",
    "arn:aws:s3:::fraud/*",
    "arn:aws:s3:::fraud/model",
    "arn:aws:s3:::${aws:PrincipalTag/team}/*",
    "arn:aws:s3:::${*}/model",
    "arn:aws:s3:::risk/?odel",
];
const ROLES: [&str; 3] =
    ["arn:aws:iam::111122223333:role/a", "arn:aws:iam::111122223333:role/b", "111122223333"];

fn requests() -> Vec<Request> {
    let mut requests = Vec::new();
    for role in ["a", "b"] {
        for action in ["s3:GetObject", "s3:PutObject", "sagemaker:CreateApp"] {
            for name in ["fraud/model", "risk/model", "${x}/model", "${aws:PrincipalTag/team}/x"] {
                for team in [None, Some("fraud"), Some("risk"), Some("${aws:PrincipalTag/team}")] {
                    let principal = format!("arn:aws:iam::111122223333:role/{role}");
                    let resource = format!("arn:aws:s3:::{name}");
                    let request = Request::new(principal.as_str(), action, &resource)
                        .in_account("111122223333");
                    requests.push(request.with("aws:PrincipalTag/team", team));
                }
            }
        }
    }
    requests
}

fn compiled(documents: &[Document]) -> Vec<Arc<Compiled>> {
    documents.iter().map(|document| Arc::new(Compiled::new(document).unwrap())).collect()
}

/// What comes of every request, with the documents attached to the principal.
fn meaning(documents: &[Document]) -> Vec<Decision> {
    let policies = Policies { identity: compiled(documents), ..Policies::default() };
    requests().iter().map(|request| policies.decide(request).decision).collect()
}

/// The same with a document attached to the resource.
fn meaning_for_resource(document: &Document) -> Vec<Decision> {
    let resource = compiled(std::slice::from_ref(document)).pop();
    let policies = Policies { resource, ..Policies::default() };
    requests().iter().map(|request| policies.decide(request).decision).collect()
}

fn some_of(names: &'static [&'static str]) -> impl Strategy<Value = Option<Vec<String>>> {
    vec(select(names).prop_map(str::to_owned), 1..4).prop_map(Some)
}

/// A list, or a list of what is not meant.
fn either(
    names: &'static [&'static str],
) -> impl Strategy<Value = (Option<Vec<String>>, Option<Vec<String>>)> {
    (some_of(names), prop::bool::weighted(0.2))
        .prop_map(|(list, not)| if not { (None, list) } else { (list, None) })
}

fn condition() -> impl Strategy<Value = diff::Conditions> {
    let operator = select(&["StringEquals", "StringNotLike", "StringLikeIfExists"][..]);
    let key = select(&["aws:PrincipalTag/team", "AWS:principaltag/team"][..]);
    let value = select(&["fraud", "risk", "${aws:PrincipalTag/team}", "${*}", "f*"][..]);
    let values = vec(value.prop_map(str::to_owned), 1..3).prop_map(Values);
    let keys = btree_map(key.prop_map(str::to_owned), values, 1..3);
    btree_map(operator.prop_map(str::to_owned), keys, 0..2)
}

fn statement() -> impl Strategy<Value = Statement> {
    let sid = option::of(select(&["A", "B", "A2"][..]));
    (prop::bool::weighted(0.7), sid, either(&ACTIONS), either(&RESOURCES), condition()).prop_map(
        |(allow, sid, (action, not_action), (resource, not_resource), condition)| Statement {
            sid: sid.map(str::to_owned),
            action,
            not_action,
            resource,
            not_resource,
            condition,
            ..if allow { Statement::allow("") } else { Statement::deny("") }
        },
    )
}

fn document() -> impl Strategy<Value = Document> {
    let version = select(&[None, Some(Version::V2008), Some(Version::V2012)][..]);
    (version, vec(statement(), 0..6)).prop_map(|(version, statements)| Document {
        version,
        id: None,
        statements,
    })
}

fn principal() -> impl Strategy<Value = Principal> {
    let names = vec(select(&ROLES[..]).prop_map(str::to_owned), 1..3);
    names.prop_map(|names| Principal::ByKind(BTreeMap::from([(PrincipalKind::Aws, Values(names))])))
}

fn document_of_resource() -> impl Strategy<Value = Document> {
    let principal = prop_oneof![principal(), Just(Principal::Everybody)];
    vec((statement(), principal), 0..6).prop_map(|statements| {
        Document::new(
            statements
                .into_iter()
                .map(|(statement, p)| Statement { principal: Some(p), ..statement }),
        )
    })
}

/// Any texts, everywhere.
fn any_document() -> impl Strategy<Value = Document> {
    let texts = || vec(any::<String>(), 0..4);
    let condition = btree_map(
        any::<String>(),
        btree_map(any::<String>(), texts().prop_map(Values), 0..3),
        0..3,
    );
    let kinds = btree_map(select(&PrincipalKind::ALL[..]), texts().prop_map(Values), 0..3);
    let principal = prop_oneof![Just(Principal::Everybody), kinds.prop_map(Principal::ByKind)];
    let statement = (
        option::of(any::<String>()),
        any::<[bool; 4]>(),
        texts(),
        texts(),
        option::of(principal),
        condition,
    );
    let statement = statement.prop_map(
        |(
            sid,
            [allow, not_action, not_resource, not_principal],
            actions,
            resources,
            who,
            condition,
        )| {
            let pair = |not, list| if not { (None, list) } else { (list, None) };
            let (action, not_action) = pair(not_action, Some(actions));
            let (resource, not_resource) = pair(not_resource, Some(resources));
            let (principal, not_principal) = if not_principal { (None, who) } else { (who, None) };
            Statement {
                sid,
                effect: if allow { Effect::Allow } else { Effect::Deny },
                principal,
                not_principal,
                action,
                not_action,
                resource,
                not_resource,
                condition,
            }
        },
    );
    let version = select(&[None, Some(Version::V2008), Some(Version::V2012)][..]);
    (version, option::of(any::<String>()), vec(statement, 0..4))
        .prop_map(|(version, id, statements)| Document { version, id, statements })
}

/// The same document in other words: each statement cut up, the parts in another order, some twice.
fn restated(document: &Document, order: &[Index]) -> Document {
    let mut parts: Vec<Statement> = Vec::new();
    for statement in &document.statements {
        let one = |list: &Option<Vec<String>>| match list {
            Some(list) => list.iter().map(|name| Some(vec![name.clone()])).collect(),
            None => vec![None],
        };
        for action in one(&statement.action) {
            for resource in one(&statement.resource) {
                parts.push(Statement {
                    sid: None,
                    action: action.clone(),
                    resource,
                    ..statement.clone()
                });
            }
        }
    }
    for pair in order.chunks_exact(2) {
        if let ([from, to], false) = (pair, parts.is_empty()) {
            let part = parts[from.index(parts.len())].clone();
            parts.insert(to.index(parts.len()), part);
        }
    }
    Document { statements: parts, ..document.clone() }
}

/// The document with one change to one of its statements.
fn varied(document: &Document, at: Index, variation: usize) -> Document {
    let mut other = document.clone();
    if other.statements.is_empty() {
        return other;
    }
    let at = at.index(other.statements.len());
    let statement = &mut other.statements[at];
    match variation {
        0 => std::mem::swap(&mut statement.action, &mut statement.not_action),
        1 => std::mem::swap(&mut statement.resource, &mut statement.not_resource),
        2 => statement.condition.clear(),
        3 => {
            statement.effect = match statement.effect {
                Effect::Allow => Effect::Deny,
                Effect::Deny => Effect::Allow,
            }
        }
        4 => {
            let lists = [&mut statement.action, &mut statement.resource];
            lists.into_iter().flatten().for_each(|list| list.truncate(1));
        }
        _ => drop(other.statements.remove(at)),
    }
    other
}

fn sids_are_distinct(documents: &[Document]) -> bool {
    let sids = || documents.iter().flat_map(|d| &d.statements).filter_map(|s| s.sid.as_ref());
    sids().count() == sids().collect::<std::collections::BTreeSet<_>>().len()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_printed_is_read_back(document in any_document()) {
        let text = document.to_canonical_json();
        let read = Document::parse(&text).unwrap();
        prop_assert_eq!(&read, &document.canonical());
        prop_assert_eq!(read.to_canonical_json(), text);
        prop_assert_eq!(Document::parse(&document.to_compact_json()).unwrap(), read);
    }

    #[test]
    fn a_canonical_document_means_the_same(document in document()) {
        prop_assert_eq!(meaning(&[document.canonical()]), meaning(std::slice::from_ref(&document)));
        prop_assert_eq!(diff(&document, &document.canonical()), []);
    }

    #[test]
    fn merging_keeps_the_meaning(documents in vec(document(), 0..4)) {
        let merged = merge(&documents);
        prop_assert_eq!(meaning(std::slice::from_ref(&merged)), meaning(&documents));
        prop_assert!(sids_are_distinct(std::slice::from_ref(&merged)));
        let before: usize = documents.iter().map(|d| d.statements.len()).sum();
        prop_assert!(merged.statements.len() <= before);
        prop_assert_eq!(diff(&merged, &merge([&merged])), []);
    }

    #[test]
    fn merging_keeps_the_meaning_for_a_resource(document in document_of_resource()) {
        prop_assert_eq!(meaning_for_resource(&merge([&document])), meaning_for_resource(&document));
    }

    #[test]
    fn splitting_keeps_the_meaning_within_the_limit(documents in vec(document(), 0..4)) {
        let limit = Limit { characters: 330, documents: 100, ..Limit::MANAGED_POLICY };
        match split(&documents, limit) {
            Ok(parts) => {
                prop_assert_eq!(meaning(&parts), meaning(&documents));
                prop_assert!(parts.iter().all(|part| limit.fits(part)));
                prop_assert!(sids_are_distinct(&parts));
            }
            Err(SplitError::Statement { size, .. }) => prop_assert!(size > 320),
            Err(other) => prop_assert!(false, "{}", other),
        }
    }

    #[test]
    fn the_same_in_other_words_is_no_difference(
        document in document(),
        order in vec(any::<Index>(), 0..8),
    ) {
        let other = restated(&document, &order);
        prop_assert_eq!(diff(&document, &other), []);
        prop_assert_eq!(diff(&other, &document), []);
    }

    #[test]
    fn what_decides_otherwise_is_a_difference(
        document in document(),
        at in any::<Index>(),
        variation in 0..6_usize,
    ) {
        let other = varied(&document, at, variation);
        if diff(&document, &other).is_empty() {
            prop_assert_eq!(meaning(&[document]), meaning(&[other]));
        }
    }
}
