//! A domain in SSO mode, from the map to the door of Studio.

use crate::cloud::RESEARCH;
use crate::world::{FAST, MAP, SEED, World, brief};
use serde_json::{Value, json};
use std::time::Duration;

fn seed() -> String {
    format!("{SEED}{FAST}").replace("{ id: d-research,", "{ id: d-research, auth_mode: SSO,")
}

/// The page of Studio that somebody gets who signs in: its status, and the role they work with.
fn sign_in(world: &World, user: &str) -> (u16, Option<String>) {
    let page = format!("/studio/d-research/login?user={user}");
    let (status, text) = world.cloud.visit(&page);
    let role = text.split_once("data-role-arn=\"").and_then(|(_, rest)| rest.split_once('"'));
    (status, role.and_then(|(arn, _)| arn.rsplit('/').next()).map(str::to_owned))
}

#[test]
fn groups_are_assigned_before_people_get_their_profile_and_everybody_has_one() {
    let world = World::new(&seed(), MAP);
    world.apply(&[]).exits(0);
    let profiles = world.cloud.profiles(RESEARCH);
    // Ana is in two groups. The grant that comes first in the map decides.
    assert_eq!(
        brief(&profiles),
        [("ana", "InService", "studio-fraud"), ("ben", "InService", "studio-demand")]
    );
    let people: Vec<_> = profiles.iter().map(|profile| profile.sso_user.as_deref()).collect();
    assert_eq!(people, [Some("ana"), Some("ben")]);
    let changes: Vec<&'static str> = {
        let sandbox = world.cloud.look();
        let calls = sandbox.calls().filter(|call| call.operation.starts_with("Create"));
        calls.map(|call| call.operation).collect()
    };
    assert_eq!(
        changes,
        [
            "CreateApplicationAssignment",
            "CreateApplicationAssignment",
            "CreateUserProfile",
            "CreateUserProfile"
        ]
    );
    assert_eq!(sign_in(&world, "ana"), (200, Some("studio-fraud".to_owned())));
    assert_eq!(sign_in(&world, "ben"), (200, Some("studio-demand".to_owned())));
    assert_eq!(sign_in(&world, "cleo").0, 403, "nobody assigned her");
    let settled = world.run(&["plan"]).exits(0).stdout;
    for part in [
        "Nothing to do: AWS agrees with the map.\n",
        "SIGN-IN\n  domain research: https://d-research.studio.eu-west-1.sagemaker.aws\n",
    ] {
        assert!(settled.contains(part), "{settled}");
    }
}

#[test]
fn a_move_to_another_team_whose_update_fails_is_made_again() {
    let world = World::new(&seed(), MAP);
    world.apply(&[]).exits(0);
    world.cloud.go_wrong("rules: [{ operation: UpdateUserProfile, nth: 1, update_fails: true }]");
    world.cloud.leave("ana", "ml-fraud");
    world.apply(&[]).exits(0);
    assert_eq!(world.cloud.calls("sagemaker:UpdateUserProfile"), 2);
    assert_eq!(
        brief(&world.cloud.profiles(RESEARCH)),
        [("ana", "InService", "studio-demand"), ("ben", "InService", "studio-demand")]
    );
    assert_eq!(sign_in(&world, "ana"), (200, Some("studio-demand".to_owned())));
}

/// An app that a page of Studio started between the reading and the update has the role of the team that is lost.
#[test]
fn what_was_started_before_the_profile_had_the_other_role_does_not_outlive_the_move() {
    let world = World::new(&seed(), MAP);
    world.apply(&[]).exits(0);
    world.cloud.leave("ana", "ml-fraud");
    start_app_of_ana(&world);
    give_ana_the_role_of_demand(&world);
    let plan = world.run(&["plan"]).exits(2).stdout;
    assert!(plan.contains("stops JupyterServer/default"), "{plan}");
    world.apply(&[]).exits(0);
    assert_eq!(world.cloud.apps().len(), 0);
    assert_eq!(world.cloud.profile("ana").tags["stagedoor:team"], "demand");
    // What is started now has the role of her own team, and stays.
    start_app_of_ana(&world);
    world.run(&["plan"]).exits(0);
    assert_eq!(world.cloud.apps().len(), 1);
}

/// The profile still said the name of the team before, and the command that there was none to take away.
#[test]
fn an_offboarding_finds_a_profile_that_is_just_going_on_for_the_team() {
    let world = World::new(&seed(), MAP);
    world.apply(&[]).exits(0);
    world.cloud.leave("ana", "ml-fraud");
    give_ana_the_role_of_demand(&world);
    start_app_of_ana(&world);
    assert_eq!(world.cloud.profile("ana").tags["stagedoor:team"], "fraud");
    let offboard = ["offboard", "ana", "--team", "demand", "--reason", "moves", "--yes"];
    let dry: Vec<&str> = offboard.iter().chain(&["--dry-run"]).copied().collect();
    let told = world.run(&dry).exits(2).stdout;
    assert!(told.contains("\n  - demand  profile ana in research\n"), "{told}");
    world.run(&offboard).exits(0);
    assert_eq!((world.cloud.apps().len(), world.cloud.names()), (0, vec!["ben".to_owned()]));
}

fn start_app_of_ana(world: &World) {
    of_ana(world, "CreateApp", &json!({ "AppType": "JupyterServer", "AppName": "default" }));
}

/// Her profile goes on saying whose it was.
fn give_ana_the_role_of_demand(world: &World) {
    let role = "arn:aws:iam::111122223333:role/studio-demand";
    let settings = json!({ "UserSettings": { "ExecutionRole": role } });
    of_ana(world, "UpdateUserProfile", &settings);
}

fn of_ana(world: &World, operation: &str, more: &Value) {
    let ana = json!({ "DomainId": "d-research", "UserProfileName": "ana" });
    world.cloud.sagemaker(operation, &merged(&ana, more));
    world.cloud.advance(Duration::from_mins(1));
}

fn merged(of: &Value, more: &Value) -> Value {
    let both = [of, more].into_iter().filter_map(Value::as_object).flatten();
    both.map(|(name, value)| (name.clone(), value.clone())).collect()
}

#[test]
fn a_profile_that_studio_made_itself_is_reported_left_alone_and_can_be_adopted() {
    let seed = seed().replace("auth_mode: SSO,", "auth_mode: SSO, assigned: [ml-demand],");
    let world = World::new(&seed, MAP);
    assert_eq!(sign_in(&world, "ben"), (200, Some("studio-default".to_owned())));
    let leaked = world.cloud.profiles(RESEARCH).remove(0);
    let adopt =
        format!("{{ domain: research, profile: {}, person: \"ben\", team: demand }}", leaked.name);
    let report = format!("it is not Stagedoor's; the map can adopt it: {adopt}");
    let plan = world.run(&["plan"]);
    assert!(
        plan.stdout.contains("NEEDS ATTENTION\n  ! Ben Okafor (ben) · demand"),
        "{}",
        plan.stdout
    );
    assert!(plan.stdout.contains(&report), "{}", plan.stdout);
    world.apply(&[]).exits(1);
    assert_eq!(world.cloud.profile(&leaked.name), leaked);

    world.write("access.yaml", &format!("{MAP}adopt:\n  - {adopt}\n"));
    world.apply(&[]).exits(0);
    let adopted = world.cloud.profile(&leaked.name);
    assert_eq!(adopted.home_uid, leaked.home_uid);
    assert_eq!(adopted.tags["stagedoor:team"], "demand");
    assert_eq!(sign_in(&world, "ben"), (200, Some("studio-demand".to_owned())));
    assert_eq!(world.cloud.names(), ["ana", leaked.name.as_str()]);
}

#[test]
fn an_old_domain_leaves_the_assignment_to_an_admin_and_says_so() {
    let seed = seed().replace("auth_mode: SSO,", "auth_mode: SSO, before_october_2023: true,");
    let world = World::new(&seed, MAP);
    let plan = world.run(&["plan"]).exits(2);
    assert!(plan.stdout.contains("BY HAND\n  · domain "), "{}", plan.stdout);
    assert!(plan.stdout.contains("assignment-manual"), "{}", plan.stdout);
    world.apply(&[]);
    assert_eq!(world.cloud.calls("sso:CreateApplicationAssignment"), 0);
    assert_eq!(world.cloud.names(), ["ana", "ben"]);
    assert_eq!(sign_in(&world, "ana").0, 403);
}

/// The group that is mirrored into Identity Center is assigned by hand: nothing tells that it is.
#[test]
fn a_group_of_another_directory_is_left_to_an_admin_and_is_no_drift() {
    let seed = seed().replace("auth_mode: SSO,", "auth_mode: SSO, assigned: [ml-fraud],");
    let directory = "identity_center: { region: eu-west-1, identity_store_id: d-906716eb24 }";
    let world = World::new(&seed, &MAP.replace(directory, "file: people.yaml"));
    let people = "people: [{ user_name: ana, id: p1, groups: [ml-fraud] }]\n\
                  groups: [{ name: ml-fraud, id: g1 }, { name: ml-demand, id: g2 }]\n";
    world.write("people.yaml", people);
    let by_hand = "BY HAND\n  · domain research  group-elsewhere: The group is of another directory than \
                   Identity Center, and so cannot be assigned to the domain's application: assign a \
                   group of Identity Center with the same people: ml-fraud\n";
    let plan = world.run(&["plan"]).exits(2).stdout;
    assert!(plan.contains(by_hand), "{plan}");
    assert!(world.run(&["drift"]).exits(0).stdout.starts_with("No drift.\n"));
}

/// Ana and Cleo have both teams, and the profile for `fraud`. The guard allows one removal in a day.
fn careful() -> World {
    let map = MAP.replace("5, max_removals_percent: 50", "1, max_removals_percent: 100");
    let world = World::new(&seed(), &map);
    world.cloud.join("cleo", "ml-fraud");
    world.cloud.join("cleo", "ml-demand");
    world.apply(&[]).exits(0);
    world
}

/// A profile of a domain in SSO mode stays when its person loses one of several teams; everybody lost theirs at once.
#[test]
fn the_guard_holds_up_who_would_lose_a_team_at_once() {
    let world = careful();
    let before = world.cloud.profiles(RESEARCH);
    world.cloud.leave("ana", "ml-fraud");
    world.cloud.leave("cleo", "ml-fraud");
    let plan = world.run(&["plan"]).exits(2).stdout;
    assert!(plan.contains("LOSES\n  - Ana Diaz (ana) ← fraud  "), "{plan}");
    assert!(plan.contains("\n    goes on for demand: role studio-fraud → studio-demand"), "{plan}");
    let run = world.apply(&[]).exits(4).prints("");
    run.says(&[
        "nothing was changed: the plan takes 2 of 3 profiles from their teams; at most 1 are allowed (guard-tripped)",
        "(ana) ← fraud  team-changed",
        "(cleo) ← fraud  team-changed",
        "`stagedoor apply --allow-removals 2`",
    ]);
    assert_eq!(world.cloud.profiles(RESEARCH), before);
    world.apply(&["--allow-removals", "2"]).exits(0);
    let after = world.cloud.profiles(RESEARCH);
    let roles: Vec<_> = brief(&after).into_iter().map(|(_, _, role)| role).collect();
    assert_eq!(roles, ["studio-demand"; 3]);
    assert!(
        after[0].tags["stagedoor:team-lost"].ends_with("Z fraud agreed"),
        "{:?}",
        after[0].tags
    );
    // Nobody counts against others what somebody agreed to.
    world.cloud.leave("ben", "ml-demand");
    world.apply(&[]).exits(0);
    assert_eq!(world.cloud.names(), ["ana", "cleo"]);
}

#[test]
fn one_after_the_other_they_are_counted_for_a_day_and_whoever_is_back_is_not() {
    let world = careful();
    world.cloud.leave("ana", "ml-fraud");
    world.apply(&[]).exits(0);
    let ana = world.cloud.profile("ana");
    assert!(ana.tags["stagedoor:team-lost"].ends_with("Z fraud"), "{:?}", ana.tags);
    world.cloud.leave("cleo", "ml-fraud");
    let told = "the plan takes 1 of 3 profiles from their teams, after 1 in the last 24 hours; at most 1 are allowed";
    world.apply(&[]).exits(4).says(&[told]);
    world.cloud.join("ana", "ml-fraud");
    world.apply(&[]).exits(0);
    assert_eq!(world.cloud.profile("ana").tags.get("stagedoor:team-lost"), None);
    assert_eq!(sign_in(&world, "ana"), (200, Some("studio-fraud".to_owned())));
    assert_eq!(sign_in(&world, "cleo"), (200, Some("studio-demand".to_owned())));
}

/// It was said that the profile would be deleted, and nothing was done by the command.
#[test]
fn whoever_is_offboarded_from_one_of_several_teams_goes_on_with_the_profile() {
    let world = careful();
    let offboard = ["offboard", "ana", "--team", "fraud", "--reason", "moves", "--yes"];
    let dry: Vec<&str> = offboard.iter().chain(&["--dry-run"]).copied().collect();
    let told = world.run(&dry).exits(2).stdout;
    assert!(
        told.contains("\n  - fraud  profile ana in research\n    the profile goes on for demand, with its spaces and home directory\n"),
        "{told}"
    );
    world.run(&offboard).exits(0);
    let ana = world.cloud.profile("ana");
    assert!(ana.tags["stagedoor:team-lost"].ends_with("Z fraud agreed"), "{:?}", ana.tags);
    assert_eq!(sign_in(&world, "ana"), (200, Some("studio-demand".to_owned())));
    world.run(&["restore", "ana"]).exits(0);
    assert_eq!(sign_in(&world, "ana"), (200, Some("studio-fraud".to_owned())));
    assert_eq!(world.cloud.profile("ana").tags.get("stagedoor:team-lost"), None);
}

/// Nothing was done, and the command said that it was.
#[test]
fn a_profile_that_would_go_on_for_a_team_that_is_not_enforced_is_told_of() {
    let world = careful();
    let map = world.read("access.yaml");
    world.write("access.yaml", &format!("{map}rollout: {{ enforce: [] }}\n"));
    let offboard = ["offboard", "ana", "--team", "fraud", "--reason", "moves", "--yes"];
    let dry: Vec<&str> = offboard.iter().chain(&["--dry-run"]).copied().collect();
    let stays = "error: profile ana in research stays as it is: the map does not enforce demand (not-enforced)";
    let told = world.run(&dry).exits(1).says(&[stays]).stdout.clone();
    assert!(
        told.contains("\n    the profile stays as it is: the map does not enforce demand\n"),
        "{told}"
    );
    world.run(&offboard).exits(1).says(&[stays]);
    // What an enforced team gave is taken, whatever comes after it.
    world.write("access.yaml", &format!("{map}rollout: {{ enforce: [fraud] }}\n"));
    world.run(&offboard).exits(0);
    assert_eq!(sign_in(&world, "ana"), (200, Some("studio-demand".to_owned())));
}

/// AWS had accepted the new role and not taken it yet, which was the end of it.
#[test]
fn an_offboarding_from_one_team_waits_until_the_profile_has_the_other_role() {
    let world = careful();
    world.cloud.go_wrong("rules: [{ operation: UpdateUserProfile, nth: 1, update_fails: true }]");
    world.run(&["offboard", "ana", "--team", "fraud", "--reason", "moves", "--yes"]).exits(0);
    assert_eq!(world.cloud.calls("sagemaker:UpdateUserProfile"), 2);
    assert_eq!(sign_in(&world, "ana"), (200, Some("studio-demand".to_owned())));
}
