//! Plans that must be refused, each made by hand from a good one.

use crate::support::{Build, NOW, TEAMS, World, domain_key, elsewhere, foreign, ours, person_id};
use access::check::{Removals, guard_limit};
use access::ids::{ProfileName, RoleArn, TeamKey};
use access::observed::{
    DomainState, ObservedRole, ProfileStatus, Seen, TAG_AGREED, TAG_INSTANCE, TAG_LEAVING, TAG_TEAM,
};
use access::plan::{Plan, Stake, Step};
use access::reason::ReasonCode::{self, GuardTripped, PlanInvalid, PlanStale, ProfileFailed};
use std::collections::BTreeSet;

/// Alice joins, Bob's role drifted, Carol leaves.
fn world() -> World {
    World::new(TEAMS)
        .group("ml-fraud", &["alice", "bob"])
        .group("ml-churn", &[])
        .person("carol")
        .profile(ours("bob", "fraud").with_role("other"))
        .profile(ours("carol", "fraud"))
}

/// The plan's actions in the order create, update, hold.
fn parts(plan: &mut Plan) -> [usize; 3] {
    let find = |plan: &Plan, wanted: fn(&Step) -> bool| {
        plan.actions.iter().position(|action| wanted(&action.step)).unwrap()
    };
    [
        find(plan, |step| matches!(step, Step::Create { .. })),
        find(plan, |step| matches!(step, Step::Update { .. })),
        find(plan, |step| matches!(step, Step::Hold { .. })),
    ]
}

/// Why the plan is refused after `spoil`; one message for each violation.
fn refusal(world: &World, spoil: impl FnOnce(&mut Plan, [usize; 3])) -> Vec<(ReasonCode, String)> {
    let mut plan = world.plan();
    let parts = parts(&mut plan);
    spoil(&mut plan, parts);
    let violations = world.check(plan, Removals::Guarded).unwrap_err();
    violations.into_iter().map(|violation| (violation.code, violation.message)).collect()
}

fn invalid(message: &str) -> Vec<(ReasonCode, String)> {
    vec![(PlanInvalid, message.to_owned())]
}

#[test]
fn a_good_plan_passes_unchanged() {
    let world = world();
    let plan = world.plan();
    assert_eq!(world.check(plan.clone(), Removals::Guarded).unwrap().plan(), &plan);
}

#[test]
fn a_plan_of_another_map_is_stale() {
    let found = refusal(&world(), |plan, _| plan.map_digest = "0".repeat(64));
    assert_eq!(found, [(PlanStale, "the plan was made from another version of the map".into())]);
}

#[test]
fn actions_in_domains_that_cannot_be_planned_for_are_refused() {
    let plan = world().plan();
    let mut updating = world();
    updating.domain_mut("research").state = DomainState::Ending;
    let violations = updating.check(plan.clone(), Removals::Guarded).unwrap_err();
    assert_eq!(violations[0].message, "bob--fraud in research: its domain is not in service");

    let mut unread = world();
    unread.observed.domains.clear();
    let violations = unread.check(plan, Removals::Guarded).unwrap_err();
    assert_eq!(violations[0].message, "bob--fraud in research: its domain was not read");
}

#[test]
fn nobody_gets_a_profile_without_a_right() {
    let found = refusal(&world(), |plan, [create, ..]| {
        plan.actions[create].person = person_id("carol");
        if let Step::Create { tags, .. } = &mut plan.actions[create].step {
            tags.insert("stagedoor:person".into(), "id-carol".into());
        }
    });
    assert_eq!(found, invalid("alice--fraud in research: the person is not entitled to the team"));
}

#[test]
fn nobody_gets_a_second_profile_or_one_that_exists() {
    let taken = refusal(&world(), |plan, [create, ..]| {
        plan.actions[create].profile = ProfileName::parse("CAROL--fraud").unwrap();
        plan.actions.retain(|action| !matches!(action.step, Step::Hold { .. }));
    });
    assert_eq!(taken, invalid("CAROL--fraud in research: a profile of that name exists"));

    let mut second = world();
    let plan = second.plan();
    second = second.profile(ours("alice", "fraud").named("under-an-older-name"));
    let violations = second.check(plan.clone(), Removals::Guarded).unwrap_err();
    assert_eq!(
        violations[0].message,
        "alice--fraud in research: the person has a profile for the team"
    );

    let mut partial = world();
    partial.domain_mut("research").seen = Seen::People(BTreeSet::new());
    let violations = partial.check(plan, Removals::Guarded).unwrap_err();
    assert_eq!(
        violations[0].message,
        "alice--fraud in research: the domain was not read for this person"
    );
}

#[test]
fn only_the_teams_own_role_is_given_and_only_if_it_can_be() {
    let give = |arn: &str| {
        let arn = RoleArn::parse(arn).unwrap();
        refusal(&world(), |plan, [create, update, _]| {
            if let Step::Create { execution_role, .. } = &mut plan.actions[create].step {
                *execution_role = arn.clone();
            }
            if let Step::Update { new_role, .. } = &mut plan.actions[update].step {
                *new_role = Some(arn);
            }
        })
    };
    assert_eq!(
        give("arn:aws:iam::444455556666:role/studio-fraud"),
        [
            invalid("bob--fraud in research: its role is not in the domain's account"),
            invalid("alice--fraud in research: its role is not in the domain's account"),
        ]
        .concat()
    );
    assert_eq!(
        give("arn:aws:iam::111122223333:role/admin"),
        [
            invalid("bob--fraud in research: its role is not the team's"),
            invalid("alice--fraud in research: its role is not the team's"),
        ]
        .concat()
    );
    let plan = world().plan();
    let untrusted = world().role("fraud", ObservedRole::Untrusted);
    let violations = untrusted.check(plan, Removals::Guarded).unwrap_err();
    assert_eq!(
        violations[0].message,
        "bob--fraud in research: its role cannot be given to a profile"
    );
}

#[test]
fn tags_must_say_whose_a_new_profile_is() {
    let expected = invalid("alice--fraud in research: its tags do not say whose it is");
    for (key, value) in [(TAG_INSTANCE, "other"), (TAG_TEAM, "churn"), (TAG_TEAM, "no team")] {
        let found = refusal(&world(), |plan, [create, ..]| {
            if let Step::Create { tags, .. } = &mut plan.actions[create].step {
                tags.insert(key.into(), value.into());
            }
        });
        assert_eq!(found, expected, "{key}={value}");
    }
}

#[test]
fn an_update_goes_to_the_entitled_persons_own_profile() {
    let expected = |name: &str| {
        invalid(&format!("{name} in research: it is not the entitled person's own profile"))
    };
    let other_person = refusal(&world(), |plan, [_, update, _]| {
        plan.actions[update].person = person_id("alice");
    });
    assert_eq!(other_person, expected("bob--fraud"));
    let other_team = refusal(&world(), |plan, [_, update, _]| {
        plan.actions[update].team = TeamKey::parse("churn").unwrap();
    });
    assert_eq!(other_team, expected("bob--fraud"));
    let foreign = refusal(&world().profile(foreign("by-hand")), |plan, [_, update, _]| {
        plan.actions[update].profile = ProfileName::parse("by-hand").unwrap();
    });
    assert_eq!(foreign, expected("by-hand"));
}

#[test]
fn an_update_never_changes_whose_a_profile_is() {
    let expected = invalid("bob--fraud in research: the update would change whose it is");
    for key in [TAG_INSTANCE, TAG_TEAM, TAG_LEAVING] {
        let found = refusal(&world(), |plan, [_, update, _]| {
            if let Step::Update { set_tags, .. } = &mut plan.actions[update].step {
                set_tags.insert(key.into(), "churn".into());
            }
        });
        assert_eq!(found, expected, "{key}");
    }
    let found = refusal(&world(), |plan, [_, update, _]| {
        if let Step::Update { remove_tags, .. } = &mut plan.actions[update].step {
            remove_tags.insert(TAG_INSTANCE.into());
        }
    });
    assert_eq!(found, expected);
}

#[test]
fn nothing_of_others_is_taken_away() {
    let foreign = world().profile(foreign("by-hand"));
    let other = foreign.profile(ours("dave", "fraud").tagged(TAG_INSTANCE, "staging"));
    for name in ["by-hand", "dave--fraud", "bob--fraud", "not-there"] {
        let found = refusal(&other, |plan, [_, update, hold]| {
            plan.actions[hold].profile = ProfileName::parse(name).unwrap();
            plan.actions.remove(update);
        });
        let message = format!("{name} in research: it is not Stagedoor's, or not this person's");
        assert_eq!(found, invalid(&message));
    }
}

#[test]
fn nothing_is_taken_away_from_the_entitled() {
    let found = refusal(&world(), |plan, [_, update, hold]| {
        plan.actions[hold].profile = ProfileName::parse("bob--fraud").unwrap();
        plan.actions[hold].person = person_id("bob");
        plan.actions.remove(update);
    });
    assert_eq!(found, invalid("bob--fraud in research: the person is entitled to it"));
}

#[test]
fn nothing_is_taken_away_on_a_partial_reading() {
    let plan = world().plan();
    let partial = world().covering(&["alice", "bob"]);
    let violations = partial.check(plan, Removals::Guarded).unwrap_err();
    assert_eq!(
        violations[0].message,
        "carol--fraud in research: the directory was not read far enough to remove it"
    );
}

#[test]
fn nothing_is_removed_before_its_hold_is_over() {
    let removal = |plan: &mut Plan, hold: usize| {
        plan.actions[hold].step =
            Step::Remove { stake: Stake::default(), new: true, hand_over: Vec::new() };
    };
    let found = refusal(&world(), |plan, [.., hold]| removal(plan, hold));
    assert_eq!(found, invalid("carol--fraud in research: its hold is not over"));

    let mut failed = world();
    let carol = failed.domain_mut("research").profiles.get_mut("carol--fraud").unwrap();
    carol.status = ProfileStatus::Failed;
    let mut plan = world().plan();
    let [.., hold] = parts(&mut plan);
    removal(&mut plan, hold);
    assert!(failed.check(plan.clone(), Removals::Guarded).is_ok());
    let carol = failed.domain_mut("research").profiles.get_mut("carol--fraud").unwrap();
    *carol = carol.clone().space("lab", &[]);
    assert!(failed.check(plan, Removals::Guarded).is_err());
}

#[test]
fn a_profile_that_has_not_failed_is_not_replaced() {
    let found = refusal(&world(), |plan, [_, update, _]| {
        plan.actions[update].reason = ProfileFailed;
        plan.actions[update].step =
            Step::Remove { stake: Stake::default(), new: false, hand_over: Vec::new() };
    });
    assert_eq!(found, invalid("bob--fraud in research: it has not failed"));
}

#[test]
fn a_failed_profile_is_replaced_and_never_held() {
    let mut failed = world();
    let bob = failed.domain_mut("research").profiles.get_mut("bob--fraud").unwrap();
    bob.status = ProfileStatus::Failed;
    let mut plan = failed.plan();
    let action = plan.actions.iter_mut().find(|a| a.reason == ProfileFailed).unwrap();
    action.step = Step::Hold { since: None, hold_seconds: 0, stake: Stake::default(), new: false };
    let violations = failed.check(plan, Removals::Guarded).unwrap_err();
    assert_eq!(
        violations[0].message,
        "bob--fraud in research: a failed profile is replaced, not held"
    );
}

#[test]
fn a_removal_cannot_hide_from_the_guard() {
    let found = refusal(&world(), |plan, [.., hold]| {
        if let Step::Hold { new, .. } = &mut plan.actions[hold].step {
            *new = false;
        }
    });
    assert_eq!(found, invalid("carol--fraud in research: it is not counted as what it takes away"));
}

#[test]
fn spaces_are_never_destroyed_by_replacing_a_failed_profile_or_by_others_leaving() {
    let mut failed = world();
    let bob = failed.domain_mut("research").profiles.get_mut("bob--fraud").unwrap();
    *bob = bob.clone().status(ProfileStatus::Failed);
    let plan = failed.plan();
    let bob = failed.domain_mut("research").profiles.get_mut("bob--fraud").unwrap();
    *bob = bob.clone().space("lab", &[]);
    let violations = failed.check(plan, Removals::Guarded).unwrap_err();
    assert_eq!(violations[0].message, "bob--fraud in research: spaces stand on it");

    let mut left = world();
    let carol = left.domain_mut("research").profiles.get_mut("carol--fraud").unwrap();
    *carol = carol.clone().leaving("2026-10-01T00:00:00Z");
    let plan = left.plan();
    let carol = left.domain_mut("research").profiles.get_mut("carol--fraud").unwrap();
    *carol = carol.clone().space("team", &[]);
    carol.spaces[0].shared = true;
    let violations = left.check(plan, Removals::Guarded).unwrap_err();
    assert_eq!(violations[0].message, "carol--fraud in research: others work in a space of it");
}

#[test]
fn a_profile_has_one_action() {
    let found = refusal(&world(), |plan, [_, update, _]| {
        let mut again = plan.actions[update].clone();
        again.profile = ProfileName::parse("BOB--fraud").unwrap();
        plan.actions.push(again);
    });
    assert_eq!(found, invalid("BOB--fraud in research: more than one action"));
}

#[test]
fn the_quota_is_kept() {
    let plan = world().plan();
    let mut world = world();
    world.domain_mut("research").profile_quota = Some(3);
    assert!(world.check(plan.clone(), Removals::Guarded).is_ok());
    world.domain_mut("research").profile_quota = Some(2);
    let violations = world.check(plan.clone(), Removals::Guarded).unwrap_err();
    assert_eq!(violations.len(), 1);
    assert_eq!(
        violations[0].message,
        "1 new profiles would exceed the quota of 2 of account 111122223333 in eu-west-1"
    );
    world.domain_mut("research").profile_quota = Some(3);
    world.domain_mut("research").elsewhere = elsewhere("d-others", 1);
    let violations = world.check(plan, Removals::Guarded).unwrap_err();
    assert_eq!(
        violations[0].message,
        "1 new profiles would exceed the quota of 3 of account 111122223333 in eu-west-1"
    );
}

#[test]
fn the_domains_of_an_account_share_the_least_quota_that_was_read() {
    let more = "  other: { domain_id: d-other, account_id: \"111122223333\", region: eu-west-1 }\n";
    let mut world = World::new(&format!("{more}{TEAMS}"))
        .group("ml-fraud", &["alice"])
        .profile(foreign("by-hand"));
    let other = world.observed.domains[&domain_key("research")].clone();
    world.observed.domains.insert(domain_key("other"), other);
    let plan = world.plan();
    assert_eq!(plan.actions.len(), 1);
    for (research, other, accepted) in
        [(Some(3), Some(3), true), (Some(9), Some(2), false), (Some(2), None, false)]
    {
        world.domain_mut("research").profile_quota = research;
        world.domain_mut("other").profile_quota = other;
        assert_eq!(world.check(plan.clone(), Removals::Guarded).is_ok(), accepted);
    }
}

/// `stay` people who stay and `leave` people who leave.
fn exodus(guard: &str, stay: usize, leave: usize) -> World {
    let names: Vec<String> = (0..stay).map(|i| format!("stays{i}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut world =
        World::new(&format!("{TEAMS}guard: {guard}\n")).group("ml-fraud", &names).at(NOW);
    for name in names {
        world = world.profile(ours(name, "fraud"));
    }
    for i in 0..leave {
        world = world.profile(ours(&format!("leaves{i}"), "fraud"));
    }
    world
}

fn guarded(world: &World, removals: Removals) -> Result<(), Vec<(ReasonCode, String)>> {
    world.check(world.plan(), removals).map(drop).map_err(|violations| {
        violations.into_iter().map(|violation| (violation.code, violation.message)).collect()
    })
}

#[test]
fn the_guard_counts() {
    let guard = "{ max_removals: 2, max_removals_percent: 100 }";
    assert_eq!(guarded(&exodus(guard, 10, 2), Removals::Guarded), Ok(()));
    let message = "the plan takes away 3 of 13 profiles; at most 2 are allowed";
    assert_eq!(
        guarded(&exodus(guard, 10, 3), Removals::Guarded),
        Err(vec![(GuardTripped, message.into())])
    );
}

#[test]
fn the_guard_takes_percents_of_what_is_owned_rounded_down_but_one_is_always_within() {
    let guard = "{ max_removals: 100, max_removals_percent: 10 }";
    assert_eq!(guarded(&exodus(guard, 18, 2), Removals::Guarded), Ok(()));
    let message = "the plan takes away 2 of 19 profiles; at most 1 are allowed";
    assert_eq!(
        guarded(&exodus(guard, 17, 2), Removals::Guarded),
        Err(vec![(GuardTripped, message.into())])
    );
    assert_eq!(guarded(&exodus(guard, 2, 1), Removals::Guarded), Ok(()));
    // Foreign profiles are no part of it.
    let mut foreign_ones = exodus(guard, 2, 2);
    for i in 0..30 {
        foreign_ones = foreign_ones.profile(foreign(&format!("by-hand{i}")));
    }
    assert!(guarded(&foreign_ones, Removals::Guarded).is_err());
    // Nor are profiles in domains that are not planned for.
    let mut elsewhere = exodus(guard, 2, 2);
    for i in 0..30 {
        elsewhere = elsewhere.profile_in("risk", ours(&format!("stays{i}"), "churn"));
    }
    elsewhere.domain_mut("risk").state = DomainState::Ending;
    let message = "the plan takes away 2 of 4 profiles; at most 1 are allowed";
    assert_eq!(guarded(&elsewhere, Removals::Guarded), Err(vec![(GuardTripped, message.into())]));
}

#[test]
fn zero_in_the_guard_means_none() {
    for guard in ["{ max_removals: 0 }", "{ max_removals_percent: 0 }"] {
        let world = exodus(guard, 20, 1);
        assert_eq!(guard_limit(&world.map, 21), 0);
        assert!(guarded(&world, Removals::Guarded).is_err());
        assert_eq!(guarded(&exodus(guard, 20, 0), Removals::Guarded), Ok(()));
    }
}

#[test]
fn what_was_agreed_to_counts_instead_of_the_guard() {
    let world = exodus("{ max_removals: 1 }", 0, 6);
    assert_eq!(guarded(&world, Removals::Allowed(6)), Ok(()));
    let message = "the plan takes away 6 of 6 profiles; at most 5 are allowed";
    assert_eq!(guarded(&world, Removals::Allowed(5)), Err(vec![(GuardTripped, message.into())]));
    assert!(guarded(&exodus("{}", 9, 1), Removals::Allowed(0)).is_err());
}

#[test]
fn the_guard_does_not_believe_the_plans_own_count() {
    let world = exodus("{}", 0, 2);
    let mut plan = world.plan();
    plan.owned = 1_000;
    let violations = world.check(plan, Removals::Guarded).unwrap_err();
    assert_eq!(violations[0].code, GuardTripped);
}

#[test]
fn removals_that_were_counted_before_are_not_counted_again() {
    let mut world = exodus("{ max_removals: 1 }", 20, 0);
    for i in 0..5 {
        let name = format!("left{i}");
        world = world.profile(ours(&name, "fraud").leaving("2026-11-01T00:00:00Z"));
    }
    assert_eq!(world.plan().actions.len(), 5);
    assert_eq!(guarded(&world, Removals::Guarded), Ok(()));
}

#[test]
fn what_was_begun_in_the_last_day_counts_against_the_guard() {
    let begun = |since: &str| {
        let mut world = exodus("{ max_removals: 3, max_removals_percent: 100 }", 20, 2);
        for i in 0..2 {
            world = world.profile(ours(&format!("left{i}"), "fraud").leaving(since));
        }
        world
    };
    let a_day_ago = NOW.parse::<jiff::Timestamp>().unwrap() - jiff::SignedDuration::from_hours(24);
    let within = a_day_ago + jiff::SignedDuration::from_secs(1);
    let message =
        "the plan takes away 2 of 24 profiles, after 2 in the last 24 hours; at most 3 are allowed";
    let refused = Err(vec![(GuardTripped, message.to_owned())]);
    assert_eq!(guarded(&begun(&within.to_string()), Removals::Guarded), refused);
    assert_eq!(guarded(&begun(&a_day_ago.to_string()), Removals::Guarded), Ok(()));
    assert_eq!(guarded(&begun(&within.to_string()), Removals::Allowed(2)), Ok(()));
    // Those whose profiles are gone already.
    let gone = begun(&a_day_ago.to_string());
    assert_eq!(guarded(&gone, Removals::GuardedAfter(1)), Ok(()));
    assert_eq!(guarded(&gone, Removals::GuardedAfter(2)), refused);
}

#[test]
fn whoever_came_back_or_was_agreed_on_is_not_counted_against_the_guard() {
    let guard = "{ max_removals: 1, max_removals_percent: 100 }";
    let mut world = exodus(guard, 2, 1);
    for profile in world.domain_mut("research").profiles.values_mut() {
        if profile.name.as_str().starts_with("stays") {
            profile.tags.insert(TAG_LEAVING.into(), NOW.into());
        }
    }
    assert_eq!(guarded(&world, Removals::Guarded), Ok(()));

    let agreed = ours("left", "fraud").leaving(NOW).tagged(TAG_AGREED, "yes");
    assert_eq!(guarded(&exodus(guard, 2, 1).profile(agreed), Removals::Guarded), Ok(()));
    let not_agreed = ours("left", "fraud").leaving(NOW);
    assert!(guarded(&exodus(guard, 2, 1).profile(not_agreed), Removals::Guarded).is_err());
}

#[test]
fn who_comes_back_loses_both_tags_of_leaving() {
    let profile = ours("ada", "fraud").leaving(NOW).tagged(TAG_AGREED, "yes");
    let world = World::new(TEAMS).group("ml-fraud", &["ada"]).profile(profile);
    let plan = world.plan();
    let [action] = plan.actions.as_slice() else { panic!("{plan:?}") };
    let Step::Update { remove_tags, .. } = &action.step else { panic!("{action:?}") };
    assert_eq!(
        remove_tags.iter().map(String::as_str).collect::<Vec<_>>(),
        [TAG_AGREED, TAG_LEAVING]
    );
    assert!(world.check(plan, Removals::Guarded).is_ok_and(|checked| !checked.is_agreed()));
}
