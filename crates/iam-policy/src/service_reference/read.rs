//! Reads the lines of one service. Their shape is told at the top of the file.

use super::{AccessLevel, Action, ConditionKey, ResourceType, ResourceUse, Service, ValueType};

/// The file is generated and checked by tests: a field that cannot be read counts as empty.
pub(super) fn service(prefix: &'static str, text: &'static str) -> Service {
    let mut service = Service {
        prefix,
        keys: Vec::new(),
        resource_types: Vec::new(),
        actions: Vec::new(),
        unlisted: Vec::new(),
    };
    for line in text.lines() {
        let mut fields = line.split('\t');
        let mut next = || fields.next().unwrap_or_default();
        match next() {
            "k" => service.keys.push(condition_key(next(), next())),
            "r" => service.resource_types.push(ResourceType {
                name: next(),
                arns: next().split(' ').filter(|arn| !arn.is_empty()).collect(),
                keys: numbers(next()),
            }),
            "a" => service.actions.push(Action {
                service: prefix,
                name: next(),
                level: level(next()),
                resources: next().split(' ').flat_map(resource_uses).collect(),
                keys: numbers(next()),
                dependent_actions: next().split(',').filter(|name| !name.is_empty()).collect(),
            }),
            _ => {}
        }
    }
    service.unlisted = unlisted(&service);
    service
}

fn condition_key(name: &'static str, kind: &str) -> ConditionKey {
    let value_type = match kind.to_ascii_lowercase().as_str() {
        "a" => ValueType::Arn,
        "b" => ValueType::Bool,
        "n" => ValueType::Numeric,
        "d" => ValueType::Date,
        "i" => ValueType::IpAddress,
        _ => ValueType::String,
    };
    ConditionKey { name, value_type, multivalued: kind.chars().all(|c| c.is_ascii_uppercase()) }
}

fn level(letter: &str) -> AccessLevel {
    match letter {
        "L" => AccessLevel::List,
        "R" => AccessLevel::Read,
        "T" => AccessLevel::Tagging,
        "P" => AccessLevel::PermissionsManagement,
        _ => AccessLevel::Write,
    }
}

/// `0-2,5`
fn numbers(field: &str) -> Vec<usize> {
    field.split(',').flat_map(range).collect()
}

fn range(part: &str) -> Vec<usize> {
    let (first, last) = part.split_once('-').unwrap_or((part, part));
    match (first.parse(), last.parse()) {
        (Ok(first), Ok(last)) => (first..=last).collect(),
        _ => Vec::new(),
    }
}

/// `0-3!=1,2`
fn resource_uses(part: &str) -> Vec<ResourceUse> {
    let (head, own) = part.split_once('=').unwrap_or((part, ""));
    let (head, required) = match head.strip_suffix('!') {
        Some(head) => (head, true),
        None => (head, false),
    };
    let uses = range(head).into_iter();
    uses.map(|resource_type| ResourceUse { resource_type, required, keys: numbers(own) }).collect()
}

fn unlisted(service: &Service) -> Vec<usize> {
    let mut listed = vec![false; service.keys.len()];
    let of_actions = service
        .actions
        .iter()
        .flat_map(|a| a.keys.iter().chain(a.resources.iter().flat_map(|used| used.keys.iter())));
    let of_types = service.resource_types.iter().flat_map(|r| r.keys.iter());
    for number in of_actions.chain(of_types) {
        if let Some(slot) = listed.get_mut(*number) {
            *slot = true;
        }
    }
    (0..listed.len()).filter(|number| listed.get(*number) == Some(&false)).collect()
}
