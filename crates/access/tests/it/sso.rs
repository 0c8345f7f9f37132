//! Domains in SSO mode: one profile a person, the group assigned first, the highest priority wins.

use crate::support::{Build, TEAMS, World, app, domain_key, foreign, ours, person_id, role};
use access::check::Removals;
use access::ids::{DirectoryName, GroupId, TeamKey};
use access::map::{DirectoryKind, DirectorySource, ScimDirectory};
use access::observed::{
    AppStatus, AuthMode, ObservedApp, ObservedApplication, ObservedProfile, ObservedRole,
    ProfileStatus, TAG_AGREED, TAG_LEAVING, TAG_LOST,
};
use access::plan::{LostTeam, Step};
use access::reason::ReasonCode;
use access::snapshot::Hold;

const APPLICATION: &str = "arn:aws:sso::111122223333:application/ssoins-1/apl-1";

/// `churn` comes first by its priority, although it stands second.
const RANKED: &str = r#"teams:
  fraud: { domain: research, execution_role: "arn:aws:iam::{account_id}:role/studio-{team}", network: anywhere }
  churn: { domain: research, execution_role: "arn:aws:iam::{account_id}:role/studio-{team}", network: anywhere }
grants:
  - { group: ml-fraud, team: fraud }
  - { group: ml-churn, team: churn, priority: 10 }
"#;

/// A world whose domain `research` is in SSO mode, with these groups assigned to its application.
fn sso(map: &str, assigned: &[&str]) -> World {
    let mut world = World::new(map);
    let groups = assigned.iter().map(|id| GroupId::parse(*id).unwrap()).collect();
    let domain = world.domain_mut("research");
    domain.auth_mode = AuthMode::Sso;
    let application = ObservedApplication { arn: APPLICATION.into(), groups, ..Default::default() };
    domain.application = Some(application);
    world
}

/// The one profile of a person, in agreement with a team of [`TEAMS`].
fn profile(person: &str, team: &str) -> ObservedProfile {
    let mut profile = ours(person, team).named(person);
    profile.sso_user = Some(person.into());
    profile
}

fn assigned(world: &World) -> Vec<String> {
    let plan = world.plan();
    plan.assignments.iter().map(|a| format!("{} {} {}", a.domain, a.group, a.application)).collect()
}

#[test]
fn a_joiner_gets_a_profile_that_signs_in_their_user_name_and_the_group_is_assigned_first() {
    let mut world = sso(TEAMS, &[]).group("ml-fraud", &["alice"]).group("ml-churn", &[]);
    world.person_mut("alice").user_name = "Alice@Example.com".into();
    assert_eq!(assigned(&world), [format!("research g0-ml-fraud {APPLICATION}")]);
    assert_eq!(
        world.told(),
        ["research/alice-example-com--bbkg5vjef4: create role=studio-fraud \
          user=Alice@Example.com (entitled)"]
    );
}

#[test]
fn a_group_that_is_assigned_is_not_assigned_again_nor_is_one_of_somebody_assigned_by_name() {
    let world = sso(TEAMS, &["g0-ml-fraud"]).group("ml-fraud", &["alice"]).group("ml-churn", &[]);
    assert_eq!(assigned(&world), [""; 0]);
    let mut by_name = sso(TEAMS, &[]).group("ml-fraud", &["alice"]).group("ml-churn", &[]);
    let application = by_name.domain_mut("research").application.as_mut().unwrap();
    application.people.insert(person_id("alice"));
    assert_eq!(assigned(&by_name), [""; 0]);
}

#[test]
fn a_domain_that_tells_no_application_leaves_the_assignment_to_a_person_and_says_so_once() {
    let mut world = sso(TEAMS, &[]).group("ml-fraud", &["alice", "bob"]).group("ml-churn", &[]);
    world.domain_mut("research").application = None;
    assert_eq!(
        world.told(),
        [
            "research/alice: create role=studio-fraud user=alice (entitled)",
            "research/bob: create role=studio-fraud user=bob (entitled)",
            "research/*: keep (assignment-manual: ml-fraud)",
        ]
    );
    assert_eq!(assigned(&world), [""; 0]);
}

#[test]
fn a_group_of_another_directory_is_not_assigned_but_told() {
    let mut world = sso(TEAMS, &[]).group("ml-fraud", &["alice"]).group("ml-churn", &[]);
    let place = world.map.directories.sources.first().unwrap().place.clone();
    let name = |name: &str| DirectoryName::parse(name).unwrap();
    let scim = |name| DirectorySource {
        name,
        kind: DirectoryKind::Scim(ScimDirectory::default()),
        place: place.clone(),
    };
    world.map.directories.sources.push(scim(name("g0-ml-fraud")));
    assert_eq!(assigned(&world).len(), 1, "a name is not the beginning of an id without its colon");
    world.map.directories.sources = vec![scim(name("scim"))];
    assert_eq!(assigned(&world), [""; 0]);
    assert_eq!(
        world.told(),
        [
            "research/alice: create role=studio-fraud user=alice (entitled)",
            "research/*: keep (group-elsewhere: ml-fraud)",
        ]
    );
}

#[test]
fn of_several_teams_the_highest_priority_wins_and_the_others_are_said_to_wait() {
    let both = sso(RANKED, &["g0-ml-fraud", "g1-ml-churn"])
        .group("ml-fraud", &["alice"])
        .group("ml-churn", &["alice"]);
    assert_eq!(
        both.told(),
        [
            "research/alice: create role=studio-churn user=alice (entitled)",
            "research/*: keep (outranked: churn comes first, by priority 10 at access.yaml:11)",
        ]
    );
    // Without priorities the earlier grant does, whatever the order of anything else.
    let even = sso(TEAMS, &["g0-ml-churn", "g1-ml-fraud"])
        .group("ml-churn", &["alice"])
        .group("ml-fraud", &["alice"]);
    assert_eq!(even.told()[0], "research/alice: create role=studio-fraud user=alice (entitled)");
}

#[test]
fn who_moves_to_another_team_keeps_the_profile_and_loses_what_runs_before_the_role_changes() {
    let moved = |apps: &[AppStatus]| {
        let apps = apps.iter().enumerate();
        let profile =
            apps.fold(profile("alice", "fraud"), |p, (i, status)| p.app(&format!("a{i}"), *status));
        sso(TEAMS, &["g0-ml-fraud", "g1-ml-churn"])
            .group("ml-fraud", &[])
            .group("ml-churn", &["alice"])
            .profile(profile)
    };
    assert_eq!(
        moved(&[AppStatus::InService]).told(),
        ["research/alice: stop JupyterLab/a0 loses=fraud (team-changed)"]
    );
    assert_eq!(
        moved(&[AppStatus::Deleted]).told(),
        ["research/alice: update from=studio-fraud role=studio-churn \
          loses=fraud (team-changed)"]
    );
}

#[test]
fn a_team_that_is_enforced_is_taken_also_where_the_profile_goes_on_for_one_that_is_not() {
    let enforced = |teams: &str| movers(&[None], &format!("rollout: {{ enforce: [{teams}] }}\n"));
    let moves =
        "research/p0: update from=studio-fraud role=studio-churn loses=fraud (team-changed)";
    let of_p0 = |world: &World| {
        let told = world.told().into_iter().find(|told| told.starts_with("research/p0: "));
        told.unwrap()
    };
    let world = enforced("fraud");
    assert_eq!(of_p0(&world), moves);
    world.check(world.plan(), Removals::Guarded).unwrap();
    let stays = "research/p0: keep (not-enforced: would be corrected (team-changed))";
    assert_eq!(of_p0(&enforced("")), stays);
    // Nobody who has the enforced team still is moved to another one that is not.
    let both = movers(&[None], "rollout: { enforce: [fraud] }\n").group("ml-fraud", &["p0"]);
    let ranked = format!("{RANKED}rollout: {{ enforce: [fraud] }}\n");
    let both = World { map: crate::support::map(&ranked), ..both };
    assert_eq!(of_p0(&both), stays);
    let mut forged = both.plan();
    forged.actions = world.plan().actions;
    assert_eq!(
        both.check(forged, Removals::Guarded).unwrap_err()[0].message,
        "p0 in research: the map does not enforce its team"
    );
}

/// A page of Studio that is open starts again what was stopped, while the other role is being given.
#[test]
fn what_was_started_before_the_profile_had_the_other_role_stops_before_it_is_the_other_teams() {
    let told = |modified: Option<&str>, since: &[Option<&str>]| {
        let time = |text: &str| text.parse().unwrap();
        let mut profile = profile("alice", "fraud")
            .with_role(role("churn").as_str())
            .tagged(TAG_LOST, "2026-11-21T08:00:00Z fraud");
        for (i, _) in since.iter().enumerate() {
            profile = profile.app(&format!("a{i}"), AppStatus::InService);
        }
        profile.modified = modified.map(time);
        for (app, since) in profile.apps.iter_mut().zip(since) {
            app.since = since.map(time);
        }
        sso(TEAMS, &["g0-ml-fraud", "g1-ml-churn"])
            .group("ml-fraud", &[])
            .group("ml-churn", &["alice"])
            .profile(profile)
            .told()
    };
    let given = Some("2026-11-21T08:00:05Z");
    let (before, after) = (Some("2026-11-21T08:00:02Z"), Some("2026-11-21T08:00:06Z"));
    let done = ["research/alice: update stagedoor:team=churn (team-changed)"];
    assert_eq!(told(given, &[]), done);
    assert_eq!(told(given, &[after]), done, "it has the role of its own team");
    let stops = |apps: &str| [format!("research/alice: stop {apps} (team-changed)")];
    assert_eq!(told(given, &[before, after]), stops("JupyterLab/a0"));
    assert_eq!(told(given, &[given]), stops("JupyterLab/a0"));
    // Long after, whatever AWS takes for a change.
    let (late, later) = (Some("2026-11-21T08:15:01Z"), Some("2026-11-21T09:00:00Z"));
    assert_eq!(told(later, &[late]), done);
    // Where AWS does not say when, it may be from before.
    assert_eq!(told(given, &[None]), stops("JupyterLab/a0"));
    assert_eq!(told(None, &[after]), stops("JupyterLab/a0"));
}

/// The role is the other team's already, and what was started with it is of nobody who lost that one.
#[test]
fn whoever_is_back_before_the_profile_said_so_loses_what_runs_with_the_other_role() {
    let profile = |apps: &[ObservedApp]| ObservedProfile {
        apps: apps.to_vec(),
        ..profile("alice", "fraud")
            .with_role(role("churn").as_str())
            .tagged(TAG_LOST, "2026-11-21T08:00:00Z fraud")
    };
    let told = |profile: ObservedProfile| {
        let world = sso(TEAMS, &["g0-ml-fraud", "g1-ml-churn"]).group("ml-fraud", &["alice"]);
        world.group("ml-churn", &[]).profile(profile).told()
    };
    assert_eq!(
        told(profile(&[app("a0", AppStatus::InService)])),
        ["research/alice: stop JupyterLab/a0 (team-changed)"]
    );
    assert_eq!(
        told(profile(&[])),
        [
            "research/alice: update from=studio-churn role=studio-fraud -stagedoor:team-lost (team-changed)"
        ]
    );
}

#[test]
fn no_plan_says_of_a_profile_that_it_is_another_teams_before_it_has_the_role() {
    let world = movers(&[None], "");
    let mut plan = world.plan();
    let Step::Update { set_tags, .. } = &mut plan.actions[0].step else { panic!("{plan:?}") };
    assert_eq!(set_tags.insert("stagedoor:team".to_owned(), "churn".to_owned()), None);
    let violations = world.check(plan, Removals::Allowed(9)).unwrap_err();
    assert_eq!(
        violations[0].message,
        "p0 in research: it would say whose it is before it has the role"
    );
    // Nor without giving it.
    let mut plan = world.plan();
    let Step::Update { set_tags, new_role, old_role, .. } = &mut plan.actions[0].step else {
        panic!("{plan:?}")
    };
    set_tags.insert("stagedoor:team".to_owned(), "churn".to_owned());
    (*new_role, *old_role) = (None, None);
    assert_eq!(world.check(plan, Removals::Allowed(9)).unwrap_err(), violations);
}

#[test]
fn what_runs_in_spaces_of_a_profile_that_cannot_be_deleted_stops_where_its_team_is_lost() {
    let failed = |apps: &[ObservedApp]| {
        profile("alice", "fraud").status(ProfileStatus::DeleteFailed).space("s", apps)
    };
    let told = |team: &str, profile: ObservedProfile| {
        sso(TEAMS, &["g0-ml-fraud", "g1-ml-churn"])
            .group("ml-fraud", &[])
            .group("ml-churn", &[])
            .group(&format!("ml-{team}"), &["alice"])
            .profile(profile)
            .told()
    };
    let (runs, rests) = (failed(&[app("a", AppStatus::InService)]), failed(&[]));
    let kept = ["research/alice: keep (profile-failed: it owns spaces)"];
    assert_eq!(
        told("churn", runs.clone()),
        ["research/alice: stop s/JupyterLab/a loses=fraud (team-changed)"]
    );
    assert_eq!(told("churn", rests), kept);
    assert_eq!(told("fraud", runs), kept, "nothing is lost");
}

/// Whose profiles go on for `churn`, each with the tag that says what was taken of it.
fn movers(tags: &[Option<&str>], more: &str) -> World {
    let names: Vec<String> = (0..tags.len()).map(|i| format!("p{i}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let world = sso(&format!("{TEAMS}{more}"), &["g0-ml-fraud", "g1-ml-churn"]);
    let world = world.group("ml-fraud", &[]).group("ml-churn", &names);
    names.iter().zip(tags).fold(world, |world, (name, tag)| {
        let profile = profile(name, "fraud");
        world.profile(match tag {
            Some(tag) => profile.tagged(TAG_LOST, tag),
            None => profile,
        })
    })
}

/// They lost their team with the profile that they keep, which was counted by nobody: all in one pass.
#[test]
fn the_guard_counts_who_loses_a_team_with_a_profile_that_stays() {
    let guard = "guard: { max_removals: 2, max_removals_percent: 100 }\n";
    let guarded = |world: &World, removals| {
        let checked = world.check(world.plan(), removals).map(drop);
        checked.map_err(|violations| (violations[0].code, violations[0].message.clone()))
    };
    let refused = |message: &str| Err((ReasonCode::GuardTripped, message.to_owned()));
    assert_eq!(guarded(&movers(&[None; 2], guard), Removals::Guarded), Ok(()));
    let three = movers(&[None; 3], guard);
    let told = "the plan takes 3 of 3 profiles from their teams; at most 2 are allowed";
    assert_eq!(guarded(&three, Removals::Guarded), refused(told));
    assert_eq!(guarded(&three, Removals::Allowed(2)), refused(told));
    assert_eq!(guarded(&three, Removals::Allowed(3)), Ok(()));
    // What was begun today counts, until a day is over, unless somebody agreed.
    let lately = Some("2026-11-21T08:00:00Z fraud");
    let before = movers(&[lately, lately, None], guard);
    assert_eq!(before.plan().new_removals(), 1);
    let told = "the plan takes 1 of 3 profiles from their teams, after 2 in the last 24 hours; at most 2 are \
                allowed";
    assert_eq!(guarded(&before, Removals::Guarded), refused(told));
    // Nobody's clock is a day ahead.
    let ahead = "2026-11-29T08:00:00Z fraud";
    for uncounted in ["2026-11-21T08:00:00Z fraud agreed", "2026-11-20T08:00:00Z fraud", ahead] {
        let uncounted = movers(&[Some(uncounted), lately, None], guard);
        assert_eq!(guarded(&uncounted, Removals::Guarded), Ok(()));
    }
    // What says nothing that can be read is as good as none.
    for strange in ["", "fraud", "2026-11-21T08:00:00Z fraud agreed twice", "yesterday fraud"] {
        assert_eq!(movers(&[Some(strange)], guard).plan().new_removals(), 1, "{strange}");
    }
}

#[test]
fn what_is_lost_is_counted_once_however_many_steps_it_takes() {
    let told = |tag: &str, leaving: Option<&str>| {
        let mut world = mover("");
        let alice = world.domain_mut("research").profiles.get_mut("alice").unwrap();
        *alice = alice.clone().tagged(TAG_LOST, tag);
        if let Some(since) = leaving {
            *alice = alice.clone().leaving(since);
        }
        world.told()
    };
    let stop = "research/alice: stop JupyterLab/a0";
    let first = [format!("{stop} loses=fraud (team-changed)")];
    let again = [format!("{stop} (team-changed)")];
    assert_eq!(told("2026-11-21T08:00:00Z fraud", None), again);
    assert_eq!(told("2026-11-21T08:00:00Z churn", None), first, "another team, some time ago");
    assert_eq!(told("2026-11-21T08:00:00Z churn", Some("2026-11-20T12:00:00Z")), again);
    let ended = movers(&[Some("2026-11-21T08:00:00Z fraud")], "");
    assert_eq!(
        ended.told(),
        ["research/p0: update from=studio-fraud role=studio-churn (team-changed)"]
    );
}

#[test]
fn whoever_is_back_in_the_team_that_was_lost_is_counted_no_more() {
    let back = |team: &str| {
        sso(TEAMS, &["g0-ml-fraud", "g1-ml-churn"])
            .group("ml-fraud", &["alice"])
            .group("ml-churn", &[])
            .profile(profile("alice", team).tagged(TAG_LOST, "2026-11-21T08:00:00Z fraud"))
    };
    assert_eq!(
        back("fraud").told(),
        ["research/alice: update -stagedoor:team-lost (tag-drift)"],
        "before it went on for another one"
    );
    assert_eq!(
        back("churn").told(),
        ["research/alice: update from=studio-churn role=studio-fraud \
          -stagedoor:team-lost loses=churn (team-changed)"]
    );
}

/// An identity provider that takes a group now and gives the other seconds later took it from any number of people: each
/// was held, and the end of the hold was all that was remembered.
#[test]
fn a_hold_that_ends_in_another_team_is_remembered_as_what_was_lost() {
    let held = |tags: &[(&str, &str)]| {
        let mut world =
            movers(&[None, None], "guard: { max_removals: 1, max_removals_percent: 100 }\n");
        let p0 = world.domain_mut("research").profiles.get_mut("p0").unwrap();
        *p0 = tags.iter().fold(p0.clone(), |p0, (key, value)| p0.tagged(key, value));
        world
    };
    let update = "research/p0: update from=studio-fraud role=studio-churn";
    let unagreed = held(&[(TAG_LEAVING, "2026-11-21T08:00:00Z")]);
    assert_eq!(
        unagreed.told()[0],
        format!(
            "{update} stagedoor:team-lost=2026-11-21T08:00:00Z fraud -stagedoor:leaving-since (returned)"
        )
    );
    let agreed = held(&[
        (TAG_LEAVING, "2026-11-21T08:00:00Z"),
        (TAG_AGREED, "yes"),
        (TAG_LOST, "2026-11-20T08:00:00Z churn"),
    ]);
    assert_eq!(
        agreed.told()[0],
        format!(
            "{update} stagedoor:team-lost=2026-11-21T08:00:00Z fraud agreed -stagedoor:leaving-agreed \
             -stagedoor:leaving-since (returned)"
        )
    );
    // The other one loses a team besides.
    let refused = |world: &World| world.check(world.plan(), Removals::Guarded).is_err();
    assert_eq!([refused(&unagreed), refused(&agreed)], [true, false]);
    // The check lets nobody forget it, nor invent it.
    for (lost, at) in [
        (None, 0),
        (Some("2026-10-01T08:00:00Z fraud"), 0),
        (Some("2026-10-01T08:00:00Z fraud"), 1),
    ] {
        let mut plan = unagreed.plan();
        let Step::Update { set_tags, .. } = &mut plan.actions[at].step else { panic!("{plan:?}") };
        set_tags.remove(TAG_LOST);
        set_tags.extend(lost.map(|lost| (TAG_LOST.to_owned(), lost.to_owned())));
        let violations = unagreed.check(plan, Removals::Allowed(9)).unwrap_err();
        assert_eq!(
            violations[0].message,
            format!(
                "p{at} in research: the guard would forget what was taken, or count what was not"
            )
        );
    }
}

#[test]
fn only_who_is_back_is_said_to_be_back_and_no_canary_delays_it() {
    let mut world = movers(&[Some("2026-11-21T08:00:00Z fraud")], "");
    let mut plan = world.plan();
    let Step::Update { remove_tags, .. } = &mut plan.actions[0].step else { panic!("{plan:?}") };
    remove_tags.insert(TAG_LOST.to_owned());
    let violations = world.check(plan, Removals::Allowed(9)).unwrap_err();
    assert_eq!(
        violations[0].message,
        "p0 in research: the guard would forget what was taken, or count what was not"
    );
    world = sso(TEAMS, &["g0-ml-fraud", "g1-ml-churn"])
        .group("ml-fraud", &["alice"])
        .group("ml-churn", &["bob"])
        .profile(profile("alice", "fraud").tagged(TAG_LOST, "2026-11-21T08:00:00Z fraud"))
        .profile(profile("bob", "churn").with_role(role("fraud").as_str()));
    world.map.rollout.canary = Some(TeamKey::parse("churn").unwrap());
    let told = "research/alice: update -stagedoor:team-lost (tag-drift)".to_owned();
    assert!(world.told().contains(&told), "{:?}", world.told());
}

#[test]
fn a_team_that_goes_to_another_domain_is_lost_in_this_one() {
    let mut world = movers(&[None], "").group("ml-fraud", &["p0"]);
    let risk = crate::support::map(&TEAMS.replacen("domain: research", "domain: risk", 1));
    world.map = risk;
    assert!(
        world.told().contains(
            &"research/p0: update from=studio-fraud role=studio-churn loses=fraud (team-changed)"
                .to_owned()
        ),
        "{:?}",
        world.told()
    );
}

#[test]
fn the_check_believes_no_plan_that_counts_something_else_than_is_lost() {
    let objection = |world: &World, said: Option<LostTeam>| {
        let mut plan = world.plan();
        match &mut plan.actions[0].step {
            Step::StopApps { loses, .. } | Step::Update { loses, .. } => *loses = said,
            step => panic!("{step:?}"),
        }
        let violations = world.check(plan, Removals::Allowed(9)).unwrap_err();
        violations[0].message.clone()
    };
    let lost = |team: &str, announced| LostTeam { team: TeamKey::parse(team).unwrap(), announced };
    let uncounted = "it is not counted as what it takes away";
    for (name, world) in [("alice", mover("")), ("p0", movers(&[None], ""))] {
        for said in [None, Some(lost("churn", false))] {
            assert_eq!(objection(&world, said), format!("{name} in research: {uncounted}"));
        }
        assert_eq!(
            objection(&world, Some(lost("fraud", true))),
            format!("{name} in research: no temporary grant of the person has ended")
        );
    }
    let begun = movers(&[Some("2026-11-21T08:00:00Z fraud")], "");
    assert_eq!(
        objection(&begun, Some(lost("fraud", false))),
        format!("p0 in research: {uncounted}")
    );
}

/// Alice has moved from `fraud` to `churn`; something of hers runs with the role of `fraud`.
fn mover(more: &str) -> World {
    sso(&format!("{TEAMS}{more}"), &["g0-ml-fraud", "g1-ml-churn"])
        .group("ml-fraud", &[])
        .group("ml-churn", &["alice"])
        .profile(profile("alice", "fraud").app("a0", AppStatus::InService))
}

#[test]
fn who_comes_back_to_another_team_does_not_keep_what_runs_with_the_former_role() {
    for more in ["", "rollout: { running_apps: wait }\n"] {
        let mut world = mover(more);
        let alice = world.domain_mut("research").profiles.get_mut("alice").unwrap();
        *alice = alice.clone().leaving("2026-11-20T12:00:00Z");
        assert_eq!(world.told(), ["research/alice: stop JupyterLab/a0 (team-changed)"], "{more}");
    }
}

#[test]
fn what_runs_for_a_lost_team_stops_although_the_new_role_cannot_be_given() {
    let world = mover("").role("churn", ObservedRole::Missing);
    assert_eq!(world.told(), ["research/alice: stop JupyterLab/a0 loses=fraud (team-changed)"]);
    // Who still has the former team goes on there until the new role is.
    let both = world.group("ml-fraud", &["alice"]);
    let ranked = both.map.grants.iter().position(|grant| grant.group == "ml-churn").unwrap();
    let mut both = both;
    both.map = crate::support::map(&TEAMS.replace("team: churn }", "team: churn, priority: 10 }"));
    assert_eq!(ranked, 1);
    assert_eq!(
        both.told(),
        [
            format!("research/alice: keep (role-missing: {})", role("churn")),
            "research/*: keep (outranked: churn comes first, by priority 10 at access.yaml:11)"
                .to_owned(),
        ]
    );
}

#[test]
fn no_role_is_given_to_a_profile_that_signs_in_somebody_else_whatever_its_tags_say() {
    let forged = |user: &str| {
        let mut forged = profile("alice", "fraud").with_role("arn:aws:iam::111122223333:role/none");
        forged.sso_user = Some(user.into());
        sso(TEAMS, &["g0-ml-fraud"])
            .group("ml-fraud", &["alice"])
            .group("ml-churn", &[])
            .person("mallory")
            .profile(forged)
    };
    let kept = ["research/alice: keep (sso-user-changed: it signs in Mallory)"];
    assert_eq!(forged("Mallory").told(), kept);
    // In any case, also outside of ASCII: Identity Center does not tell cases apart.
    let forged_as = |user: &str| {
        let mut world = forged(user);
        let known = world.snapshot.people.get_mut(&person_id("mallory")).unwrap();
        known.user_name = "änne".into();
        world
    };
    let kept = ["research/alice: keep (sso-user-changed: it signs in ÄNNE)"];
    assert_eq!(forged_as("ÄNNE").told(), kept);
    let plan = forged("ÄNNE").plan();
    assert!(forged_as("ÄNNE").check(plan, Removals::Guarded).is_err());
    // A name that nobody else has is alice's own from before. Only a full reading can tell.
    assert!(forged("alice.before").told()[0].starts_with("research/alice: update from="));
    assert_eq!(
        forged("alice.before").covering(&["alice"]).told(),
        ["research/alice: keep (sso-user-changed: it signs in alice.before)"]
    );
    // The check says so by itself.
    let plan = forged("alice.before").plan();
    let violations = forged("mallory").check(plan, Removals::Guarded).unwrap_err();
    assert_eq!(violations[0].message, "alice in research: it signs in somebody else");
}

#[test]
fn a_second_profile_in_a_domain_in_sso_mode_does_not_stop_everybody() {
    let map = TEAMS.replace("fraud: { domain: research,", "fraud: { domains: [risk, research],");
    let there = ours("alice", "fraud").with_role("arn:aws:iam::444455556666:role/studio-fraud");
    let world = sso(&map, &[])
        .group("ml-fraud", &["alice"])
        .group("ml-churn", &[])
        .profile_in("risk", there)
        .profile(profile("alice", "fraud"));
    assert_eq!(
        world.told(),
        [
            "risk/alice--fraud: keep (in-agreement)",
            "research/alice: keep (duplicate: the one in use is in another domain)",
        ]
    );
}

#[test]
fn one_profile_is_not_taken_over_for_two_people() {
    let mut standing = foreign("standing");
    standing.sso_user = Some("Ana".into());
    let mut world =
        sso(TEAMS, &["g0-ml-fraud"]).group("ml-fraud", &["Ana", "ana"]).group("ml-churn", &[]);
    world.map.domains.get_mut(&domain_key("research")).unwrap().unmanaged =
        access::map::Unmanaged::Adopt;
    let world = world.profile(standing);
    let told = world.told();
    assert!(told[0].starts_with("research/standing: adopt"), "{told:?}");
    assert_eq!(told[1], "research/standing: keep (name-taken: it is taken over for somebody else)");
}

#[test]
fn who_loses_every_team_of_the_domain_loses_the_profile() {
    let world = sso(TEAMS, &["g0-ml-fraud"])
        .group("ml-fraud", &[])
        .group("ml-churn", &[])
        .person("alice")
        .profile(profile("alice", "fraud"));
    assert_eq!(world.told(), ["research/alice: hold new since=now days=7 (entitlement-lost)"]);
}

#[test]
fn a_group_that_no_grant_gives_anything_is_reported_while_it_is_assigned() {
    let world = sso(TEAMS, &["g0-ml-fraud", "g2-guests"])
        .group("ml-fraud", &[])
        .group("ml-churn", &[])
        .group("guests", &["eve"]);
    assert_eq!(world.told(), ["research/*: keep (assignment-extra: guests)"]);
    // Whom nobody read nobody reports.
    assert_eq!(world.clone().covering(&["eve"]).told(), [""; 0]);
    // Assignments name groups by Identity Center's ids, which no other directory knows.
    let mut elsewhere = world;
    let of_file = crate::support::map_of("{ file: people.yaml }", TEAMS);
    elsewhere.map.directories = of_file.directories;
    assert_eq!(elsewhere.told(), [""; 0]);
}

/// Who left, was never granted anything, or was assigned for the time of a temporary grant, signs in still.
#[test]
fn who_is_assigned_by_name_without_a_right_is_reported_and_nobody_else() {
    let assigned = |names: &[&str]| {
        let mut world = sso(TEAMS, &["g0-ml-fraud"])
            .group("ml-fraud", &["alice"])
            .group("ml-churn", &[])
            .person("eve")
            .profile(profile("alice", "fraud"));
        let people = names.iter().map(|name| person_id(name)).collect();
        world.domain_mut("research").application.as_mut().unwrap().people = people;
        world
    };
    let extra = |world: &World| {
        let kept = world.plan().kept.into_iter();
        let extra = kept.filter(|kept| kept.reason == ReasonCode::AssignmentExtra);
        extra.map(|kept| (kept.person, kept.person_name, kept.detail)).collect::<Vec<_>>()
    };
    let all = assigned(&["alice", "eve", "gone"]);
    let eve = (Some(person_id("eve")), Some("eve".to_owned()), None);
    let gone = (None, None, Some("person id-gone".to_owned()));
    assert_eq!(extra(&all), [gone, eve.clone()]);
    assert_eq!(assigned(&["alice"]).told(), ["research/alice: keep (in-agreement)"]);
    // A reading of some people speaks for them alone.
    assert_eq!(extra(&all.clone().covering(&["alice"])), []);
    assert_eq!(extra(&all.clone().covering(&["eve"])), [eve]);
    // Whoever was offboarded by command is let in as before.
    let mut offboarded = assigned(&["alice"]);
    offboarded.snapshot.offboarded = [(person_id("alice"), Hold::AsMapped)].into();
    assert_eq!(extra(&offboarded)[0].0, Some(person_id("alice")));
    // Nor does a directory that does not know Identity Center's ids.
    let mut elsewhere = all;
    let of_file = crate::support::map_of("{ file: people.yaml }", TEAMS);
    elsewhere.map.directories = of_file.directories;
    assert_eq!(extra(&elsewhere), []);
}

#[test]
fn a_profile_that_signs_in_a_former_user_name_is_for_an_admin() {
    let mut world = sso(TEAMS, &["g0-ml-fraud"])
        .group("ml-fraud", &["alice"])
        .group("ml-churn", &[])
        .profile(profile("alice", "fraud"));
    assert_eq!(world.told(), ["research/alice: keep (in-agreement)"]);
    world.person_mut("alice").user_name = "alicia".into();
    assert_eq!(world.told(), ["research/alice: keep (sso-user-changed: it signs in alice)"]);
    assert_eq!(world.plan().blocked().count(), 1);
}

#[test]
fn somebody_elses_profile_that_signs_the_person_in_stands_in_the_way() {
    let mut by_hand = foreign("old-alice");
    by_hand.sso_user = Some("ALICE".into());
    let world = sso(TEAMS, &["g0-ml-fraud"])
        .group("ml-fraud", &["alice"])
        .group("ml-churn", &[])
        .profile(by_hand);
    assert_eq!(
        world.told(),
        [
            "research/old-alice: keep (not-ours)",
            "research/old-alice: keep (name-taken: it is not Stagedoor's; the map can adopt it: \
             { domain: research, profile: old-alice, person: \"alice\", team: fraud })",
        ]
    );
}

#[test]
fn a_user_name_that_somebody_elses_profile_signs_in_waits_for_it() {
    let world = || {
        sso(TEAMS, &["g0-ml-fraud"])
            .group("ml-fraud", &["alice2"])
            .group("ml-churn", &[])
            .profile(profile("alice", "fraud").leaving("2026-07-14T00:00:00Z"))
    };
    // A leaver's user name has gone to somebody new.
    let mut reused = world();
    reused.person_mut("alice2").user_name = "Alice".into();
    let told = reused.told();
    assert!(!told.iter().any(|line| line.contains("create")), "{told:?}");
    assert!(
        told.contains(
            &"research/alice: keep (sso-user-taken: alice is somebody else's, on hold)".to_owned()
        ),
        "{told:?}"
    );
    assert_eq!(reused.plan().blocked().count(), 1);
    // With a name of their own they get a profile beside it.
    assert!(world().told().iter().any(|line| line.starts_with("research/alice2: create")));
    // Of two who are called alike one gets a profile.
    let mut both =
        sso(TEAMS, &["g0-ml-fraud"]).group("ml-fraud", &["alice", "bob"]).group("ml-churn", &[]);
    both.person_mut("bob").user_name = "ALICE".into();
    assert_eq!(
        both.told(),
        [
            "research/alice: create role=studio-fraud user=alice (entitled)",
            "research/*: keep (sso-user-taken: somebody else of that name gets one)",
        ]
    );
}

#[test]
fn the_check_refuses_a_second_profile_an_outranked_team_and_a_profile_that_signs_in_nobody() {
    let world = || {
        sso(RANKED, &["g0-ml-fraud", "g1-ml-churn"])
            .group("ml-fraud", &["alice"])
            .group("ml-churn", &["alice"])
    };
    let said = |world: &World, change: &dyn Fn(&mut access::plan::Plan)| {
        let mut plan = self::sso(RANKED, &["g0-ml-fraud", "g1-ml-churn"])
            .group("ml-fraud", &["alice"])
            .group("ml-churn", &["alice"])
            .plan();
        change(&mut plan);
        let violations = world.check(plan, Removals::Guarded).unwrap_err();
        violations.into_iter().map(|v| v.message).collect::<Vec<_>>()
    };
    assert_eq!(
        said(&world().profile(profile("alice", "churn").named("other")), &|_| {}),
        ["alice in research: the person has a profile for the team"]
    );
    assert_eq!(
        said(&world(), &|plan| {
            let action = &mut plan.actions[0];
            action.team = access::ids::TeamKey::parse("fraud").unwrap();
            if let Step::Create { execution_role, tags, .. } = &mut action.step {
                *execution_role = role("fraud");
                tags.insert("stagedoor:team".into(), "fraud".into());
            }
        }),
        ["alice in research: another team of the person comes first"]
    );
    assert_eq!(
        said(&world(), &|plan| {
            if let Step::Create { sso_user, .. } = &mut plan.actions[0].step {
                *sso_user = None;
            }
        }),
        ["alice in research: it would not sign in its person"]
    );
}

#[test]
fn the_check_refuses_assignments_that_nobody_asked_for() {
    let world = sso(TEAMS, &[])
        .group("ml-fraud", &["alice"])
        .group("ml-churn", &[])
        .group("guests", &["eve"]);
    let said = |change: &dyn Fn(&mut access::plan::Assignment)| {
        let mut plan = world.plan();
        change(&mut plan.assignments[0]);
        let violations = world.check(plan, Removals::Guarded).unwrap_err();
        assert_eq!(violations[0].code, ReasonCode::PlanInvalid);
        violations[0].message.clone()
    };
    assert_eq!(
        said(&|a| a.group = GroupId::parse("g2-guests").unwrap()),
        "group ml-fraud in research: no grant gives it a team there"
    );
    assert_eq!(
        said(&|a| a.application = "arn:aws:sso::1:application/x/y".into()),
        "group ml-fraud in research: it is not assigned to the domain's own application"
    );
    assert_eq!(
        said(&|a| a.domain = domain_key("risk")),
        "group ml-fraud in risk: it is not assigned to the domain's own application"
    );
}
