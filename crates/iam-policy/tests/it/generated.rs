//! What this crate writes passes its own lint.

use crate::full_role;
use iam_policy::lint::{Kind, Severity, lint_all};
use iam_policy::persona::{
    Activity, Conditions, KmsKeys, Scope, instance_limits, statements, team_wall, trust,
};
use iam_policy::{Document, Values};
use std::collections::BTreeMap;

fn scope() -> Scope {
    let endpoint: Values = ["vpce-0abc"].into_iter().collect();
    let network = [("aws:SourceVpce".to_owned(), endpoint)].into();
    let own_links: Conditions = BTreeMap::from([("StringEquals".to_owned(), network)]);
    Scope { shared_space: None, own_links: vec![own_links], ..full_role::scope() }
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
