//! Plans by example: how profiles are taken away, held and given back.

use crate::support::{Build, NOW, TEAMS, World, app, map, ours, settled};
use access::observed::{AppStatus, ObservedProfile, ProfileStatus};

/// A person who is known, is in no group, and still has a profile.
fn leaver(hold: &str) -> World {
    leaver_with(hold, ours("alice", "fraud"))
}

fn leaver_with(hold: &str, profile: ObservedProfile) -> World {
    World::new(&format!("{TEAMS}offboarding: {{ hold: {hold} }}\n"))
        .group("ml-fraud", &[])
        .group("ml-churn", &[])
        .person("alice")
        .profile(profile)
}

#[test]
fn without_a_hold_a_leavers_profile_goes_at_once() {
    let profile = ours("alice", "fraud")
        .app("default", AppStatus::InService)
        .app("old", AppStatus::Deleted)
        .space("lab", &[app("default", AppStatus::Pending), app("broken", AppStatus::Failed)]);
    assert_eq!(
        leaver_with("0s", profile).told(),
        ["research/alice--fraud: remove new app=JupyterLab/default app=lab/JupyterLab/default \
          space=lab (entitlement-lost)"]
    );
    assert_eq!(
        leaver_with("0s", ours("alice", "fraud").leaving(NOW)).told(),
        ["research/alice--fraud: remove (entitlement-lost)"]
    );
}

#[test]
fn a_hold_begins_lasts_and_ends_at_the_second() {
    assert_eq!(
        leaver("7d").told(),
        ["research/alice--fraud: hold new since=now days=7 (entitlement-lost)"]
    );
    let held = leaver_with("7d", ours("alice", "fraud").leaving("2026-11-14T12:00:00Z"));
    assert_eq!(
        held.clone().at("2026-11-21T11:59:59.999Z").told(),
        ["research/alice--fraud: keep (on-hold: until 2026-11-21T12:00:00Z)"]
    );
    assert_eq!(held.told(), ["research/alice--fraud: remove (entitlement-lost)"]);
}

#[test]
fn a_hold_with_fractions_of_a_second_is_not_cut_short() {
    let held = leaver_with("7d", ours("alice", "fraud").leaving("2026-11-14T12:00:00.9Z"));
    let kept = ["research/alice--fraud: keep (on-hold: until 2026-11-21T12:00:00.9Z)"];
    assert_eq!(held.clone().at("2026-11-21T12:00:00.8Z").told(), kept);
    let gone = ["research/alice--fraud: remove (entitlement-lost)"];
    assert_eq!(held.at("2026-11-21T12:00:00.9Z").told(), gone);
}

#[test]
fn apps_that_restart_during_a_hold_are_stopped_again() {
    let since = "2026-11-20T12:00:00Z";
    let profile = ours("alice", "fraud").leaving(since).app("default", AppStatus::Pending);
    assert_eq!(
        leaver_with("7d", profile).told(),
        ["research/alice--fraud: hold since=2026-11-20T12:00:00Z days=7 \
          app=JupyterLab/default (entitlement-lost)"]
    );
}

#[test]
fn a_hold_whose_beginning_cannot_be_read_begins_anew_and_counts() {
    let world = leaver_with("7d", ours("alice", "fraud").leaving("last week"));
    assert_eq!(
        world.told(),
        ["research/alice--fraud: hold new since=now days=7 (entitlement-lost)"]
    );
    assert_eq!(world.plan().new_removals(), 1);
}

#[test]
fn a_hold_that_begins_in_the_future_ends_later_and_never_at_once() {
    let world = leaver_with("7d", ours("alice", "fraud").leaving("2026-11-22T12:00:00Z"));
    assert_eq!(world.told(), ["research/alice--fraud: keep (on-hold: until 2026-11-29T12:00:00Z)"]);
}

#[test]
fn work_is_held_whatever_state_its_profile_is_in() {
    use ProfileStatus::{Pending, UpdateFailed, Updating};
    for status in [Pending, Updating, UpdateFailed] {
        let world = leaver_with("7d", ours("alice", "fraud").status(status));
        assert_eq!(
            world.told(),
            ["research/alice--fraud: hold new since=now days=7 (entitlement-lost)"],
            "{status:?}"
        );
    }
}

#[test]
fn a_failed_profile_of_a_leaver_is_held_only_for_its_spaces() {
    for status in [ProfileStatus::Failed, ProfileStatus::DeleteFailed] {
        let failed = ours("alice", "fraud").status(status);
        assert_eq!(
            leaver_with("7d", failed.clone()).told(),
            ["research/alice--fraud: remove new (entitlement-lost)"]
        );
        assert_eq!(
            leaver_with("7d", failed.space("lab", &[])).told(),
            ["research/alice--fraud: hold new since=now days=7 space=lab (entitlement-lost)"]
        );
    }
}

#[test]
fn a_shared_space_of_a_leaver_is_left_to_those_who_work_in_it() {
    let mut profile = ours("alice", "fraud")
        .space("lab", &[app("a", AppStatus::InService)])
        .space("team", &[app("b", AppStatus::InService)]);
    profile.spaces[1].shared = true;
    let world = leaver_with("0s", profile.clone());
    assert_eq!(
        world.told(),
        ["research/alice--fraud: hold new since=now days=0 app=lab/JupyterLab/a space=lab \
          (entitlement-lost)"]
    );
    let mut stopped = profile.leaving("2026-10-01T00:00:00Z");
    stopped.spaces[0].apps.clear();
    let world = leaver_with("0s", stopped);
    assert_eq!(world.told(), ["research/alice--fraud: keep (shared-space: team)"]);
    assert_eq!(world.plan().blocked().count(), 1);
}

#[test]
fn a_leavers_profile_that_is_being_deleted_is_left_to_aws() {
    let world = leaver_with("0s", ours("alice", "fraud").status(ProfileStatus::Deleting));
    assert_eq!(world.told(), ["research/alice--fraud: keep (busy: Deleting)"]);
}

#[test]
fn who_returns_during_the_hold_gets_the_profile_back() {
    let profile = ours("alice", "fraud").leaving("2026-11-20T12:00:00Z");
    let world = World::new(TEAMS).group("ml-fraud", &["alice"]).profile(profile);
    assert_eq!(world.told(), ["research/alice--fraud: update -stagedoor:leaving-since (returned)"]);
    let unreadable = ours("alice", "fraud").leaving("last week").with_role("other");
    let world = World::new(TEAMS).group("ml-fraud", &["alice"]).profile(unreadable);
    assert_eq!(
        world.told(),
        ["research/alice--fraud: update from=other role=studio-fraud \
          -stagedoor:leaving-since (returned)"]
    );
}

#[test]
fn each_way_to_lose_a_profile_has_its_own_reason() {
    let hold =
        |reason: &str| vec![format!("research/alice--fraud: hold new since=now days=7 ({reason})")];
    let mut disabled = settled();
    disabled.person_mut("alice").enabled = false;
    assert_eq!(disabled.told(), hold("person-disabled"));

    let mut gone = settled();
    gone.snapshot.people.clear();
    assert_eq!(gone.told(), hold("person-gone"));
    assert_eq!(gone.plan().actions[0].person_name, None);

    let mut without_group = settled();
    without_group.snapshot.groups.clear();
    assert_eq!(without_group.told(), hold("entitlement-lost"));

    let team_gone = World { map: map(""), ..settled() };
    assert_eq!(team_gone.told(), hold("team-gone"));
}

#[test]
fn a_team_that_moves_takes_its_people_along() {
    let moved = TEAMS.replacen("domain: research", "domain: risk", 1);
    let world = World::new(&moved).group("ml-fraud", &["alice"]).profile(ours("alice", "fraud"));
    assert_eq!(
        world.told(),
        [
            "risk/alice--fraud: create role=studio-fraud (entitled)",
            "research/alice--fraud: hold new since=now days=7 (team-moved)",
        ]
    );
}

#[test]
fn leaving_one_of_two_groups_that_give_the_team_changes_nothing() {
    let grants = "  - { group: seniors, team: fraud }\n";
    let world = World::new(&format!("{TEAMS}{grants}"))
        .group("ml-fraud", &[])
        .group("seniors", &["alice"])
        .profile(ours("alice", "fraud"));
    assert_eq!(world.told(), ["research/alice--fraud: keep (in-agreement)"]);
}

#[test]
fn a_partial_reading_takes_away_from_those_it_covers_only() {
    let world = leaver("0s").profile(ours("bob", "fraud"));
    assert_eq!(
        world.clone().covering(&["bob"]).told(),
        [
            "research/bob--fraud: remove new (person-gone)",
            "research/alice--fraud: keep (partial-snapshot)",
        ]
    );
    assert_eq!(
        world.covering(&[]).told(),
        [
            "research/alice--fraud: keep (partial-snapshot)",
            "research/bob--fraud: keep (partial-snapshot)",
        ]
    );
}
