//! Proofs about what is generated, and about what it would be if something of it were missing.

use super::*;
use crate::document::{Document, Effect, Statement};
use crate::persona::tests::scope;
use crate::persona::{Activity, Conditions, Scope, instance_limits, statements, team_wall};

/// The most decisions that a proof about a full role may need.
const TARGET: usize = 200_000;

fn full_scope() -> Scope {
    let office = Statement::allow("Office")
        .when("IpAddress", "aws:VpcSourceIp", ["10.100.0.0/16"])
        .when("StringEquals", "aws:SourceVpc", ["vpc-0abc"]);
    Scope {
        instance_types: vec!["ml.t3.*".into()],
        shared_space: Some("lab".into()),
        own_links: vec![office.condition],
        ..scope()
    }
}

/// Every activity, behind the wall.
fn role(scope: &Scope) -> Vec<Statement> {
    let activities = Activity::ALL.map(|(_, activity)| activity);
    [statements(&activities, scope), team_wall(scope), instance_limits(scope)].concat()
}

fn owner(scope: &Scope) -> Owner {
    Owner {
        tag_key: scope.tag_key.clone(),
        value: scope.tag_value.clone(),
        role: Some(scope.role_arn.clone()),
        others: vec!["arn:aws:s3:::ops-*".into()],
    }
}

/// The role with a boundary and two levels of service control policies.
fn policies(role: Vec<Statement>) -> Documents {
    let all = || Statement::allow("All").actions(["*"]).resources(["*"]);
    let services =
        ["sagemaker:*", "s3:*", "logs:*", "ecr:*", "iam:PassRole", "kms:*", "cloudwatch:*"];
    let boundary = Statement::allow("Services").actions(services).resources(["*"]);
    let console = Statement::deny("NoLinksInTheConsole").actions([PRESIGN]).resources(["*"]).when(
        "Null",
        "aws:SourceVpc",
        ["true"],
    );
    Documents {
        boundary: Some(Document::new([boundary])),
        scp: vec![vec![Document::new([all()])], vec![Document::new([all(), console])]],
        ..Documents::of([Document::new(role)])
    }
}

fn is_proved(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Proved { .. })
}

#[test]
fn a_full_role_keeps_teams_apart_within_the_calls_that_are_allowed() {
    let scope = full_scope();
    let role = role(&scope);
    assert!(role.len() >= 60, "{}", role.len());
    let subject = Subject::new(scope.role_arn.as_str());
    let claim = Claim::team_apart("fraud", &owner(&scope));
    let verdict = prove(&subject, &policies(role), &claim, 1);
    assert!(is_proved(&verdict), "{verdict:?}");
    assert!(verdict.calls() <= TARGET);
}

#[test]
fn a_full_role_makes_links_from_its_networks_only_within_the_calls_that_are_allowed() {
    let scope = full_scope();
    let subject = Subject::new(scope.role_arn.as_str());
    let policies = policies(role(&scope));
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
    let scope = full_scope();
    let role = role(&scope);
    assert_eq!(widened(&role).len(), 100);
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
    let scope = full_scope();
    let wide = Statement::allow("Wide").actions(["*"]).resources(["*"]);
    let wall: Vec<Statement> = team_wall(&scope).into_iter().chain([wide]).collect();
    assert_eq!(without_effect(&wall, &Subject::new(scope.role_arn.as_str())), Vec::<String>::new());
}
