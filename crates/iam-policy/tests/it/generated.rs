//! What this crate writes passes its own lint.

use iam_policy::lint::{Kind, Severity, lint_all};
use iam_policy::persona::{
    Activity, Conditions, KmsKeys, Scope, StudioDomain, Vpc, instance_limits, statements,
    team_wall, trust,
};
use iam_policy::{Document, Values};
use std::collections::BTreeMap;

fn scope() -> Scope {
    let text = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect::<Vec<_>>();
    let endpoint: Values = ["vpce-0abc"].into_iter().collect();
    let network = [("aws:SourceVpce".to_owned(), endpoint)].into();
    let own_links: Conditions = BTreeMap::from([("StringEquals".to_owned(), network)]);
    Scope {
        partition: "aws".into(),
        account_id: "111122223333".into(),
        domains: [StudioDomain { region: "eu-west-1".into(), id: "d-abcdefghijkl".into() }].into(),
        team: "fraud".into(),
        tag_key: "stagedoor:team".into(),
        tag_value: "fraud".into(),
        role_arn: "arn:aws:iam::111122223333:role/studio-fraud".into(),
        shared_space: None,
        own_links: vec![own_links],
        source_identity: true,
        buckets: text(&["fraud-data", "fraud-lab-*"]),
        repositories: text(&["fraud/*"]),
        kms_keys: KmsKeys {
            data: text(&["arn:aws:kms:eu-west-1:111122223333:key/data"]),
            volumes: text(&["arn:aws:kms:eu-west-1:111122223333:key/volumes"]),
        },
        vpc: Some(Vpc { subnets: text(&["subnet-0a"]), security_groups: text(&["sg-0a"]) }),
        instance_types: text(&["ml.t3.*"]),
        workgroups: text(&["fraud"]),
        databases: text(&["fraud"]),
    }
}

#[test]
fn execution_roles_pass_the_lint() {
    let scope = scope();
    let open = Scope { vpc: None, kms_keys: KmsKeys::default(), ..scope.clone() };
    for scope in [scope, open] {
        let grants = Document::new(statements(&Activity::ALL.map(|(_, one)| one), &scope));
        let wall = Document::new([team_wall(&scope), instance_limits(&scope)].concat());
        let found = lint_all(&[
            (&grants, Kind::Identity),
            (&wall, Kind::Identity),
            (&trust(&scope), Kind::Trust),
        ]);
        let weighty: Vec<_> = found
            .concat()
            .into_iter()
            .filter(|f| f.rule.severity() < Severity::Note)
            // All activities at once are split over several documents.
            .filter(|f| !["large", "too-large"].contains(&f.rule.code()))
            .map(|f| format!("{} {} {}", f.rule.code(), f.pointer, f.message))
            .collect();
        assert_eq!(weighty, Vec::<String>::new(), "{}", grants.to_canonical_json());
    }
}
