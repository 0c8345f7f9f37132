//! Tests that the activities grant what the role manager's templates do, but for what is stated.

use super::*;
use crate::persona::tests::scope;
use crate::persona::{KmsKeys, Scope, statements};
use std::collections::BTreeSet;

fn actions(text: &str) -> BTreeSet<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// A scope that asks for what the variant does.
fn of_variant(variant: Variant) -> Scope {
    let full = scope();
    let vpc = full.vpc.clone().filter(|_| variant.vpc());
    let kms_keys = if variant.kms() { full.kms_keys.clone() } else { KmsKeys::default() };
    Scope { kms_keys, vpc, ..full }
}

fn granted(activity: Activity, scope: &Scope) -> BTreeSet<String> {
    statements(&[activity], scope)
        .into_iter()
        .flat_map(|statement| statement.action.unwrap())
        .collect()
}

fn concerned(activity: Activity) -> impl Iterator<Item = &'static Difference> {
    DIFFERENCES.iter().filter(move |d| d.activity.is_none_or(|a| a == activity))
}

#[test]
fn each_activity_grants_the_templates_actions_but_for_the_stated_differences() {
    for template in &TEMPLATES {
        let mut expected = actions(template.actions);
        for difference in concerned(template.activity) {
            expected.extend(actions(difference.added));
            expected = &expected - &actions(difference.removed);
        }
        // Who makes nothing tags nothing.
        if !expected.iter().any(|action| action.starts_with("sagemaker:Create")) {
            expected.remove("sagemaker:AddTags");
        }
        let found = granted(template.activity, &of_variant(template.variant));
        assert_eq!(found, expected, "{} {:?}", template.name, template.variant);
    }
}

#[test]
fn every_stated_difference_is_one() {
    for difference in &DIFFERENCES {
        let templates = || {
            let same = |t: &&Template| difference.activity.is_none_or(|a| a == t.activity);
            TEMPLATES.iter().filter(same)
        };
        for action in actions(difference.added) {
            assert!(templates().any(|t| !actions(t.actions).contains(&action)), "{action}");
        }
        for action in actions(difference.removed) {
            assert!(templates().any(|t| actions(t.actions).contains(&action)), "{action}");
        }
    }
}

#[test]
fn every_activity_has_templates() {
    for (name, activity) in Activity::ALL {
        let plain = TEMPLATES.iter().filter(|t| t.activity == activity);
        assert!(plain.clone().any(|t| t.variant == Variant::Plain), "{name}");
        for template in plain {
            assert!(!template.actions.is_empty());
        }
    }
}
