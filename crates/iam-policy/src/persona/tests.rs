//! Tests of what the statements say, and a scope to make them of.

use super::*;
use crate::document::Statement;

pub(crate) fn scope() -> Scope {
    let text = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect::<Vec<_>>();
    Scope {
        partition: "aws".into(),
        account_id: "111122223333".into(),
        domains: [StudioDomain { region: "eu-west-1".into(), id: "d-abcdefghijkl".into() }].into(),
        team: "fraud".into(),
        tag_key: "stagedoor:team".into(),
        tag_value: "fraud".into(),
        role_arn: "arn:aws:iam::111122223333:role/studio-fraud".into(),
        shared_space: None,
        own_links: vec![Conditions::new()],
        source_identity: true,
        buckets: text(&["fraud-data", "fraud-lab-*"]),
        repositories: text(&["fraud/*"]),
        kms_keys: KmsKeys {
            data: text(&["arn:aws:kms:eu-west-1:111122223333:key/data"]),
            volumes: text(&["arn:aws:kms:eu-west-1:111122223333:key/volumes"]),
        },
        vpc: Some(Vpc { subnets: text(&["subnet-0a"]), security_groups: text(&["sg-0a"]) }),
        instance_types: Vec::new(),
        workgroups: text(&["fraud"]),
        databases: text(&["fraud"]),
    }
}

fn every_statement(scope: &Scope) -> Vec<Statement> {
    let activities = Activity::ALL.map(|(_, activity)| activity);
    [statements(&activities, scope), team_wall(scope), instance_limits(scope)].concat()
}

#[test]
fn every_statement_has_a_sid_of_letters_and_digits_and_no_two_the_same() {
    let scope = Scope {
        instance_types: vec!["ml.t3.*".into()],
        shared_space: Some("lab".into()),
        ..scope()
    };
    let mut sids: Vec<String> =
        every_statement(&scope).into_iter().map(|statement| statement.sid.unwrap()).collect();
    assert!(sids.iter().all(|sid| sid.bytes().all(|b| b.is_ascii_alphanumeric())), "{sids:?}");
    let all = sids.len();
    sids.sort();
    sids.dedup();
    assert_eq!(sids.len(), all);
}

#[test]
fn the_page_explains_every_statement_of_the_wall_and_every_activity() {
    let scope = Scope { shared_space: Some("lab".into()), ..scope() };
    let wall: Vec<String> = team_wall(&scope).into_iter().filter_map(|s| s.sid).collect();
    assert_eq!(wall::WALL.map(|(sid, _)| sid.to_owned()).to_vec(), wall);
    let page = reference();
    for (name, activity) in Activity::ALL {
        assert!(page.contains(&format!("\n## {} (`{name}`)\n", activity.title())), "{name}");
    }
    assert!(page.contains(
        "| `JobsTransform` | `sagemaker:CreateTransformJob` | \
         `arn:aws:sagemaker:eu-west-1:111122223333:transform-job/*` | ArnEquals \
         `sagemaker:OutputKmsKeyArn` `arn:aws:kms:eu-west-1:111122223333:key/data`, and ArnEquals \
         `sagemaker:VolumeKmsKeyArn` `arn:aws:kms:eu-west-1:111122223333:key/volumes` |"
    ));
}

#[test]
fn no_statement_allows_without_saying_on_what() {
    for statement in every_statement(&scope()) {
        let action = statement.action.clone().unwrap_or_default();
        let resource = [&statement.resource, &statement.not_resource];
        let resources = resource.into_iter().flatten().flatten();
        assert!(resources.count() > 0, "{:?}", statement.sid);
        if statement.effect == crate::Effect::Allow {
            assert!(action.iter().all(|a| !a.contains('*')), "{:?}", statement.sid);
        }
    }
}
