//! What is asked of AWS next so that a profile goes.

use crate::support::{Build, app, ours};
use access::ids::SpaceName;
use access::observed::{AppStatus, ObservedProfile, ProfileStatus};
use access::offboarding::{Call, Stage, advance, stop_apps};
use access::plan::SpaceHandover;

/// The stage and what is asked, one line a call.
fn told(profile: &ObservedProfile) -> (Stage, Vec<String>) {
    let advance = advance(profile, &[]);
    let calls = advance.calls.iter().map(|call| match call {
        Call::StopSpaceApp(space, app) => format!("stop {space}/{}", app.name),
        Call::StopProfileApp(app) => format!("stop {}", app.name),
        Call::HandOver(handover) => format!("hand over {}", handover.space),
        Call::DeleteSpace(space) => format!("delete space {space}"),
        Call::DeleteProfile => "delete profile".to_owned(),
    });
    (advance.stage, calls.collect())
}

#[test]
fn apps_of_spaces_go_first_then_own_apps_then_spaces_then_the_profile() {
    let mut profile = ours("alice", "fraud")
        .app("own", AppStatus::InService)
        .app("starting", AppStatus::Pending)
        .space("lab", &[app("a", AppStatus::InService), app("b", AppStatus::Deleting)])
        .space("shared", &[app("c", AppStatus::Pending)]);
    let stages = [
        (Stage::SpaceApps, vec!["stop lab/a", "stop shared/c"]),
        (Stage::ProfileApps, vec!["stop own", "stop starting"]),
        (Stage::Spaces, vec!["delete space lab", "delete space shared"]),
        (Stage::Profile, vec!["delete profile"]),
    ];
    let mut seen = Vec::new();
    for (stage, calls) in stages {
        assert_eq!(told(&profile), (stage, calls.iter().map(|c| (*c).to_owned()).collect()));
        seen.push(stage);
        match stage {
            Stage::SpaceApps => {
                let apps = profile.spaces.iter_mut().flat_map(|space| &mut space.apps);
                apps.for_each(|app| app.status = AppStatus::Deleted);
            }
            Stage::ProfileApps => {
                profile.apps.iter_mut().for_each(|app| app.status = AppStatus::Deleted);
            }
            Stage::Spaces => profile.spaces.clear(),
            Stage::HandOver | Stage::Profile => {}
        }
    }
    assert!(seen.is_sorted());
}

#[test]
fn failed_and_deleted_apps_do_not_block() {
    let profile = ours("alice", "fraud")
        .app("old", AppStatus::Deleted)
        .app("broken", AppStatus::Failed)
        .space("lab", &[app("old", AppStatus::Deleted), app("broken", AppStatus::Failed)]);
    assert_eq!(stop_apps(&profile), None);
    assert_eq!(told(&profile), (Stage::Spaces, vec!["delete space lab".into()]));
}

#[test]
fn what_is_being_deleted_is_waited_for() {
    let space_app = ours("alice", "fraud")
        .app("own", AppStatus::InService)
        .space("lab", &[app("a", AppStatus::Deleting)]);
    assert_eq!(told(&space_app), (Stage::SpaceApps, vec![]));

    let own_app = ours("alice", "fraud").app("own", AppStatus::Deleting).space("lab", &[]);
    assert_eq!(told(&own_app), (Stage::ProfileApps, vec![]));

    let mut space = ours("alice", "fraud").space("lab", &[]).space("old", &[]);
    space.spaces[0].status = ProfileStatus::Deleting;
    assert_eq!(told(&space), (Stage::Spaces, vec!["delete space old".into()]));
    space.spaces[1].status = ProfileStatus::Updating;
    assert_eq!(told(&space), (Stage::Spaces, vec![]));

    for status in [ProfileStatus::Deleting, ProfileStatus::Pending, ProfileStatus::Updating] {
        let profile = ours("alice", "fraud").status(status);
        assert_eq!(told(&profile), (Stage::Profile, vec![]), "{status:?}");
    }
}

#[test]
fn what_failed_is_deleted_again() {
    for status in [ProfileStatus::Failed, ProfileStatus::DeleteFailed, ProfileStatus::UpdateFailed]
    {
        let mut profile = ours("alice", "fraud").status(status);
        assert_eq!(told(&profile), (Stage::Profile, vec!["delete profile".into()]), "{status:?}");
        profile = profile.space("lab", &[]);
        profile.spaces[0].status = status;
        assert_eq!(told(&profile), (Stage::Spaces, vec!["delete space lab".into()]), "{status:?}");
    }
}

#[test]
fn a_hold_stops_apps_in_the_same_order_and_deletes_nothing() {
    let profile = ours("alice", "fraud").space("lab", &[app("a", AppStatus::InService)]);
    assert_eq!(stop_apps(&profile), Some(advance(&profile, &[])));
    assert_eq!(stop_apps(&ours("alice", "fraud").space("lab", &[])), None);
}

#[test]
fn own_apps_stop_before_a_shared_space_is_handed_over_and_its_apps_after() {
    let handover = |done| {
        [SpaceHandover {
            space: SpaceName::parse("shared").unwrap(),
            new_name: SpaceName::parse("shared-2").unwrap(),
            owner: ours("bob", "fraud").name,
            done,
        }]
    };
    let running = |own| {
        let mut profile = ours("alice", "fraud")
            .app("own", own)
            .space("shared", &[app("theirs", AppStatus::InService)]);
        profile.spaces[0].shared = true;
        profile
    };
    let stage = |profile: &ObservedProfile, done| advance(profile, &handover(done)).stage;
    assert_eq!(stage(&running(AppStatus::InService), false), Stage::ProfileApps);
    assert_eq!(stage(&running(AppStatus::Deleted), false), Stage::HandOver);
    assert_eq!(stage(&running(AppStatus::Deleted), true), Stage::SpaceApps);
}
