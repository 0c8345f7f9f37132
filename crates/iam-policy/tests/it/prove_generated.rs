//! Proofs about what is generated, and about what it would be if something of it were missing.

use crate::full_role::{documents, owner, role, scope};
use iam_policy::document::{Document, Effect, Statement};
use iam_policy::persona::{Conditions, team_wall};
use iam_policy::prove::{Claim, Documents, PRESIGN, Subject, Verdict, prove};

/// The most decisions that a proof about a full role may need.
const TARGET: usize = 200_000;

fn is_proved(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Proved { .. })
}

#[test]
fn a_full_role_keeps_teams_apart_within_the_calls_that_are_allowed() {
    let scope = scope();
    let role = role(&scope);
    assert!(role.len() >= 60, "{}", role.len());
    let subject = Subject::new(scope.role_arn.as_str());
    let claim = Claim::team_apart("fraud", &owner(&scope));
    let verdict = prove(&subject, &documents(role), &claim, 1);
    assert!(is_proved(&verdict), "{verdict:?}");
    assert!(verdict.calls() <= TARGET);
}

#[test]
fn a_full_role_makes_links_from_its_networks_only_within_the_calls_that_are_allowed() {
    let scope = scope();
    let subject = Subject::new(scope.role_arn.as_str());
    let policies = documents(role(&scope));
    let claim = Claim::presign_only_from("office", &scope.own_links);
    let verdict = prove(&subject, &policies, &claim, 1);
    let Verdict::Proved { evidence, assumptions, calls } = &verdict else { panic!("{verdict:?}") };
    assert_eq!(evidence.action(), PRESIGN);
    assert_eq!(evidence.values("aws:sourcevpc").unwrap(), ["vpc-0abc"]);
    // No fact about networks is needed: whatever a request says, it says that it is from there.
    assert!(!assumptions.iter().any(|fact| fact.contains("one path")), "{assumptions:?}");
    assert!(*calls <= TARGET);
    let elsewhere: Conditions =
        Statement::allow("").when("StringEquals", "aws:SourceVpc", ["vpc-0def"]).condition;
    let refuted = prove(&subject, &policies, &Claim::presign_only_from("x", &[elsewhere]), 1);
    let Verdict::Refuted { witnesses, .. } = refuted else { panic!("{refuted:?}") };
    assert_eq!(witnesses[0].request.values("aws:sourcevpc").unwrap(), ["vpc-0abc"]);
}

/// The statements with one of them changed so that the whole can only allow more, and what changed.
fn widened(role: &[Statement]) -> Vec<(String, Vec<Statement>, Statement)> {
    let mut all = Vec::new();
    for (index, statement) in role.iter().enumerate() {
        let sid = statement.sid.clone().unwrap_or_default();
        let mut with = |what: String, changed: Option<Statement>| {
            let mut changed_role = role.to_vec();
            match changed {
                Some(changed) => changed_role[index] = changed,
                None => drop(changed_role.remove(index)),
            }
            all.push((format!("{sid}: {what}"), changed_role, statement.clone()));
        };
        if statement.effect == Effect::Deny {
            with("dropped".into(), None);
            continue;
        }
        for (operator, keys) in &statement.condition {
            for key in keys.keys() {
                let mut changed = statement.clone();
                changed.condition.get_mut(operator).unwrap().remove(key);
                changed.condition.retain(|_, keys| !keys.is_empty());
                with(format!("without {operator} {key}"), Some(changed));
            }
        }
        if statement.resource != Some(vec!["*".into()]) {
            let changed = Statement { resource: Some(vec!["*".into()]), ..statement.clone() };
            with("on everything".into(), Some(changed));
        }
    }
    all
}

/// Requests for the statement's actions, whatever else it says.
fn about(statement: &Statement) -> Document {
    let Statement { action, not_action, .. } = statement.clone();
    let all = Statement::allow("About").resources(["*"]);
    Document::new([Statement { action, not_action, ..all }])
}

/// What of the changes makes no difference, as the prover says of each by itself.
fn without_effect(role: &[Statement], subject: &Subject) -> Vec<String> {
    let old = Documents::of([Document::new(role.to_vec())]);
    let mut same = Vec::new();
    for (what, changed, statement) in widened(role) {
        let claim = Claim { about: Some(about(&statement)), ..Claim::nothing_new(old.clone()) };
        match prove(subject, &Documents::of([Document::new(changed)]), &claim, 1) {
            Verdict::Refuted { .. } => {}
            Verdict::Proved { .. } | Verdict::Vacuous { .. } => same.push(what),
            Verdict::Unknown { why, .. } => panic!("{what}: {why}"),
        }
    }
    same
}

#[test]
fn every_wider_role_is_told_from_the_one_that_is_generated() {
    let scope = scope();
    let role = role(&scope);
    assert_eq!(widened(&role).len(), 101);
    // What the wall denies although nothing grants it, and the other way round.
    assert_eq!(
        without_effect(&role, &Subject::new(scope.role_arn.as_str())),
        [
            "PassTeamRole: on everything",
            "WallRetag: dropped",
            "WallUntag: dropped",
            "WallTagUntagged: dropped",
            "WallOtherRoles: dropped",
            "WallAdministration: dropped",
        ]
    );
}

#[test]
fn every_stone_of_the_wall_holds_something_that_no_other_holds() {
    let scope = scope();
    let wide = Statement::allow("Wide").actions(["*"]).resources(["*"]);
    let wall: Vec<Statement> = team_wall(&scope).into_iter().chain([wide]).collect();
    assert_eq!(without_effect(&wall, &Subject::new(scope.role_arn.as_str())), Vec::<String>::new());
}
