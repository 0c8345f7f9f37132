//! The ladder from the directory to the way in, and who has a team.

use crate::support::{Build, NOW, TEAMS, World, ours, person_id};
use access::entitlement::entitlements;
use access::explain::{Explanation, Holders, ProfileState, Stage, Verdict, explain, holders};
use access::ids::{GroupId, TeamKey};
use access::observed::{AuthMode, DomainState, ObservedApplication, ObservedRole};
use access::reason::ReasonCode;
use access::snapshot::Hold;
use access::tags::Tags;
use std::collections::BTreeSet;

fn key(team: &str) -> TeamKey {
    TeamKey::parse(team).unwrap()
}

fn ladder(world: &World, person: &str, team: &str) -> Explanation {
    let teams = BTreeSet::from([key(team)]);
    explain(&world.map, &world.snapshot, &world.observed, world.now, &person_id(person), &teams)
}

/// `✓ code`, `✗ code` or `· code` of each rung, the headline first.
fn brief(explained: &Explanation) -> Vec<String> {
    let team = &explained.teams[0];
    let head = format!("{} {}", if team.granted { "yes" } else { "no" }, team.code);
    let rungs = std::iter::once(&explained.directory).chain(&team.rungs);
    let sign = |verdict| match verdict {
        Verdict::Holds => "✓",
        Verdict::Breaks => "✗",
        Verdict::Depends => "·",
    };
    std::iter::once(head).chain(rungs.map(|r| format!("{} {}", sign(r.verdict), r.code))).collect()
}

#[test]
fn a_right_is_told_from_the_directory_to_the_network() {
    let world = World::new(TEAMS)
        .group("ml-fraud", &["alice"])
        .profile(ours("alice", "fraud"))
        .role("fraud", ObservedRole::Trusted);
    let explained = ladder(&world, "alice", "fraud");
    assert_eq!(
        brief(&explained),
        [
            "yes entitled",
            "✓ person-known",
            "✓ group-member",
            "✓ grant-in-force",
            "✓ placed",
            "✓ role-trusted",
            "✓ in-agreement",
            "✓ network-rule",
        ]
    );
    let rungs = &explained.teams[0].rungs;
    let grant = rungs.iter().find(|rung| rung.stage == Stage::Grant).unwrap();
    assert_eq!(grant.at.as_ref().unwrap().to_string(), "access.yaml:10");
    assert!(rungs.iter().all(|rung| rung.remedy.is_none()), "{rungs:?}");
}

#[test]
fn what_is_still_to_be_made_depends_on_the_next_pass() {
    let world = World::new(TEAMS).group("ml-fraud", &["alice"]);
    let explained = ladder(&world, "alice", "fraud");
    let profile = explained.teams[0].rungs.iter().find(|r| r.stage == Stage::Profile).unwrap();
    assert_eq!((profile.verdict, profile.code), (Verdict::Depends, ReasonCode::Entitled));
    assert_eq!(profile.text, "profile alice--fraud in research will be made");
    assert_eq!(profile.remedy.as_deref(), Some("Run `stagedoor sync --person alice`."));
}

#[test]
fn whoever_is_not_in_the_group_is_told_which_one() {
    let world = World::new(TEAMS).group("ml-fraud", &["alice"]).person("bob");
    let explained = ladder(&world, "bob", "fraud");
    assert_eq!(
        brief(&explained),
        ["no not-a-member", "✓ person-known", "✗ not-a-member", "✓ grant-in-force"]
    );
    let remedy = explained.teams[0].rungs[0].remedy.as_deref();
    assert_eq!(remedy, Some("Add bob to `ml-fraud` in the directory."));
}

#[test]
fn the_nearest_miss_is_the_headline() {
    let grants = "grants:\n  \
        - { group: nobody-made-it, team: fraud }\n  \
        - { group: others, team: fraud }\n  \
        - { group: last-year, team: fraud, until: 2026-01-01 }\n";
    let map = TEAMS.replace("grants:\n", grants);
    let mut world = World::new(&map)
        .group("others", &["bob"])
        .group("last-year", &["alice"])
        .group("ml-fraud", &["bob"]);
    assert_eq!(
        brief(&ladder(&world, "alice", "fraud")),
        [
            "no grant-not-in-force",
            "✓ person-known",
            "✗ group-missing",
            "✗ not-a-member",
            "✓ grant-in-force",
            "✓ group-member",
            "✗ grant-not-in-force",
            "✗ not-a-member",
            "✓ grant-in-force",
        ]
    );
    let carol = ladder(&world, "carol", "fraud");
    assert_eq!(brief(&carol)[..2], ["no person-gone", "✗ person-gone"]);
    world.person_mut("alice").enabled = false;
    let alice = ladder(&world, "alice", "fraud");
    assert_eq!(brief(&alice)[..2], ["no person-disabled", "✗ person-disabled"]);
}

#[test]
fn a_team_without_a_grant_says_so() {
    let map = TEAMS.replace("  - { group: ml-fraud, team: fraud }\n", "");
    let world = World::new(&map).group("ml-churn", &["alice"]);
    let explained = ladder(&world, "alice", "fraud");
    assert_eq!(brief(&explained), ["no no-grant", "✓ person-known", "✗ no-grant"]);
}

#[test]
fn a_leaver_is_told_what_is_left_of_the_profile() {
    let world =
        World::new(TEAMS).group("ml-fraud", &[]).person("alice").profile(ours("alice", "fraud"));
    let explained = ladder(&world, "alice", "fraud");
    let last = explained.teams[0].rungs.last().unwrap();
    assert_eq!((last.stage, last.code), (Stage::Profile, ReasonCode::EntitlementLost));
    assert_eq!(last.text, "profile alice--fraud in research goes on hold");
}

#[test]
fn an_explanation_never_contradicts_the_entitlements_and_always_says_what_breaks() {
    let grants = "  - { group: \"{team}-people\", team: \"{team}\" }\n  \
        - { group: late, team: churn, from: 2027-01-01 }\n";
    let groups = ["ml-fraud", "ml-churn", "fraud-people", "late"];
    // Each combination of memberships of one person, of existing groups and of a disabled person, in
    // both modes; in SSO mode only a group is assigned to which no grant gives anything.
    for mask in 0..1_u32 << 10 {
        let mut world = World::new(&format!("{TEAMS}{grants}")).person("alice");
        if mask & (1 << 9) != 0 {
            let application = ObservedApplication {
                groups: [GroupId::parse("g9-guests").unwrap()].into(),
                ..Default::default()
            };
            let domain = world.domain_mut("research");
            (domain.auth_mode, domain.application) = (AuthMode::Sso, Some(application));
        }
        for (bit, group) in groups.iter().enumerate() {
            if mask & (1 << bit) != 0 {
                let is_member = mask & (1 << (bit + 4)) != 0;
                world = world.group(group, if is_member { &["alice"] } else { &[] });
            }
        }
        world.person_mut("alice").enabled = mask & (1 << 8) == 0;
        let rights = entitlements(&world.map, &world.snapshot, world.now);
        for team in ["fraud", "churn"] {
            let explained = ladder(&world, "alice", team);
            let answer = &explained.teams[0];
            let has = rights.get(&person_id("alice"), &key(team)).is_some();
            // In SSO mode one of two teams comes first.
            assert_eq!(answer.granted, has && answer.code != ReasonCode::Outranked);
            assert_eq!(answer.granted, answer.code == ReasonCode::Entitled, "{answer:?}");
            let mut rungs = std::iter::once(&explained.directory).chain(&answer.rungs);
            let broken = rungs.find(|rung| rung.verdict == Verdict::Breaks);
            assert_eq!(broken.is_some_and(|r| r.remedy.is_some()), !answer.granted, "{answer:?}");
        }
    }
}

#[test]
fn who_is_not_assigned_to_an_sso_mode_domain_is_told_who_has_to_see_to_it() {
    let rung = |change: fn(&mut World)| {
        let mut world = World::new(TEAMS).group("ml-fraud", &["alice"]).group("guests", &["eve"]);
        let domain = world.domain_mut("research");
        let groups = [GroupId::parse("g1-guests").unwrap()].into();
        let application = ObservedApplication { groups, ..Default::default() };
        (domain.auth_mode, domain.application) = (AuthMode::Sso, Some(application));
        change(&mut world);
        let explained = ladder(&world, "alice", "fraud");
        assert!(explained.teams[0].rungs.iter().all(|rung| rung.verdict != Verdict::Breaks));
        let mut rungs = explained.teams[0].rungs.iter();
        let placement = rungs.find(|rung| rung.stage == Stage::Placement).unwrap().clone();
        let (_, text) = placement.text.split_once(" in eu-west-1)").unwrap();
        (placement.verdict, placement.code, text.to_owned(), placement.remedy)
    };
    let depends = |code, text: &str, remedy: &str| {
        (Verdict::Depends, code, format!(": {text}"), Some(remedy.to_owned()))
    };
    assert_eq!(
        rung(|_| {}),
        depends(
            ReasonCode::Entitled,
            "group `ml-fraud` will be assigned to its application",
            "Run `stagedoor sync --person alice`."
        )
    );
    let assign = |world: &mut World| {
        let application = world.domain_mut("research").application.as_mut().unwrap();
        application.groups.insert(GroupId::parse("g0-ml-fraud").unwrap());
    };
    assert_eq!(rung(assign), (Verdict::Holds, ReasonCode::Placed, String::new(), None));
    assert_eq!(
        rung(|world| world.domain_mut("research").application = None),
        depends(
            ReasonCode::AssignmentManual,
            "whether group `ml-fraud` is assigned to it, it does not tell",
            "Assign `ml-fraud` to the domain in the SageMaker console."
        )
    );
    assert_eq!(
        rung(|world| world.map.rollout.enforce = Some(BTreeSet::new())),
        depends(
            ReasonCode::NotEnforced,
            "group `ml-fraud` is not assigned to its application",
            "Add the team to `rollout.enforce` in the map."
        )
    );
    assert_eq!(
        rung(|world| world.map.directories.sources.clear()),
        depends(
            ReasonCode::GroupElsewhere,
            "group `ml-fraud` is not of Identity Center and cannot be assigned to it",
            "Assign a group of Identity Center with the same people in the SageMaker console."
        )
    );
}

#[test]
fn a_domain_that_is_not_in_service_breaks_the_rung_of_placement() {
    let mut world = World::new(TEAMS).group("ml-fraud", &["alice"]);
    world.domain_mut("research").state = DomainState::Changing;
    let explained = ladder(&world, "alice", "fraud");
    let broken = explained.teams[0].rungs.iter().find(|rung| rung.verdict == Verdict::Breaks);
    let broken = broken.map(|rung| (rung.stage, rung.code));
    assert_eq!(broken, Some((Stage::Placement, ReasonCode::DomainNotInService)));
}

#[test]
fn a_team_that_another_one_outranks_in_an_sso_domain_is_refused_with_the_one_that_wins() {
    let ranked = TEAMS.replace("team: churn }", "team: churn, priority: 10 }");
    let mut world = World::new(&ranked).group("ml-fraud", &["alice"]).group("ml-churn", &["alice"]);
    world.domain_mut("research").auth_mode = AuthMode::Sso;
    let explained = ladder(&world, "alice", "fraud");
    assert_eq!(
        brief(&explained),
        ["no outranked", "✓ person-known", "✓ group-member", "✓ grant-in-force", "✗ outranked"]
    );
    let broken = explained.teams[0].rungs.last().unwrap();
    assert!(broken.text.contains("churn comes first, by priority 10"), "{}", broken.text);
    assert!(ladder(&world, "alice", "churn").teams[0].granted);
}

#[test]
fn whom_an_admin_offboarded_is_told_the_command_that_brings_them_back() {
    let mut world = World::new(TEAMS).group("ml-fraud", &["alice"]).group("ml-churn", &["alice"]);
    world.snapshot.barred = [(person_id("alice"), [(key("fraud"), Hold::AsMapped)].into())].into();
    let explained = ladder(&world, "alice", "fraud");
    assert_eq!(
        brief(&explained),
        ["no offboarded", "✓ person-known", "✓ group-member", "✓ grant-in-force", "✗ offboarded"]
    );
    let remedy = explained.teams[0].rungs[2].remedy.as_deref();
    let back = "If alice is to have it again: `stagedoor restore alice --team fraud`.";
    assert_eq!(remedy, Some(back));
    assert!(ladder(&world, "alice", "churn").teams[0].granted);

    world.snapshot.offboarded = [(person_id("alice"), Hold::Skipped)].into();
    let explained = ladder(&world, "alice", "churn");
    assert_eq!(brief(&explained)[..2], ["no offboarded", "✗ offboarded"]);
    let remedy = explained.directory.remedy.as_deref();
    assert_eq!(remedy, Some("If alice is to come back: `stagedoor restore alice`."));
}

#[test]
fn no_name_runs_anything_in_a_command_to_paste() {
    let mut world = World::new(TEAMS).group("ml-fraud", &["alice"]).person("bob");
    for person in world.snapshot.people.values_mut() {
        person.user_name = "$(rm -rf ~)".into();
    }
    let profile = ladder(&world, "alice", "fraud").teams[0].rungs[3].remedy.clone();
    assert_eq!(profile.as_deref(), Some("Run `stagedoor sync --person '$(rm -rf ~)'`."));
    let ways = ladder(&world, "bob", "fraud").teams[0].ways_in.clone();
    let commands: Vec<&str> = ways.iter().filter_map(|way| way.command.as_deref()).collect();
    assert_eq!(commands, ["stagedoor grant '$(rm -rf ~)' fraud --for 4h --reason '…'"]);
    world.snapshot.barred = [(person_id("alice"), [(key("fraud"), Hold::AsMapped)].into())].into();
    world.snapshot.offboarded = [(person_id("bob"), Hold::Skipped)].into();
    let barred = ladder(&world, "alice", "fraud").teams[0].rungs[2].remedy.clone();
    let back =
        "If $(rm -rf ~) is to have it again: `stagedoor restore '$(rm -rf ~)' --team fraud`.";
    assert_eq!(barred.as_deref(), Some(back));
    let gone = ladder(&world, "bob", "fraud").directory.remedy;
    let back = "If $(rm -rf ~) is to come back: `stagedoor restore '$(rm -rf ~)'`.";
    assert_eq!(gone.as_deref(), Some(back));
}

fn who(world: &World, role: Option<&str>) -> Holders {
    let roles = role.map(str::to_owned).into_iter().collect();
    let teams = BTreeSet::from([key("fraud")]);
    holders(&world.map, &world.snapshot, &world.observed, world.now, &teams, &roles)
}

#[test]
fn who_has_a_team_and_who_has_a_profile_without_a_right() {
    let world = World::new(TEAMS)
        .group("ml-fraud", &["alice", "bob"])
        .person("carol")
        .profile(ours("alice", "fraud"))
        .profile(ours("carol", "fraud"))
        .profile(ours("dave", "fraud"));
    let found = who(&world, None);
    let entitled: Vec<_> = found
        .entitled
        .iter()
        .map(|h| (h.person_name.as_str(), h.because.group_name.as_ref(), h.profile.clone()))
        .collect();
    let there = found.entitled[0].profile.clone();
    assert_eq!(
        entitled,
        [("alice", "ml-fraud", there.clone()), ("bob", "ml-fraud", ProfileState::Absent)]
    );
    assert!(matches!(there, ProfileState::Present { name, .. } if name.as_str() == "alice--fraud"));
    let strays: Vec<_> = found.without_right.iter().map(|s| (s.profile.as_str(), s.code)).collect();
    assert_eq!(
        strays,
        [("carol--fraud", ReasonCode::EntitlementLost), ("dave--fraud", ReasonCode::PersonGone)]
    );
    assert_eq!(NOW, world.now.to_string());
}

#[test]
fn by_role_also_profiles_that_the_map_does_not_know_are_found() {
    let mut foreign = ours("eve", "fraud");
    foreign.tags = Tags::default();
    let arn = foreign.execution_role.clone();
    let world = World::new(TEAMS).group("ml-fraud", &["alice"]).profile(foreign);
    assert_eq!(who(&world, None).without_right, []);
    let found = who(&world, arn.as_deref());
    assert_eq!(found.without_right[0].code, ReasonCode::NotOurs);
    assert_eq!(found.without_right[0].person, None);
}

#[test]
fn a_role_that_drifted_or_is_the_domains_is_held_by_whoever_works_with_it() {
    let fraud = ours("alice", "fraud").execution_role.unwrap();
    let mut inherits = ours("bob", "churn");
    inherits.execution_role = None;
    let mut world = World::new(TEAMS)
        .group("ml-fraud", &["alice"])
        .group("ml-churn", &["alice", "bob", "carol"])
        .profile(ours("alice", "fraud"))
        .profile(ours("alice", "churn").with_role(&fraud))
        .profile(ours("carol", "churn"))
        .profile(inherits);
    let strays = |world: &World| {
        let found = who(world, Some(&fraud)).without_right.into_iter();
        found.map(|stray| (stray.profile.to_string(), stray.code)).collect::<Vec<_>>()
    };
    let drifted = ("alice--churn".to_owned(), ReasonCode::RoleDrift);
    assert_eq!(strays(&world), std::slice::from_ref(&drifted));
    assert_eq!(who(&world, None).without_right, [], "of the team alone");
    world.domain_mut("research").default_role = Some(fraud.to_string());
    let inherited = ("bob--churn".to_owned(), ReasonCode::RoleInherited);
    assert_eq!(strays(&world), [drifted, inherited]);
}
