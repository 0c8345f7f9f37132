//! People whom an admin offboarded by command, and how far they are.

use crate::support::{Build, TEAMS, World, app, at, domain_key, ours, person_id};
use access::check::Removals;
use access::ids::TeamKey;
use access::observed::{AppStatus, ObservedProfile, ProfileStatus};
use access::offboarding::Stage;
use access::plan::Step;
use access::reason::ReasonCode;
use access::snapshot::Hold;
use access::standing::{Deleting, ProfileStanding, Standing, standings};
use std::collections::BTreeMap;

const LEAVING: &str = "2026-11-20T12:00:00Z";

/// Alice has both teams by group, with these profiles.
fn alice(profiles: [ObservedProfile; 2]) -> World {
    let world = World::new(&format!("{TEAMS}offboarding: {{ hold: 7d }}\n"))
        .group("ml-fraud", &["alice"])
        .group("ml-churn", &["alice"]);
    profiles.into_iter().fold(world, World::profile)
}

fn both() -> [ObservedProfile; 2] {
    ["fraud", "churn"].map(|team| ours("alice", team))
}

fn team(key: &str) -> TeamKey {
    TeamKey::parse(key).unwrap()
}

impl World {
    fn offboarded(mut self, hold: Hold) -> Self {
        self.snapshot.offboarded.insert(person_id("alice"), hold);
        self
    }

    fn barred(mut self, from: &str, hold: Hold) -> Self {
        let teams = BTreeMap::from([(team(from), hold)]);
        self.snapshot.barred.insert(person_id("alice"), teams);
        self
    }

    fn standings(&self) -> Vec<ProfileStanding> {
        let plan = self.plan();
        let person = person_id("alice");
        standings(&self.map, &self.snapshot, &self.observed, &plan, &person)
    }

    /// How far the profile for `fraud` is.
    fn standing(&self) -> Standing {
        let all = self.standings();
        all.into_iter().find(|it| it.team == team("fraud")).unwrap().standing
    }
}

#[test]
fn who_was_offboarded_by_command_has_no_right_whatever_groups_say() {
    assert_eq!(
        alice(both()).offboarded(Hold::AsMapped).told(),
        [
            "research/alice--churn: hold new since=now days=7 (offboarded)",
            "research/alice--fraud: hold new since=now days=7 (offboarded)",
        ]
    );
}

#[test]
fn who_was_offboarded_from_a_team_keeps_the_others() {
    assert_eq!(
        alice(both()).barred("fraud", Hold::AsMapped).told(),
        [
            "research/alice--fraud: hold new since=now days=7 (offboarded)",
            "research/alice--churn: keep (in-agreement)",
        ]
    );
}

#[test]
fn a_hold_is_skipped_only_where_it_was_said() {
    let held = || [ours("alice", "fraud").leaving(LEAVING), ours("alice", "churn")];
    assert_eq!(
        alice(held()).barred("fraud", Hold::Skipped).told(),
        [
            "research/alice--fraud: remove (offboarded)",
            "research/alice--churn: keep (in-agreement)"
        ]
    );
    assert_eq!(
        alice(held()).offboarded(Hold::AsMapped).barred("fraud", Hold::Skipped).told(),
        [
            "research/alice--churn: hold new since=now days=7 (offboarded)",
            "research/alice--fraud: remove (offboarded)",
        ]
    );
}

#[test]
fn a_plan_that_skips_a_hold_nobody_ended_is_refused() {
    let skipping = alice(both()).offboarded(Hold::Skipped);
    let plan = skipping.plan();
    assert!(plan.actions.iter().all(|action| matches!(action.step, Step::Remove { .. })));
    assert!(skipping.check(plan.clone(), Removals::Allowed(2)).is_ok());
    let said = |world: World| {
        let violations = world.check(plan.clone(), Removals::Allowed(2)).unwrap_err();
        violations.into_iter().map(|v| (v.code, v.message)).collect::<Vec<_>>()
    };
    let held = said(alice(both()).offboarded(Hold::AsMapped));
    assert_eq!(held.len(), 2);
    for (code, message) in held {
        assert_eq!(code, ReasonCode::PlanInvalid);
        assert!(message.ends_with(": its hold is not over"), "{message}");
    }
    // Without the command she is entitled.
    let entitled = said(alice(both()));
    assert!(entitled[0].1.ends_with(": the person is entitled to it"), "{entitled:?}");
    // Said of one team, it holds for that one.
    let one = said(alice(both()).offboarded(Hold::AsMapped).barred("fraud", Hold::Skipped));
    assert_eq!(one.len(), 1);
    assert!(one[0].1.starts_with("alice--churn in research: "), "{one:?}");
}

#[test]
fn who_comes_back_is_taken_off_hold() {
    let held = [ours("alice", "fraud").leaving(LEAVING), ours("alice", "churn")];
    let told = alice(held).told();
    assert!(told[0].starts_with("research/alice--fraud: update"), "{told:?}");
    assert!(told[0].ends_with("-stagedoor:leaving-since (returned)"), "{told:?}");
}

#[test]
fn every_stage_is_read_off_what_aws_says() {
    let standing = |profile: ObservedProfile, hold: Hold| {
        alice([profile, ours("alice", "churn")]).offboarded(hold).standing()
    };
    let leaving = || ours("alice", "fraud").leaving(LEAVING);
    let to_begin = Standing::ToBegin { reason: ReasonCode::Offboarded };
    assert_eq!(standing(ours("alice", "fraud"), Hold::AsMapped), to_begin);
    let stage = |stage| Standing::Leaving { stage };
    let until = Some(at("2026-11-27T12:00:00Z"));
    for (profile, hold, expected) in [
        (
            leaving().space("lab", &[app("a", AppStatus::InService)]).app("b", AppStatus::Pending),
            Hold::AsMapped,
            stage(Stage::SpaceApps),
        ),
        (
            leaving().space("lab", &[app("a", AppStatus::Failed)]).app("b", AppStatus::Deleting),
            Hold::AsMapped,
            stage(Stage::ProfileApps),
        ),
        (leaving().space("lab", &[]), Hold::AsMapped, Standing::OnHold { until }),
        (leaving().space("lab", &[]), Hold::Skipped, stage(Stage::Spaces)),
        (leaving(), Hold::Skipped, stage(Stage::Profile)),
        (leaving().status(ProfileStatus::Deleting), Hold::Skipped, stage(Stage::Profile)),
    ] {
        assert_eq!(standing(profile.clone(), hold), expected, "{profile:?}");
    }
    assert_eq!(alice(both()).standing(), Standing::InUse);
}

#[test]
fn a_shared_space_waits_for_an_admin() {
    let mut profile = ours("alice", "fraud").leaving(LEAVING).space("lab", &[]);
    profile.spaces[0].shared = true;
    let world = alice([profile, ours("alice", "churn")]).offboarded(Hold::AsMapped);
    let detail = Some("lab".to_owned());
    assert_eq!(world.standing(), Standing::Waits { reason: ReasonCode::SharedSpace, detail });
}

#[test]
fn what_aws_deletes_and_what_it_failed_to_delete_is_named() {
    let mut profile = ours("alice", "fraud")
        .leaving(LEAVING)
        .app("own", AppStatus::Deleting)
        .space("lab", &[app("a", AppStatus::Deleting), app("b", AppStatus::InService)])
        .space("old", &[]);
    profile.spaces[0].status = ProfileStatus::Deleting;
    profile.spaces[1].status = ProfileStatus::DeleteFailed;
    let world = alice([profile, ours("alice", "churn")]).offboarded(Hold::AsMapped);
    let all = world.standings();
    let one = all.iter().find(|it| it.team == team("fraud")).unwrap();
    assert_eq!((&one.domain, one.leaving_since), (&domain_key("research"), Some(at(LEAVING))));
    let deleting = |space: Option<&str>, name: &str| Deleting::App {
        space: space.map(str::to_owned),
        app_type: "JupyterLab".to_owned(),
        app_name: name.to_owned(),
    };
    let lab = Deleting::Space { space: "lab".to_owned() };
    assert_eq!(one.deleting, [deleting(None, "own"), deleting(Some("lab"), "a"), lab].into());
    assert_eq!(one.failed, [Deleting::Space { space: "old".to_owned() }].into());
}

#[test]
fn what_failed_to_be_deleted_is_deleted_again() {
    let mut profile = ours("alice", "fraud").leaving(LEAVING).space("lab", &[]);
    profile.spaces[0].status = ProfileStatus::DeleteFailed;
    let failed = ours("alice", "fraud").leaving(LEAVING).status(ProfileStatus::DeleteFailed);
    for (profile, stage) in [(profile, Stage::Spaces), (failed, Stage::Profile)] {
        let world = alice([profile.clone(), ours("alice", "churn")]).offboarded(Hold::Skipped);
        assert_eq!(world.standing(), Standing::Leaving { stage });
        let asked = access::offboarding::advance(&profile, &[]);
        assert_eq!((asked.stage, asked.calls.len()), (stage, 1));
    }
}
