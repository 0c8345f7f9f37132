//! The `EventBridge` rules that Stagedoor's queue needs.

use super::{Family, cloudtrail};
use serde::Serialize;
use serde_json::{Value, json};

/// `detail-type` of every API call that `CloudTrail` records. It is the same in all languages of
/// AWS's console and documentation.
pub const CLOUDTRAIL_TYPE: &str = "AWS API Call via CloudTrail";

/// A rule of the default event bus.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// The bus it belongs to: AWS's own events come to no other.
    pub event_bus: &'static str,
    /// What it lets through.
    pub pattern: Pattern,
}

/// An event pattern, in the order in which AWS prints its members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pattern {
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<[&'static str; 1]>,
    #[serde(rename = "detail-type")]
    detail_type: [Value; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<Detail>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    event_source: Vec<&'static str>,
    event_name: Vec<&'static str>,
}

/// The rules for every family of events: one for what `CloudTrail` records, one for notifications.
pub fn all_rules() -> Vec<Rule> {
    let recorded = Rule {
        name: "stagedoor-directory-changes",
        description: "Directory changes that CloudTrail records, for Stagedoor. Needs a trail that logs management events.",
        event_bus: "default",
        // Under which source SCIM's events come is known by convention only, so none is named.
        pattern: recorded(None, &Family::CLOUDTRAIL),
    };
    [recorded].into_iter().chain(rule_of(Family::Notification)).collect()
}

/// The rule for one family; `None` for [`Family::Other`].
pub fn rule_of(family: Family) -> Option<Rule> {
    let (name, description, pattern) = match family {
        Family::SsoDirectory => (
            "stagedoor-sso-directory",
            "Directory changes made in the console, by Active Directory or by SCIM with older tokens, for Stagedoor.",
            recorded(family.bus_source(), &[family]),
        ),
        Family::IdentityStore => (
            "stagedoor-identitystore",
            "Directory changes made through the Identity Store API, for Stagedoor.",
            recorded(family.bus_source(), &[family]),
        ),
        Family::Scim => (
            "stagedoor-identitystore-scim",
            "Directory changes made by SCIM, for Stagedoor.",
            recorded(None, &[family]),
        ),
        Family::Notification => (
            "stagedoor-directory-notifications",
            "Notifications of the Identity Store itself, for Stagedoor.",
            // Types of memberships are not known by name. Everything under this source that is not
            // AWS's record of a call is a notification.
            Pattern {
                source: family.bus_source().map(|source| [source]),
                detail_type: [json!({"anything-but": {"prefix": "AWS "}})],
                detail: None,
            },
        ),
        Family::Other => return None,
    };
    Some(Rule { name, description, event_bus: "default", pattern })
}

/// The pattern for calls that matter. Failed calls pass it: a pattern that leaves out events with
/// an `errorCode` would also leave out those whose `errorCode` is empty.
fn recorded(source: Option<&'static str>, families: &[Family]) -> Pattern {
    let mut names: Vec<&str> = families
        .iter()
        .flat_map(|family| cloudtrail::operations(*family))
        .filter(|operation| operation.matters())
        .map(|operation| operation.name)
        .collect();
    names.sort_unstable();
    names.dedup();
    Pattern {
        source: source.map(|source| [source]),
        detail_type: [CLOUDTRAIL_TYPE.into()],
        detail: Some(Detail {
            event_source: families.iter().filter_map(|family| family.event_source()).collect(),
            event_name: names,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::pattern::matches;
    use super::*;
    use std::path::Path;

    /// `EventBridge` refuses longer patterns.
    const MAX_PATTERN: usize = 2_048;

    fn value(rule: &Rule) -> Value {
        serde_json::to_value(&rule.pattern).unwrap()
    }

    #[test]
    fn every_recorded_event_passes_the_rule_of_its_family_and_one_of_all() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/events");
        let mut seen = 0;
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            let event: Value =
                serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
            if event.get("detail-type").is_none() {
                continue;
            }
            seen += 1;
            let family = super::super::read_value(&event).family;
            let passed = |rule: &Rule| matches(&value(rule), &event);
            assert_eq!(all_rules().iter().filter(|rule| passed(rule)).count(), 1, "{path:?}");
            for other in Family::DIRECTORY {
                let rule = rule_of(other).unwrap();
                assert_eq!(passed(&rule), other == family, "{path:?} {}", rule.name);
            }
        }
        assert!(seen > 20, "{seen}");
    }

    #[test]
    fn membership_notifications_of_unknown_names_pass_and_records_of_calls_do_not() {
        let rule = value(&rule_of(Family::Notification).unwrap());
        let of = |kind: &str| json!({"source": "aws.identitystore", "detail-type": kind});
        assert!(matches(&rule, &of("Membership Of Some Kind")));
        assert!(!matches(&rule, &of("AWS API Call via CloudTrail")));
        assert!(!matches(&rule, &of("AWS Service Event via CloudTrail")));
    }

    #[test]
    fn other_calls_do_not_wake_anybody() {
        for rule in all_rules() {
            for name in ["DescribeUser", "CreateUser", "UpdatePassword"] {
                let event = json!({
                    "source": "aws.sso-directory", "detail-type": CLOUDTRAIL_TYPE,
                    "detail": {"eventSource": "sso-directory.amazonaws.com", "eventName": name},
                });
                assert!(!matches(&value(&rule), &event), "{} {name}", rule.name);
            }
        }
    }

    #[test]
    fn patterns_are_short_enough() {
        for rule in all_rules().into_iter().chain(Family::DIRECTORY.into_iter().filter_map(rule_of))
        {
            let length = serde_json::to_string_pretty(&rule.pattern).unwrap().len();
            assert!(length <= MAX_PATTERN, "{}: {length}", rule.name);
        }
    }
}
