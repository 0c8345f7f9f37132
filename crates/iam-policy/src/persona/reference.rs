//! What activities grant, as a page for people.

use super::wall::WALL;
use super::{
    Activity, Conditions, DIFFERENCES, Difference, KmsKeys, READY_MADE, Scope, StudioDomain,
    TEMPLATES, UNWALLED, Vpc, grants,
};
use crate::document::Statement;
use std::fmt::Write as _;

/// What every activity grants, how it differs from the role manager's, and what the wall holds, in
/// Markdown.
pub fn reference() -> String {
    let mut page = String::from(
        "# ML activities\n\n\
         What an activity of a [persona](access-map.md) grants, with everything given that it can \
         use: a team `fraud` in one domain, buckets, repositories, KMS keys, a VPC, workgroups and \
         databases. What is not given is not granted, and its conditions are not there.\n\n\
         The statements say *what* may be done. *Whose* resources it may be done to says the \
         [team wall](#the-team-wall), which every role has.\n\n\
         Action lists of the originals: `cdklabs/cdk-aws-sagemaker-role-manager` (Apache License \
         2.0), commit `bb3599e`.\n\n",
    );
    page.push_str("## Ready-made personas\n\n| persona | activities |\n|---|---|\n");
    for ready in READY_MADE {
        let names: Vec<String> =
            ready.activities.iter().map(|activity| format!("`{}`", activity.name())).collect();
        let _ = writeln!(page, "| `{}` | {} |", ready.name, names.join(", "));
    }
    let scope = example();
    for (name, activity) in Activity::ALL {
        let templates: Vec<String> = TEMPLATES
            .iter()
            .filter(|template| template.activity == activity)
            .map(|template| format!("`{}` v{}", template.name, template.version))
            .collect();
        let _ = writeln!(
            page,
            "\n## {} (`{name}`)\n\nOf the role manager: {}.\n",
            activity.title(),
            templates.join(", ")
        );
        table(&grants::of(activity, &scope), &mut page);
        differences(Some(activity), &mut page);
    }
    page.push_str("\n## Every activity\n");
    differences(None, &mut page);
    wall(&mut page);
    page
}

fn wall(page: &mut String) {
    page.push_str(
        "\n## The team wall\n\nStatements that deny, so that no wider policy opens them.\n\n\
         | statement | denies |\n|---|---|\n",
    );
    for (sid, meaning) in WALL {
        let _ = writeln!(page, "| `{sid}` | {meaning} |");
    }
    page.push_str(
        "\nNot tied to the team's tag are:\n\n| actions of SageMaker | why |\n|---|---|\n",
    );
    for unwalled in UNWALLED {
        let actions: Vec<String> =
            unwalled.actions.split_whitespace().map(|name| format!("`{name}`")).collect();
        let _ = writeln!(page, "| {} | {} |", actions.join(", "), unwalled.why);
    }
}

fn table(statements: &[Statement], page: &mut String) {
    page.push_str("| statement | actions | on | only if |\n|---|---|---|---|\n");
    for statement in statements {
        let code = |texts: &Option<Vec<String>>| {
            let texts = texts.iter().flatten().map(|text| format!("`{text}`"));
            texts.collect::<Vec<_>>().join(", ")
        };
        let sid = statement.sid.as_deref().unwrap_or_default();
        let (actions, resources) = (code(&statement.action), code(&statement.resource));
        let conditions = conditions(&statement.condition);
        let _ = writeln!(page, "| `{sid}` | {actions} | {resources} | {conditions} |");
    }
}

fn conditions(conditions: &Conditions) -> String {
    let each = conditions.iter().flat_map(|(operator, keys)| {
        keys.iter().map(move |(key, values)| {
            let values: Vec<String> = values.0.iter().map(|value| format!("`{value}`")).collect();
            format!("{operator} `{key}` {}", values.join(" or "))
        })
    });
    each.collect::<Vec<_>>().join(", and ")
}

fn differences(activity: Option<Activity>, page: &mut String) {
    let found: Vec<&Difference> = DIFFERENCES.iter().filter(|d| d.activity == activity).collect();
    if found.is_empty() {
        page.push_str("\nIt grants what the role manager's does.\n");
        return;
    }
    page.push_str("\nOther than the role manager's:\n\n");
    for Difference { what, added, removed, why, .. } in found {
        let _ = write!(page, "- {what}");
        for (word, actions) in [("Added", added), ("Removed", removed)] {
            let actions: Vec<String> =
                actions.split_whitespace().map(|action| format!("`{action}`")).collect();
            if !actions.is_empty() {
                let _ = write!(page, " {word}: {}.", actions.join(", "));
            }
        }
        let _ = writeln!(page, " {why}");
    }
}

/// A team that has everything that there can be.
fn example() -> Scope {
    let text = |item: &str| vec![item.to_owned()];
    let key = |name: &str| text(&format!("arn:aws:kms:eu-west-1:111122223333:key/{name}"));
    Scope {
        partition: "aws".into(),
        account_id: "111122223333".into(),
        domains: [StudioDomain { region: "eu-west-1".into(), id: "d-abcdefghijkl".into() }].into(),
        team: "fraud".into(),
        tag_key: "stagedoor:team".into(),
        tag_value: "fraud".into(),
        role_arn: "arn:aws:iam::111122223333:role/stagedoor-fraud".into(),
        shared_space: None,
        own_links: vec![Conditions::new()],
        source_identity: true,
        buckets: vec!["fraud-data".into(), "fraud--*".into()],
        repositories: text("fraud/*"),
        kms_keys: KmsKeys { data: key("data"), volumes: key("volumes") },
        vpc: Some(Vpc { subnets: text("subnet-0abc"), security_groups: text("sg-0abc") }),
        instance_types: Vec::new(),
        workgroups: text("fraud"),
        databases: text("fraud"),
    }
}
