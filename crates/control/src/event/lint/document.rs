//! Where the rules of a file are: a pattern alone, a `PutRule` request, or a template.

use super::Report;
use serde_json::Value;

/// Words of patterns that are meant for a directory, rightly written or not.
const WORDS: [&str; 6] = ["sso", "identity", "directory", "signin", "membership", "togroup"];

/// A rule of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundRule {
    /// Its name, or its logical id in a template.
    pub name: Option<String>,
    /// Its pattern; `None`: it has none.
    pub pattern: Option<Value>,
    state: Option<String>,
    bus: Option<String>,
}

/// There is no rule in a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoRules {
    /// The pattern of a rule is text that is not JSON.
    #[error("the EventPattern of {0} is not JSON: {1}")]
    Pattern(String, String),
    /// The file is none of the kinds that are understood.
    #[error(
        "there is no rule in it: expected an event pattern, a PutRule request with EventPattern, \
         or a CloudFormation template with an AWS::Events::Rule for a directory"
    )]
    None,
}

/// The rules of a document.
pub fn rules_in(document: &Value) -> Result<Vec<FoundRule>, NoRules> {
    let members = document.as_object().ok_or(NoRules::None)?;
    if let Some(Value::Object(resources)) = members.get("Resources") {
        let is_rule = |resource: &Value| {
            resource.get("Type").and_then(Value::as_str) == Some("AWS::Events::Rule")
        };
        let rules = resources.iter().filter(|(_, resource)| is_rule(resource));
        let mut rules: Vec<FoundRule> = rules
            .map(|(id, resource)| {
                rule(Some(id.clone()), resource.get("Properties").unwrap_or(&Value::Null))
            })
            .collect::<Result<_, _>>()?;
        rules.retain(means_a_directory);
        return if rules.is_empty() { Err(NoRules::None) } else { Ok(rules) };
    }
    let is_request =
        ["EventPattern", "ScheduleExpression"].iter().any(|k| members.contains_key(*k));
    if is_request {
        return Ok(vec![rule(None, document)?]);
    }
    Ok(vec![FoundRule { name: None, pattern: Some(document.clone()), state: None, bus: None }])
}

/// Whether a rule of a template, which may hold others too, is meant for changes of a directory.
fn means_a_directory(rule: &FoundRule) -> bool {
    let pattern = rule.pattern.as_ref().map(Value::to_string).unwrap_or_default().to_lowercase();
    WORDS.iter().any(|word| pattern.contains(word))
}

fn rule(id: Option<String>, properties: &Value) -> Result<FoundRule, NoRules> {
    let text = |key: &str| properties.get(key).and_then(Value::as_str).map(str::to_owned);
    let name = id.or_else(|| text("Name"));
    let pattern = match properties.get("EventPattern") {
        // The request of the API holds the pattern as text.
        Some(Value::String(pattern)) => Some(serde_json::from_str(pattern).map_err(|error| {
            let name = name.clone().unwrap_or_else(|| "the rule".to_owned());
            NoRules::Pattern(name, error.to_string())
        })?),
        Some(Value::Null) | None => None,
        Some(pattern) => Some(pattern.clone()),
    };
    Ok(FoundRule { name, pattern, state: text("State"), bus: text("EventBusName") })
}

/// What is wrong around the pattern.
pub(super) fn look(rule: &FoundRule, report: &mut Report) {
    if rule.state.as_deref() == Some("DISABLED") {
        let help = Some("Write `ENABLED`.".to_owned());
        report.error("rule-disabled", "State", "the rule is switched off", help);
    }
    let bus = rule.bus.as_deref().map(|bus| bus.rsplit('/').next().unwrap_or(bus));
    if let Some(bus) = bus.filter(|bus| *bus != "default") {
        let message =
            format!("AWS's own events come to the default bus; to `{bus}` only if forwarded");
        report.warning("bus-not-default", "EventBusName", &message, None);
    }
}
