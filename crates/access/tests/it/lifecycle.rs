//! Placement over domains, adoption, the canary team, running apps, shared spaces that are handed
//! over, offboarding by command, and the guard of each domain.

use crate::support::{
    Build, NOW, TEAMS, World, app, at, domain_key, elsewhere, foreign, ours, person_id, role,
};
use access::check::Removals;
use access::ids::RoleArn;
use access::observed::{AppStatus, DomainState, ObservedProfile, ProfileStatus, Seen, TAG_LEAVING};
use access::reason::ReasonCode::{GuardTripped, PlanInvalid};
use access::snapshot::{Coverage, Hold};
use std::collections::BTreeSet;

const PLACED: &str = r#"teams:
  fraud: { domains: [research, risk], execution_role: "studio-{team}", network: anywhere }
grants: [{ group: ml-fraud, team: fraud }]
"#;

fn risk_role() -> RoleArn {
    RoleArn::parse("arn:aws:iam::444455556666:role/studio-fraud").unwrap()
}

#[test]
fn a_role_by_its_name_is_one_of_each_domains_own_account() {
    let world = World::new(PLACED);
    let team = world.map.teams.values().next().unwrap();
    let roles: Vec<&RoleArn> = team.placements.iter().map(|p| &p.execution_role).collect();
    assert_eq!(roles, [&role("fraud"), &risk_role()]);
    let derived = World::new("teams: { fraud: { domain: research, network: anywhere } }\n");
    let team = derived.map.teams.values().next().unwrap();
    assert_eq!(
        team.placements[0].execution_role.as_str(),
        "arn:aws:iam::111122223333:role/stagedoor-fraud"
    );
}

#[test]
fn whoever_has_no_profile_gets_one_in_the_first_domain_with_room() {
    let world = |quota| {
        let mut world = World::new(PLACED).group("ml-fraud", &["alice", "bob"]);
        world.domain_mut("research").profile_quota = Some(quota);
        world
    };
    assert_eq!(
        world(2).told(),
        [
            "research/alice--fraud: create role=studio-fraud (entitled)",
            "research/bob--fraud: create role=studio-fraud (entitled)",
        ]
    );
    assert_eq!(
        world(1).told(),
        [
            "research/alice--fraud: create role=studio-fraud (entitled)",
            "risk/bob--fraud: create role=studio-fraud (entitled)",
        ]
    );
    let mut full = world(0);
    full.domain_mut("risk").profile_quota = Some(0);
    assert_eq!(
        full.told(),
        [
            "research/*: keep (quota-reached: research, risk)",
            "research/*: keep (quota-reached: research, risk)",
        ]
    );
}

#[test]
fn an_account_that_a_domain_outside_the_map_fills_has_no_room() {
    let mut world = World::new(PLACED).group("ml-fraud", &["alice", "bob"]);
    world.domain_mut("research").profile_quota = Some(60);
    world.domain_mut("research").elsewhere = elsewhere("d-others", 59);
    assert_eq!(
        world.told(),
        [
            "research/alice--fraud: create role=studio-fraud (entitled)",
            "risk/bob--fraud: create role=studio-fraud (entitled)",
        ]
    );
    world.domain_mut("research").elsewhere = elsewhere("d-others", 60);
    assert_eq!(
        world.told(),
        [
            "risk/alice--fraud: create role=studio-fraud (entitled)",
            "risk/bob--fraud: create role=studio-fraud (entitled)",
        ]
    );
}

#[test]
fn a_profile_stays_in_the_domain_it_is_in() {
    let there = ours("alice", "fraud").with_role(risk_role().as_str());
    let world = World::new(PLACED).group("ml-fraud", &["alice"]).profile_in("risk", there);
    assert_eq!(world.told(), ["risk/alice--fraud: keep (in-agreement)"]);
}

#[test]
fn of_profiles_in_two_domains_the_first_usable_one_is_in_use() {
    let there = ours("alice", "fraud").with_role(risk_role().as_str());
    let both = |status| {
        World::new(PLACED)
            .group("ml-fraud", &["alice"])
            .profile(ours("alice", "fraud").status(status))
            .profile_in("risk", there.clone())
    };
    assert_eq!(
        both(ProfileStatus::InService).told(),
        [
            "research/alice--fraud: keep (in-agreement)",
            "risk/alice--fraud: keep (duplicate: the one in use is in another domain)",
        ]
    );
    assert_eq!(
        both(ProfileStatus::Failed).told(),
        [
            "risk/alice--fraud: keep (in-agreement)",
            "research/alice--fraud: keep (duplicate: the one in use is in another domain)",
        ]
    );
}

#[test]
fn as_long_as_a_domain_is_not_read_nobody_gets_a_second_profile_elsewhere() {
    let mut world = World::new(PLACED).group("ml-fraud", &["alice"]);
    world.observed.domains.remove(&domain_key("risk"));
    world.observed.unreadable.insert(domain_key("risk"), "denied".into());
    assert_eq!(
        world.told(),
        [
            "research/*: keep (domain-unreadable: it may be in risk)",
            "risk/*: keep (domain-unreadable: denied)",
        ]
    );
    let mut partial = World::new(PLACED).group("ml-fraud", &["alice"]);
    partial.domain_mut("risk").seen = Seen::People(BTreeSet::new());
    assert_eq!(partial.told(), ["research/*: keep (partial-domain: it may be in risk)"]);
    partial.domain_mut("risk").seen = Seen::People([person_id("alice")].into());
    assert_eq!(partial.told(), ["research/alice--fraud: create role=studio-fraud (entitled)"]);
}

#[test]
fn as_long_as_the_domain_of_a_profile_cannot_be_used_there_is_no_second_one_elsewhere() {
    let there = ours("alice", "fraud").with_role(risk_role().as_str());
    let mut world =
        World::new(PLACED).group("ml-fraud", &["alice", "bob"]).profile_in("risk", there);
    world.domain_mut("risk").state = DomainState::Ending;
    // Bob has none anywhere, and does not wait.
    assert_eq!(
        world.told(),
        [
            "research/bob--fraud: create role=studio-fraud (entitled)",
            "research/*: keep (domain-not-in-service: it is in risk)",
            "risk/*: keep (domain-not-in-service)",
        ]
    );
}

#[test]
fn a_team_that_asks_for_a_class_is_placed_in_every_domain_of_it() {
    let map = "teams: { fraud: { isolation: secret, network: anywhere } }\n";
    let text = format!(
        "version: 1\ndirectory: {{ identity_center: {{ region: eu-west-1, identity_store_id: \
         d-906716eb24 }} }}\ndomains:\n  \
         a: {{ domain_id: d-a, account_id: \"111122223333\", region: eu-west-1 }}\n  \
         b: {{ domain_id: d-b, account_id: \"111122223333\", region: eu-west-1, isolation: secret }}\n  \
         c: {{ domain_id: d-c, account_id: \"111122223333\", region: cn-north-1, isolation: secret }}\n{map}"
    );
    let source = access::map::Source { name: "access.yaml".into(), text };
    let map = access::map::parse(&[source]).unwrap();
    let placements = &map.teams.values().next().unwrap().placements;
    let told: Vec<String> =
        placements.iter().map(|p| format!("{} {}", p.domain, p.execution_role)).collect();
    assert_eq!(
        told,
        [
            "b arn:aws:iam::111122223333:role/stagedoor-fraud",
            "c arn:aws-cn:iam::111122223333:role/stagedoor-fraud",
        ]
    );
}

fn adopting(how: &str) -> World {
    World::new(&format!("{TEAMS}{how}"))
        .group("ml-fraud", &["alice"])
        .group("ml-churn", &[])
        .profile(foreign("alice-old"))
        .profile(foreign("by-hand"))
}

#[test]
fn a_profile_that_the_map_lists_is_taken_over_by_tags_alone() {
    let list = "adopt: [{ domain: research, profile: ALICE-old, person: alice, team: fraud }]\n";
    let mut world = adopting(list);
    assert_eq!(
        world.told(),
        ["research/alice-old: adopt id-alice (adopted)", "research/by-hand: keep (not-ours)"]
    );
    // Whether it is there a reading of some names cannot tell.
    world.domain_mut("research").profiles.clear();
    world.domain_mut("research").seen = Seen::People([person_id("alice")].into());
    assert_eq!(world.told(), ["research/ALICE-old: keep (partial-domain)"]);
    world.domain_mut("research").seen = Seen::Everybody;
    assert_eq!(world.told(), ["research/alice--fraud: create role=studio-fraud (entitled)"]);
}

#[test]
fn whoever_has_no_right_adopts_nothing() {
    let list = "adopt: [{ domain: research, profile: by-hand, person: eve, team: fraud }]\n";
    let world = adopting(list).person("eve");
    assert!(world.told().contains(&"research/by-hand: keep (not-ours)".to_owned()));
    let list = "adopt: [{ domain: research, profile: by-hand, person: alice, team: fraud }]\n";
    let mut plan = adopting(list).plan();
    assert_eq!(plan.actions[0].profile.as_str(), "by-hand");
    plan.actions[0].profile = access::ids::ProfileName::parse("alice-old").unwrap();
    let violations = adopting(list).check(plan, Removals::Guarded).unwrap_err();
    assert_eq!(violations[0].message, "alice-old in research: the map does not adopt it");
}

#[test]
fn what_has_too_many_tags_of_its_own_is_not_adopted() {
    let told = |tags: usize| {
        let mut world = domain_that("adopt");
        let profiles = &mut world.domain_mut("research").profiles;
        let alice = profiles.get_mut("alice--fraud").unwrap();
        for number in 0..tags {
            alice.tags.insert(format!("own{number}").into(), "x".into());
        }
        world.told()
    };
    // Three of Stagedoor's, and those of somebody who loses it.
    assert_eq!(told(44)[0], "research/Alice--fraud: adopt id-alice (adopted)");
    let kept =
        "research/Alice--fraud: keep (name-taken: its own tags leave no room for Stagedoor's)";
    assert!(told(45).contains(&kept.to_owned()), "{:?}", told(45));
}

fn domain_that(how: &str) -> World {
    let mut world = World::new(TEAMS)
        .group("ml-fraud", &["alice"])
        .group("ml-churn", &[])
        .profile(foreign("Alice--fraud"))
        .profile(foreign("by-hand"));
    let domain = world.map.domains.get_mut(&domain_key("research")).unwrap();
    domain.unmanaged = match how {
        "adopt" => access::map::Unmanaged::Adopt,
        _ => access::map::Unmanaged::Ignore,
    };
    world
}

#[test]
fn a_domain_can_adopt_what_is_plainly_somebodys_and_a_domain_can_ignore_the_rest() {
    assert_eq!(
        domain_that("adopt").told(),
        ["research/Alice--fraud: adopt id-alice (adopted)", "research/by-hand: keep (not-ours)"]
    );
    assert_eq!(
        domain_that("ignore").told(),
        ["research/Alice--fraud: keep (name-taken: it is not Stagedoor's; the map can adopt it: \
          { domain: research, profile: Alice--fraud, person: \"alice\", team: fraud })"]
    );
}

#[test]
fn nobody_elses_profile_is_corrected_before_those_of_the_canary_team_agree() {
    let canary = format!("{TEAMS}rollout: {{ canary: churn }}\n");
    let world = |churn: ObservedProfile| {
        World::new(&canary)
            .group("ml-fraud", &["alice", "joiner"])
            .group("ml-churn", &["carol"])
            .profile(ours("alice", "fraud").with_role("other"))
            .profile(churn)
            .profile(ours("leaver", "fraud"))
            .person("leaver")
    };
    let others = [
        "research/joiner--fraud: create role=studio-fraud (entitled)",
        "research/leaver--fraud: hold new since=now days=7 (entitlement-lost)",
    ];
    let waiting = "research/alice--fraud: keep (canary-first: role-drift after churn)";
    let drifted = world(ours("carol", "churn").with_role("other")).told();
    let correction = "research/carol--churn: update from=other role=studio-churn (role-drift)";
    assert_eq!(drifted, [correction, others[0], others[1], waiting]);
    let updating = world(ours("carol", "churn").status(ProfileStatus::Updating)).told();
    let busy = "research/carol--churn: keep (busy: Updating)";
    assert_eq!(updating, [others[0], others[1], busy, waiting]);
    let agreed = world(ours("carol", "churn")).told();
    assert_eq!(
        agreed[0],
        "research/alice--fraud: update from=other role=studio-fraud (role-drift)"
    );
    // A reading of some people cannot tell how the canary team fares.
    let partial = world(ours("carol", "churn")).covering(&["alice"]).told();
    assert!(partial.contains(&waiting.to_owned()), "{partial:?}");
}

#[test]
fn what_to_do_about_running_apps_is_the_maps_choice() {
    let world = |how: &str, apps| {
        let profile = ours("alice", "fraud").with_role("other").app("lab", apps);
        World::new(&format!("{TEAMS}{how}"))
            .group("ml-fraud", &["alice"])
            .group("ml-churn", &[])
            .profile(profile)
    };
    let now = "research/alice--fraud: update from=other role=studio-fraud restart=JupyterLab/lab \
               (role-drift)";
    assert_eq!(world("", AppStatus::InService).told(), [now]);
    let waits = "rollout: { running_apps: wait }\n";
    assert_eq!(
        world(waits, AppStatus::Pending).told(),
        ["research/alice--fraud: keep (apps-running: JupyterLab/lab)"]
    );
    let stops = "rollout: { running_apps: stop }\n";
    assert_eq!(
        world(stops, AppStatus::Deleting).told(),
        ["research/alice--fraud: stop JupyterLab/lab (role-drift)"]
    );
    let still = "research/alice--fraud: update from=other role=studio-fraud (role-drift)";
    for how in ["", waits, stops] {
        assert_eq!(world(how, AppStatus::Deleted).told(), [still]);
    }
    // Tags disturb nobody.
    let mut tagged = world(waits, AppStatus::InService);
    let team = access::ids::TeamKey::parse("fraud").unwrap();
    tagged.map.teams.get_mut(&team).unwrap().tags.insert("CostCenter".into(), "42".into());
    assert_eq!(tagged.told(), ["research/alice--fraud: update CostCenter=42 (role-drift)"]);
}

#[test]
fn the_check_lets_no_apps_be_stopped_that_nobody_agreed_to() {
    let stops = World::new(&format!("{TEAMS}rollout: {{ running_apps: stop }}\n"))
        .group("ml-fraud", &["alice"])
        .group("ml-churn", &[])
        .profile(ours("alice", "fraud").with_role("other").app("lab", AppStatus::InService));
    let plan = stops.plan();
    let mut other = stops;
    other.map.rollout.running_apps = access::map::RunningApps::Update;
    let violations = other.check(plan, Removals::Guarded).unwrap_err();
    assert_eq!(violations[0].code, PlanInvalid);
    assert_eq!(violations[0].message, "alice--fraud in research: nobody agreed to stop its apps");
}

/// A leaver whose hold is over and who owns a space in which others work.
fn leaver(owner: &str) -> World {
    let map = TEAMS.replace(
        "network: anywhere }\n  churn",
        &format!("network: anywhere, about: {{ owner: {owner} }} }}\n  churn"),
    );
    let mut gone = ours("leaver", "fraud")
        .leaving("2026-11-01T00:00:00Z")
        .space("commons", &[app("lab", AppStatus::InService)]);
    gone.spaces[0].shared = true;
    World::new(&format!("{map}offboarding: {{ shared_spaces: hand-over }}\n"))
        .group("ml-fraud", &["alice"])
        .group("ml-churn", &[])
        .person("leaver")
        .profile(ours("alice", "fraud"))
        .profile(gone)
}

#[test]
fn a_shared_space_goes_to_the_teams_owner_under_a_name_that_tells_it_again() {
    let mut world = leaver("alice");
    let handed = "research/leaver--fraud: remove commons->alice--fraud:commons-b2w5naurss \
                  (entitlement-lost)";
    assert_eq!(world.told()[0], handed);
    let undone = world.plan();
    let alice = world.domain_mut("research").profiles.get_mut("alice--fraud").unwrap();
    *alice = alice.clone().space("commons-b2w5naurss", &[]);
    alice.spaces[0].shared = true;
    assert_eq!(world.told()[0], handed);
    let done = |plan: &access::plan::Plan| match &plan.actions[0].step {
        access::plan::Step::Remove { hand_over, .. } => hand_over[0].done,
        step => panic!("{step:?}"),
    };
    assert_eq!((done(&undone), done(&world.plan())), (false, true));
    // The old space must not go for one that never came into being, nor for a private one.
    for status in [ProfileStatus::Failed, ProfileStatus::Pending, ProfileStatus::Deleting] {
        let profiles = &mut world.domain_mut("research").profiles;
        profiles.get_mut("alice--fraud").unwrap().spaces[0].status = status;
        assert!(!done(&world.plan()), "{status:?}");
    }
    let alice = world.domain_mut("research").profiles.get_mut("alice--fraud").unwrap();
    (alice.spaces[0].status, alice.spaces[0].shared) = (ProfileStatus::InService, false);
    assert!(!done(&world.plan()));
}

#[test]
fn a_space_into_which_links_of_a_team_lead_is_not_handed_over() {
    let plan = leaver("alice").plan();
    let mut world = leaver("alice");
    let team = world.map.teams.values_mut().find(|team| team.about.owner.is_some()).unwrap();
    team.space = Some(access::ids::SpaceName::parse("Commons").unwrap());
    let line = "research/leaver--fraud: keep (shared-space: commons: links of the team fraud lead \
                into commons)";
    assert!(world.told().contains(&line.to_owned()), "{:?}", world.told());
    let refused = world.check(plan, Removals::Guarded).unwrap_err();
    assert_eq!(
        refused[0].message,
        "leaver--fraud in research: links of a team lead into a space of it"
    );
}

#[test]
fn a_shared_space_goes_to_the_owners_profile_for_its_own_team() {
    let mut world = leaver("alice").group("ml-churn", &["alice"]);
    world = world.profile(ours("alice", "churn"));
    assert!(world.told().iter().any(|line| line.contains("commons->alice--fraud:")));
}

#[test]
fn a_shared_space_goes_to_the_owner_in_whatever_case_the_map_writes_the_user_name() {
    assert_eq!(leaver("ALICE").told(), leaver("alice").told());
}

/// It was said of each that the owner has no profile.
#[test]
fn a_shared_space_stays_where_its_team_has_no_owner_with_a_profile_and_why_is_told() {
    let of_leaver = |world: World| {
        let line = world.told().into_iter().find(|line| line.contains("leaver--fraud")).unwrap();
        let kept = "research/leaver--fraud: keep (shared-space: commons: ";
        line.strip_prefix(kept).unwrap_or(&line).to_owned()
    };
    assert_eq!(
        of_leaver(leaver("alice@example.com")),
        r#"the team's `about.owner`, "alice@example.com", is nobody's user name)"#
    );
    assert_eq!(
        of_leaver(leaver("leaver")),
        r#"the team's owner, "leaver", has no profile to use in research)"#
    );
    let mut twice = leaver("ALICE");
    let alice = twice.snapshot.people[&person_id("alice")].clone();
    let id = person_id("other");
    let other = access::snapshot::Person { id: id.clone(), user_name: "Alice".into(), ..alice };
    twice.snapshot.people.insert(id, other);
    assert_eq!(
        of_leaver(twice.clone()),
        r#"the team's `about.owner`, "ALICE", is the user name of several people)"#
    );
    // A directory that was read in part may know one more of the name.
    twice.snapshot.coverage = Coverage::People(twice.snapshot.people.keys().cloned().collect());
    assert_eq!(
        of_leaver(twice.clone()),
        "research/leaver--fraud: keep (partial-snapshot: commons: the team's owner was not read)"
    );
    for team in twice.map.teams.values_mut() {
        team.about.owner = Some("alice".into());
    }
    twice.snapshot.coverage = Coverage::Complete;
    assert_eq!(twice.told(), leaver("alice").told(), "to the letter");
    // As long as only some were read, whoever is called so to the letter may be somebody else.
    let mut one = leaver("ALICE");
    one.snapshot.coverage = Coverage::People(one.snapshot.people.keys().cloned().collect());
    assert_eq!(
        of_leaver(one),
        "research/leaver--fraud: keep (partial-snapshot: commons: the team's owner was not read)"
    );
    let mut exact = leaver("alice");
    exact.snapshot.coverage = Coverage::People(exact.snapshot.people.keys().cloned().collect());
    assert_eq!(exact.told(), leaver("alice").told());
    let mut nobody = leaver("alice");
    for team in nobody.map.teams.values_mut() {
        team.about.owner = None;
    }
    assert_eq!(of_leaver(nobody), "the team has no `about.owner`)");
}

#[test]
fn a_reading_of_the_leaver_alone_does_not_claim_that_the_owner_has_no_profile() {
    let mut world = leaver("alice");
    let alone = Seen::People(BTreeSet::from([person_id("leaver")]));
    world.domain_mut("research").seen = alone;
    world.domain_mut("research").profiles.remove("alice--fraud");
    let of_leaver = |world: &World| {
        world.told().into_iter().find(|line| line.contains("leaver--fraud")).unwrap()
    };
    assert_eq!(
        of_leaver(&world),
        "research/leaver--fraud: keep (partial-snapshot: commons: the team's owner was not read)"
    );
    world.map.offboarding.hold_seconds = 90 * 86_400;
    assert!(of_leaver(&world).starts_with("research/leaver--fraud: keep (on-hold"));
}

#[test]
fn the_check_lets_no_shared_space_go_unless_it_is_handed_to_somebody_with_a_right() {
    let plan = leaver("alice").plan();
    let said = |world: &World| {
        world.check(plan.clone(), Removals::Guarded).unwrap_err()[0].message.clone()
    };
    let mut kept = leaver("alice");
    kept.map.offboarding.shared_spaces = access::map::SharedSpaces::Report;
    assert_eq!(said(&kept), "leaver--fraud in research: the map does not hand shared spaces over");
    let mut left = leaver("alice");
    left.snapshot.groups.values_mut().for_each(|group| group.members.clear());
    assert_eq!(
        said(&left),
        "leaver--fraud in research: a space would go to somebody without a right"
    );
    let mut more = leaver("alice");
    let leaver = more.domain_mut("research").profiles.get_mut("leaver--fraud").unwrap();
    *leaver = leaver.clone().space("more", &[]);
    leaver.spaces[1].shared = true;
    assert_eq!(said(&more), "leaver--fraud in research: others work in a space of it");
}

#[test]
fn without_a_hold_a_clock_that_is_ahead_keeps_no_profile() {
    let mut world = World::new(TEAMS).group("others", &["bob"]).profile(ours("bob", "fraud"));
    world.map.offboarding.hold_seconds = 0;
    let profile = world.domain_mut("research").profiles.get_mut("bob--fraud").unwrap();
    let ahead = at(NOW).checked_add(jiff::SignedDuration::from_secs(5)).unwrap();
    profile.tags.insert(TAG_LEAVING.into(), ahead.to_string().into());
    assert_eq!(world.told(), ["research/bob--fraud: remove (entitlement-lost)"]);
    assert!(world.check(world.plan(), Removals::Guarded).is_ok());
}

#[test]
fn whoever_is_offboarded_by_command_loses_everything_whatever_their_groups_say() {
    let world = |hold| {
        let mut world = World::new(TEAMS)
            .group("ml-fraud", &["alice"])
            .group("ml-churn", &["alice"])
            .profile(ours("alice", "fraud").space("lab", &[]));
        world.snapshot.offboarded.insert(person_id("alice"), hold);
        world
    };
    assert_eq!(
        world(Hold::AsMapped).told(),
        ["research/alice--fraud: hold new since=now days=7 space=lab (offboarded)"]
    );
    assert_eq!(
        world(Hold::Skipped).told(),
        ["research/alice--fraud: remove new space=lab (offboarded)"]
    );
    // The check believes no plan that skips the hold of somebody who was not offboarded so.
    let plan = world(Hold::Skipped).plan();
    let violations = world(Hold::AsMapped).check(plan, Removals::Guarded).unwrap_err();
    assert_eq!(violations[0].message, "alice--fraud in research: its hold is not over");
}

#[test]
fn the_guard_counts_in_each_domain_too_and_a_domain_can_have_its_own() {
    let world = |leaving: usize| {
        let mut world = World::new(&format!(
            "{TEAMS}guard: {{ max_removals: 10, max_removals_percent: 50 }}\n"
        ));
        for i in 0..20 {
            let name = format!("p{i}");
            world = world.profile_in("risk", ours(&name, "fraud").leaving("2026-10-01T00:00:00Z"));
        }
        for i in 0..4 {
            let name = format!("q{i}");
            world =
                if i < leaving { world.person(&name) } else { world.group("ml-fraud", &[&name]) };
            world = world.profile(ours(&name, "fraud"));
        }
        world.map.offboarding.hold_seconds = u64::MAX;
        world.group("ml-churn", &[])
    };
    let guarded = |world: &World| {
        world.check(world.plan(), Removals::Guarded).map(drop).map_err(|violations| {
            let all = violations.into_iter();
            all.map(|v| (v.code, v.message)).collect::<Vec<_>>()
        })
    };
    assert_eq!(guarded(&world(2)), Ok(()));
    assert_eq!(
        guarded(&world(3)),
        Err(vec![(
            GuardTripped,
            "the plan takes away 3 of 4 profiles in research; at most 2 are allowed".into()
        )])
    );
    let mut own = world(2);
    let guard = access::map::Guard { max_removals: 1, max_removals_percent: 100 };
    own.map.domains.get_mut(&domain_key("research")).unwrap().guard = Some(guard);
    assert_eq!(
        guarded(&own),
        Err(vec![(
            GuardTripped,
            "the plan takes away 2 of 4 profiles in research; at most 1 are allowed".into()
        )])
    );
}

#[test]
fn the_guard_counts_profiles_that_this_reading_left_out() {
    let world = |owned, since: &[&str]| {
        let mut world = World::new(&format!("{TEAMS}guard: {{ max_removals: 2 }}\n"))
            .group("ml-fraud", &[])
            .group("ml-churn", &[])
            .person("alice")
            .person("bob")
            .profile(ours("alice", "fraud"))
            .profile(ours("bob", "fraud"))
            .covering(&["alice", "bob"]);
        let domain = world.domain_mut("research");
        domain.seen = Seen::People([person_id("alice"), person_id("bob")].into());
        domain.unread.owned = owned;
        domain.unread.leaving_since = since.iter().map(|t| at(t)).collect();
        let plan = world.plan();
        world.check(plan, Removals::Guarded).map(drop).map_err(|v| v[0].message.clone())
    };
    assert_eq!(world(18, &["2026-11-20T11:59:59Z"]), Ok(()));
    assert_eq!(
        world(17, &[]),
        Err("the plan takes away 2 of 19 profiles; at most 1 are allowed".into())
    );
    assert_eq!(
        world(18, &[NOW]),
        Err("the plan takes away 2 of 20 profiles, after 1 in the last 24 hours; at most 2 are \
             allowed"
            .into())
    );
}
