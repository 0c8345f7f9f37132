//! `stagedoor events pattern`.

use crate::cli::{Common, OutputFormat, PatternArgs};
use crate::exit::Outcome;
use crate::output;
use anyhow::Result;
use control::event::rules::{Rule, all_rules, rule_of};

/// Prints the patterns on standard output, so that each can go into a file as it is, and on
/// standard error what the rules are.
pub(super) fn run(args: &PatternArgs, common: &Common) -> Result<Outcome> {
    let rules: Vec<Rule> = if args.family.is_empty() {
        all_rules()
    } else {
        args.family.iter().filter_map(|family| rule_of((*family).into())).collect()
    };
    match common.output {
        OutputFormat::Json => {
            let document = serde_json::json!({
                "apiVersion": output::API_VERSION,
                "kind": "EventRules",
                "rules": rules,
            });
            output::data(&document.to_string());
        }
        OutputFormat::Table => {
            for rule in &rules {
                let Rule { name, description, event_bus, .. } = rule;
                output::talk(&format!("Rule {name} on the {event_bus} bus. {description}"));
                output::data(&serde_json::to_string_pretty(&rule.pattern)?);
            }
            output::talk(
                "The target is the queue that `stagedoor serve --events-queue` reads. The rule \
                 belongs into the account and Region of the directory.",
            );
        }
    }
    Ok(Outcome::Done)
}
