//! Reading a request with its policies from JSON.
//!
//! ```json
//! {"id": "a", "request": {"principal": "arn:aws:iam::111122223333:role/a", "action": "s3:GetObject",
//!  "resource": "arn:aws:s3:::b/k", "resourceAccount": "111122223333", "context": {"aws:SourceIp":
//!  "10.0.0.1", "aws:TagKeys": ["a", "b"]}}, "policies": {"identity": [{}], "boundary": null}}
//! ```

use crate::codes::{self, Code};
use iam_policy::evaluate::{Compiled, Policies};
use iam_policy::request::{Principal, Request};
use iam_policy::service_reference;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The longest line, and the largest file: a hundred policies of the greatest size.
pub(super) const MAX_BYTES: usize = 1024 * 1024;

/// The longest text of a request, in characters: more than an ARN or a value can have. What it costs to hold
/// one against a pattern grows with both.
const LONGEST_TEXT: usize = 2_048;

/// How much is kept ready: bytes of texts, and of what each text in them becomes.
const MAX_KEPT: usize = 32 * 1024 * 1024;
/// What a text in a document becomes, in bytes: a pattern, or a value that is compared.
const BYTES_OF_TEXT: usize = 128;

/// How many actions are remembered, known and unknown.
const MAX_ACTIONS: usize = 4_096;
/// The longest action that is remembered, in bytes. AWS has none as long.
const MAX_ACTION: usize = 161;

/// A request with the policies that decide it.
#[derive(Debug)]
pub(super) struct Evaluation {
    pub(super) request: Request,
    pub(super) policies: Policies,
    /// What makes the answer doubtful: nobody can ask AWS for what it does not have.
    pub(super) note: Option<String>,
}

/// What is wrong with an evaluation.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct InputError {
    /// Reason code.
    pub(super) code: Code,
    /// Where and what, for people.
    pub(super) message: String,
}

impl InputError {
    /// The JSON is not of the right shape.
    pub(super) fn input(message: impl Into<String>) -> Self {
        Self { code: codes::INPUT_INVALID, message: message.into() }
    }

    /// A policy cannot be read.
    fn policy(message: impl Into<String>) -> Self {
        Self { code: codes::POLICY_INVALID, message: message.into() }
    }
}

/// Documents that were met already, by their text: the same ones come again and again.
#[derive(Debug, Default)]
pub(super) struct Documents {
    known: BTreeMap<Box<str>, Arc<Compiled>>,
    /// What those that are known come to.
    kept: usize,
    /// Actions that were met already, and why AWS does not have them.
    actions: BTreeMap<Box<str>, Option<String>>,
}

impl Documents {
    /// Why AWS has no such action, as far as we know AWS.
    fn doubt(&mut self, action: &str) -> Option<String> {
        if let Some(known) = self.actions.get(action) {
            return known.clone();
        }
        let why = service_reference::unknown(action);
        let why = why.map(|why| format!("{why} (as far as this version knows AWS)"));
        if action.len() <= MAX_ACTION {
            if self.actions.len() >= MAX_ACTIONS {
                self.actions.clear();
            }
            self.actions.insert(action.into(), why.clone());
        }
        why
    }

    fn ready(&mut self, text: &str, pointer: &str) -> Result<Arc<Compiled>, InputError> {
        if let Some(known) = self.known.get(text) {
            return Ok(Arc::clone(known));
        }
        let compiled = Compiled::parse(text)
            .map_err(|error| InputError::policy(format!("{pointer}: {error}")))?;
        let compiled = Arc::new(compiled);
        let cost = cost(text);
        if self.kept.saturating_add(cost) > MAX_KEPT {
            self.known.clear();
            self.kept = 0;
        }
        self.kept += cost;
        self.known.insert(text.into(), Arc::clone(&compiled));
        Ok(compiled)
    }
}

/// What it costs to keep a document, in bytes: at least two quotation marks are around each text.
fn cost(text: &str) -> usize {
    let texts = text.bytes().filter(|byte| *byte == b'"').count() / 2;
    text.len() + texts * BYTES_OF_TEXT
}

#[derive(Debug, Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    request: Option<&'a RawValue>,
    #[serde(borrow)]
    policies: Option<&'a RawValue>,
}

/// A member that is not known could be a misspelt policy that denies.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Attached<'a> {
    #[serde(borrow, default)]
    identity: Option<&'a RawValue>,
    #[serde(borrow, default)]
    boundary: Option<&'a RawValue>,
    #[serde(borrow, default)]
    session: Option<&'a RawValue>,
    #[serde(borrow, default)]
    resource: Option<&'a RawValue>,
    #[serde(borrow, default)]
    endpoint: Option<&'a RawValue>,
    #[serde(borrow, default)]
    scp: Option<&'a RawValue>,
    #[serde(borrow, default)]
    rcp: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Asked {
    principal: Value,
    action: String,
    #[serde(default)]
    resource: Option<String>,
    #[serde(default)]
    resource_account: Option<String>,
    #[serde(default)]
    context: Option<BTreeMap<String, Value>>,
}

/// Reads an evaluation, and its id even if it cannot be read otherwise.
pub(super) fn read<'t>(
    text: &'t str,
    documents: &mut Documents,
) -> (Option<&'t RawValue>, Result<Evaluation, InputError>) {
    match serde_json::from_str::<Envelope<'_>>(text) {
        Ok(envelope) => (envelope.id, evaluation(&envelope, documents)),
        Err(error) => (None, Err(InputError::input(error.to_string()))),
    }
}

fn evaluation(
    envelope: &Envelope<'_>,
    documents: &mut Documents,
) -> Result<Evaluation, InputError> {
    let asked = envelope.request.ok_or_else(|| InputError::input("`request` is missing"))?;
    let asked: Asked = serde_json::from_str(asked.get())
        .map_err(|error| InputError::input(format!("/request: {error}")))?;
    let attached = match envelope.policies {
        Some(raw) => serde_json::from_str(raw.get())
            .map_err(|error| InputError::input(format!("/policies: {error}")))?,
        None => Attached::default(),
    };
    is_one_action(&asked.action)?;
    let note = documents.doubt(&asked.action);
    let request = request(asked)?;
    bounded(&request)?;
    Ok(Evaluation { request, policies: policies(&attached, documents)?, note })
}

/// A request is for one action. A pattern would be compared with those of policies as if it were a name,
/// and decided wrongly.
fn is_one_action(action: &str) -> Result<(), InputError> {
    let is_word = |word: &str| {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        !word.is_empty() && word.chars().all(is_plain)
    };
    if action.split_once(':').is_some_and(|(service, name)| is_word(service) && is_word(name)) {
        return Ok(());
    }
    let why = if action.contains(['*', '?']) {
        "a request is for one action, not for a pattern"
    } else {
        "an action has a service and a name"
    };
    Err(InputError::input(format!("/request/action: `{action}`: {why}: write it as s3:GetObject")))
}

fn policies(attached: &Attached<'_>, documents: &mut Documents) -> Result<Policies, InputError> {
    let mut single = |raw: Option<&RawValue>, name: &str| {
        let list = list(raw, &format!("/policies/{name}"), documents)?;
        match list.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(Arc::clone(one))),
            several => {
                let count = several.len();
                let message = format!("/policies/{name}: there can be one policy, not {count}");
                Err(InputError::input(message))
            }
        }
    };
    Ok(Policies {
        boundary: single(attached.boundary, "boundary")?,
        session: single(attached.session, "session")?,
        resource: single(attached.resource, "resource")?,
        endpoint: single(attached.endpoint, "endpoint")?,
        identity: list(attached.identity, "/policies/identity", documents)?,
        scp: levels(attached.scp, "/policies/scp", documents)?,
        rcp: levels(attached.rcp, "/policies/rcp", documents)?,
    })
}

/// A list of documents; one document, or none.
fn list(
    raw: Option<&RawValue>,
    pointer: &str,
    documents: &mut Documents,
) -> Result<Vec<Arc<Compiled>>, InputError> {
    let ready = |(index, item): (usize, &RawValue)| {
        documents.ready(item.get(), &format!("{pointer}/{index}"))
    };
    match items(raw, pointer)? {
        Items::None => Ok(Vec::new()),
        Items::One(one) => Ok(vec![documents.ready(one.get(), pointer)?]),
        Items::List(items) => items.into_iter().enumerate().map(ready).collect(),
    }
}

/// A list of levels, each a list of documents; a document may stand for a level.
fn levels(
    raw: Option<&RawValue>,
    pointer: &str,
    documents: &mut Documents,
) -> Result<Vec<Vec<Arc<Compiled>>>, InputError> {
    match items(raw, pointer)? {
        Items::None => Ok(Vec::new()),
        Items::One(one) => Ok(vec![vec![documents.ready(one.get(), pointer)?]]),
        Items::List(items) => items
            .into_iter()
            .enumerate()
            .map(|(index, level)| list(Some(level), &format!("{pointer}/{index}"), documents))
            .collect(),
    }
}

enum Items<'a> {
    None,
    One(&'a RawValue),
    List(Vec<&'a RawValue>),
}

fn items<'a>(raw: Option<&'a RawValue>, pointer: &str) -> Result<Items<'a>, InputError> {
    match raw {
        None => Ok(Items::None),
        Some(raw) if raw.get() == "null" => Ok(Items::None),
        Some(raw) if raw.get().starts_with('[') => serde_json::from_str(raw.get())
            .map(Items::List)
            .map_err(|error| InputError::input(format!("{pointer}: {error}"))),
        Some(one) => Ok(Items::One(one)),
    }
}

fn request(asked: Asked) -> Result<Request, InputError> {
    let Named { principal, tags } = named(&asked.principal)?;
    let resource = asked.resource.as_deref().unwrap_or("*");
    let own = principal.account().map(str::to_owned);
    let mut request = Request::new(principal, &asked.action, resource);
    // Where nobody says whose the resource is, it is the principal's.
    let own = own.filter(|_| request.resource_account().is_none());
    if let Some(account) = asked.resource_account.or(own) {
        request = request.in_account(&account);
    }
    for (key, value) in tags {
        request = request.with(&format!("aws:PrincipalTag/{key}"), [value]);
    }
    for (key, value) in asked.context.unwrap_or_default() {
        let texts = texts(value).ok_or_else(|| {
            InputError::input(format!(
                "/request/context/{key}: expected a text, a number, a boolean or a list of those"
            ))
        })?;
        request = request.with(&key, texts);
    }
    Ok(request)
}

/// Refuses a request with a text that is longer than AWS makes them.
fn bounded(request: &Request) -> Result<(), InputError> {
    let about = [("action", request.action()), ("resource", request.resource())];
    let about = about.into_iter().map(|(member, text)| (member.to_owned(), text));
    let context = request.context().iter().flat_map(|(key, values)| {
        values.iter().map(move |value| (format!("context/{key}"), value.as_str()))
    });
    let long = |(_, text): &(String, &str)| text.chars().nth(LONGEST_TEXT).is_some();
    match about.chain(context).find(long) {
        Some((at, _)) => {
            let message = format!("/request/{at}: there are more than {LONGEST_TEXT} characters");
            Err(InputError::input(message))
        }
        None => Ok(()),
    }
}

/// The values of a context key; null is none.
fn texts(value: Value) -> Option<Vec<String>> {
    match value {
        Value::Null => Some(Vec::new()),
        Value::Array(items) => items.into_iter().map(text).collect(),
        one => Some(vec![text(one)?]),
    }
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

struct Named {
    principal: Principal,
    tags: Vec<(String, String)>,
}

/// Reads a principal: a text, or an object with an ARN or name and what it does not tell.
fn named(value: &Value) -> Result<Named, InputError> {
    let object = match value {
        Value::String(text) => {
            return Ok(Named { principal: Principal::parse(text), tags: Vec::new() });
        }
        Value::Object(object) => object,
        _ => return Err(InputError::input("/request/principal: expected a text or an object")),
    };
    let field =
        |names: &[&str]| names.iter().find_map(|name| object.get(*name)).and_then(Value::as_str);
    let account = field(&["account", "accountId"]);
    let mut principal = match (field(&["arn", "AWS", "Service", "service"]), field(&["Federated"]))
    {
        (Some(name), _) => Principal::parse(name),
        (None, Some(provider)) => Principal::federated(provider),
        (None, None) => Principal::parse(account.ok_or_else(|| {
            InputError::input("/request/principal: none of arn, AWS, Service, Federated is there")
        })?),
    };
    if let Some(account) = account {
        principal = principal.of_account(account);
    }
    if let Some(identity) = field(&["roleArn", "role"]) {
        principal = principal.with_identity(identity);
    }
    let tags = match object.get("tags") {
        Some(Value::Object(tags)) => tags
            .iter()
            .map(|(key, value)| Some((key.clone(), text(value.clone())?)))
            .collect::<Option<Vec<_>>>(),
        None | Some(Value::Null) => Some(Vec::new()),
        Some(_) => None,
    };
    let tags =
        tags.ok_or_else(|| InputError::input("/request/principal/tags: expected texts by key"))?;
    Ok(Named { principal, tags })
}

#[cfg(test)]
mod tests;
