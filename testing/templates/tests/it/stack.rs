//! A stack as `CloudFormation` would make it of a template and parameters, on paper.

use crate::attributes::{ACCOUNT, REGION, attribute, name_property, reference};
use regex_lite::Regex;
use serde_json::{Map, Value, json};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// What is wrong with a template: a code, and where and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    pub(crate) code: &'static str,
    pub(crate) text: String,
}

pub(crate) fn finding(code: &'static str, text: impl Into<String>) -> Finding {
    Finding { code, text: text.into() }
}

/// A resource whose conditions hold, with everything filled in.
#[derive(Debug, Clone)]
pub(crate) struct Resource {
    pub(crate) kind: String,
    pub(crate) properties: Value,
    /// What stands beside the properties: `DeletionPolicy` and the like.
    pub(crate) raw: Value,
    /// What `Ref` gives.
    pub(crate) reference: String,
    /// Its ARN, if its type has one.
    pub(crate) arn: Option<String>,
}

impl Resource {
    pub(crate) fn get(&self, pointer: &str) -> &Value {
        self.properties.pointer(pointer).unwrap_or(&Value::Null)
    }

    pub(crate) fn text(&self, pointer: &str) -> &str {
        self.get(pointer).as_str().unwrap_or_default()
    }

    pub(crate) fn number(&self, pointer: &str) -> i64 {
        let value = self.get(pointer);
        value.as_i64().or_else(|| value.as_str()?.parse().ok()).unwrap_or_default()
    }
}

/// Resources and outputs, by logical id.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stack {
    pub(crate) resources: BTreeMap<String, Resource>,
    pub(crate) outputs: BTreeMap<String, Value>,
    /// What was given for parameters, or is their default.
    pub(crate) parameters: BTreeMap<String, Value>,
}

impl Stack {
    /// Those of a type.
    pub(crate) fn of<'s>(&'s self, kind: &'s str) -> impl Iterator<Item = (&'s str, &'s Resource)> {
        let all = self.resources.iter().filter(move |(_, resource)| resource.kind == kind);
        all.map(|(id, resource)| (id.as_str(), resource))
    }

    /// That of a type with an ARN.
    pub(crate) fn by_arn(&self, kind: &str, arn: &str) -> Option<(&str, &Resource)> {
        let mut all = self.resources.iter();
        let found = all.find(|(_, r)| r.kind == kind && r.arn.as_deref() == Some(arn))?;
        Some((found.0.as_str(), found.1))
    }

    /// That of a type that `Ref` gives so.
    pub(crate) fn by_reference(&self, kind: &str, name: &str) -> Option<(&str, &Resource)> {
        let mut all = self.resources.iter();
        let found = all.find(|(_, r)| r.kind == kind && r.reference == name)?;
        Some((found.0.as_str(), found.1))
    }
}

/// The stack, or why there is none.
pub(crate) fn create(template: &Value, given: &[(&str, &str)]) -> Result<Stack, Vec<Finding>> {
    let mut found = Vec::new();
    let parameters = parameters(template, given, &mut found);
    let maker =
        Maker { template, parameters, found: RefCell::new(found), open: RefCell::default() };
    let stack = maker.stack();
    let found: BTreeSet<Finding> = maker.found.into_inner().into_iter().collect();
    if found.is_empty() { Ok(stack) } else { Err(found.into_iter().collect()) }
}

fn parameters(
    template: &Value,
    given: &[(&str, &str)],
    found: &mut Vec<Finding>,
) -> BTreeMap<String, Value> {
    let known = template["Parameters"].as_object().cloned().unwrap_or_default();
    let mut values = BTreeMap::new();
    for (name, parameter) in &known {
        let text = given.iter().find(|(given, _)| given == name).map(|(_, value)| json!(value));
        let Some(value) = text.or_else(|| parameter.get("Default").cloned()) else {
            found.push(finding("parameter-missing", name));
            continue;
        };
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        if let Some(allowed) = parameter.get("AllowedValues").and_then(Value::as_array)
            && !allowed
                .iter()
                .any(|a| a.as_str().map_or_else(|| a.to_string(), str::to_owned) == text)
        {
            found.push(finding("parameter-refused", format!("{name}: {text}")));
        }
        let list = parameter["Type"] == "CommaDelimitedList";
        // Of a list each item has the pattern.
        let items: Vec<&str> =
            if list { text.split(',').map(str::trim).collect() } else { vec![&text] };
        if let Some(pattern) = parameter["AllowedPattern"].as_str() {
            let pattern = Regex::new(&format!("^(?:{pattern})$")).unwrap();
            for item in items.iter().filter(|item| !pattern.is_match(item)) {
                found.push(finding("parameter-refused", format!("{name}: {item}")));
            }
        }
        let value = if list { items.into() } else { Value::from(text) };
        values.insert(name.clone(), value);
    }
    for (name, _) in given.iter().filter(|(name, _)| !known.contains_key(*name)) {
        found.push(finding("parameter-unknown", *name));
    }
    values
}

struct Maker<'t> {
    template: &'t Value,
    parameters: BTreeMap<String, Value>,
    found: RefCell<Vec<Finding>>,
    /// Resources whose names are just being worked out.
    open: RefCell<Vec<String>>,
}

impl Maker<'_> {
    fn tell(&self, code: &'static str, text: impl Into<String>) -> Value {
        self.found.borrow_mut().push(finding(code, text));
        Value::Null
    }

    fn stack(&self) -> Stack {
        self.rules();
        let mut resources = BTreeMap::new();
        for (id, raw) in self.template["Resources"].as_object().into_iter().flatten() {
            if let Some(resource) = self.resource(id, raw) {
                resources.insert(id.clone(), resource);
            }
        }
        let mut outputs = BTreeMap::new();
        for (name, output) in self.template["Outputs"].as_object().into_iter().flatten() {
            if self.is_made(output) {
                outputs.insert(name.clone(), self.resolve(&output["Value"], name));
            }
        }
        Stack { resources, outputs, parameters: self.parameters.clone() }
    }

    /// Rules may use fewer functions than the rest: none that makes a new value.
    fn rules(&self) {
        for function in ["Fn::Join", "Fn::Sub", "Fn::Select", "Fn::Split", "Fn::GetAtt"] {
            if self.template["Rules"].to_string().contains(function) {
                self.tell("rule-function", function);
            }
        }
        for (name, rule) in self.template["Rules"].as_object().into_iter().flatten() {
            let holds = |value: &Value| self.resolve(value, name) == Value::Bool(true);
            if rule.get("RuleCondition").is_none_or(holds) {
                for assertion in rule["Assertions"].as_array().into_iter().flatten() {
                    if !holds(&assertion["Assert"]) {
                        let why = assertion["AssertDescription"].as_str().unwrap_or_default();
                        self.tell("rule-broken", format!("{name}: {why}"));
                    }
                }
            }
        }
    }

    fn is_made(&self, item: &Value) -> bool {
        item.get("Condition").and_then(Value::as_str).is_none_or(|name| self.condition(name))
    }

    fn condition(&self, name: &str) -> bool {
        let Some(condition) = self.template["Conditions"].get(name) else {
            self.tell("condition-unknown", name);
            return false;
        };
        self.resolve(condition, name) == Value::Bool(true)
    }

    fn resource(&self, id: &str, raw: &Value) -> Option<Resource> {
        if !self.is_made(raw) {
            return None;
        }
        let kind = raw["Type"].as_str().unwrap_or_default().to_owned();
        let depends = match &raw["DependsOn"] {
            Value::Array(ids) => ids.clone(),
            Value::Null => Vec::new(),
            one => vec![one.clone()],
        };
        for other in depends.iter().filter_map(Value::as_str) {
            let there = self.template["Resources"].get(other);
            if !there.is_some_and(|there| self.is_made(there)) {
                self.tell("reference-dangling", format!("{id}: DependsOn {other}"));
            }
        }
        let properties = self.resolve(&raw["Properties"], id);
        let name = self.name(id, raw);
        let empty = Map::new();
        let arn = attribute(&kind, id, &name, "Arn", properties.as_object().unwrap_or(&empty));
        let arn = match kind.as_str() {
            "AWS::SNS::Topic" | "AWS::IAM::ManagedPolicy" => Some(reference(&kind, id, &name)),
            _ => arn.and_then(|arn| arn.as_str().map(str::to_owned)),
        };
        let reference = reference(&kind, id, &name);
        Some(Resource { kind, properties, raw: raw.clone(), reference, arn })
    }

    fn name(&self, id: &str, raw: &Value) -> String {
        let kind = raw["Type"].as_str().unwrap_or_default();
        let property = name_property(kind).and_then(|name| raw["Properties"].get(name));
        let Some(property) = property else { return id.to_owned() };
        if self.open.borrow().iter().any(|open| open == id) {
            self.tell("cycle", id);
            return id.to_owned();
        }
        self.open.borrow_mut().push(id.to_owned());
        let name = self.resolve(property, id);
        self.open.borrow_mut().pop();
        name.as_str().unwrap_or(id).to_owned()
    }

    /// The value with every function worked out. `place` is for what is told.
    fn resolve(&self, value: &Value, place: &str) -> Value {
        match value {
            Value::Array(items) => {
                items.iter().map(|i| self.resolve(i, place)).filter(|i| !is_nothing(i)).collect()
            }
            Value::Object(members) => match members.iter().next() {
                Some((name, argument))
                    if members.len() == 1
                        && (name == "Ref"
                            || name == "Condition" && argument.is_string()
                            || name.starts_with("Fn::")) =>
                {
                    self.function(name, argument, place)
                }
                _ => {
                    let members = members.iter().map(|(key, value)| {
                        (key.clone(), self.resolve(value, &format!("{place}.{key}")))
                    });
                    Value::Object(members.filter(|(_, value)| !is_nothing(value)).collect())
                }
            },
            plain => plain.clone(),
        }
    }

    fn function(&self, name: &str, argument: &Value, place: &str) -> Value {
        let list = || match self.resolve(argument, place) {
            Value::Array(items) => items,
            other => vec![other],
        };
        match (name, argument) {
            ("Ref", Value::String(name)) => self.reference(name, place),
            ("Condition", Value::String(name)) => self.condition(name).into(),
            ("Fn::GetAtt", Value::Array(parts)) => {
                let text = |at: usize| parts.get(at).and_then(Value::as_str).unwrap_or_default();
                self.attribute(text(0), text(1), place)
            }
            ("Fn::Sub", Value::String(text)) => self.substitute(text, &Map::new(), place),
            ("Fn::Sub", Value::Array(parts)) => {
                let own = parts.get(1).map(|own| self.resolve(own, place));
                let own = own.as_ref().and_then(Value::as_object).cloned().unwrap_or_default();
                self.substitute(parts[0].as_str().unwrap_or_default(), &own, place)
            }
            // Only the branch that is taken is worked out.
            ("Fn::If", Value::Array(parts)) if parts.len() == 3 => {
                let holds = self.condition(parts[0].as_str().unwrap_or_default());
                self.resolve(&parts[if holds { 1 } else { 2 }], place)
            }
            ("Fn::Equals", _) => {
                let list = list();
                (list.len() == 2 && list[0] == list[1]).into()
            }
            ("Fn::Contains", Value::Array(parts)) => {
                let (all, one) = (self.resolve(&parts[0], place), self.resolve(&parts[1], place));
                all.as_array().is_some_and(|all| all.contains(&one)).into()
            }
            ("Fn::Not", _) => (list() == [Value::Bool(false)]).into(),
            ("Fn::And", _) => list().iter().all(|item| *item == Value::Bool(true)).into(),
            ("Fn::Or", _) => list().contains(&Value::Bool(true)).into(),
            ("Fn::Join", Value::Array(parts)) => {
                let items = self.resolve(&parts[1], place);
                let items = items.as_array().cloned().unwrap_or_default();
                let texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
                texts.join(parts[0].as_str().unwrap_or_default()).into()
            }
            ("Fn::Split", Value::Array(parts)) => {
                let text = self.resolve(&parts[1], place);
                let text = text.as_str().unwrap_or_default().to_owned();
                text.split(parts[0].as_str().unwrap_or_default()).collect()
            }
            ("Fn::Select", Value::Array(parts)) => {
                let at = usize::try_from(parts[0].as_i64().unwrap_or(-1)).unwrap_or(usize::MAX);
                let items = self.resolve(&parts[1], place);
                let item = items.as_array().and_then(|items| items.get(at)).cloned();
                item.unwrap_or_else(|| self.tell("selection-empty", place))
            }
            ("Fn::GetAZs", _) => json!(["eu-west-1a", "eu-west-1b", "eu-west-1c"]),
            ("Fn::Cidr", Value::Array(parts)) => {
                let count = parts[1].as_i64().unwrap_or_default();
                (0..count).map(|n| format!("10.0.{n}.0/24")).collect()
            }
            _ => self.tell("function-unknown", format!("{place}: {name}")),
        }
    }

    fn substitute(&self, text: &str, own: &Map<String, Value>, place: &str) -> Value {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            out.push_str(before);
            let (name, behind) = after.split_once('}').unwrap();
            if let Some(literal) = name.strip_prefix('!') {
                out.extend(["${", literal, "}"]);
            } else {
                let value = match (own.get(name), name.split_once('.')) {
                    (Some(value), _) => value.clone(),
                    (None, Some((id, attribute))) => self.attribute(id, attribute, place),
                    (None, None) => self.reference(name, place),
                };
                match &value {
                    Value::String(text) => out.push_str(text),
                    Value::Null => {}
                    other => {
                        self.tell("substitution-of-a-list", format!("{place}: {name} is {other}"));
                    }
                }
            }
            rest = behind;
        }
        out.push_str(rest);
        out.into()
    }

    fn reference(&self, name: &str, place: &str) -> Value {
        match name {
            "AWS::AccountId" => ACCOUNT.into(),
            "AWS::Region" => REGION.into(),
            "AWS::Partition" => "aws".into(),
            "AWS::URLSuffix" => "amazonaws.com".into(),
            "AWS::StackName" => "stack".into(),
            "AWS::NoValue" => nothing(),
            name => match self.parameters.get(name) {
                Some(value) => value.clone(),
                None => match self.there(name, place) {
                    Some((kind, called)) => reference(kind, name, &called).into(),
                    None => Value::Null,
                },
            },
        }
    }

    fn attribute(&self, id: &str, wanted: &str, place: &str) -> Value {
        let Some((kind, name)) = self.there(id, place) else { return Value::Null };
        attribute(kind, id, &name, wanted, &Map::new())
            .unwrap_or_else(|| self.tell("attribute-unknown", format!("{place}: {id}.{wanted}")))
    }

    /// A resource that is referred to: its type and name.
    fn there(&self, id: &str, place: &str) -> Option<(&str, String)> {
        let Some(raw) = self.template["Resources"].get(id) else {
            self.tell("reference-dangling", format!("{place}: there is no `{id}`"));
            return None;
        };
        if !self.is_made(raw) {
            self.tell("reference-dangling", format!("{place}: `{id}` is not made"));
            return None;
        }
        Some((raw["Type"].as_str().unwrap_or_default(), self.name(id, raw)))
    }
}

/// What `AWS::NoValue` stands for until it is left out.
fn nothing() -> Value {
    json!({"AWS::NoValue": true})
}

fn is_nothing(value: &Value) -> bool {
    *value == nothing()
}

/// What a part of a template refers to: of parameters and resources the names, and of conditions.
pub(crate) fn names_in(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| names_in(item, names)),
        Value::Object(members) => {
            for (key, value) in members {
                match (key.as_str(), value) {
                    ("Ref" | "Condition" | "DependsOn", Value::String(name)) => {
                        names.insert(name.clone());
                    }
                    ("DependsOn", Value::Array(ids)) => {
                        names.extend(ids.iter().filter_map(Value::as_str).map(str::to_owned));
                    }
                    ("Fn::GetAtt" | "Fn::If", Value::Array(parts)) => {
                        names.extend(parts.first().and_then(Value::as_str).map(str::to_owned));
                    }
                    ("Fn::Sub", _) => {
                        let text = value.as_str().or_else(|| value.get(0)?.as_str());
                        for part in text.unwrap_or_default().split("${").skip(1) {
                            let name = part.split(['}', '.']).next().unwrap_or_default();
                            names.insert(name.to_owned());
                        }
                    }
                    _ => {}
                }
                names_in(value, names);
            }
        }
        _ => {}
    }
}

/// What is wrong whatever the parameters: names that nothing uses, and resources that wait for each
/// other.
pub(crate) fn look(template: &Value) -> Vec<Finding> {
    let mut mentioned = BTreeSet::new();
    for part in ["Rules", "Conditions", "Resources", "Outputs"] {
        names_in(&template[part], &mut mentioned);
    }
    let mut found = Vec::new();
    for part in ["Parameters", "Conditions"] {
        for name in template[part].as_object().into_iter().flatten().map(|(name, _)| name) {
            if !mentioned.contains(name) {
                found.push(finding("unused", format!("{part}: {name}")));
            }
        }
    }
    let resources = template["Resources"].as_object().unwrap();
    let uses: BTreeMap<&str, BTreeSet<String>> = resources
        .iter()
        .map(|(id, resource)| {
            let mut names = BTreeSet::new();
            names_in(resource, &mut names);
            names.retain(|name| resources.contains_key(name));
            (id.as_str(), names)
        })
        .collect();
    // Take away what waits for nothing, until nothing is left or a circle is.
    let mut left = uses.clone();
    loop {
        let ready: Vec<&str> = left
            .iter()
            .filter(|(_, names)| !names.iter().any(|name| left.contains_key(name.as_str())))
            .map(|(id, _)| *id)
            .collect();
        if ready.is_empty() {
            break;
        }
        left.retain(|id, _| !ready.contains(id));
    }
    if !left.is_empty() {
        found.push(finding("cycle", left.keys().copied().collect::<Vec<_>>().join(", ")));
    }
    found
}
