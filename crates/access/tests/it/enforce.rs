//! Teams that are not enforced: plans say what would be done, and do nothing.

use crate::support::{Build, TEAMS, World, foreign, ours, role};
use access::check::Removals;
use access::map::{Source, parse};
use access::observed::{AuthMode, ObservedApplication};
use access::reason::ReasonCode;

const NONE: &str = "rollout: { enforce: [] }\n";
const CHURN: &str = "rollout: { enforce: [churn] }\n";

fn world(rollout: &str) -> World {
    let adopt = "adopt: [ { domain: research, profile: Ben-Old, person: ben, team: fraud } ]\n";
    World::new(&format!("{TEAMS}{adopt}{rollout}"))
        .group("ml-fraud", &["alice", "ben", "eve"])
        .group("ml-churn", &["cleo"])
        .profile(ours("alice", "fraud").with_role(role("churn").as_str()))
        .profile(foreign("Ben-Old").with_role(role("fraud").as_str()))
        .profile(ours("dora", "fraud"))
}

#[test]
fn nothing_is_done_for_a_team_that_is_not_enforced_and_what_would_be_is_said() {
    let world = world(NONE);
    assert!(world.plan().is_empty());
    assert_eq!(
        world.told(),
        [
            "research/cleo--churn: keep (not-enforced: would be made (entitled))",
            "research/Ben-Old: keep (adoptable)",
            "research/alice--fraud: keep (not-enforced: would be corrected (role-drift))",
            "research/dora--fraud: keep (not-enforced: would be put on hold (person-gone))",
            "research/eve--fraud: keep (not-enforced: would be made (entitled))",
        ]
    );
}

#[test]
fn only_teams_that_are_named_are_enforced() {
    let actions: Vec<String> = world(CHURN).told().into_iter().take(2).collect();
    assert_eq!(
        actions,
        [
            "research/cleo--churn: create role=studio-churn (entitled)",
            "research/Ben-Old: keep (adoptable)",
        ]
    );
    let all = world("");
    assert_eq!(all.plan().actions.len(), 5, "{:?}", all.told());
}

#[test]
fn a_profile_that_differs_is_not_called_adoptable() {
    let mut world = world(NONE);
    let folded = "ben-old";
    world.domain_mut("research").profiles.get_mut(folded).unwrap().execution_role =
        Some(role("churn").as_str().into());
    let plan = world.plan();
    let kept = plan.kept.iter().find(|k| k.profile.as_ref().is_some_and(|p| p.same_as(folded)));
    let kept = kept.unwrap();
    assert_eq!(kept.reason, ReasonCode::NotEnforced);
    assert_eq!(kept.detail.as_deref(), Some("would be taken over, then corrected (role-drift)"));
}

#[test]
fn no_group_is_assigned_for_a_team_that_is_not_enforced() {
    let sso = |rollout: &str| {
        let mut world = World::new(&format!("{TEAMS}{rollout}")).group("ml-fraud", &["alice"]);
        let domain = world.domain_mut("research");
        domain.auth_mode = AuthMode::Sso;
        domain.application = Some(ObservedApplication {
            arn: "arn:aws:sso::111122223333:application/ssoins-1/apl-1".into(),
            ..ObservedApplication::default()
        });
        world
    };
    assert_eq!(
        sso(NONE).told(),
        [
            "research/*: keep (not-enforced: group `ml-fraud` would be assigned)",
            "research/alice: keep (not-enforced: would be made (entitled))",
        ]
    );
    assert!(sso(NONE).plan().assignments.is_empty());
    let plan = sso("").plan();
    assert_eq!(plan.assignments.len(), 1);
    let violations = sso(NONE)
        .check(access::plan::Plan { map_digest: sso(NONE).map.digest, ..plan }, Removals::Guarded);
    let messages: Vec<String> =
        violations.unwrap_err().into_iter().map(|violation| violation.message).collect();
    assert_eq!(
        messages,
        [
            "group ml-fraud in research: no grant gives it a team there",
            "alice in research: the map does not enforce its team",
        ]
    );
}

#[test]
fn the_canary_team_must_be_enforced_before_others_are_corrected() {
    let rollout = "rollout: { canary: churn, enforce: [fraud] }\n";
    let world = World::new(&format!("{TEAMS}{rollout}"))
        .group("ml-fraud", &["alice"])
        .group("ml-churn", &["cleo"])
        .profile(ours("alice", "fraud").with_role(role("churn").as_str()));
    assert!(world.plan().is_empty());
}

#[test]
fn an_unknown_team_is_an_error_with_its_place() {
    let text = format!(
        "version: 1\ndirectory: {{ identity_center: {{ region: eu-west-1, identity_store_id: \
         d-906716eb24 }} }}\ndomains:\n  research: {{ domain_id: d-research, account_id: \
         \"111122223333\", region: eu-west-1 }}\n{TEAMS}rollout: {{ enforce: [fraud, chrun] }}\n"
    );
    let source = Source { name: "access.yaml".into(), text };
    let errors = parse(&[source]).unwrap_err();
    let errors = errors.as_slice();
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].code, "map-unknown-team");
    assert!(errors[0].help.as_deref().unwrap().contains("churn"), "{:?}", errors[0].help);
}
