//! Leavers: what goes, in which order, and what is kept for a while.

use crate::cloud::{RESEARCH, now, until};
use crate::world::{MAP, World, owned, settled};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

const LEAVING: &str = "stagedoor:leaving-since";

/// Ana works in fraud: a space of her own with an app in it, and an app of her profile.
const WORK: &str = "\
spaces: [{ domain: d-research, name: ana-lab, owner: ana--fraud }]
apps:
  - { domain: d-research, space: ana-lab, type: JupyterLab }
  - { domain: d-research, profile: ana--fraud, type: JupyterServer }
";

#[test]
fn a_leaver_is_removed_completely_and_in_order() {
    let world = World::new(&format!("{}{WORK}", settled()), MAP);
    world.cloud.leave("ana", "ml-fraud");
    let run = world.apply(&[]).exits(0);
    assert_eq!(
        world.cloud.changes(),
        ["AddTags", "DeleteApp", "DeleteApp", "DeleteSpace", "DeleteUserProfile"]
    );
    let talk = "  ana--fraud in research: ";
    assert_eq!(
        run.talk(),
        format!(
            "{talk}stopping app JupyterLab/default of space ana-lab\n\
             {talk}stopping app JupyterServer/default\n\
             {talk}deleting space ana-lab\n\
             {talk}deleting the profile\n"
        )
    );
    assert_eq!(world.cloud.names(), ["ana--demand", "ben--demand"]);
    assert_eq!((world.cloud.apps(), world.cloud.spaces()), (vec![], vec![]));
    world.assert_settled();
}

#[test]
fn a_space_that_others_work_in_stays_and_is_told_before_anything_is_done() {
    let shared = WORK.replace("owner: ana--fraud", "owner: ana--fraud, shared: true");
    assert_ne!(shared, WORK);
    let world = World::new(&format!("{}{shared}", settled()), MAP);
    world.cloud.leave("ana", "ml-fraud");
    let plan = world.run(&["plan"]).exits(2);
    let line = "kept for its shared space, stops JupyterServer/default; shared space ana-lab stays \
                until somebody hands it over or deletes it; home directory stays";
    assert!(plan.stdout.contains(line), "{}", plan.stdout);
    world.apply(&[]).exits(1).says(&["1 thing needs attention (needs-attention)"]);
    assert_eq!(world.cloud.changes(), ["AddTags", "DeleteApp"]);
    let running: Vec<String> = world.cloud.apps().into_iter().filter_map(|a| a.space).collect();
    assert_eq!(running, ["ana-lab"]);
    assert_eq!(world.cloud.names(), ["ana--demand", "ana--fraud", "ben--demand"]);
}

#[test]
fn a_space_that_others_work_in_is_made_anew_for_the_teams_owner_before_it_goes() {
    let shared = WORK.replace("owner: ana--fraud", "owner: ana--fraud, shared: true");
    let map = MAP
        .replace("hold: 0d", "hold: 0d, shared_spaces: hand-over")
        .replace("    tags: { CostCenter", "    about: { owner: ben }\n    tags: { CostCenter");
    let world = World::new(&format!("{}{shared}", settled()), &map);
    world.cloud.leave("ana", "ml-fraud");
    world.apply(&[]).exits(0);
    // Her own app stops first, the one that others use when they have another space.
    assert_eq!(
        world.cloud.changes(),
        ["AddTags", "DeleteApp", "CreateSpace", "DeleteApp", "DeleteSpace", "DeleteUserProfile"]
    );
    assert_eq!(world.cloud.names(), ["ana--demand", "ben--demand"]);
    let spaces = world.cloud.spaces();
    let [space] = spaces.as_slice() else { panic!("{spaces:?}") };
    assert_eq!(space.owner.as_deref(), Some("ben--demand"));
    assert_eq!(space.sharing.as_deref(), Some("Shared"));
    assert_ne!(space.name, "ana-lab");
    let receipt = world.run(&["receipt", "ana"]).exits(0);
    let line = format!("handed space ana-lab over to ben--demand as {} at ", space.name);
    assert!(receipt.stdout.contains(&line), "{line}\n{}", receipt.stdout);
    world.assert_settled();
}

#[test]
fn slow_deletions_are_waited_for_one_stage_at_a_time() {
    let seed = format!("{}{WORK}", settled()).replace(
        "timing: { fast: true }",
        "timing: { app_delete: 1, space_delete: 1, profile_delete: 1 }",
    );
    let world = World::new(&seed, MAP);
    world.cloud.leave("ana", "ml-fraud");
    world.apply(&[]).exits(0);
    // Nothing was asked for twice, and nothing too early: a refused call would stand here as well.
    let asked: Vec<_> = {
        let sandbox = world.cloud.look();
        let studio = sandbox.calls().filter(|call| call.service == "sagemaker");
        let deletions = studio.filter(|call| call.operation.starts_with("Delete"));
        deletions.map(|call| (call.operation, call.status)).collect()
    };
    assert_eq!(
        asked,
        [("DeleteApp", 200), ("DeleteApp", 200), ("DeleteSpace", 200), ("DeleteUserProfile", 200)]
    );
    assert_eq!(world.cloud.names(), ["ana--demand", "ben--demand"]);
}

/// How each deletion of an app that was asked for was answered.
fn stops(world: &World) -> Vec<u16> {
    let sandbox = world.cloud.look();
    let stops = sandbox.calls().filter(|call| call.operation == "DeleteApp");
    stops.map(|call| call.status).collect()
}

#[test]
fn an_app_that_is_starting_holds_up_no_other_and_is_stopped_once_it_runs() {
    let seed = format!("{}{WORK}", settled()).replace(
        "timing: { fast: true }",
        "timing: { app_create: 3, app_delete: 0, space_delete: 0, profile_delete: 0 }",
    );
    let world = World::new(&seed, MAP);
    world.cloud.leave("ana", "ml-fraud");
    let starting = serde_json::json!({
        "DomainId": "d-research", "SpaceName": "ana-lab", "AppType": "CodeEditor",
        "AppName": "default",
    });
    world.cloud.sagemaker("CreateApp", &starting);
    let run = world.apply(&[]).exits(0);
    assert!(!run.talk().contains("fail"), "{}", run.talk());
    let stops = stops(&world);
    // CodeEditor is refused as long as it starts; JupyterLab beside it is stopped at once.
    assert_eq!(stops.iter().filter(|status| **status == 200).count(), 3, "{stops:?}");
    assert!(stops[..2].contains(&200) && stops[..2].contains(&400), "{stops:?}");
    assert_eq!(world.cloud.names(), ["ana--demand", "ben--demand"]);
    world.assert_settled();
}

#[test]
fn a_leaver_goes_whose_profile_and_space_failed_to_be_updated() {
    let world = World::new(&format!("{}{WORK}", settled()), MAP);
    world.cloud.go_wrong("rules: [{ update_fails: true }]");
    let domain = || serde_json::json!({"DomainId": "d-research"});
    let (mut profile, mut space) = (domain(), domain());
    profile["UserProfileName"] = "ana--fraud".into();
    space["SpaceName"] = "ana-lab".into();
    world.cloud.sagemaker("UpdateUserProfile", &profile);
    world.cloud.sagemaker("UpdateSpace", &space);
    assert_eq!(world.cloud.profile("ana--fraud").status, "Update_Failed");
    assert_eq!(world.cloud.spaces()[0].status, "Update_Failed");
    world.cloud.leave("ana", "ml-fraud");
    world.apply(&[]).exits(0);
    assert_eq!(world.cloud.names(), ["ana--demand", "ben--demand"]);
    assert_eq!(world.cloud.spaces(), []);
}

const SLOW_DOMAIN: &str =
    "timing: { app_delete: 0, space_delete: 0, profile_delete: 0, domain_update: 3600 }";

#[test]
fn a_leaver_goes_from_a_domain_that_is_being_changed_or_whose_change_failed() {
    for fails in [false, true] {
        let seed = format!("{}{WORK}", settled()).replace("timing: { fast: true }", SLOW_DOMAIN);
        let world = World::new(&seed, MAP);
        if fails {
            world.cloud.go_wrong("rules: [{ operation: UpdateDomain, update_fails: true }]");
        }
        world.cloud.sagemaker("UpdateDomain", &serde_json::json!({"DomainId": "d-research"}));
        if fails {
            world.cloud.advance(Duration::from_secs(3601));
        }
        world.cloud.leave("ana", "ml-fraud");
        world.cloud.join("cleo", "ml-demand");
        // Cleo waits for the domain.
        world.run(&["apply", "--poll", "20ms", "--timeout", "5s"]).exits(1);
        assert_eq!(world.cloud.names(), ["ana--demand", "ben--demand"]);
        let made = world.cloud.changes();
        assert!(!made.contains(&"CreateUserProfile"), "{made:?}");
    }
}

#[test]
fn with_a_hold_apps_stop_and_the_rest_stays() {
    let map = MAP.replace("hold: 0d", "hold: 7d");
    let world = World::new(&format!("{}{WORK}", settled()), &map);
    let begun = now();
    world.cloud.leave("ana", "ml-fraud");
    world.apply(&[]).exits(0);
    assert_eq!(world.cloud.changes(), ["AddTags", "DeleteApp", "DeleteApp"]);
    assert_eq!(world.cloud.apps(), []);
    assert_eq!(world.cloud.spaces().len(), 1);
    let since: Timestamp = world.cloud.profile("ana--fraud").tags[LEAVING].parse().unwrap();
    assert!((begun..=now()).contains(&since), "{since}");
    let end = since + SignedDuration::from_hours(7 * 24);
    let plan = world.run(&["plan", "--all"]).exits(0);
    assert!(
        plan.stdout.contains(&format!(
            "  = Ana Diaz (ana) · fraud · profile ana--fraud · domain research  on-hold: The profile is \
             kept, apps stopped, until its hold is over: until {end}\n"
        )),
        "{}",
        plan.stdout
    );
}

#[test]
fn an_app_that_is_started_during_the_hold_is_stopped_again() {
    let map = MAP.replace("hold: 0d", "hold: 7d");
    let world = World::new(&format!("{}{WORK}", settled()), &map);
    world.cloud.leave("ana", "ml-fraud");
    world.apply(&[]).exits(0);
    let app = serde_json::json!({
        "DomainId": "d-research", "SpaceName": "ana-lab",
        "AppType": "JupyterLab", "AppName": "default",
    });
    world.cloud.sagemaker("CreateApp", &app);
    assert_eq!(world.cloud.apps().len(), 1);
    world.apply(&[]).exits(0);
    assert_eq!(world.cloud.apps(), []);
    assert_eq!(world.cloud.names(), ["ana--demand", "ana--fraud", "ben--demand"]);
}

#[test]
fn after_the_hold_the_profile_goes_with_its_space() {
    let long_ago = now() - SignedDuration::from_hours(7 * 24 + 1);
    let seed = format!(
        "{}{WORK}",
        settled().replace(
            &owned("ana", "fraud", ""),
            &owned("ana", "fraud", &format!(", \"{LEAVING}\": \"{long_ago}\"")),
        )
    );
    let world = World::new(&seed, &MAP.replace("hold: 0d", "hold: 7d"));
    world.cloud.leave("ana", "ml-fraud");
    world.apply(&[]).exits(0);
    assert_eq!(
        world.cloud.changes(),
        ["DeleteApp", "DeleteApp", "DeleteSpace", "DeleteUserProfile"]
    );
    assert_eq!(world.cloud.names(), ["ana--demand", "ben--demand"]);
    assert_eq!(world.cloud.spaces(), []);
}

#[test]
fn who_returns_during_the_hold_keeps_profile_and_work() {
    let world = World::new(&format!("{}{WORK}", settled()), &MAP.replace("hold: 0d", "hold: 7d"));
    let before = world.cloud.profile("ana--fraud");
    world.cloud.leave("ana", "ml-fraud");
    world.apply(&[]).exits(0);
    world.cloud.join("ana", "ml-fraud");
    let plan = world.run(&["plan"]).exits(2);
    assert!(
        plan.stdout.contains("  ~ Ana Diaz (ana) · fraud  taken off hold (returned)\n"),
        "{}",
        plan.stdout
    );
    world.apply(&[]).exits(0);
    // The same tags as before, without the one of the leaver, and the same home.
    assert_eq!(world.cloud.profile("ana--fraud"), before);
    assert_eq!(world.cloud.spaces().len(), 1);
    world.assert_settled();
}

#[test]
fn somebody_disabled_loses_every_team() {
    let world = World::new(&settled(), MAP);
    world.cloud.disable("ana");
    let plan = world.run(&["plan"]).exits(2);
    assert_eq!(plan.stdout.matches("  person-disabled: ").count(), 2, "{}", plan.stdout);
    // Two of three are more than half.
    world.apply(&["--allow-removals", "2"]).exits(0);
    assert_eq!(world.cloud.names(), ["ben--demand"]);
}

#[test]
fn a_killed_apply_is_completed_by_the_next_and_nothing_is_lost() {
    let seed = format!("{}{WORK}", settled()).replace(
        "timing: { fast: true }",
        "timing: { app_delete: 3600, space_delete: 1, profile_delete: 1, profile_create: 0 }",
    );
    let world = World::new(&seed, MAP);
    world.cloud.leave("ana", "ml-fraud");
    world.cloud.join("cleo", "ml-demand");
    // It is killed while it looks again: whoever is killed while at somebody holds the others off
    // until the claim has run out.
    world.cloud.go_wrong("rules: [{ operation: ListUsers, nth: 2, latency_ms: 60000 }]");
    let mut first = world.start_apply();
    until("it looks again", || (world.cloud.calls("identitystore:ListUsers") == 2).then_some(()));
    first.kill();
    world.cloud.go_wrong("{}");
    assert_eq!(world.cloud.profile("ana--fraud").status, "InService");
    assert_eq!(world.cloud.apps().iter().filter(|app| app.status == "Deleting").count(), 1);

    let mut second = world.start_apply();
    // The second app goes after the first, each in its hour.
    for apps in [1, 0] {
        world.cloud.advance(Duration::from_hours(1));
        until("an app less is there", || {
            let left = world.cloud.apps().len();
            (left == apps && (apps == 0 || world.cloud.calls("sagemaker:DeleteApp") == 2))
                .then_some(())
        });
    }
    assert!(second.end().success(), "{}", second.said());
    assert_eq!(world.cloud.names(), ["ana--demand", "ben--demand", "cleo--demand"]);
    assert_eq!((world.cloud.apps(), world.cloud.spaces()), (vec![], vec![]));
    assert!(world.cloud.profiles(RESEARCH).iter().all(|p| p.status == "InService"));
    assert_eq!(world.cloud.calls("sagemaker:CreateUserProfile"), 1);
    world.assert_settled();
}

#[test]
fn nobody_is_removed_who_only_was_renamed() {
    let renamed = settled()
        .replace("user_name: ana,", "user_name: Ana.Maria,")
        .replace("members: [ana", "members: [Ana.Maria");
    assert_ne!(renamed, settled());
    let world = World::new(&renamed, MAP);
    world.assert_settled();
    assert_eq!(world.cloud.names(), ["ana--demand", "ana--fraud", "ben--demand"]);
}
