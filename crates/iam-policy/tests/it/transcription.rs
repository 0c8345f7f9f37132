//! The documented rules, written down a second time as slowly and literally as possible, against the
//! evaluator on random policies and requests.
//!
//! Nothing here uses the crate's patterns, operators or principals: only the documents.

use base64::Engine as _;
use iam_policy::Document;
use iam_policy::document::{Effect, Principal, PrincipalKind, Statement, Values, Version};
use iam_policy::evaluate::{Compiled, Decision, Policies};
use iam_policy::request::Request;
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

const HERE: &str = "111122223333";
const USER: &str = "arn:aws:iam::111122223333:user/ana";
const ROLE: &str = "arn:aws:iam::111122223333:role/path/studio";
const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/studio/bo";
const ROOT: &str = "arn:aws:iam::111122223333:root";
const LINKED: &str =
    "arn:aws:iam::111122223333:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX";
const SERVICE: &str = "sagemaker.amazonaws.com";

const PRINCIPALS: &[&str] = &[USER, ROLE, SESSION, ROOT, LINKED, SERVICE, "*"];
const ACTIONS: &[&str] = &["s3:GetObject", "s3:PutObject", "sts:AssumeRole", "kms:Decrypt"];
const ACTION_PATTERNS: &[&str] =
    &["*", "s3:*", "S3:getobject", "s3:?etObject", "kms:*", "sts:Assume*", "s3:Put*", "sns:*"];
const RESOURCES: &[&str] = &[
    "*",
    "arn:aws:s3:::b/ana/x",
    "arn:aws:s3:::b/*",
    "arn:aws:s3:::b/",
    "arn:aws:sns:eu-west-1:111122223333:t",
    "arn:aws:sns:eu-west-1:444455556666:t",
];
const RESOURCE_PATTERNS: &[&str] = &[
    "*",
    "arn:aws:s3:::b/*",
    "arn:aws:s3:::b/${aws:username}/*",
    "arn:aws:s3:::b/${aws:PrincipalTag/team, 'ana'}/?",
    "arn:aws:s3:::b/${*}",
    "arn:aws:s3:::b/${aws:TagKeys}",
    "arn:aws:s3:::b/${nope}*",
    "arn:*:t",
    "?",
];
const KEYS: &[&str] =
    &["k", "aws:TagKeys", "aws:username", "AWS:PrincipalTag/Team", "aws:PrincipalArn", "none"];
const OPERATORS: &[&str] = &[
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
    "NumericEquals",
    "NumericNotEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
    "DateEquals",
    "DateNotEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
    "Bool",
    "BinaryEquals",
    "IpAddress",
    "NotIpAddress",
    "ArnEquals",
    "ArnLike",
    "ArnNotEquals",
    "ArnNotLike",
    "Null",
];
const POLICY_VALUES: &[&str] = &[
    "a",
    "A",
    "ana",
    "*",
    "a*",
    "?",
    "*a?*",
    "",
    "${aws:username}",
    "${aws:PrincipalTag/team}",
    "${nope}",
    "${nope, 'a'}",
    "${aws:TagKeys}",
    "${",
    "${$}",
    "${*}",
    "5",
    "5.0",
    "10",
    "-1",
    "true",
    "false",
    "2026-11-21T00:00:00Z",
    "1795219200",
    "10.0.0.0/8",
    "10.1.2.3",
    "2001:db8::/32",
    "QQ==",
    "arn:aws:iam::111122223333:*",
    "arn:aws:iam::*:user/${aws:username}",
    "arn:*:iam::111122223333:role/path/studio",
    "arn:*",
];
const GIVEN_VALUES: &[&str] = &[
    "a",
    "A",
    "ana",
    "*",
    "$",
    "${nope}",
    "",
    "5",
    "10.0",
    "-1",
    "true",
    "FALSE",
    "2026-11-21T00:00:00Z",
    "1795219201",
    "10.1.2.3",
    "11.0.0.1",
    "2001:db8::1",
    "QQ==",
    "arn:aws:iam::111122223333:user/ana",
    "arn:aws:s3:::b:c",
];
const NAMED: &[&str] = &[
    "*",
    HERE,
    USER,
    ROLE,
    SESSION,
    ROOT,
    "arn:aws:iam::111122223333:role/studio",
    "arn:aws:iam::444455556666:root",
];

/// A request, in the plain.
#[derive(Debug, Clone)]
struct Asked {
    principal: &'static str,
    action: &'static str,
    resource: &'static str,
    resource_account: Option<&'static str>,
    context: BTreeMap<&'static str, Vec<&'static str>>,
}

/// The policies, in the plain.
#[derive(Debug, Clone)]
struct Attached {
    identity: Vec<Document>,
    boundary: Option<Document>,
    session: Option<Document>,
    resource: Option<Document>,
    endpoint: Option<Document>,
    scp: Vec<Vec<Document>>,
    rcp: Vec<Vec<Document>>,
}

// ---- The rules. ----

/// All values of a key: those given, none if none are, or those that AWS itself puts into every request.
fn key_values(asked: &Asked, key: &str) -> Option<Vec<String>> {
    for (name, values) in &asked.context {
        if name.to_lowercase() == key.to_lowercase() {
            let given = values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
            return Some(given).filter(|given| !given.is_empty());
        }
    }
    let p = asked.principal;
    let derived = match key.to_lowercase().as_str() {
        "aws:username" if p == USER => "ana",
        "aws:principalarn" if p == SESSION => "arn:aws:iam::111122223333:role/studio",
        "aws:principalarn" if p.starts_with("arn:") => p,
        _ => return None,
    };
    Some(vec![derived.to_owned()])
}

/// A character of a policy's text: itself, or a wildcard.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Symbol {
    Char(char),
    Star,
    One,
}

/// Replaces variables; `None` if one cannot be replaced.
fn symbols(text: &str, wild: bool, version: Version, asked: &Asked) -> Option<Vec<Symbol>> {
    let mut out = Vec::new();
    let chars: Vec<char> = text.chars().collect();
    let mut at = 0;
    while at < chars.len() {
        if version == Version::V2012 && chars[at..].starts_with(&['$', '{']) {
            let close = at + chars[at..].iter().position(|c| *c == '}')?;
            let inside: String = chars[at + 2..close].iter().collect();
            let value = match inside.as_str() {
                "*" | "?" | "$" => inside,
                _ => {
                    let (key, default) = match inside.split_once(", '") {
                        Some((key, default)) => (key, Some(default.trim_end_matches('\''))),
                        None => (inside.as_str(), None),
                    };
                    match key_values(asked, key) {
                        Some(values) if values.len() == 1 => values[0].clone(),
                        _ => default?.to_owned(),
                    }
                }
            };
            out.extend(value.chars().map(Symbol::Char));
            at = close + 1;
            continue;
        }
        out.push(match chars[at] {
            '*' if wild => Symbol::Star,
            '?' if wild => Symbol::One,
            c => Symbol::Char(c),
        });
        at += 1;
    }
    Some(out)
}

fn matches(pattern: &[Symbol], text: &[char]) -> bool {
    match (pattern.first(), text.first()) {
        (None, None) => true,
        (Some(Symbol::Star), _) => {
            matches(&pattern[1..], text) || !text.is_empty() && matches(pattern, &text[1..])
        }
        (None, Some(_)) | (Some(_), None) => false,
        (Some(Symbol::One), Some(_)) => matches(&pattern[1..], &text[1..]),
        (Some(Symbol::Char(c)), Some(d)) => c == d && matches(&pattern[1..], &text[1..]),
    }
}

fn chars(text: &str) -> Vec<char> {
    text.chars().collect()
}

fn arn_matches(pattern: &[Symbol], text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let patterns: Vec<&[Symbol]> = pattern.splitn(6, |s| *s == Symbol::Char(':')).collect();
    parts.len() == 6
        && patterns.len() == 6
        && patterns.iter().zip(parts).all(|(pattern, part)| matches(pattern, &chars(part)))
}

fn moment(text: &str) -> Option<i64> {
    text.parse().ok().or_else(|| Some(text.parse::<jiff::Timestamp>().ok()?.as_second()))
}

fn decimal(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|_| text.chars().all(|c| "+-.0123456789".contains(c)))
}

fn bits(address: IpAddr) -> Vec<bool> {
    let bytes: Vec<u8> = match address {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets().to_vec(),
    };
    bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1)).collect()
}

fn network(text: &str) -> Option<(bool, Vec<bool>)> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length.parse::<usize>().ok()?)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let all = bits(address);
    let length = length.unwrap_or(all.len());
    (length <= all.len()).then(|| (address.is_ipv4(), all[..length].to_vec()))
}

/// Whether one value of the request matches one of the policy; `None` if that cannot be told.
fn match_one(
    base: &str,
    value: &str,
    given: &str,
    version: Version,
    asked: &Asked,
) -> Option<bool> {
    let positive = base.replace("Not", "");
    let text = |wild| symbols(value, wild, version, asked);
    let plain = |symbols: Vec<Symbol>| -> String {
        symbols.iter().map(|s| if let Symbol::Char(c) = s { *c } else { '?' }).collect()
    };
    let ordered = |ordering: Option<std::cmp::Ordering>| match (
        ordering,
        positive.trim_start_matches("Numeric").trim_start_matches("Date"),
    ) {
        (None, _) => false,
        (Some(o), "Equals") => o.is_eq(),
        (Some(o), "LessThan") => o.is_lt(),
        (Some(o), "LessThanEquals") => o.is_le(),
        (Some(o), "GreaterThan") => o.is_gt(),
        (Some(o), "GreaterThanEquals") => o.is_ge(),
        other => panic!("{other:?}"),
    };
    Some(match positive.as_str() {
        "StringEquals" => plain(text(false)?) == given,
        "StringEqualsIgnoreCase" => plain(text(false)?).to_lowercase() == given.to_lowercase(),
        "StringLike" => matches(&text(true)?, &chars(given)),
        "ArnEquals" | "ArnLike" => arn_matches(&text(true)?, given),
        "Bool" => {
            let known = |text: &str| text.to_lowercase().parse::<bool>().ok();
            Some(known(value)?) == known(given)
        }
        "BinaryEquals" => {
            let decode = |text| base64::engine::general_purpose::STANDARD.decode(text).ok();
            Some(decode(value)?) == decode(given)
        }
        "IpAddress" => {
            let (v4, prefix) = network(value)?;
            let given: Option<IpAddr> = given.parse().ok();
            given.is_some_and(|g| g.is_ipv4() == v4 && bits(g).starts_with(&prefix))
        }
        name if name.starts_with("Numeric") => {
            let value = decimal(value)?;
            ordered(decimal(given).and_then(|given| given.partial_cmp(&value)))
        }
        name if name.starts_with("Date") => {
            let value = moment(value)?;
            ordered(moment(given).map(|given| given.cmp(&value)))
        }
        other => panic!("{other}"),
    })
}

fn condition(operator: &str, key: &str, values: &Values, version: Version, asked: &Asked) -> bool {
    let (set, rest) = operator.split_once(':').map_or(("", operator), |(set, rest)| (set, rest));
    let base = rest.strip_suffix("IfExists").unwrap_or(rest);
    let given = key_values(asked, key);
    let nothing = given.as_ref().is_none_or(|given| given.iter().all(String::is_empty));
    if base == "Null" {
        return values.0.iter().any(|value| *value == nothing.to_string());
    }
    let negated = base.contains("Not");
    let admits = |given: &String| {
        let results: Vec<Option<bool>> =
            values.0.iter().map(|value| match_one(base, value, given, version, asked)).collect();
        if negated {
            results.iter().all(|result| *result == Some(false))
        } else {
            results.contains(&Some(true))
        }
    };
    match (set, given) {
        (_, None) if rest.ends_with("IfExists") => true,
        ("", None) => negated,
        ("", Some(given)) => given.len() == 1 && admits(&given[0]),
        ("ForAllValues", given) => nothing || given.unwrap().iter().all(admits),
        ("ForAnyValue", given) => !nothing && given.unwrap().iter().any(admits),
        other => panic!("{other:?}"),
    }
}

/// How strongly a principal is named: 3 itself or everybody, 2 its role, 1 its account, 0 not.
fn named(principal: &Principal, asked: &Asked) -> u8 {
    let Principal::ByKind(kinds) = principal else { return 3 };
    let list = |kind| kinds.get(&kind).map(|v| v.0.clone()).unwrap_or_default();
    let (arns, services) = (list(PrincipalKind::Aws), list(PrincipalKind::Service));
    let has = |arn: &str| arns.iter().any(|listed| listed == arn);
    let account = has(HERE) || has(ROOT);
    match asked.principal {
        _ if has("*") => 3,
        "*" => 0,
        SERVICE => {
            if services.iter().any(|s| s == SERVICE) {
                3
            } else {
                0
            }
        }
        ROOT => {
            if account {
                3
            } else {
                0
            }
        }
        USER if has(USER) => 3,
        SESSION if has(SESSION) => 3,
        SESSION if has(ROLE) || has("arn:aws:iam::111122223333:role/studio") => 2,
        ROLE if has(ROLE) => 2,
        LINKED if has(LINKED) => 2,
        _ => u8::from(account),
    }
}

/// Whom a `Deny` with `NotPrincipal` spares.
fn spared(principal: &Principal, asked: &Asked, bounded: bool) -> bool {
    let strength = named(principal, asked);
    let Principal::ByKind(kinds) = principal else { return !bounded };
    let arns = kinds.get(&PrincipalKind::Aws).map(|v| v.0.clone()).unwrap_or_default();
    let has = |arn: &str| arns.iter().any(|listed| listed == arn);
    let account = has(HERE) || has(ROOT);
    !bounded
        && match asked.principal {
            _ if has("*") => true,
            "*" => false,
            SERVICE => strength == 3,
            ROOT => account,
            SESSION => account && (has(ROLE) || has("arn:aws:iam::111122223333:role/studio")),
            other => account && has(other),
        }
}

/// How strongly a statement applies; 0 if it does not.
fn applies(s: &Statement, version: Version, asked: &Asked, on_resource: bool, bounded: bool) -> u8 {
    let action_in = |list: &[String]| {
        list.iter().any(|pattern| {
            let pattern = symbols(&pattern.to_lowercase(), true, Version::V2008, asked).unwrap();
            matches(&pattern, &chars(&asked.action.to_lowercase()))
        })
    };
    let action = match (&s.action, &s.not_action) {
        (Some(list), None) => action_in(list),
        (None, Some(list)) => !action_in(list),
        _ => panic!(),
    };
    let one = |pattern: &String| {
        let pattern = symbols(pattern, true, version, asked)?;
        Some(if asked.resource == "*" {
            pattern == [Symbol::Star]
        } else {
            matches(&pattern, &chars(asked.resource))
        })
    };
    let resource = match (&s.resource, &s.not_resource) {
        (Some(list), None) => list.iter().any(|pattern| one(pattern) == Some(true)),
        (None, Some(list)) => list.iter().all(|pattern| one(pattern) == Some(false)),
        _ => on_resource,
    };
    let strength = match (&s.principal, &s.not_principal, on_resource) {
        (Some(principal), None, true) => named(principal, asked),
        (None, Some(not), true) if s.effect == Effect::Deny => {
            if spared(not, asked, bounded) {
                0
            } else {
                3
            }
        }
        (None, Some(not), true) => {
            if named(not, asked) > 0 {
                0
            } else {
                3
            }
        }
        (None, None, false) => 3,
        _ => 0,
    };
    let conditions = s.condition.iter().all(|(operator, keys)| {
        keys.iter().all(|(key, values)| condition(operator, key, values, version, asked))
    });
    if action && resource && conditions { strength } else { 0 }
}

fn decide(asked: &Asked, attached: &Attached) -> Decision {
    let bounded = attached.boundary.is_some();
    let strongest = |documents: &[Document], effect, on_resource| {
        let mut best = 0;
        for document in documents {
            for s in document.statements.iter().filter(|s| s.effect == effect) {
                let version = document.version.unwrap_or(Version::V2008);
                best = best.max(applies(s, version, asked, on_resource, bounded));
            }
        }
        best
    };
    let single = |document: &Option<Document>| document.iter().cloned().collect::<Vec<_>>();
    let (boundary, session) = (single(&attached.boundary), single(&attached.session));
    let (resource, endpoint) = (single(&attached.resource), single(&attached.endpoint));
    let identity = !["*", SERVICE].contains(&asked.principal);
    let linked = asked.principal == LINKED;
    let scp = if identity && !linked { attached.scp.clone() } else { Vec::new() };
    let rcp = if linked { Vec::new() } else { attached.rcp.clone() };

    // An explicit deny first, wherever it is.
    let mut denied = strongest(&resource, Effect::Deny, true) > 0
        || strongest(&endpoint, Effect::Deny, true) > 0;
    if identity {
        for documents in [&attached.identity, &boundary, &session] {
            denied |= strongest(documents, Effect::Deny, false) > 0;
        }
    }
    denied |= scp.iter().any(|level| strongest(level, Effect::Deny, false) > 0);
    denied |= rcp.iter().any(|level| strongest(level, Effect::Deny, true) > 0);
    if denied {
        return Decision::ExplicitlyDenied;
    }

    // What limits everything must allow.
    let limits = scp.iter().all(|level| strongest(level, Effect::Allow, false) > 0)
        && rcp.iter().all(|level| strongest(level, Effect::Allow, true) > 0)
        && (endpoint.is_empty() || strongest(&endpoint, Effect::Allow, true) > 0);
    let by_identity =
        asked.principal == ROOT || strongest(&attached.identity, Effect::Allow, false) > 0;
    let session_limits = (boundary.is_empty() || strongest(&boundary, Effect::Allow, false) > 0)
        && (session.is_empty() || strongest(&session, Effect::Allow, false) > 0);
    let by_resource = strongest(&resource, Effect::Allow, true);
    let owner = asked
        .resource_account
        .or_else(|| asked.resource.split(':').nth(4).filter(|account| account.len() == 12));
    let same = owner.is_none_or(|owner| owner == HERE);
    let resource_must = attached.resource.is_some()
        && (asked.action.starts_with("kms:") || asked.action.starts_with("sts:AssumeRole"));
    let granted = if !identity {
        by_resource > 0
    } else if !same {
        by_resource > 0 && by_identity && session_limits
    } else if resource_must && by_resource == 0 {
        false
    } else {
        by_resource == 3 || by_resource == 2 && session_limits || by_identity && session_limits
    };
    if granted && limits { Decision::Allowed } else { Decision::ImplicitlyDenied }
}

// ---- Random policies. ----

fn texts(pool: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(select(pool).prop_map(str::to_owned), 1..3)
}

/// Patterns, often the one that matches everything.
fn patterns(pool: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> {
    prop_oneof![1 => Just(vec!["*".to_owned()]), 1 => texts(pool)]
}

fn conditions() -> impl Strategy<Value = BTreeMap<String, BTreeMap<String, Values>>> {
    let operator = (select(&["", "", "ForAllValues:", "ForAnyValue:"][..]), select(OPERATORS))
        .prop_flat_map(|(set, base)| {
            let suffix = if base == "Null" { &[""][..] } else { &["", "IfExists"][..] };
            select(suffix).prop_map(move |suffix| format!("{set}{base}{suffix}"))
        });
    let keys = prop::collection::btree_map(
        select(KEYS).prop_map(str::to_owned),
        texts(POLICY_VALUES).prop_map(Values),
        1..3,
    );
    prop_oneof![
        2 => Just(BTreeMap::new()),
        1 => prop::collection::btree_map(operator, keys, 1..3),
    ]
}

fn principal() -> impl Strategy<Value = Principal> {
    let by_kind = (texts(NAMED), any::<bool>()).prop_map(|(arns, service)| {
        let mut kinds = BTreeMap::from([(PrincipalKind::Aws, Values(arns))]);
        if service {
            kinds.insert(PrincipalKind::Service, Values(vec![SERVICE.to_owned()]));
        }
        Principal::ByKind(kinds)
    });
    prop_oneof![1 => Just(Principal::Everybody), 3 => by_kind]
}

fn statement(on_resource: bool) -> impl Strategy<Value = Statement> {
    let people = if on_resource {
        prop_oneof![
            4 => principal().prop_map(|p| (Some(p), None)),
            1 => principal().prop_map(|p| (None, Some(p))),
        ]
        .boxed()
    } else {
        Just((None, None)).boxed()
    };
    let resources = prop_oneof![
        4 => patterns(RESOURCE_PATTERNS).prop_map(|list| (Some(list), None)),
        1 => texts(RESOURCE_PATTERNS).prop_map(|list| (None, Some(list))),
        1 => Just((None, None)),
    ];
    let actions = prop_oneof![
        4 => patterns(ACTION_PATTERNS).prop_map(|list| (Some(list), None)),
        1 => texts(ACTION_PATTERNS).prop_map(|list| (None, Some(list))),
    ];
    let effect = prop_oneof![8 => Just(Effect::Allow), 1 => Just(Effect::Deny)];
    (effect, people, actions, resources, conditions()).prop_map(
        |(effect, people, actions, resources, condition)| Statement {
            sid: None,
            effect,
            principal: people.0,
            not_principal: people.1,
            action: actions.0,
            not_action: actions.1,
            resource: resources.0,
            not_resource: resources.1,
            condition,
        },
    )
}

fn document(on_resource: bool) -> impl Strategy<Value = Document> {
    let version = prop_oneof![4 => Just(Some(Version::V2012)), 1 => Just(Some(Version::V2008)), 1 => Just(None)];
    (version, prop::collection::vec(statement(on_resource), 0..6))
        .prop_map(|(version, statements)| Document { version, id: None, statements })
}

fn attached() -> impl Strategy<Value = Attached> {
    let maybe = |on_resource| prop::option::weighted(0.2, document(on_resource));
    let levels = |on_resource| {
        let level = prop::collection::vec(document(on_resource), 0..3);
        prop_oneof![5 => Just(Vec::new()), 1 => prop::collection::vec(level, 1..3)]
    };
    (
        prop::collection::vec(document(false), 1..3),
        maybe(false),
        maybe(false),
        prop::option::weighted(0.5, document(true)),
        prop::option::weighted(0.1, document(true)),
        levels(false),
        levels(true),
    )
        .prop_map(|(identity, boundary, session, resource, endpoint, scp, rcp)| Attached {
            identity,
            boundary,
            session,
            resource,
            endpoint,
            scp,
            rcp,
        })
}

fn asked() -> impl Strategy<Value = Asked> {
    let account = select(&[None, None, Some(HERE), Some("444455556666")][..]);
    let values = prop::collection::vec(select(GIVEN_VALUES), 0..3);
    let context = prop::collection::btree_map(
        select(&["K", "aws:tagkeys", "aws:PrincipalTag/team", "aws:username"][..]),
        values,
        0..4,
    );
    (select(PRINCIPALS), select(ACTIONS), select(RESOURCES), account, context).prop_map(
        |(principal, action, resource, resource_account, context)| Asked {
            principal,
            action,
            resource,
            resource_account,
            context,
        },
    )
}

fn compiled(attached: &Attached) -> Policies {
    let one = |document: &Document| Arc::new(Compiled::new(document).unwrap());
    let list = |documents: &Vec<Document>| documents.iter().map(one).collect();
    Policies {
        identity: list(&attached.identity),
        boundary: attached.boundary.as_ref().map(one),
        session: attached.session.as_ref().map(one),
        resource: attached.resource.as_ref().map(one),
        endpoint: attached.endpoint.as_ref().map(one),
        scp: attached.scp.iter().map(list).collect(),
        rcp: attached.rcp.iter().map(list).collect(),
    }
}

fn request(asked: &Asked) -> Request {
    let mut request = Request::new(asked.principal, asked.action, asked.resource);
    if let Some(account) = asked.resource_account {
        request = request.in_account(account);
    }
    for (key, values) in &asked.context {
        request = request.with(key, values.iter().copied());
    }
    request
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn the_evaluator_agrees_with_the_rules_as_they_are_written(
        asked in asked(),
        attached in attached(),
    ) {
        let answer = compiled(&attached).decide(&request(&asked));
        prop_assert_eq!(answer.decision, decide(&asked, &attached));
        prop_assert!(!answer.because.is_empty());
    }

    #[test]
    fn single_conditions_agree_too(
        asked in asked(),
        operators in conditions().prop_filter("one", |map| !map.is_empty()),
        effect in select(&[Effect::Allow, Effect::Deny][..]),
    ) {
        // Nothing but conditions can differ here.
        let mut statement = Statement::allow("S").actions(["*"]).resources(["*"]);
        statement.condition = operators;
        statement.effect = effect;
        let mut document = Document::new([statement]);
        document.version = Some(Version::V2012);
        let attached = Attached {
            identity: vec![document],
            boundary: None,
            session: None,
            resource: None,
            endpoint: None,
            scp: Vec::new(),
            rcp: Vec::new(),
        };
        let answer = compiled(&attached).explain(&request(&asked));
        prop_assert_eq!(answer.decision, decide(&asked, &attached));
    }
}

/// How often each decision comes out: a test in which nothing is ever allowed would prove nothing.
#[test]
fn every_decision_comes_out_often() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut counts = BTreeMap::new();
    for _ in 0..2_000 {
        let (asked, attached) = (asked(), attached()).new_tree(&mut runner).unwrap().current();
        *counts.entry(decide(&asked, &attached)).or_insert(0) += 1;
    }
    for decision in [Decision::Allowed, Decision::ImplicitlyDenied, Decision::ExplicitlyDenied] {
        assert!(counts.get(&decision).is_some_and(|count| *count > 200), "{counts:?}");
    }
}
